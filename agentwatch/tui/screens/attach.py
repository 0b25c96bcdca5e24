r"""The agent's terminal, full size, with one line of ours below it.

Owns the way of keys to the agent: all of them but F8, F9, ctrl+\\ and ctrl+].  Shows how many
actions wait; approves nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.strip import Strip
from textual.widget import Widget

from agentwatch.tui.keys import KEPT_FROM_AGENT, Where, bindings
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.panes.status import clip, state_role, state_word
from agentwatch.tui.screens.keyed import Keyed
from agentwatch.tui.terminal import AgentScreen
from agentwatch.tui.text import Role, our_text
from agentwatch.tui.typing_keys import bytes_of, paste_of


class TerminalPane(Widget, can_focus=True):
    """The agent's screen; keys typed here are the agent's."""

    def __init__(self, screen_of_agent: AgentScreen, send: Callable[[bytes], None]) -> None:
        super().__init__(id="terminal")
        self._agent = screen_of_agent
        self._drawn = -1
        self._send = send

    def follow(self) -> None:
        """Draw again where the agent's screen has changed."""
        if self._agent.version != self._drawn:
            self._drawn = self._agent.version
            self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Every key is the agent's, but for the four that are kept."""
        if event.key in KEPT_FROM_AGENT:
            return
        event.stop()
        event.prevent_default()
        application = self._agent.wants("cursor_application_mode")
        self._send(bytes_of(event.key, event.character, application_cursor=application))

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text goes to the agent as its terminal would send it."""
        event.stop()
        self._send(paste_of(event.text, bracketed=self._agent.wants("bracketed_paste")))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A button goes down."""
        self._mouse(event, event.button - 1, "press")

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """A button comes up."""
        self._mouse(event, event.button - 1, "release")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        self._mouse(event, 64, "press")

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        self._mouse(event, 65, "press")

    def _mouse(self, event: events.MouseEvent, button: int, kind: str) -> None:
        if self._agent.wants_mouse and button >= 0:
            held = {"shift": event.shift, "meta": event.meta, "ctrl": event.ctrl}
            modifiers = {name for name, down in held.items() if down}
            self._send(self._agent.mouse(event.x, event.y, button, kind, modifiers))

    def render_line(self, y: int) -> Strip:
        """One row, the cursor in reverse."""
        row = self._agent.row(y)
        cursor = self._agent.cursor
        if cursor is not None and cursor[1] == y:
            row = with_cursor(row, cursor[0])
        strip = Strip(row).apply_style(self.rich_style)
        return strip.adjust_cell_length(self.size.width, self.rich_style)


def with_cursor(row: list[Segment], column: int) -> list[Segment]:
    """The row with one cell in reverse."""
    strip = Strip(row)
    before, rest = strip.divide([column, max(column, strip.cell_length)])[:2]
    at, after = (list(part) for part in rest.divide([1, max(1, rest.cell_length)])[:2])
    cell = at or [Segment(" ")]
    mark = [Segment(item.text, (item.style or Style()) + Style(reverse=True)) for item in cell]
    return [*before, *mark, *after]


class AttachScreen(Keyed, inherit_bindings=False):
    """The agent's terminal and one line of ours."""

    where: ClassVar[Where] = Where.ATTACH
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.ATTACH))

    def compose(self) -> ComposeResult:
        """The terminal, then the line."""
        yield TerminalPane(self.watch_app.agent_screen, self.watch_app.link.type)
        yield Bar(id="attached")

    def on_mount(self) -> None:
        """Give the agent the keyboard; have it draw anew what was skipped."""
        self.query_one(TerminalPane).focus()
        self.watch_app.redraw_agent()
        self.ready = True
        self.sync()

    def draw(self) -> None:
        """Follow the agent's screen and keep the line true."""
        self.query_one(TerminalPane).follow()
        self.query_one("#attached", Bar).show([self._line()])

    def action_detach(self) -> None:
        """Leave the agent's terminal."""
        self.dismiss(None)

    def _line(self) -> Text:
        watched, width = self.watch_app.watched, self.size.width
        waiting = len(watched.waiting())
        name = watched.session.name if watched.session else "agent"
        row = our_text(f" {clip(name, 20)} ", Role.STRONG)
        row = our_text("").append_text(row).append(f" {state_word(watched)} ", state_role(watched))
        row.append(f"  {waiting} waiting", Role.ACCENT if waiting else Role.DIM)
        if watched.alarms:
            row.append("  ! ALARM", Role.DANGER)
        if self.watch_app.agent_screen.faults:
            row.append("  screen started afresh", Role.WARN)
        keys = our_text("").append("ctrl+]", Role.KEY).append(" back  ")
        keys.append("F8", Role.KEY).append(" freeze  ").append("F9 KILL ", Role.DANGER)
        row.append(" " * max(2, width - row.cell_len - keys.cell_len))
        return row.append_text(keys)
