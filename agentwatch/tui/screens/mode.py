"""The session's mode: what happens to what no rule names, and another one for it.

Owns the choice.  A stricter mode takes one key; a looser one is taken by `a` alone, under the
quiet rule, once the panel has said what it lets through.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from agentwatch.model import Mode
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, blank, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, our_text

MODES = {
    Mode.LOCKED: "only what a rule allows; the rest is denied, unasked",
    Mode.ASK: "what has consequences waits for you",
    Mode.DRAFT: "what stays in the workspace flows, undoable; the rest waits",
    Mode.WATCH: "everything passes and is recorded; only the floor holds",
}
"""Strictest first."""
LOOSER = "LOOSER than now: a takes it. What waits already goes on waiting for you."
STRICTER = "Stricter than now: enter takes it at once. Nothing that waits is released by it."
NOW = "This is the mode now."
NOT_HELD = (
    "Its system calls are not held here: in draft, commands are asked about as ever, and only "
    "files that the agent names itself flow and are kept."
)


class ModeScreen(ReadingScreen):
    """Four modes, one of them marked."""

    where: ClassVar[Where] = Where.MODE
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.MODE))
    heading: ClassVar[str] = "The mode: what happens to what no rule names"

    def __init__(self, now: Mode) -> None:
        super().__init__()
        self._chosen = list(MODES).index(now)

    def on_mount(self) -> None:
        """Begin with the mode as it is."""
        super().on_mount()
        self.watch_app.quiet.drawn()
        self._show()

    def draw(self) -> None:
        """Draw what is so now: somebody else may change it."""
        super().draw()
        self._show()

    def action_choose(self, step: int) -> None:
        """Mark another one; what it means has to be read before it counts."""
        self._chosen = min(max(self._chosen + step, 0), len(MODES) - 1)
        self.watch_app.quiet.drawn()
        self._show()

    def action_tighten(self) -> None:
        """Take the marked mode, where that lets nothing more through."""
        if self._marked.looser_than(self._now):
            self.watch_app.say("Not taken: it is looser than now. Read the panel, then press a.")
        else:
            self._take()

    def action_loosen(self) -> None:
        """Take the marked mode though it is looser, if the key was aimed at it."""
        app = self.watch_app
        if not self._marked.looser_than(self._now):
            app.say("It is not looser than now: enter takes it.")
        elif app.take_aim("a") and app.quiet.settled:
            self._take()
        else:
            app.say("Not taken: too soon. Look at the panel, then press a.")

    @property
    def _marked(self) -> Mode:
        return list(MODES)[self._chosen]

    @property
    def _now(self) -> Mode:
        session = self.watch_app.watched.session
        return session.mode if session is not None else Mode.LOCKED

    def _take(self) -> None:
        mode = self._marked.value
        self.watch_app.ask("mode", f"The mode is {mode} now.", mode=mode)
        self.dismiss(None)

    def _show(self) -> None:
        lines = [self._line(at, mode) for at, mode in enumerate(MODES)]
        said = NOW
        if self._marked.looser_than(self._now):
            said = LOOSER
        elif self._now.looser_than(self._marked):
            said = STRICTER
        lines += [blank(), sentence(said, Role.WARN if said == LOOSER else Role.STRONG)]
        session = self.watch_app.watched.session
        if self._marked is Mode.DRAFT and session is not None and session.coverage.exec == "no":
            lines.append(sentence(NOT_HELD, Role.WARN))
        if self._marked is Mode.DRAFT:
            lines.append(sentence("u lists what was changed and puts it back.", Role.DIM))
        self.show_lines(lines)

    def _line(self, at: int, mode: Mode) -> Line:
        row = our_text(f"{mode.value:<7}", Role.STRONG if at == self._chosen else Role.LABEL)
        row.append(f" {MODES[mode]}", "" if at == self._chosen else Role.DIM)
        if mode is self._now:
            row.append("  (now)", Role.ACCENT)
        return Line(row, " ▸ " if at == self._chosen else "   ", "           ")
