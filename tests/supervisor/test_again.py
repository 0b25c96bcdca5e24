"""Codex's own question about a patch: a person's yes to it answers, once, or nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json, Verdict
from agentwatch.supervisor.again import SESSIONS, Again
from agentwatch.supervisor.session import Supervised
from tests.supervisor.test_door import session, visit

__all__ = ["session"]


def of_codex(event: str, tool: str, command: str, **more: object) -> Json:
    """What Codex tells a hook."""
    told = {"hook_event_name": event, "tool_name": tool, "tool_input": {"command": command}}
    return {"session_id": "s", "turn_id": "t", "cwd": "/", **told, **more}


def patch(*paths: str) -> str:
    lines = (f"*** Add File: {path}\n+x\n" for path in paths)
    return f"*** Begin Patch\n{''.join(lines)}*** End Patch"


class Codex:
    """A Codex at the door, and the person who decides there."""

    def __init__(self, session: Supervised, say: Callable[..., Any]) -> None:
        self._session = session
        self._say = say

    async def proposes(
        self,
        command: str,
        tool: str = "apply_patch",
        by: str = "person:test",
        verdict: str = "allow",
    ) -> Json:
        """A call, and what its hook is answered; whoever it is decides where it is held."""
        event = of_codex("PreToolUse", tool, command)
        asked = asyncio.Event()

        def look(_: Json) -> None:
            if self._session.gate.pending:
                asked.set()

        self._session.listeners.add(look)
        answer = asyncio.create_task(self._say(op="hook", agent="codex", event=event))
        answer.add_done_callback(lambda _: asked.set())
        await asked.wait()
        self._session.listeners.discard(look)
        for action in self._session.gate.pending:
            self._session.decide(action.id, action.digest, Verdict(verdict), by, "")
        return await answer  # type: ignore[no-any-return]

    async def asks(self, command: str, **more: object) -> str:
        """What it hears where it would ask its person now; empty if it is hung up on."""
        event = of_codex("PermissionRequest", "apply_patch", command, **more)
        said = await self._say(op="permit", agent="codex", event=event)
        return str(said.get("verdict", ""))


def scene_of_codex(session: Supervised, scene: Callable[[Codex], Any]) -> Any:
    async def visited() -> Any:
        async with visit(session) as say:
            return await scene(Codex(session, say))

    return asyncio.run(visited())


def test_what_a_person_said_yes_to_answers_codex_once(session: Supervised) -> None:
    async def scene(codex: Codex) -> list[str]:
        said = await codex.proposes(patch("/new") + "\n")
        assert said["verdict"] == "allow"
        return [await codex.asks(patch("/new")) for _ in range(2)]

    assert scene_of_codex(session, scene) == ["allow", "ask"]
    entries = [json.loads(line) for line in session.places.journal.read_bytes().splitlines()]
    (entry,) = (item for item in entries if item["type"] == "answered-again")
    (decided,) = (item for item in entries if item["type"] == "decided")
    assert entry["data"]["id"] == decided["data"]["id"]
    assert entry["data"]["digest"] == decided["data"]["digest"]


OTHERS: dict[str, Json] = {
    "another patch": {"command": patch("/other")},
    "another turn": {"turn_id": "u"},
    "another conversation": {"session_id": "z"},
    "a sub-agent's": {"agent_id": "a", "agent_type": "worker"},
    "another folder": {"cwd": "/tmp"},
    "a member that was not there": {"additional_permissions": {}},
    "another tool": {"tool_name": "Bash"},
    "no text": {"tool_input": {"command": 1}},
    "more in its input": {"tool_input": {"command": patch("/new"), "grant_root": "/"}},
    "no input": {"tool_input": None},
    "another event": {"hook_event_name": "PreToolUse"},
}


@pytest.mark.parametrize("way", OTHERS)
def test_any_other_question_is_left_to_codex(session: Supervised, way: str) -> None:
    more = dict(OTHERS[way])

    async def scene(codex: Codex) -> list[str]:
        await codex.proposes(patch("/new"))
        other = await codex.asks(more.pop("command", patch("/new")), **more)
        return [other, await codex.asks(patch("/new"))]

    assert scene_of_codex(session, scene) == ["ask", "allow"]


@pytest.mark.parametrize(
    ("by", "verdict"), [("rule:mine", "allow"), ("grant:g", "allow"), ("person:test", "deny")]
)
def test_nobody_else_s_yes_and_no_no_answers_codex(
    session: Supervised, by: str, verdict: str
) -> None:
    async def scene(codex: Codex) -> str:
        said = await codex.proposes(patch("/new"), by=by, verdict=verdict)
        assert said["verdict"] == verdict
        return await codex.asks(patch("/new"))

    assert scene_of_codex(session, scene) == "ask"


def test_a_patch_through_a_link_is_left_to_codex(session: Supervised, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    inside = patch(f"{tmp_path}/ok", f"{tmp_path}/link/new")

    async def scene(codex: Codex) -> str:
        await codex.proposes(inside)
        return await codex.asks(inside)

    assert scene_of_codex(session, scene) == "ask"


@pytest.mark.parametrize("line", ["cd / && apply_patch <<E", "applypatch x", "x; Apply\n_patch"])
def test_after_a_line_that_could_be_a_patch_all_is_left_to_codex(
    session: Supervised, line: str
) -> None:
    async def scene(codex: Codex) -> list[str]:
        await codex.proposes(patch("/new"))
        await codex.proposes(line, "Bash")
        await codex.proposes(patch("/two"))
        return [await codex.asks(patch(path)) for path in ("/new", "/two")]

    assert scene_of_codex(session, scene) == ["ask", "ask"]


def test_only_codex_s_own_hook_is_heard_so(session: Supervised) -> None:
    async def scene() -> list[Json]:
        event = of_codex("PermissionRequest", "apply_patch", patch("/new"))
        async with visit(session) as say:
            asked = await say(op="permit", agent="qwen", event=event)
            return [asked, await say(op="permit", agent="nobody", event=event)]

    other, nobody = asyncio.run(scene())
    assert (other["ok"], other["verdict"]) == (True, "ask")
    assert (nobody["ok"], nobody["verdict"]) == (False, "deny")


@pytest.mark.parametrize(("fault", "heard"), [(OSError, ""), (AgentwatchError, "deny")])
def test_an_answer_that_cannot_be_recorded_is_none(
    session: Supervised, monkeypatch: pytest.MonkeyPatch, fault: type[Exception], heard: str
) -> None:
    """The hook denies where it is hung up on."""

    def full(*_: object) -> None:
        raise fault("no space left")

    async def scene(codex: Codex) -> str:
        await codex.proposes(patch("/new"))
        monkeypatch.setattr(session, "record_or_raise", full)
        return await codex.asks(patch("/new"))

    assert scene_of_codex(session, scene) == heard


def test_conversations_without_number_leave_all_to_codex() -> None:
    again = Again()
    for number in range(SESSIONS):
        again.called("codex", of_codex("PreToolUse", "Bash", "apply_patch", session_id=str(number)))
    assert again.taken("codex", of_codex("PermissionRequest", "apply_patch", patch("/new"))) is None
