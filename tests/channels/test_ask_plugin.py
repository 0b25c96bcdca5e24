"""The question that plugins ask from inside an agent's process, with node as the agent."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import agentwatch

Json = dict[str, Any]
ASK = Path(agentwatch.__file__).parent / "channels/hooks/ask.mjs"

PLAY = """
import { ask, arm } from %s
const event = JSON.parse(process.argv[2])
const told = []
for (const turn of [() => arm("opencode", process.argv[1], "here"),
                    () => ask("opencode", process.argv[1], event)]) {
  try { await turn(); told.push("went on") } catch (error) { told.push(error.message) }
}
console.log(JSON.stringify(told))
"""


def play(folder: Path, answer: Callable[[Json], bytes], event: Json, token: str = "t") -> list[str]:
    """What became of an arming, which is answered well, and of a question."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    address = folder / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener, answer), daemon=True)
        thread.start()
        code = PLAY % json.dumps(ASK.as_uri())
        done = subprocess.run(
            [node, "--input-type=module", "-e", code, str(address), json.dumps(event)],
            env={"AGENTWATCH_TOKEN": token} if token else {},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
    told: list[str] = json.loads(done.stdout)
    return told


def serve(listener: socket.socket, answer: Callable[[Json], bytes]) -> None:
    """Answer until the listener is shut."""
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer, peer.makefile("rb") as lines, suppress(BrokenPipeError, ConnectionResetError):
            asked = json.loads(lines.readline())
            armed = asked["op"] == "armed"
            peer.sendall(said(asked) if armed else answer(asked))


def said(asked: Json, **more: Any) -> bytes:
    """A good answer, changed."""
    whole = {"v": 1, "re": asked["ref"], "ok": True, "verdict": "allow", "by": "x", "why": "y"}
    return json.dumps(whole | more).encode() + b"\n"


def test_an_allowed_action_goes_on(tmp_path: Path) -> None:
    seen: list[Json] = []

    def allows(asked: Json) -> bytes:
        seen.append(asked)
        return said(asked)

    event = {"tool": "bash", "args": {"command": "é"}}
    assert play(tmp_path, allows, event) == ["went on", "went on"]
    (asked,) = seen
    assert (asked["v"], asked["op"], asked["token"]) == (1, "hook", "t")
    assert (asked["agent"], asked["event"]) == ("opencode", event)


def test_a_denied_action_throws_its_reason(tmp_path: Path) -> None:
    told = play(tmp_path, lambda asked: said(asked, verdict="deny", why="NOT-TODAY"), {})
    assert told == ["went on", "agentwatch: denied by x: NOT-TODAY"]


BAD: dict[str, Callable[[Json], bytes]] = {
    "silence": lambda _asked: b"",
    "half an answer": lambda asked: said(asked)[:-9],
    "no JSON": lambda _asked: b"{x\n",
    "no object": lambda _asked: b"[]\n",
    "nothing": lambda _asked: b"null\n",
    "two answers": lambda asked: said(asked) * 2,
    "another's": lambda asked: said(asked, re="z"),
    "another version": lambda asked: said(asked, v=2),
    "an error": lambda asked: said(asked, ok=False, error={"what": "no"}),
    "not quite ok": lambda asked: said(asked, ok="true"),
    "no verdict": lambda asked: said(asked, verdict=None),
    "an unknown verdict": lambda asked: said(asked, verdict="Allow"),
    "too long": lambda asked: said(asked, why="x" * 1_100_000),
}


@pytest.mark.parametrize("way", BAD)
def test_whatever_is_no_clear_yes_throws(tmp_path: Path, way: str) -> None:
    armed, asked = play(tmp_path, BAD[way], {})
    assert armed == "went on"
    assert asked.startswith("agentwatch: denied: ")


def test_without_a_session_nothing_goes_on(tmp_path: Path) -> None:
    for told in play(tmp_path, said, {}, token=""):
        assert "does not run inside" in told
