"""Claude Code on a bench: installed from npm, cut off from everything but loopback.

Owns the installation, the scrubbed environment and a stand-in for the supervisor's agent socket.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.agents import Prepared
from tests.agents_real.anthropic_api import ModelServer, model_server
from tests.agents_real.scenario import Scenario, call, play

Json = dict[str, Any]
Judge = Callable[[Json, int], Json | bytes | None]
"""From an event and the asking process's pid to the answer's fields; bytes go out as they are,
None hangs up."""

VERSION = "2.1.329"
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")


def installed_claude() -> str:
    """The pinned Claude Code, installed once into the user's cache; skips where npm cannot."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentwatch-tests"
    folder = cache / f"claude-code-{VERSION}"
    program = folder / "node_modules" / ".bin" / "claude"
    if program.exists():
        return str(program)
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so Claude Code cannot be")
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="installing-", dir=cache))
    try:
        _install(fresh)
        if not program.exists():  # another worker may have been faster
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return str(program)


def _install(folder: Path) -> None:
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
    command.append(f"@anthropic-ai/claude-code@{VERSION}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode == 0:
        return
    if any(word in done.stderr for word in UNREACHABLE):
        pytest.skip("the npm registry cannot be reached, so Claude Code cannot be installed")
    pytest.fail(f"npm cannot install Claude Code: {done.stderr[-500:]}")


def make_home(home: Path, work: Path) -> None:
    """A home in which Claude Code has been through its first run and trusts the workspace."""
    (home / ".claude").mkdir(parents=True)
    work.mkdir(exist_ok=True)
    known = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    state = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": ["sk-test"], "rejected": []},
        "projects": {str(work): known},
    }
    (home / ".claude.json").write_text(json.dumps(state))


def scrubbed(home: Path, url: str) -> dict[str, str]:
    """An environment from which nothing leaves loopback."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
        "TMPDIR": str(home),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-test",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_UPDATES": "1",
        "HTTPS_PROXY": "http://127.0.0.1:9",  # nobody listens there
        "NO_PROXY": "127.0.0.1",
        "IS_SANDBOX": "1",
    }


def allow(_event: Json, _pid: int) -> Json:
    """Everything passes."""
    return {"verdict": "allow", "by": "person:test", "why": "fine", "id": "a1", "digest": "d"}


def deny(_event: Json, _pid: int) -> Json:
    """Nothing passes."""
    return {"verdict": "deny", "by": "person:test", "why": "NOT-TODAY", "id": "a1", "digest": "d"}


@dataclass
class AgentSocket:
    """A stand-in for the supervisor: answers hooks as a test says, and keeps them."""

    address: Path
    judge: Judge
    events: list[Json] = field(default_factory=list)
    armed: list[float] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[AgentSocket]:
        """Listen for the time of a test."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.address))
            listener.listen(64)
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join(5)
        self.address.unlink(missing_ok=True)

    def tools(self) -> list[str]:
        """The tools that were asked about, in order."""
        return [event["tool_name"] for event in self.events]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as lines:
            line = lines.readline()
            if not line:
                return
            message = json.loads(line)
            answer: Json = {"v": 1, "re": message["ref"], "ok": True}
            if message["op"] == "armed":
                self.armed.append(time.monotonic())
                peer.sendall(json.dumps(answer).encode() + b"\n")
                return
            self.events.append(message["event"])
            given = self.judge(message["event"], _pid_of(peer))
            if isinstance(given, dict):
                given = json.dumps({**answer, **given}).encode() + b"\n"
            try:
                peer.sendall(given or b"")
            except OSError:
                return  # the hook is gone; a test that killed it looks at what became of the tool


def _pid_of(peer: socket.socket) -> int:
    size = struct.calcsize("3i")
    pid, _, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(pid)


@dataclass(frozen=True)
class Played:
    """What became of one scripted session."""

    done: subprocess.CompletedProcess[str]
    socket: AgentSocket
    model: ModelServer
    arms: list[float]
    """Seconds from the start to each arming."""

    @property
    def heard(self) -> str:
        """Everything the model was told about its tool calls."""
        return "\n".join(self.model.result_texts())


class Bench:
    """One throw-away user with a workspace, and Claude Code gated as `agentwatch run` does it."""

    def __init__(self, claude: str, folder: Path) -> None:
        self.claude = claude
        self.home = folder / "home"
        self.work = folder / "work"
        self.address = folder / "s"
        make_home(self.home, self.work)

    def prepared(self, arguments: Sequence[str], env: Mapping[str, str]) -> Prepared:
        """The gated command, as the supervisor makes it."""
        address = str(self.address)
        return agents.prepare((self.claude, *arguments), env, socket=address, cwd=str(self.work))

    def environment(self, url: str, prepared: Prepared, env: Mapping[str, str]) -> dict[str, str]:
        """The agent's environment, as the supervisor makes it."""
        whole = {**scrubbed(self.home, url), **env}
        kept = {name: value for name, value in whole.items() if name not in prepared.env_drop}
        return {**kept, **prepared.env_add, "AGENTWATCH_TOKEN": "bench"}

    def play(
        self,
        scenario: Scenario,
        judge: Judge = allow,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        change: Callable[[list[str]], list[str]] = list,
    ) -> Played:
        """Let Claude Code work through a scenario; `change` may break its command line."""
        given = env or {}
        asked = AgentSocket(self.address, judge)
        with model_server(scenario) as model, asked.open():
            outside = {**scrubbed(self.home, model.url), **given}
            prepared = self.prepared(("-p", "GO", *arguments), outside)
            began = time.monotonic()
            done = subprocess.run(
                change(list(prepared.argv)),
                env=self.environment(model.url, prepared, given),
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=90,
                check=False,
            )
        return Played(done, asked, model, [when - began for when in asked.armed])

    def made(self, name: str = "ran") -> bool:
        """Whether a tool call left its mark in the workspace."""
        return (self.work / name).exists()


TOUCH = play(call("Bash", command="touch ran", description="a harmless thing"))
NO_QUESTIONS = "--dangerously-skip-permissions"
"""Claude Code then asks nothing itself: whatever holds a tool back is our hook."""

FILES = {
    "project": Path("work/.claude/settings.json"),
    "local": Path("work/.claude/settings.local.json"),
    "user": Path("home/.claude/settings.json"),
}


def put(bench: Bench, which: str, settings: Json) -> None:
    """Write one of the settings files that Claude Code knows."""
    path = bench.home.parent / FILES[which]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(settings))


def in_settings(change: Callable[[Json], None]) -> Callable[[list[str]], list[str]]:
    """The command line with its `--settings` changed."""

    def changed(argv: list[str]) -> list[str]:
        at = argv.index("--settings") + 1
        data = json.loads(argv[at])
        change(data)
        return [*argv[:at], json.dumps(data), *argv[at + 1 :]]

    return changed


def hook_of(data: Json) -> Json:
    """The tool hook in what `--settings` says."""
    hook: Json = data["hooks"]["PreToolUse"][0]["hooks"][0]
    return hook
