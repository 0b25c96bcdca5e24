"""Claude Code on a bench: installed from npm, cut off from everything but loopback.

Owns the installation, the scrubbed environment and a stand-in for the supervisor's agent socket.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
VERSION = "2.1.329"
CLIENT = Path(__file__).parents[2] / "agentwatch" / "channels" / "hooks" / "client.py"
TOKEN = "bench-token"


def installed_claude() -> str:
    """The pinned Claude Code, installed once into the user's cache; skips where npm cannot."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "agentwatch-tests" / f"claude-code-{VERSION}"
    program = folder / "node_modules" / ".bin" / "claude"
    if program.exists():
        return str(program)
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so Claude Code cannot be")
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
    command.append(f"@anthropic-ai/claude-code@{VERSION}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        unreachable = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
        if any(word in done.stderr for word in unreachable):
            pytest.skip("the npm registry is not reachable")
        pytest.fail(f"npm cannot install Claude Code: {done.stderr[-500:]}")
    return str(program)


def make_home(home: Path, workspace: Path) -> None:
    """A home in which Claude Code has been through its first run and trusts the workspace."""
    home.mkdir()
    workspace.mkdir()
    (home / ".claude").mkdir()
    known = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    state = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": ["sk-test"], "rejected": []},
        "projects": {str(workspace): known},
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
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "IS_SANDBOX": "1",
    }


def hook_command(address: Path) -> list[str]:
    """The hook as the supervisor starts it."""
    return [sys.executable, "-I", "-S", "-E", str(CLIENT), "claude", str(address)]


@dataclass
class AgentSocket:
    """A stand-in for the supervisor: answers hooks as a test says, and keeps them."""

    address: Path
    judge: Callable[[Json], Json | bytes | None]
    """The answer's fields for an event; bytes go out as they are, None hangs up."""
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
            yield self
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)

    def questions(self) -> list[str]:
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
            given = self.judge(message["event"])
            if given is None:
                return
            if isinstance(given, dict):
                given = json.dumps({**answer, **given}).encode() + b"\n"
            peer.sendall(given)


def allow(_event: Json) -> Json:
    """Everything passes."""
    return {"verdict": "allow", "by": "person:test", "why": "fine", "id": "a1", "digest": "d"}


def deny(_event: Json) -> Json:
    """Nothing passes."""
    return {"verdict": "deny", "by": "person:test", "why": "NOT-TODAY", "id": "a1", "digest": "d"}


def run(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run one-shot Claude Code to its end."""
    return subprocess.run(
        argv,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
