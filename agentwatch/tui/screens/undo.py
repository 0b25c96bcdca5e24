"""What drafts changed, newest first, and putting it back.

Owns the list and the choice in it.  Putting back takes an aimed `a`; what somebody changed since
is never overwritten from here.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from agentwatch import undoing
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text
from agentwatch.visible import clock

NONE = "Nothing was kept: only what flows in draft mode is. m changes the mode."
NAMED = 6
"""Paths of one action that are named."""


class UndoScreen(ReadingScreen):
    """The actions whose changes were kept."""

    where: ClassVar[Where] = Where.UNDO
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.UNDO))
    heading: ClassVar[str] = "What drafts changed; a puts it back as it was"

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Json] = []
        self._chosen = 0
        self._said = "Looking…"

    def on_mount(self) -> None:
        """Look at the store."""
        super().on_mount()
        self.run_worker(self._load(), exit_on_error=False)

    def action_choose(self, step: int) -> None:
        """Another one."""
        self._chosen = min(max(self._chosen + step, 0), max(0, len(self._found) - 1))
        self.watch_app.quiet.drawn()
        self._show()

    def action_put_back(self) -> None:
        """Put the chosen one back, if the key was aimed at it."""
        app = self.watch_app
        if not (app.take_aim("a") and app.quiet.settled):
            app.say("Not put back: too soon. Look at the list, then press a.")
        elif self._found:
            name = str(self._found[self._chosen]["id"])
            self.run_worker(self._put_back(name), exit_on_error=False)

    async def _load(self) -> None:
        try:
            found = await asyncio.to_thread(undoing.listing, self.watch_app.places)
            self._found, self._said = found[::-1], NONE
        except (OSError, AgentwatchError) as error:
            self._said = f"It cannot be read: {error}"
        self._chosen = min(self._chosen, max(0, len(self._found) - 1))
        self.watch_app.quiet.drawn()
        self._show()

    async def _put_back(self, name: str) -> None:
        app = self.watch_app
        try:
            told = await asyncio.to_thread(undoing.undo, app.places, name, force=False, face="tui")
        except (OSError, AgentwatchError) as error:
            app.say(f"Not put back: {error}", severity="error")
            return
        if told["conflicts"]:
            rest = f"agentwatch undo {name} --force overwrites it"
            app.say(f"Not put back: {told['conflicts'][0]}. {rest}", severity="error")
        elif told["left"] or told["unkept"]:
            app.say(f"NOT put back: {[*told['left'], *told['unkept']][0]}", severity="error")
        else:
            app.say(f"Put back: {len(told['restored'])} paths of {name}.")
        await self._load()

    def _show(self) -> None:
        lines = [line for at, one in enumerate(self._found) for line in self._lines(at, one)]
        self.show_lines(lines or [sentence(self._said, Role.DIM)])

    def _lines(self, at: int, one: Json) -> list[Line]:
        chosen = at == self._chosen
        row = our_text("").append_text(agent_text(one["id"], role=Role.LABEL))
        row.append(f"  {clock(one['at'])}  ", Role.LABEL)
        row.append_text(agent_text(one["summary"], role=Role.STRONG if chosen else ""))
        row.append("  undone" if one["undone"] else "", Role.GOOD)
        names = [Path(path).name for path in one["paths"][:NAMED]]
        more = len(one["paths"]) - NAMED
        paths = agent_text(", ".join(names), role=Role.DIM)
        paths.append(f" and {more} more" if more > 0 else "", Role.DIM)
        if one["unkept"]:
            paths.append(f"  {one['unkept']} could not be kept", Role.WARN)
        return [Line(row, " ▸ " if chosen else "   ", "   "), Line(paths, "     ", "     ")]
