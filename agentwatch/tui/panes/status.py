"""The top line: which agent, where, in what state, how much waits.

Owns the order of its parts and what gives way when the line is short: the folder first.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from agentwatch.model import Mode, Session, SessionState
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.text import Role, agent_plain, agent_text, our_text
from agentwatch.tui.watched import Watched

STATE_ROLE = {
    SessionState.STARTING: Role.WARN,
    SessionState.RUNNING: Role.GOOD,
    SessionState.FROZEN: Role.WARN,
    SessionState.KILLING: Role.DANGER,
    SessionState.KILLED: Role.DANGER,
    SessionState.EXITED: Role.DIM,
}
MODE_ROLE = {
    Mode.LOCKED: Role.GOOD,
    Mode.ASK: Role.DIM,
    Mode.DRAFT: Role.ACCENT,
    Mode.WATCH: Role.DANGER,
}


class StatusBar(Bar):
    """One row about the session."""

    def show_status(self, watched: Watched, now: float, width: int) -> None:
        """Draw the row for this moment."""
        self.show([status_row(watched, now, width)])


def status_row(watched: Watched, now: float, width: int) -> Text:
    """The row: the folder takes what the rest leaves."""
    session = watched.session
    if session is None:
        return our_text(" agentwatch  ", Role.STRONG).append("no session yet", Role.DIM)
    waiting = len(watched.waiting())
    tail = our_text("")
    tail.append(f"  {state_word(watched)}  ", state_role(watched))
    tail.append(f"{session.mode}  ", MODE_ROLE[session.mode])
    tail.append(f"{waiting} waiting ", Role.ACCENT if waiting else Role.DIM)
    alive = _alive(watched, session)
    pids = "1 pid" if alive == 1 else f"{alive} pids"
    tail.append(f" {pids}  grade {session.grade}  ", Role.DIM)
    if session.passed:
        tail.append(f"{session.passed} passed  ", Role.DIM)
    for budget in session.budgets:
        tail.append(f"{budget}  ", Role.DIM)
    tail.append(f"{elapsed(now - session.started_at)} ", Role.DIM)
    room = width - tail.cell_len
    head = our_text(" ").append_text(
        agent_text(clip(session.name, max(6, room // 2)), role="strong")
    )
    head.append_text(_folder(session, room - head.cell_len))
    head.append(" " * max(0, room - head.cell_len))
    return head.append_text(tail)


def _alive(watched: Watched, session: Session) -> int:
    """Processes inside: as measured by the kill, else as last counted."""
    return session.pids if watched.receipt is None else len(watched.receipt.left)


def state_word(watched: Watched) -> str:
    """The state in one word; KILLED only from a receipt or the supervisor's own state."""
    if watched.killing:
        return "KILLING…"
    if watched.receipt is not None:
        return "KILLED" if watched.receipt.clean else "NOT ALL DEAD"
    if watched.lost is not None and not watched.over:
        return "NO SUPERVISOR"
    return watched.session.state.value.upper() if watched.session else "UNKNOWN"


def state_role(watched: Watched) -> str:
    """How the state word looks."""
    if (
        watched.killing
        or watched.receipt is not None
        or (watched.lost is not None and not watched.over)
    ):
        return Role.DANGER
    return STATE_ROLE[watched.session.state] if watched.session else Role.WARN


def elapsed(seconds: float) -> str:
    """A span of time, short."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes:02}:{whole % 60:02}"


def clip(text: str, room: int, *, keep_end: bool = False) -> str:
    """Text that fits the room, an ellipsis where something is cut."""
    most = 4 * max(0, room) + 8  # marks take no column; of the rest, more than there is room for
    near = text[-most:] if keep_end else text[:most]
    plain = agent_plain(near)
    if len(near) == len(text) and cell_len(plain) <= room:
        return plain
    while plain and cell_len(plain) > max(0, room - 1):
        plain = plain[1:] if keep_end else plain[:-1]
    return f"…{plain}" if keep_end else f"{plain}…"


def _folder(session: Session, room: int) -> Text:
    if room < 6:
        return our_text("")
    return our_text(" ").append(clip(session.workspace, room - 2, keep_end=True), Role.DIM)
