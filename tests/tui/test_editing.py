"""`e` changes what a call is given: the change is shown anew, and approved as such or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TextArea

from agentwatch.errors import AgentwatchError
from agentwatch.tui.draft import Draft
from agentwatch.tui.screens.edit import EditScreen
from tests.tui.tui_double import Supervisor, action
from tests.tui.tui_stage import Stage, stage

GIVEN = {"command": "rm -r build", "timeout": 5}


class Editing(Supervisor):
    """A supervisor that takes another input."""

    async def call(self, op: str, **fields: Any) -> Any:
        if op not in ("edit", "editable"):
            return await super().call(op, **fields)
        if op == "editable":
            if self.pending[fields["action"]]["channel"] != "hooks":
                raise AgentwatchError("it carries no other input back")
            return {"input": self.pending[fields["action"]]["params"]}
        self.calls.append((op, fields))
        del self.pending[fields["action"]]
        given = fields["input"]
        became = action(2, command=given["command"], params=given)
        self.pending[became["id"]] = became
        return became


def one(**changes: Any) -> Editing:
    given: dict[str, Any] = {"command": "rm -r build", "params": GIVEN, **changes}
    return Editing(action(1, **given))


async def opened(on: Stage) -> TextArea:
    await on.calm()
    await on.press("e")
    await on.until(lambda: isinstance(on.app.screen, EditScreen))
    return on.app.screen.query_one(TextArea)


async def test_the_change_is_a_new_card_and_only_that_is_approved(tmp_path: Path) -> None:
    async with stage(one(), tmp_path) as on:
        editor = await opened(on)
        assert editor.text == "rm -r build"
        await on.press("end", "2")
        await on.press("ctrl+s")
        await on.until(lambda: on.main.chosen == "act-2")
        (sent,) = [fields for op, fields in on.supervisor.calls if op == "edit"]
        assert sent["input"] == {"command": "rm -r build2", "timeout": 5}
        assert len(on.app.screen_stack) == 1
        await on.press("a")  # too soon: the card has only just come
        assert on.supervisor.decisions == []
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions == [("act-2", "allow")])


async def test_escape_and_nothing_changed_change_nothing(tmp_path: Path) -> None:
    async with stage(one(), tmp_path) as on:
        await opened(on)
        await on.press("x", "escape")
        await opened(on)
        await on.press("ctrl+s")
        await on.painted()
        assert len(on.app.screen_stack) == 1
        assert not [op for op, _ in on.supervisor.calls if op in ("edit", "decide")]


async def test_every_part_can_be_changed_and_nonsense_is_said(tmp_path: Path) -> None:
    async with stage(one(), tmp_path) as on:
        editor = await opened(on)
        await on.press("ctrl+n")
        assert editor.text == "5"
        await on.press("end", "}")
        await on.press("ctrl+s")
        await on.painted()
        assert isinstance(on.app.screen, EditScreen)
        await on.press("backspace", "0")
        await on.press("ctrl+s")
        await on.until(lambda: on.main.chosen == "act-2")
        (sent,) = [fields for op, fields in on.supervisor.calls if op == "edit"]
        assert sent["input"] == {"command": "rm -r build", "timeout": 50}


@pytest.mark.parametrize("changes", [{"channel": "kernel"}, {"params": {}}])
async def test_what_cannot_be_changed_says_so(tmp_path: Path, changes: dict[str, Any]) -> None:
    async with stage(one(**changes), tmp_path) as on:
        await on.calm()
        await on.press("e")
        await on.painted()
        assert len(on.app.screen_stack) == 1


def test_what_cannot_be_shown_as_it_is_stays_as_it_is() -> None:
    given = {"a": "x\u202ey", "b": "\ttab\nline", "c": "bell\x07", "d": [1, "\u202e"]}
    draft = Draft(given)
    assert (draft.names, draft.kept) == (["b", "d"], ["a", "c"])
    assert draft.input() is None
    draft["b"] = "z"
    assert draft.input() == {**given, "b": "z"}
    draft["d"] = "{"
    with pytest.raises(AgentwatchError, match="no JSON"):
        draft.input()
