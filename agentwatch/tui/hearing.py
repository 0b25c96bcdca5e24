"""What the application does with what the supervisor says.

Owns the step from an event to a change of what is known; draws only through `sync`.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from agentwatch.model import Json, Session
from agentwatch.tui.screens.talk import TalkScreen

if TYPE_CHECKING:
    from agentwatch.tui.app import WatchApp


class Hearing:
    """The ear of one application."""

    def __init__(self, app: WatchApp) -> None:
        self._app = app

    def begin(self, answer: Json) -> None:
        """Connected: take the supervisor's word for everything."""
        app = self._app
        met = app.watched.session is not None
        app.watched.begin(answer)
        app.agent_screen.replay(_bytes(answer.get("output")))
        app.call_later(app.fit_agent, app.size.height - 1, app.size.width)
        app.sync_soon()
        if not met:
            self._open_talk()

    def _open_talk(self) -> None:
        """Who starts a conversation wants to say something; what waits comes first."""
        watched = self._app.watched
        spoken = watched.talk is not None and watched.talk.state != "elsewhere"
        if spoken and not watched.waiting() and not watched.over:
            self._app.push_screen(TalkScreen())

    def hear(self, event: Json) -> None:
        """One event; one that makes no sense is an alarm, not a crash."""
        app = self._app
        if event.get("event") == "output":
            app.agent_screen.offer(_bytes(event.get("data")), gap=bool(event.get("gap")))
            app.output_came()
            return
        if event.get("event") == "said" and event.get("gap"):
            app.catch_up()
            return
        had = app.watched.receipt
        try:
            app.watched.hear(event)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            words = f"The supervisor sent something unreadable ({type(error).__name__})."
            app.watched.alarm(app.wall(), words)
        if app.watched.receipt is not had:
            app.close_everything()
        app.sync_soon()

    def lose(self, why: str) -> None:
        """Nobody answers: nothing can be approved from here on."""
        self._app.watched.lost = why or "gone"
        self._app.sync_soon()

    def end(self, session: Json, receipt: Json | None) -> None:
        """The session is over, as its files say."""
        app = self._app
        try:
            app.watched.session = Session.from_json(session)
            app.watched.take_receipt(receipt)
        except (KeyError, TypeError, ValueError):
            app.watched.alarm(app.wall(), "The session's last record cannot be read.")
        app.sync_soon()


def _bytes(data: object) -> bytes:
    try:
        return base64.b64decode(str(data or ""), validate=False)
    except (binascii.Error, ValueError):
        return b""
