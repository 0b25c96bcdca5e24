"""Help: the keys from the table, what is not covered, what the kill cannot reach.

Owns the words around the table; a key that is not in the table cannot be in the help.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from agentwatch.model import Session
from agentwatch.tui.key import named
from agentwatch.tui.keys import TABLE, Key, Where
from agentwatch.tui.lines import Line, blank, heading, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text

RULES = (
    (
        "a counts only when the card has been on screen for 0.4 s and its end has been seen, "
        "no other key came in the last 0.15 s, and a second has passed since the window got the "
        "focus, a paste, an escape or an unknown key. The footer says so."
    ),
    "enter, space, escape, tab, digits and the mouse approve nothing. There is no approve-all.",
    "F9 and ctrl+\\ kill from everywhere, without a question, also when this screen hangs.",
    "From another shell: agentwatch kill, agentwatch pending, agentwatch approve, agentwatch deny.",
)


class HelpScreen(ReadingScreen):
    """Keys first that work on the screen it was opened from."""

    heading: ClassVar[str] = "Help"

    def __init__(self, opened_from: Where) -> None:
        super().__init__()
        self._from = opened_from

    def on_mount(self) -> None:
        """Write the page."""
        super().on_mount()
        self.show_lines(help_lines(self._from, self.watch_app.watched.session))


def help_lines(opened_from: Where, session: Session | None) -> list[Line]:
    """The page."""
    here = [key for key in TABLE if key.where & opened_from]
    elsewhere = [key for key in TABLE if not key.where & opened_from]
    lines = [heading("Keys that work where you were"), *map(_key_line, here), blank()]
    if elsewhere:
        lines += [heading("On other screens"), *map(_elsewhere, elsewhere), blank()]
    lines += [heading("How keys are taken"), *(sentence(rule) for rule in RULES), blank()]
    if session is not None:
        lines += _coverage(session)
    return lines


def _key_line(key: Key) -> Line:
    text = our_text("").append(f"{f'{key.shown} {key.also}':<11}", Role.KEY).append(key.does)
    return Line(text, "  ", "             ")


def _elsewhere(key: Key) -> Line:
    line = _key_line(key)
    return replace(line, text=line.text.append(f"  ({named(key.where)})", Role.DIM))


def _coverage(session: Session) -> list[Line]:
    cover = session.coverage
    channels = (
        ("commands", cover.exec),
        ("files", cover.files),
        ("network", cover.network),
        ("tools", cover.tools),
    )
    lines = [heading("What is gated here", f"containment {session.containment}, {session.grade}")]
    for name, held_by in channels:
        row = our_text("").append(f"{name:<10} ", Role.LABEL)
        lines.append(Line(row.append_text(agent_text(held_by, role="")), "  ", "             "))
    if session.notes:
        lines += [blank(), heading("What is not covered")]
        lines += [Line(agent_text(note, role=""), "  ! ", "    ") for note in session.notes]
    return lines
