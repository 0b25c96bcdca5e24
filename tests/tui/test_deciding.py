"""Answers: what lets an action through, and the many things that do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Verdict, digest_of
from agentwatch.tui.keys import TABLE, Where, bound
from agentwatch.tui.panes import card as card_module
from agentwatch.tui.panes.painted import Bar
from tests.tui.tui_double import Supervisor, action, decided
from tests.tui.tui_stage import Stage, stage

HARMLESS = ["enter", "space", "escape", "tab", "shift+tab", "1", "2", "3", "4", "9", "0", "y", "A"]


def three() -> Supervisor:
    return Supervisor(*(action(number, command=f"rm {number}") for number in (1, 2, 3)))


async def test_a_pressed_at_a_card_that_was_looked_at_approves_exactly_it(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        drawn = on.main.card.drawn
        assert drawn is not None
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions)
        assert on.supervisor.decisions == [("act-1", "allow")]
        sent = next(fields for op, fields in on.supervisor.calls if op == "decide")
        raw = action(1, command="rm 1")
        assert sent["digest"] == digest_of(raw) == drawn.digest


async def test_a_is_not_taken_before_the_card_was_on_screen_long_enough(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.press("a")
        await on.calm(0.3)
        await on.press("a")
        assert on.supervisor.decisions == []
        assert on.footer().startswith(" a wait…")


async def test_a_burst_of_typing_approves_nothing(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.calm()
        await on.press(*"rm-rfa")
        await on.calm(0.2)
        await on.press("a")
        assert on.supervisor.decisions == []


async def test_a_held_down_approves_one_and_not_the_next(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.aim("a")
        await on.until(lambda: on.main.chosen == "act-2")
        for _ in range(50):
            on.clock.wait(0.03)
            await on.press("a")
        assert on.supervisor.decisions == [("act-1", "allow")]


@pytest.mark.parametrize("name", ["focus", "paste", "escape", "unbound"])
async def test_a_needs_a_second_of_calm_after_a_disturbance(name: str, tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.calm()
        match name:
            case "focus":
                on.app.post_message(events.AppFocus())
            case "paste":
                on.app.post_message(events.Paste("a"))
            case "escape":
                await on.press("escape")
            case _:
                await on.press("z")
        await on.painted()
        on.clock.wait(0.9)
        await on.press("a")
        assert on.supervisor.decisions == []
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions)


async def test_nothing_but_a_approves(tmp_path: Path) -> None:
    """Every other key and the mouse, each at its best moment."""
    others = {name for key in TABLE if key.action != "approve" for name in key.keys} - {"a"}
    stopping = {"d", "n", "f9", "ctrl+backslash", "q", "ctrl+q"}
    async with stage(three(), tmp_path) as on:
        for name in sorted((others | set(HARMLESS)) - stopping):
            await on.calm()
            await on.press(name)
            on.app.close_everything()
        await on.calm()
        await on.pilot.click("#queue", offset=(5, 2))
        await on.pilot.click("#card", offset=(5, 2))
        await on.pilot.click("#footer", offset=(3, 0))
        assert on.supervisor.decisions == []


@pytest.mark.parametrize("sequence", ["\x1b[A", "\x1bOP", "\x1bOa", "\x1b[20~", "\x1b[?1;2c"])
async def test_a_torn_escape_sequence_approves_nothing(sequence: str, tmp_path: Path) -> None:
    """Cut anywhere, as a slow line cuts it, at the worst moment."""
    async with stage(three(), tmp_path) as on:
        for cut in range(1, len(sequence)):
            await on.calm()
            for name in keys_of(sequence[:cut], sequence[cut:]):
                await on.press(name)
                on.clock.wait(0.2)
            on.app.close_everything()
        assert on.supervisor.decisions == []


def keys_of(*pieces: str) -> list[str]:
    """The keys the toolkit makes of pieces that come with a pause between them."""
    names: list[str] = []
    for piece in pieces:
        parser = XTermParser()
        found = [*parser.feed(piece), *parser.feed("")]
        names += [item.key for item in found if isinstance(item, events.Key)]
    return [name for name in names if name not in {"f9", "ctrl+backslash"}]


@given(st.text(alphabet="\x1b[O?;0123456789ABCDPQRSZamnrtuy~$", max_size=8))
def test_no_tail_of_a_sequence_is_an_approving_key_without_an_escape_before_it(tail: str) -> None:
    names = keys_of("\x1b" + tail)
    if "a" in names:
        before = names[: names.index("a")]
        disturbing = {"escape", "circumflex_accent"} | (set(before) - bound(Where.MAIN))
        assert disturbing & set(before) or "a" in tail


async def test_a_card_that_does_not_fit_must_be_read_to_its_end(tmp_path: Path) -> None:
    long = "\n".join(f"echo {number}" for number in range(60))
    async with stage(Supervisor(action(1, command=long)), tmp_path) as on:
        await on.aim("a")
        assert on.footer().startswith(" a read ↓")
        assert on.supervisor.decisions == []
        for _ in range(12):
            await on.press("pagedown")
            await on.painted()
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions)


@pytest.mark.parametrize("length", range(68, 84))
@pytest.mark.parametrize("others", [1, 40])
async def test_no_character_of_a_card_is_cut_off_or_covered(
    length: int, others: int, tmp_path: Path
) -> None:
    """With and without a scroll bar, whatever the length: the last character is on screen."""
    command = "\n".join(["x" * (length - 1) + "Z"] + ["y"] * others)
    async with stage(Supervisor(action(1, command=command)), tmp_path) as on:
        await on.painted()
        painted = [strip.text for strip in on.app.screen._compositor.render_strips()]
        assert any("Z" in row for row in painted)
        assert max(len(row) for row in on.main.card.text.split("\n")) <= 78


async def test_a_card_whose_content_changes_must_be_looked_at_anew(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1, command="ls")), tmp_path) as on:
        await on.calm()
        other = action(1, command="rm -rf /")
        on.supervisor.propose(other)
        await on.until(lambda: "rm -rf /" in on.main.card.text)
        await on.press("a")
        assert on.supervisor.decisions == []
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions)
        sent = next(fields for op, fields in on.supervisor.calls if op == "decide")
        assert sent["digest"] == other["digest"]


async def test_a_new_deadline_is_no_new_content(tmp_path: Path) -> None:
    async with stage(Supervisor(action(1)), tmp_path) as on:
        await on.calm()
        on.supervisor.say(event="action", action={**action(1), "deadline": None})
        await on.until(lambda: on.app.watched.actions["act-1"].action.deadline is None)
        await on.painted()
        await on.press("a")
        await on.until(lambda: on.supervisor.decisions)


async def test_what_another_client_decided_stays_on_the_card_and_the_choice_stays(
    tmp_path: Path,
) -> None:
    """The row goes, the cursor does not slide: no key can hit the next one by accident."""
    async with stage(three(), tmp_path) as on:
        gone = decided(on.supervisor.pending.pop("act-1"), Verdict.DENY, by="deadline")
        on.supervisor.say(event="action", action=gone)
        await on.until(lambda: "DENIED" in on.main.card.text)
        assert on.main.chosen == "act-1"
        await on.aim("a")
        await on.press("d", "n")
        assert on.supervisor.decisions == []
        drawn = on.main.card.drawn
        assert drawn is not None
        assert drawn.action == on.main.chosen


async def test_the_marked_row_and_the_card_are_always_the_same_action(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        for step in ("down", "down", "d", "up", "d"):
            await on.press(step)
            await on.painted()
            drawn = on.main.card.drawn
            assert drawn is not None
            assert drawn.action == on.main.chosen
            assert f"rm {drawn.action[-1]}" in on.main.card.text
        assert on.supervisor.decisions == [("act-3", "deny"), ("act-1", "deny")]


async def test_arrivals_go_to_the_end_and_take_neither_choice_nor_focus(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.press("down")
        focused = on.app.focused
        on.supervisor.propose(action(9, command="rm 9"))
        await on.until(lambda: "act-9" in on.app.watched.actions)
        await on.painted()
        assert on.main.chosen == "act-2"
        assert [seen.id for seen in on.main.rows()] == ["act-1", "act-2", "act-3", "act-9"]
        assert on.app.focused is focused
        assert len(on.app.screen_stack) == 1


async def test_a_digest_that_is_not_that_of_the_drawing_can_only_be_denied(tmp_path: Path) -> None:
    forged = {**action(1, command="rm -rf /"), "digest": action(1, command="ls")["digest"]}
    async with stage(Supervisor(forged), tmp_path) as on:
        await on.aim("a")
        assert on.supervisor.decisions == []
        assert "cannot be approved" in on.main.card.text.replace("\n", "")
        await on.press("d")
        await on.until(lambda: [op for op, _ in on.supervisor.calls if op == "decide"])


@pytest.mark.parametrize(
    "error",
    [
        AgentwatchError("the action is not the one you saw", "look again", ExitCode.NO),
        RuntimeError("[@click=app.exit]boom"),
        TimeoutError(),
        KeyError("id"),
    ],
)
async def test_whatever_goes_wrong_on_the_way_the_action_stays_unanswered_and_it_is_said(
    error: Exception, tmp_path: Path
) -> None:
    async with stage(three(), tmp_path, notifications=True) as on:
        on.supervisor.refusal = error
        await on.aim("a")
        await on.until(lambda: on.app._notifications)
        said = [note.message for note in on.app._notifications]
        assert any(message.startswith("Not answered") for message in said)
        assert on.app.watched.actions["act-1"].pending
        assert on.main.chosen == "act-1"
        on.supervisor.refusal = None
        await on.aim("a")
        await on.until(lambda: on.main.chosen == "act-2")


async def test_an_action_that_cannot_be_drawn_can_only_be_denied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(card_module, "card_lines", broken)
    async with stage(three(), tmp_path) as on:
        await on.aim("a")
        assert on.supervisor.decisions == []
        await on.press("d")
        await on.until(lambda: on.supervisor.decisions == [("act-1", "deny")])


async def test_deny_waits_for_nothing(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.press("d")
        await on.until(lambda: on.supervisor.decisions == [("act-1", "deny")])


async def test_no_because_sends_the_reason_for_the_action_that_was_drawn(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.press("n")
        on.supervisor.propose(action(8, command="rm 8"))
        await on.press(*"ask me first", "enter")
        await on.until(lambda: on.supervisor.decisions == [("act-1", "deny")])
        sent = next(fields for op, fields in on.supervisor.calls if op == "decide")
        assert sent["because"] == "ask me first"


async def test_escape_in_the_reason_box_decides_nothing(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.press("n", *"aaa", "escape")
        await on.painted()
        assert on.supervisor.decisions == []
        assert len(on.app.screen_stack) == 1


async def test_the_full_view_decides_by_the_same_rules(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.calm()
        await on.press("enter")
        await on.press("a")
        assert on.supervisor.decisions == []
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions == [("act-1", "allow")])
        await on.until(lambda: len(on.app.screen_stack) == 1)


async def test_freeze_is_instant_and_resume_must_be_aimed(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.press("z", "p", "p", "r")
        assert orders(on) == ["freeze", "freeze"]
        await on.aim("r")
        await on.until(lambda: orders(on) == ["freeze", "freeze", "resume"])


async def test_a_filter_hides_rows_and_never_changes_what_is_chosen(tmp_path: Path) -> None:
    async with stage(three(), tmp_path) as on:
        await on.press("slash", *"rm 3")
        assert [seen.id for seen in on.main.rows()] == ["act-1", "act-3"]
        assert on.main.chosen == "act-1"
        await on.press("escape")
        assert len(on.main.rows()) == 3
        assert on.supervisor.decisions == []


async def test_planted_markup_is_text_in_every_widget(tmp_path: Path) -> None:
    """A button planted in a proposal is drawn as letters and clicking it does nothing."""
    planted = "[@click=app.exit]press here[/]"
    raw = action(
        1,
        summary=planted,
        command=planted,
        cwd=planted,
        words=planted,
        tool=planted,
        paths=(planted,),
        proposer=planted,
        params={planted: planted},
        reasons=(planted,),
        diff=f"--- a\n+++ b\n@@ -1 +1 @@\n-{planted}\n+x\n",
    )
    supervisor = Supervisor(raw, name=planted, workspace=planted, notes=(planted,))
    supervisor.recent = [raw]
    async with stage(supervisor, tmp_path, size=(120, 60), notifications=True) as on:
        supervisor.say(event="alarm", text=planted, at=1.0)
        await on.until(lambda: on.app.watched.alarms)
        on.app.say(planted)
        await on.painted()
        for keys in ([], ["enter"], ["l"], ["question_mark"], ["t"]):
            on.app.close_everything()
            await on.press(*keys)
            await on.painted()
            strips = on.app.screen._compositor.render_strips()
            assert any("click=app.exit" in strip.text for strip in strips)
            styles = [segment.style for strip in strips for segment in strip if segment.style]
            assert not [style for style in styles if "@click" in (style.meta or {})]
        assert on.app.is_running
        bars = on.app.screen.query(Bar)
        assert bars


def orders(on: Stage) -> list[str]:
    return [op for op, _ in on.supervisor.calls if op in {"freeze", "resume"}]
