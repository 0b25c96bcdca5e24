"""Undo on screen: what drafts changed is listed, and an aimed `a` alone puts it back."""

from __future__ import annotations

import json
import os
from pathlib import Path

from agentwatch.journal import Journal
from agentwatch.tui.panes.painted import Painted
from agentwatch.tui.screens.undo import UndoScreen
from tests.keeping.workspace import Workspace
from tests.tui.tui_double import Supervisor, places, session
from tests.tui.tui_stage import Stage, stage


def drafted(folder: Path) -> Workspace:
    """A session that is over, with two drafts in its store."""
    here = places(folder)
    here.state.mkdir()
    work = Workspace(here.state)
    root = os.path.realpath(work.root)
    here.session.write_text(json.dumps(session(workspace=root).to_json()))
    Journal.open(here.journal, here.id).close()
    for name in ("one", "two"):
        work.path(name).write_text(name)
        work.write(name, "changed", f"7f3a-{name}")
    work.settling.look(all_of_it=True)
    return work


def page(on: Stage) -> str:
    return on.app.screen.query_one("#reading", Painted).text


async def test_the_newest_comes_first_and_an_aimed_key_puts_it_back(tmp_path: Path) -> None:
    work = drafted(tmp_path)
    async with stage(Supervisor(), tmp_path) as on:
        await on.calm()
        await on.press("u")
        await on.until(lambda: isinstance(on.app.screen, UndoScreen) and "7f3a-one" in page(on))
        assert page(on).index("7f3a-two") < page(on).index("7f3a-one")
        await on.press("a", "enter", "space")  # too soon, and keys that mean nothing here
        assert work.path("two").read_text() == "changed"
        await on.aim("a")
        await on.until(lambda: "undone" in page(on))
        assert [work.path(name).read_text() for name in ("one", "two")] == ["changed", "two"]
        work.path("one").write_text("mine")
        await on.press("down")
        await on.aim("a")
        await on.painted()
        assert work.path("one").read_text() == "mine"
