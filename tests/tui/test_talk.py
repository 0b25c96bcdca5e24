"""The conversation with an ACP agent: drawn safely, spoken into, never decided in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentwatch.model import Json
from agentwatch.tui.panes.notices import Notices
from agentwatch.tui.panes.output import OutputPane
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.panes.talk import TalkPane
from agentwatch.tui.screens.help import HelpScreen
from agentwatch.tui.screens.talk import TalkScreen
from agentwatch.tui.talk import Talk
from tests.tui.conftest import text_of
from tests.tui.tui_double import Supervisor, action
from tests.tui.tui_stage import Stage, stage

Golden = Callable[[str, str], None]

ENTRIES: list[Json] = [
    {"n": 1, "kind": "person", "text": "Please tidy my inbox, and ask before you delete anything."},
    {"n": 2, "kind": "thought", "text": "First I look what is there."},
    {"n": 3, "kind": "plan", "text": "[x] read the inbox\n[>] move what is done\n[ ] report"},
    {"n": 4, "kind": "tool", "text": "Read inbox.json", "tool": "read", "status": "completed"},
    {
        "n": 5,
        "kind": "agent",
        "text": "There are 412 messages, 96 of them marked as done.\nI will delete these now.",
    },
    {"n": 6, "kind": "tool", "text": "Tidy up", "tool": "execute", "status": "pending"},
]


class Speaking(Supervisor):
    """A supervisor whose agent is spoken with."""

    def __init__(self, *pending: Json, entries: list[Json], **state: Any) -> None:
        super().__init__(*pending, name="gemini")
        self.conversation: Json = {
            "state": "working",
            "mode": "default",
            "usage": {"used": 21, "size": 100},
            "entries": entries,
            **state,
        }

    async def call(self, op: str, **fields: Any) -> Any:
        if op == "conversation":
            self.calls.append((op, fields))
            return self.conversation
        answer = await super().call(op, **fields)
        return {**answer, "conversation": self.conversation} if op == "watch" else answer


def inbox() -> Speaking:
    asked = action(
        31,
        summary="run rm -rf ~/Mail/done",
        command="rm -rf ~/Mail/done",
        channel="acp",
        words="Tidy up",
        tool="execute",
    )
    return Speaking(asked, entries=ENTRIES)


@pytest.mark.parametrize(("scene", "size"), [("talk", (80, 24)), ("talk-wide-120x36", (120, 36))])
async def test_scene_talk(
    scene: str, size: tuple[int, int], golden: Golden, tmp_path: Path
) -> None:
    async with stage(inbox(), tmp_path, size=size) as on:
        await on.press("t", *"what is in there?")
        golden(scene, await on.picture())


async def test_scene_main_with_talk(golden: Golden, tmp_path: Path) -> None:
    async with stage(inbox(), tmp_path) as on:
        await on.calm()
        golden("talk-main", await on.picture())


async def shown(on: Stage) -> str:
    await on.painted()
    return on.app.screen.query_one(TalkPane).text


async def test_what_is_typed_is_said_and_nothing_is_decided(tmp_path: Path) -> None:
    supervisor = inbox()
    async with stage(supervisor, tmp_path) as on:
        await on.press("t")
        await on.calm()
        await on.press(*"aad", "enter")
        await on.until(lambda: ("say", {"text": "aad"}) in supervisor.calls)
        assert supervisor.decisions == []
        await on.press("enter")
        assert [call for call in supervisor.calls if call[0] == "say"] == [("say", {"text": "aad"})]
        await on.press("f7")
        await on.until(lambda: "cancel" in [op for op, _ in supervisor.calls])
        await on.press("escape")
        assert on.app.screen is on.main


async def test_a_conversation_opens_by_itself_where_nothing_waits(tmp_path: Path) -> None:
    async with stage(Speaking(entries=[]), tmp_path) as on:
        await on.until(lambda: isinstance(on.app.screen, TalkScreen))
    async with stage(inbox(), tmp_path) as on:
        assert on.app.screen is on.main


async def test_the_kill_key_works_while_typing(tmp_path: Path) -> None:
    async with stage(inbox(), tmp_path) as on:
        await on.press("t", *"half a sent", "f9")
        await on.until(lambda: on.app.watched.receipt is not None)
        assert len(on.switch.calls) == 1


async def test_the_conversation_goes_on_and_its_bytes_are_made_visible(tmp_path: Path) -> None:
    supervisor = inbox()
    async with stage(supervisor, tmp_path) as on:
        await on.press("t")
        entry = {"n": 7, "kind": "agent", "text": "one [red]\x1b[31m\u202etwo"}
        supervisor.say(event="said", entry=entry)
        supervisor.say(event="said", n=7, more=" three")
        tool = {**ENTRIES[5], "status": "completed", "text": "Tidied \x1b]2;x\x07"}
        supervisor.say(event="said", entry=tool)
        supervisor.say(event="spoken", state="ready", mode="yolo", usage={})
        talk = on.app.watched.talk
        assert talk is not None
        await on.until(lambda: talk.mode == "yolo")
        text = await shown(on)
        assert "one [red]␛[31m⟦U+202E⟧two three" in text
        assert "“Tidied ␛]2;x␇”  completed" in text
        assert "\x1b" not in text
        assert "mode yolo" in on.app.screen.query_one("#waiting", Bar).text


async def test_the_keys_that_are_named_beside_the_line_work_there(tmp_path: Path) -> None:
    supervisor = inbox()
    supervisor.session["notes"] = ["One thing.", "Another thing."]
    async with stage(supervisor, tmp_path) as on:
        await on.press("t")
        supervisor.say(event="alarm", at=0, text="first")
        supervisor.say(event="alarm", at=0, text="second")
        said = on.app.screen.query_one(Notices)
        await on.until(lambda: "(+1 more: esc l)" in said.text)
        assert "(+1 more: esc ?)" in said.text
        await on.press("escape", "question_mark")
        await on.until(lambda: isinstance(on.app.screen, HelpScreen))
        await on.press("escape")
        await on.until(lambda: on.app.screen is on.main)
        assert "(+1 more: ?)" in on.main.query_one(Notices).text


async def test_a_gap_is_filled_from_the_supervisor(tmp_path: Path) -> None:
    supervisor = inbox()
    async with stage(supervisor, tmp_path) as on:
        await on.press("t")
        more = {"n": 9, "kind": "agent", "text": "after the gap"}
        supervisor.conversation = {**supervisor.conversation, "entries": [*ENTRIES, more]}
        supervisor.say(event="said", gap=True)
        await on.until(lambda: on.app.watched.talk and 9 in on.app.watched.talk.entries)
        assert "after the gap" in await shown(on)


async def test_a_reader_who_has_scrolled_back_is_left_there(tmp_path: Path) -> None:
    entries = [{"n": n, "kind": "agent", "text": f"line {n}"} for n in range(1, 80)]
    supervisor = Speaking(entries=entries)
    async with stage(supervisor, tmp_path) as on:
        await on.painted()
        pane = on.app.screen.query_one(TalkPane)
        assert pane.scroll_offset.y == pane.max_scroll_y > 0
        await on.press("pageup")
        there = pane.scroll_offset.y
        supervisor.say(event="said", entry={"n": 80, "kind": "agent", "text": "line 80"})
        await on.until(lambda: "line 80" in pane.text)
        await on.painted()
        assert pane.scroll_offset.y == there


async def test_what_was_said_last_is_in_view_on_both_screens(tmp_path: Path) -> None:
    entries = [{"n": n, "kind": "agent", "text": f"line {n}"} for n in range(1, 80)]
    supervisor = Speaking(entries=entries)
    async with stage(supervisor, tmp_path) as on:
        await on.until(lambda: isinstance(on.app.screen, TalkScreen))
        await on.press("escape")
        await on.until(lambda: on.app.screen is on.main)
        pane = on.main.query_one(TalkPane)
        await on.until(lambda: pane.scroll_offset.y == pane.max_scroll_y > 60)
        supervisor.say(event="alarm", at=0, text="it went round")
        await on.press("t")
        await on.until(lambda: "it went round" in on.app.screen.query_one(Notices).text)


async def test_a_conversation_led_elsewhere_is_read_only(tmp_path: Path) -> None:
    async with stage(Speaking(entries=ENTRIES, state="elsewhere"), tmp_path) as on:
        await on.press("t")
        assert not on.app.screen.query_one("#prompt").display
        assert "in the editor" in text_of(await on.picture())


async def test_an_agent_without_a_conversation_has_a_terminal(tmp_path: Path) -> None:
    async with stage(Supervisor(), tmp_path) as on:
        assert on.main.query_one(OutputPane).display
        assert not on.main.query_one(TalkPane).display
        await on.press("t")
        assert not isinstance(on.app.screen, TalkScreen)


async def test_nonsense_in_the_conversation_is_an_alarm(tmp_path: Path) -> None:
    supervisor = inbox()
    async with stage(supervisor, tmp_path) as on:
        supervisor.say(event="said", entry={"kind": "agent"})
        await on.until(lambda: on.app.watched.alarms)


def test_only_the_newest_is_drawn_of_a_long_conversation() -> None:
    entries = [{"n": n, "kind": "agent", "text": f"line {n}"} for n in range(1000)]
    talk = Talk.read({"entries": entries})
    assert talk is not None
    drawn = [line.text.plain for line in talk.lines(100)]
    assert drawn[-1] == "line 999"
    assert 5 < len(drawn) < 20
