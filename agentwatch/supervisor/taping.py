"""The recording of one session's terminal, where it has one.

Owns whether there is one, and what the journal says of it at the end: its parts with their
digests.  A recording that cannot begin is a note of the session, one that breaks off an alarm;
neither denies anything: what must be written before anything happens is in the journal.
"""

from __future__ import annotations

import asyncio
import shlex
import time

from agentwatch.model import Json
from agentwatch.recording import Header, Recorder
from agentwatch.recording.marks import Marks
from agentwatch.supervisor.screen import AgentTerminal
from agentwatch.supervisor.session import Supervised


class Taping:
    """What records, while the session lives."""

    def __init__(self, session: Supervised, terminal: AgentTerminal | None) -> None:
        self._session = session
        self._marks = Marks()
        self._recorder: Recorder | None = None
        if terminal is not None and session.config.record:
            self._begin(terminal)

    def _begin(self, terminal: AgentTerminal) -> None:
        session, config = self._session, self._session.config
        loop = asyncio.get_running_loop()

        def failed(why: str) -> None:
            loop.call_soon_threadsafe(session.alarm, why)

        header = Header(
            session=config.session,
            rows=config.rows,
            cols=config.cols,
            timestamp=int(time.time()),
            command=shlex.join(config.argv),
        )
        try:
            self._recorder = Recorder(config.places.recording, header, failed)
        except OSError as error:
            session.add_notes("not-recorded", (f"The terminal is not recorded: {error}.",))
            return
        terminal.printed = self._recorder.output
        terminal.resized = self._recorder.resized
        session.listeners.add(self._hear)

    def _hear(self, event: Json) -> None:
        label = self._marks.label(event)
        if label is not None and self._recorder is not None:
            self._recorder.mark(label)

    async def end(self) -> None:
        """Close the recording and put its parts into the journal."""
        if self._recorder is None:
            return
        self._session.listeners.discard(self._hear)
        parts = await asyncio.to_thread(self._recorder.end, self._session.exit)
        self._session.note("recording", {"parts": parts})
