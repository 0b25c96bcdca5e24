"""The lines under the status bar: what a person must not miss.

Owns which of receipt, loss, alarm, ungated, unarmed and uncovered are said, and in which words.
KILLED is only ever written from a measured receipt.
"""

from __future__ import annotations

from rich.text import Text

from agentwatch.model import Receipt, Session, SessionState
from agentwatch.tui.driver import Outcome
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.panes.status import clip
from agentwatch.tui.text import Role, agent_text, our_text
from agentwatch.tui.watched import Watched

LOST = "Lost the supervisor. Nothing can be approved; the agent stays held. Retrying…"
NOT_ARMED = "NOT ARMED: the agent's hook was not seen alive. Everything it does is held."
UNGATED = "UNGATED: nothing this agent does is asked. Only the kill switch works."


class Notices(Bar):
    """As many rows as there is something to say."""

    def show_notices(
        self, watched: Watched, failed: Outcome | None, width: int, rows: int, *, first: str = ""
    ) -> None:
        """Draw what must be said now, the gravest first.

        `first` is what comes before any key that is named, where letters are typed.
        """
        self.show(notice_rows(watched, failed, width, first)[:rows])

    def show_kill(self, watched: Watched, failed: Outcome | None, width: int, rows: int) -> None:
        """Draw what became of a kill, on a screen that has no room for more."""
        self.show([_filled(row, width) for row in _kill_rows(watched, failed, width)[:rows]])


def notice_rows(
    watched: Watched, failed: Outcome | None, width: int, first: str = ""
) -> list[Text]:
    """Every notice, the gravest first, one row each; a kill's survivors take more."""
    found = _kill_rows(watched, failed, width)
    session = watched.session
    if watched.lost is not None and not watched.over:
        found.append(our_text(f" {LOST} ", Role.BANNER))
    if (trip := watched.trip) is not None:
        words = our_text(" BREAKER: ", Role.BANNER)
        rest = clip(f"{trip.get('words')}: {first}b shows it ", width - words.cell_len)
        found.append(words.append_text(agent_text(rest, role=Role.BANNER)))
    if session is not None:
        found += _session_rows(session, width, first, ended=watched.receipt is not None)
    if watched.alarms and not watched.alarms[-1].text.startswith("BREAKER:"):  # it has its own row
        gravest = sum(row.style == Role.BANNER for row in found)
        found.insert(gravest, _alarm_row(watched, width, first))
    return [_filled(row, width) for row in found]


def _kill_rows(watched: Watched, failed: Outcome | None, width: int) -> list[Text]:
    if watched.receipt is not None:
        return receipt_rows(watched.receipt, width)
    return _failure_rows(failed) if failed is not None else []


def receipt_rows(receipt: Receipt, width: int) -> list[Text]:
    """The measured result; survivors by name, and what to do about them."""
    if receipt.clean:
        after = [f"denied {receipt.denied_pending} pending"] if receipt.denied_pending else []
        tail = f" · {' · '.join([*after, 'nothing more is released'])} "
        return [our_text(f" {receipt.sentence()}{tail}", Role.BANNER)]
    rows = [our_text(f" {clip(receipt.sentence(), width - 2)} ", Role.BANNER)]
    for survivor in receipt.left[:4]:
        row = our_text(f" pid {survivor.pid} ", Role.DANGER)
        rows.append(row.append_text(agent_text(clip(survivor.command, width - 20))))
    pids = " ".join(str(survivor.pid) for survivor in receipt.left[:8])
    rows.append(our_text(f" Press F9 again; if they stay: kill -9 {pids}, as root.", Role.DANGER))
    return rows


def _failure_rows(failed: Outcome) -> list[Text]:
    row = our_text(" NOT KILLED: ", Role.BANNER)
    rows = [row.append_text(agent_text(failed.error, role=Role.BANNER))]
    if failed.hint:
        rows.append(our_text(" ").append_text(agent_text(failed.hint, role=Role.DANGER)))
    return rows


def _session_rows(session: Session, width: int, first: str, *, ended: bool) -> list[Text]:
    rows: list[Text] = []
    if session.state is SessionState.EXITED and not ended:
        status = "with an unknown status" if session.exit is None else f"with status {session.exit}"
        rows.append(our_text(f" The agent exited {status}. {first}q leaves.", Role.STRONG))
    if session.armed is False and not session.state.over:
        rows.append(our_text(f" ! {NOT_ARMED}", Role.DANGER))
    ungated = [note for note in session.notes if "ungated" in note.casefold()]
    if ungated:
        rows.append(our_text(f" ! {UNGATED}", Role.DANGER))
    rest = [note for note in session.notes if note not in ungated]
    if rest and not session.state.over:
        more = f"  (+{len(rest) - 1} more: {first}?)" if len(rest) > 1 else ""
        text = clip(f"Note: {rest[0]}", width - 2 - len(more))
        rows.append(our_text(" ").append(text, Role.DIM).append(more, Role.DIM))
    return rows


def _alarm_row(watched: Watched, width: int, first: str) -> Text:
    more = f"  (+{len(watched.alarms) - 1} more: {first}l)" if len(watched.alarms) > 1 else ""
    text = clip(f"ALARM: {watched.alarms[-1].text}", width - 4 - len(more))
    return our_text(f" ! {text}", Role.DANGER).append(more, Role.DIM)


def _filled(row: Text, width: int) -> Text:
    """The row over its whole width, so that a banner is a band and not a word."""
    if row.style != Role.BANNER:
        return row
    return row.append(" " * max(0, width - row.cell_len))
