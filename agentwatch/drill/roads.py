"""The roads to a kill: another shell, the key, a supervisor that hangs, one that is gone.

Owns what is prepared before the trigger, the trigger, and what it leaves behind.  The kill itself
is the product's own, in a process of its own, as a person would have it.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentwatch.containment import Proc, Record, proc
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places

F9 = b"\x1b[20~"

SCREEN = "import os; os.write(1, b'drawn'); os.read(0, 1)"
"""A screen for the guard to guard: it draws one word and leaves at a key that is none of ours."""

PATIENCE = 10.0
"""Seconds for a process to come up, to stop or to end."""


@dataclass(frozen=True, slots=True)
class Target:
    """The session that is to be killed, and the command lines for it."""

    places: Places
    record: Record
    kill: Sequence[str]
    guard: Sequence[str]
    """Of a guard over it; its screen's follows."""
    env: Mapping[str, str]


class Road:
    """One road, for one session."""

    name = ""
    what = ""
    patience = 1.0
    """Seconds for the last runaway to die once the road is at its end."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def prepare(self) -> None:
        """Everything that is not to be timed."""

    def pull(self) -> None:
        """The trigger."""

    def over(self) -> bool:
        """Whether whoever kills says that it is done."""
        return True

    def close(self) -> None:
        """End what the road itself started, and undo what it did to the supervisor."""


class Shell(Road):
    """`agentwatch kill` from another process."""

    name = "command"
    what = "`agentwatch kill` from another process"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._process: subprocess.Popen[bytes] | None = None

    def pull(self) -> None:
        """Type the command."""
        self._process = subprocess.Popen(
            self._target.kill,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._target.env,
        )

    def over(self) -> bool:
        """Whether it has ended."""
        return self._process is None or self._process.poll() is not None

    def close(self) -> None:
        """See it end."""
        if self._process is not None:
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Hung(Shell):
    """The same with a supervisor that hangs."""

    name = "supervisor stopped"
    what = "`agentwatch kill` while the supervisor is stopped (SIGSTOP)"

    def prepare(self) -> None:
        """Stop the supervisor."""
        if not proc.send(self._target.record.supervisor, signal.SIGSTOP):
            raise AgentwatchError("the drill's supervisor could not be stopped")

    def close(self) -> None:
        """Let it go on."""
        super().close()
        proc.send(self._target.record.supervisor, signal.SIGCONT)


class Lost(Road):
    """No supervisor any more, and nobody else to kill: the lease."""

    name = "supervisor lost"
    what = "the supervisor killed (SIGKILL): nobody asks for the kill, the lease runs out"
    patience = 6.0

    def pull(self) -> None:
        """Kill the supervisor, and nothing else."""
        if not proc.send(self._target.record.supervisor, signal.SIGKILL):
            raise AgentwatchError("the drill's supervisor could not be killed")


class Key(Road):
    """The kill key, through the guard of a real terminal."""

    name = "key"
    what = "F9 on a terminal with the guard on it"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._terminal = -1
        self._pid = 0
        self._process: Proc | None = None

    def prepare(self) -> None:
        """Open a terminal, put the guard on it, wait until its screen is drawn."""
        argv = [*self._target.guard, sys.executable, "-I", "-S", "-c", SCREEN]
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            try:
                os.execv(argv[0], argv)  # noqa: S606  # no shell is wanted
            finally:
                os._exit(127)
        self._process = proc.identify(self._pid)
        shown, until = b"", time.monotonic() + PATIENCE
        while b"drawn" not in shown:
            if time.monotonic() > until or (seen := self._look(0.05)) is None:
                raise AgentwatchError("the drill's guard did not come up")
            shown += seen

    def pull(self) -> None:
        """Press F9."""
        os.write(self._terminal, F9)

    def over(self) -> bool:
        """Whether the guard has measured; it stays, like a screen, until somebody leaves it."""
        self._look(0)
        return self._target.places.receipt.exists()

    def close(self) -> None:
        """Close the terminal's window, which ends the guard."""
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1
        until = time.monotonic() + PATIENCE
        while self._pid and os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > until and self._process is not None:
                proc.send(self._process, signal.SIGKILL)
            time.sleep(0.005)
        self._pid = 0

    def _look(self, seconds: float) -> bytes | None:
        """What the terminal shows now, None once nobody is on it."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self._terminal, 1 << 16)
        except OSError:
            return None


ROADS: tuple[type[Road], ...] = (Shell, Key, Hung, Lost)
"""Every road, in the order of a drill."""
