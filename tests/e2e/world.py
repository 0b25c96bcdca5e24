"""A throw-away user: own folders, own sessions, and the program as they would run it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentwatch.paths import Places
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]

DEFAULT = "as-a-person-would"
"""Among the options of a run: leave the kernel gate as it is without any option."""

ALONE = """
import os
from pathlib import Path
import agentwatch.paths
everywhere = agentwatch.paths.runtime_bases
def alone():
    named = os.environ.get("XDG_RUNTIME_DIR")
    return [Path(named) / "agentwatch"] if named else everywhere()
agentwatch.paths.runtime_bases = alone
"""
"""Sessions are looked for in every place of the user's, and this user is a real one: without this
a test would see, and end, the sessions of whoever runs it."""


class World:
    """The folders of one throw-away user, and the program as they would run it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.state = folder / "s"
        self.runtime = folder / "r"
        for item in (self.work, self.state, self.runtime):
            item.mkdir(mode=0o700)
        alone = folder / "alone"
        alone.mkdir()
        (alone / "sitecustomize.py").write_text(ALONE)
        self.env = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(alone), str(ROOT)]),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_STATE_HOME": str(self.state),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "TEXTUAL_ANIMATIONS": "none",
        }
        self.started: list[subprocess.Popen[bytes]] = []

    def command(self, *args: str) -> list[str]:
        """The command line of one call; a run that does not say so is not about the kernel gate."""
        own = list(args[: args.index("--")]) if "--" in args else list(args)
        if args[:1] in (("run",), ("acp",), ("acp-proxy",)) and not {
            "--kernel-gate",
            "--no-kernel-gate",
            "--ungated",
            "--no-hook",
            DEFAULT,
        } & set(own):
            args = (args[0], "--no-kernel-gate", *args[1:])
        return [sys.executable, "-m", "agentwatch", *(arg for arg in args if arg != DEFAULT)]

    def call(
        self, *args: str, check: bool = True, timeout: float = 90.0
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        done = subprocess.run(
            self.command(*args),
            env=self.env,
            cwd=self.work,
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode != 0:
            pytest.fail(f"{args} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def piped(self, text: str, *args: str) -> str:
        """What it prints when this text is piped into it."""
        done = subprocess.run(
            self.command(*args),
            env=self.env,
            cwd=self.work,
            text=True,
            input=text,
            capture_output=True,
            timeout=30,
            check=True,
        )
        return done.stdout

    def json(self, *args: str, check: bool = True) -> Any:
        """Run it with --json and read what it printed."""
        return json.loads(self.call(*args, "--json", check=check).stdout)

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Run it in the background, output in files that `output` reads."""
        number = len(self.started)
        out, err = self.folder / f"out{number}", self.folder / f"err{number}"
        with out.open("wb") as output, err.open("wb") as errors:
            process = subprocess.Popen(
                self.command(*args),
                env=self.env,
                cwd=self.work,
                stdout=output,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def output(self, process: subprocess.Popen[bytes]) -> str:
        """What a background call has printed, both streams."""
        number = self.started.index(process)
        return "".join((self.folder / f"{name}{number}").read_text() for name in ("out", "err"))

    def run_agent(self, *argv: str, options: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Put an agent under supervision without a screen, and wait until it runs."""
        process = self.start("run", "--no-tui", *options, "--", *argv)
        wait_for(lambda: self.sessions() or process.poll() is not None, "the session to be listed")
        return process

    def sessions(self) -> list[dict[str, Any]]:
        """Live sessions whose agent has started."""
        listed = self.json("ls")
        return [item for item in listed if item["state"] != "starting"]

    def session(self) -> dict[str, Any]:
        """The one live session."""
        (found,) = self.sessions()
        return found

    def pending(self, count: int = 1) -> list[dict[str, Any]]:
        """At least so many waiting actions."""
        return wait_for(  # type: ignore[no-any-return]
            lambda: (found := self.json("pending")) and len(found) >= count and found,
            f"{count} pending actions",
        )

    def script(self, name: str, text: str) -> Path:
        """A Python file of the agent's."""
        path = self.work / name
        path.write_text(text)
        return path

    def journal(self, session: str) -> list[dict[str, Any]]:
        """The session's record."""
        lines = (self.state / "agentwatch/sessions" / session / "journal.jsonl").read_text()
        return [json.loads(line) for line in lines.splitlines()]

    def end(self) -> None:
        """Kill what is left of this user's sessions, and the calls we started."""
        self.call("kill", "--all", check=False)
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def places_of(world: World) -> Places:
    """The folders of the one live session."""
    name = world.session()["id"]
    return Places(
        name, world.runtime / "agentwatch" / name, world.state / "agentwatch/sessions" / name
    )


def alive(pid: int) -> bool:
    """Whether a process still runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in ("Z", "X")


def contained(session: str) -> int:
    """Processes alive that carry this session in their environment, by looking ourselves."""
    marker = f"AGENTWATCH_SESSION={session}".encode()
    count = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and alive(int(folder.name)):
            with contextlib.suppress(OSError):
                count += marker in (folder / "environ").read_bytes()
    return count
