"""The report of the session, to read here.

Owns its drawing; what stands in it is made from the record, and is what `agentwatch report` prints.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places, signing_base
from agentwatch.reporting import Page, Theirs, gather, page
from agentwatch.reporting.parts import LONGEST, Item, Mark
from agentwatch.signing import PublicKey, own_key
from agentwatch.tui.lines import Line, blank, heading, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text

SIGNS = {
    Mark.NONE: ("  ", Role.DIM),
    Mark.GOOD: ("✓ ", Role.GOOD),
    Mark.NO: ("✗ ", Role.DIM),
    Mark.WARN: ("! ", Role.WARN),
    Mark.BAD: ("‼ ", Role.DANGER),
}


class ReportScreen(ReadingScreen):
    """One page about the session so far."""

    heading: ClassVar[str] = "Report"

    def on_mount(self) -> None:
        """Read the record, then draw."""
        super().on_mount()
        self.show_lines([sentence("Reading and checking the record…", Role.DIM)])
        self.run_worker(self._fill(), exit_on_error=False)

    async def _fill(self) -> None:
        try:
            lines = report_lines(await asyncio.to_thread(_made, self.watch_app.places))
        except AgentwatchError as error:
            failed = our_text("There is no report: ", Role.DANGER)
            lines = [Line(failed.append_text(agent_text(error.what)))]
        self.show_lines(lines)


def report_lines(made: Page) -> list[Line]:
    """The page in lines."""
    lines = [heading(made.title, "in a file: agentwatch report --output FILE")]
    for section in made.sections:
        lines += [blank(), heading(section.title)]
        lines += [_item(item) for item in section.items] or [sentence(section.none, Role.DIM)]
    return lines


def _item(item: Item) -> Line:
    sign, role = SIGNS[item.mark]
    text = our_text("")
    for part in item.parts:
        if isinstance(part, Theirs):
            cut = part.text if len(part.text) <= LONGEST else f"{part.text[:LONGEST]}…"
            text.append_text(agent_text(cut, role=Role.STRONG))
        else:
            text.append_text(our_text(part))
    return Line(text, f" {sign}", "     ", role)


def _made(places: Places) -> Page:
    # One process: copies of this one would have the screen's terminal and its threads' locks.
    return page(gather(places, _keys(), workers=1))


def _keys() -> tuple[PublicKey, ...]:
    """The user's own key, where there is one to check signatures with."""
    try:
        return (own_key(signing_base(), make=False).public,)
    except AgentwatchError:
        return ()
