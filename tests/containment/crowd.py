"""Who stands by while an agent is killed, and must not be touched."""

from __future__ import annotations

import select
import shutil
import subprocess
import sys
from pathlib import Path

from agentwatch.containment import Proc, proc
from agentwatch.containment.helpers import tree


class Bystanders:
    """Processes of the same user that are none of the agent's: one that reports every signal,
    and a tmux server with a shell in it."""

    def __init__(self, folder: Path) -> None:
        script = str(Path(__file__).with_name("bystander.py"))
        self.reporter = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
        assert self.reporter.stdout is not None
        assert self.reporter.stdout.readline() == b"here\n"
        self._tmux = ["tmux", "-f", "/dev/null", "-S", str(folder / "tmux")]
        self.server = self._start_server() if shutil.which("tmux") else ()

    def _start_server(self) -> tuple[Proc | None, ...]:
        subprocess.run([*self._tmux, "new-session", "-d", "sh"], check=True)
        pids = self._ask("#{pid} #{pane_pid}").split()
        return tuple(proc.identify(int(pid)) for pid in pids)

    def _ask(self, words: str) -> str:
        asked = [*self._tmux, "display-message", "-p", words]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout

    def check(self) -> None:
        """Nobody was ended, stopped or so much as signalled."""
        assert self.reporter.stdout is not None
        assert select.select([self.reporter.stdout], [], [], 0)[0] == []
        for one in (proc.identify(self.reporter.pid), *self.server):
            assert one is not None
            assert proc.identify(one.pid) == one
            assert tree.mode(one.pid, tree.stat(one.pid)) == tree.RUNNING

    def end(self) -> None:
        self.reporter.kill()
        self.reporter.communicate()
        if self.server:
            subprocess.run([*self._tmux, "kill-server"], check=True)
