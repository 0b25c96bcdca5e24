"""Screens with a card on them: what may be answered, and how an answer is given.

Owns the conditions under which `a` counts.  Every way out of them but one is "no": nothing here
approves by an exception, a timeout or a default.
"""

from __future__ import annotations

from typing import ClassVar

from agentwatch.model import Json, Verdict
from agentwatch.tui import always
from agentwatch.tui.keys import Where
from agentwatch.tui.panes.card import CardPane, Drawn
from agentwatch.tui.panes.footer import FooterBar
from agentwatch.tui.screens.because import BecauseScreen
from agentwatch.tui.screens.keyed import Keyed

WHY_NOT = {
    "—": "There is nothing to approve here.",
    "lost": "Nothing can be approved without a supervisor.",
    "read ↓": "Not approved: read to the end first (PgDn).",
    "wait…": "Not approved: too soon. Look at the card, then press a.",
}


class Deciding(Keyed, inherit_bindings=False):
    """A screen that shows a card and takes answers to it."""

    where: ClassVar[Where] = Where.CARD

    @property
    def card(self) -> CardPane:
        """The card of this screen."""
        return self.query_one(CardPane)

    def on_screen_resume(self) -> None:
        """The card has come back on screen: it must be looked at anew."""
        self.watch_app.quiet.drawn()
        self.sync()

    def why_not(self, *, silent: bool) -> str | None:
        """The word for why `a` would not count; None when it would."""
        app, drawn = self.watch_app, self.card.drawn
        if app.watched.over:
            return "—"
        if app.watched.lost is not None:
            return "lost"
        if drawn is None or not drawn.approvable or app.answering(drawn.action):
            return "—"
        if not self.card.read:
            return "read ↓"
        if not (app.quiet.settled and silent):
            return "wait…"
        return None

    def show_keys(self) -> None:
        """Draw the footer as it is true now."""
        app = self.watch_app
        word = self.why_not(silent=app.quiet.silent)
        not_now = {} if word is None else {"approve": word}
        if self.card.drawn is None or not self.waiting_card():
            not_now |= {"deny": "—", "because": "—", "edit": "—"}
        if word is not None and word != "wait…":
            not_now |= {"similar": word}
        if app.watched.lost is not None or app.watched.over:
            not_now |= dict.fromkeys(("deny", "because", "edit", "freeze", "resume"), "—")
        hidden = {"freeze"} if app.frozen else {"resume"}
        self.query_one(FooterBar).show_keys(
            self.where, self.size.width, hidden=hidden, not_now=not_now
        )

    def waiting_card(self) -> bool:
        """Whether the card's action still waits."""
        drawn = self.card.drawn
        seen = drawn and self.watch_app.watched.actions.get(drawn.action)
        return bool(seen and seen.pending) and not self.watch_app.watched.over

    def action_approve(self) -> None:
        """Let the drawn action through, if every condition holds at this moment."""
        word = self.why_not(silent=self.watch_app.take_aim("a"))
        drawn = self.card.drawn
        if word is not None or drawn is None:
            self.watch_app.say(WHY_NOT[word or "—"])
            return
        self.answer(drawn, Verdict.ALLOW, "")

    def action_similar(self) -> None:
        """Open the panel for the drawn action; what is granted is bound to it."""
        word = self.why_not(silent=True)
        drawn = self.card.drawn
        if drawn is None or word not in (None, "wait…"):
            self.watch_app.say(WHY_NOT[word or "—"])
            return

        def grant(chosen: Json | None) -> None:
            if chosen is not None and "write" in chosen:
                app = self.watch_app
                app.run_worker(always.offer(app, drawn, chosen["write"]), exit_on_error=False)
            elif chosen is not None:
                self.watch_app.decide(drawn, Verdict.ALLOW, "", grant=chosen)

        self.watch_app.offer_similar(drawn, grant)

    def action_edit(self) -> None:
        """Open the editor on what the drawn action is given; nothing is approved by it."""
        drawn = self.card.drawn
        if drawn is None or not self.waiting_card():
            self.watch_app.say("There is nothing to change here.")
            return
        self.watch_app.offer_edit(drawn)

    def action_deny(self) -> None:
        """Deny the drawn action: the safe direction waits for nothing."""
        if (drawn := self.card.drawn) is not None and self.waiting_card():
            self.answer(drawn, Verdict.DENY, "")

    def action_because(self) -> None:
        """Ask for a reason, then deny the action that was drawn when the key was pressed."""
        drawn = self.card.drawn
        if drawn is None or not self.waiting_card():
            return

        def deny(reason: str | None) -> None:
            if reason is not None:
                self.answer(drawn, Verdict.DENY, reason)

        self.app.push_screen(BecauseScreen(), deny)

    def answered(self, action: str) -> None:
        """The person's own answer to an action was taken."""

    def answer(self, drawn: Drawn, verdict: Verdict, because: str) -> None:
        """Send the answer, bound to what was drawn."""
        self.watch_app.decide(drawn, verdict, because)
