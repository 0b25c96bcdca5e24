"""What the breaker counts, what it has stopped, and the one answer for all of it.

Owns the asking for the counts and how they look.  Nothing here approves: all that waits can be
denied with one key, or gone through one by one; the one act that approves many is a command line
that names exactly those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.tui.cards import summary
from agentwatch.tui.keys import Where, bindings
from agentwatch.tui.lines import Line, blank, heading, sentence
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.screens.reading import ReadingScreen
from agentwatch.tui.text import Role, agent_text, our_text
from agentwatch.tui.watched import Seen, objects

EVERY = 1.0
"""Seconds between two looks at the counts."""

LISTED = 500
"""Waiting actions that are named; the rest are counted."""


class BreakerScreen(ReadingScreen):
    """The breaker of this session."""

    where: ClassVar[Where] = Where.BREAKER
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Where.BREAKER))
    heading: ClassVar[str] = "The breaker"

    def __init__(self) -> None:
        super().__init__()
        self._drawn: object = None
        self._tripped = False

    def on_mount(self) -> None:
        """Ask for the counts as long as it is shown."""
        super().on_mount()
        self.watch_app.quiet.drawn()
        self.set_interval(EVERY, self._ask)
        self._ask()

    def draw(self) -> None:
        """Draw what is known; what has not changed keeps its place."""
        super().draw()
        watched, trip = self.watch_app.watched, self.watch_app.watched.trip
        status = watched.breaker
        if self._tripped and trip is None:
            self.dismiss(None)  # what it came for is over
            return
        self._tripped = trip is not None
        known = watched.actions
        lines = tripped_lines(status, trip, known) if trip else counting_lines(status)
        now = [line.text.plain for line in lines]
        if now != self._drawn:
            self._drawn = now
            self.show_lines(lines)
        self.query_one(FooterBar).show_keys(
            self.where, self.size.width, hidden=self._hidden(), not_now={}
        )

    def action_deny_all(self) -> None:
        """Deny all that waits because of it: the safe direction waits for nothing."""
        count = len(objects(self.watch_app.watched.breaker.get("burst")))
        if count:
            self.watch_app.ask("answer-all", f"Denied all {count}.", verdict="deny")

    def action_resume(self) -> None:
        """Let the tree go on, the breaker counting anew; it must be aimed."""
        app = self.watch_app
        if app.watched.trip is None:
            return
        if not (app.take_aim("r") and app.quiet.settled):
            app.say("Not resumed: too soon. Press r again.")
            return
        app.ask("reset", "Resumed. The breaker counts anew.")

    def action_extend(self) -> None:
        """Raise the budget that is used up, by as much as was given first; it must be aimed."""
        app, spent = self.watch_app, self._spent()
        if not spent:
            return
        if not (app.take_aim("e") and app.quiet.settled):
            app.say("Not raised: too soon. Press e again.")
            return
        more = f"{spent['resource']}={_given(spent)}"
        app.ask("add-budget", f"Raised: {more} more.", more=[more])

    def _hidden(self) -> set[str]:
        watched = self.watch_app.watched
        hidden = set() if self._spent() else {"extend"}
        if watched.trip is None:
            return hidden | {"deny_all", "resume"}
        return hidden | {"freeze"} | (set() if watched.breaker.get("burst") else {"deny_all"})

    def _spent(self) -> Json | None:
        """The first budget that is used up."""
        budgets = objects(self.watch_app.watched.breaker.get("budgets"))
        return next((item for item in budgets if item.get("over")), None)

    def _ask(self) -> None:
        self.run_worker(self._fetch(), exit_on_error=False, exclusive=True)

    async def _fetch(self) -> None:
        try:
            self.watch_app.watched.take_breaker(await self.watch_app.link.call("breaker"))
        except AgentwatchError:
            return  # the status line says that nobody answers
        self.sync()


def tripped_lines(status: Json, trip: Json, known: Mapping[str, Seen]) -> list[Line]:
    """What was stopped, and what can be done about it."""
    burst = objects(status.get("burst"))
    count = len(burst)
    head = our_text(" FROZEN ", Role.BANNER).append_text(our_text(" "))
    lines = [Line(head.append_text(agent_text(trip.get("words"), role=Role.STRONG))), blank()]
    if count:
        lines.append(Line(our_text(f"One question for all {count} that wait because of it:")))
        lines += [
            sentence(f"d    deny all {count} at once", Role.STRONG),
            sentence("r    let the agent go on, and answer them one by one"),
            sentence("F9   kill it: they are denied, and nothing more is released"),
            sentence(
                f"No key approves {count} at once; `agentwatch breaker --approve-all` does, "
                "after you typed how many.",
                Role.DIM,
            ),
        ]
    else:
        lines += [
            Line(our_text("Nothing waits because of it.")),
            sentence("r    let the agent go on; the breaker counts anew", Role.STRONG),
            sentence("F9   kill it"),
        ]
    lines += [*_budget_lines(status), blank()]
    if count:
        lines += [heading("They are", f"{count} actions"), *_named(burst, known)]
    else:
        lines += [heading("It has seen"), *_sampled(trip)]
    return lines


def counting_lines(status: Json) -> list[Line]:
    """How full every meter is."""
    state = str(status.get("state") or "not known").upper()
    why = f" ({status['why']})" if status.get("why") else ""
    begin = "It freezes the agent's whole tree where one of these counts is reached:"
    lines = [
        Line(our_text(f"The breaker is {state}{why}.", Role.STRONG)),
        sentence(begin, Role.DIM, indent=0),
        blank(),
        Line(
            our_text(
                f"{'counted':<11}{'now':>12}  {'freezes at':<16}{'all in all':>12}", Role.LABEL
            )
        ),
    ]
    for item in objects(status.get("meters")):
        row = our_text(f"{item.get('meter')!s:<11}", Role.STRONG)
        row.append(f"{item.get('count')!s:>12}  {item.get('limit')!s:<16}")
        row.append(f"{item.get('total')!s:>12}", Role.DIM)
        if item.get("subject"):
            row.append("  ").append_text(agent_text(item["subject"], role=Role.DIM))
        lines.append(Line(row))
    return [*lines, *_budget_lines(status)]


def _budget_lines(status: Json) -> list[Line]:
    lines: list[Line] = []
    for item in objects(status.get("budgets")):
        over = bool(item.get("over"))
        row = our_text(f"budget of {item.get('resource')}: {item.get('words')}")
        if over:
            row.append(f"  USED UP: e adds {_given(item)} more", Role.DANGER)
        lines.append(Line(row, "  ", "  "))
    return [blank(), *lines] if lines else []


def _given(spent: Json) -> str:
    """As much as was given at first, as a budget is written."""
    step = float(spent.get("step") or 0)
    if spent.get("resource") == "time":
        return f"{int(step)}s"
    return f"{step:.2f}" if spent.get("resource") == "cost" else str(int(step))


def _named(burst: list[Json], known: Mapping[str, Seen]) -> list[Line]:
    lines = []
    wide = max((len(str(item.get("id"))) for item in burst[:LISTED]), default=0)
    for item in burst[:LISTED]:
        row = our_text("").append(f"{item.get('id')!s:<{wide}}  ", Role.LABEL)
        seen = known.get(str(item.get("id")))
        said = summary(seen) if seen else agent_text(item.get("summary"))
        lines.append(Line(row.append_text(said), "  ", "    "))
    if len(burst) > LISTED:
        lines.append(sentence(f"… and {len(burst) - LISTED} more", Role.DIM))
    return lines


def _sampled(trip: Json) -> list[Line]:
    sample = trip.get("sample")
    said = sample if isinstance(sample, list) else []
    lines = [Line(agent_text(text), "  ", "    ") for text in said]
    return lines or [sentence("no single action: see the counts with esc and b", Role.DIM)]
