"""Change what a tool call is given, before it is decided.

Owns the editor.  Nothing is approved here: what is handed back becomes an action of its own, with
a card and a digest of its own, and escape hands back nothing.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import TextArea

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.tui.draft import Draft
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.screens.keyed import Keyed
from agentwatch.tui.text import Role, agent_text, our_text


class EditScreen(Keyed, ModalScreen[Json | None], inherit_bindings=False):
    """One member of the input at a time."""

    where: ClassVar[Where] = Where.EDIT
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.EDIT))

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self._at = 0

    def compose(self) -> ComposeResult:
        """A titled editor, what it shows, and its keys."""
        with Vertical(id="edit"):
            yield Bar(id="member")
            yield TextArea(self._draft[self._member], show_line_numbers=True, id="editor")
            yield FooterBar()

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#edit").border_title = "Change it (approves nothing)"
        self.query_one("#editor").focus()
        self.ready = True
        self.call_after_refresh(self.sync)

    def draw(self) -> None:
        """Say which member is shown, and draw the keys."""
        names, kept = self._draft.names, self._draft.kept
        said = our_text(f" {self._at + 1} of {len(names)}: ", Role.LABEL)
        said.append_text(agent_text(self._member, role=Role.STRONG))
        if kept:
            said.append_text(our_text("   stays as it is: ", Role.DIM))
            said.append_text(agent_text(", ".join(kept), role=Role.DIM))
        self.query_one("#member", Bar).show([said])
        bar = self.query_one(FooterBar)
        hidden = () if len(names) > 1 else ("member",)
        width = bar.size.width or self.size.width
        bar.show_keys(self.where, width, hidden=hidden, not_now={})

    def action_member(self) -> None:
        """The next member of the input."""
        self._keep()
        self._at = (self._at + 1) % len(self._draft.names)
        self.query_one("#editor", TextArea).load_text(self._draft[self._member])
        self.sync()

    def action_changed(self) -> None:
        """Hand back what it has become."""
        self._keep()
        try:
            given = self._draft.input()
        except AgentwatchError as error:
            self.watch_app.say(f"Not changed: {error.what}", severity="error")
            return
        if given is None:
            self.watch_app.say("Nothing is changed.")
        self.dismiss(given)

    @property
    def _member(self) -> str:
        return self._draft.names[self._at]

    def _keep(self) -> None:
        self._draft[self._member] = self.query_one("#editor", TextArea).text
