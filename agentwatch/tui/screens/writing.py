"""Write it down: the rule as it would stand in the user's file, before it stands there.

Owns the showing of it and the one key that means it.  Nothing is written but by `a` on this
screen, read to the end, under the quiet rule.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from agentwatch.model import Json
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, sentence
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text


class WritingScreen(ReadingScreen):
    """One rule, to be confirmed."""

    where: ClassVar[Where] = Where.WRITING
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.WRITING))
    heading: ClassVar[str] = "Always: write a rule"

    def __init__(self, rule: Json) -> None:
        super().__init__()
        self._rule = rule

    def on_mount(self) -> None:
        """The rule, word by word."""
        super().on_mount()
        self.watch_app.quiet.drawn()
        rule = self._rule
        lines = [Line(our_text("At the end of ", Role.LABEL).append_text(agent_text(rule["file"])))]
        lines += [sentence("", Role.DIM)]
        lines += [Line(agent_text(line), "  ", "    ") for line in str(rule["toml"]).splitlines()]
        lines += [sentence("", Role.DIM)]
        if rule.get("still"):
            said = our_text("All the same, this rule has the last word: ", Role.WARN)
            lines += [Line(said.append_text(agent_text(rule["still"])))]
        lines += [
            sentence("a approves this action, grants it here, and writes the rule.", ""),
            sentence(
                "It then holds in every session of this workspace, without an end,", Role.WARN
            ),
            sentence("until you take it out of that file. esc writes nothing.", Role.WARN),
        ]
        self.show_lines(lines)

    def action_write_rule(self) -> None:
        """Hand the rule back, if the key was aimed at it."""
        app = self.watch_app
        if not (app.take_aim("a") and app.quiet.settled):
            app.say("Not written: too soon. Look at the rule, then press a.")
            return
        self.dismiss(self._rule)
