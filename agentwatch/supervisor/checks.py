"""What a supervisor looks at again and again while the agent works.

Owns the looks that need no answer from anybody: a kill that was not finished, a containment record
or a door that somebody changed, a hook that never came, a screen that went away.  Asks nothing,
decides no action.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from agentwatch.containment.base import Record, Running
from agentwatch.errors import AgentwatchError
from agentwatch.model import OnDetach, SessionState
from agentwatch.supervisor.control import Desk
from agentwatch.supervisor.lookout import Lookout
from agentwatch.supervisor.session import Supervised

DETACH_GRACE = 5.0
"""Seconds without a screen before `--on-detach` applies: a screen may be starting again."""

FINISH_AFTER = 2.0
"""Seconds a kill that began elsewhere may take before we finish it: its program may have died."""

RECORD_EVERY = 5.0
"""Seconds between checks that the containment record still says what we wrote."""


class Checks:
    """The looks of one session."""

    def __init__(
        self, session: Supervised, desk: Desk, lookout: Lookout, kill: Callable[[str], None]
    ) -> None:
        self._session = session
        self._desk = desk
        self._lookout = lookout
        self._kill = kill
        self._door = 0
        self._started = time.monotonic()
        self._screen_seen = self._killing_since = self._record_seen = self._started

    def begin(self) -> None:
        """Keep what is ours now, before there is an agent."""
        self._door = self._session.places.agent_socket.stat().st_ino

    def look(self, running: Running, now: float) -> None:
        """Look at everything that is due; `now` in monotonic seconds."""
        self._check_kill(now)
        self._check_record(running, now)
        self._check_armed(now)
        self._check_screens(now)

    def look_at_files(self) -> None:
        """Say which of the kept files changed, whoever did it."""
        for path in self._lookout.changed():
            self._session.alarm(
                f"{path} was changed, by the agent or by you: look before you use it"
            )

    def _check_kill(self, now: float) -> None:
        """Finish a kill whose program did not live to do it."""
        if self._session.state is not SessionState.KILLING:
            self._killing_since = now
        elif now - self._killing_since > FINISH_AFTER:
            self._killing_since = now
            self._kill("unfinished")

    def _check_record(self, running: Running, now: float) -> None:
        """Put right the record that every kill works from: it lies where the agent may write."""
        if self._session.state is SessionState.KILLING:
            return
        if not self._session.places.runtime.is_dir():
            # Whoever removed it wanted no kill to find the tree: then there is no tree.
            self._session.alarm("the session's folder was removed: the tree is killed")
            self._kill("tampered")
        elif not self._door_is_ours():
            self._session.alarm("somebody else took the agent's socket: the tree is killed")
            self._kill("tampered")
        elif now - self._record_seen >= RECORD_EVERY:
            self._record_seen = now
            if not self._record_is_whole(running):
                running.record.write(self._session.places.containment)
                self._session.alarm("the containment record was changed behind our back; put right")

    def _door_is_ours(self) -> bool:
        """Whether hooks still reach us; who answered there in our place would approve for us."""
        try:
            return self._session.places.agent_socket.stat().st_ino == self._door
        except OSError:
            return False

    def _record_is_whole(self, running: Running) -> bool:
        try:
            return Record.read(self._session.places.containment) == running.record
        except AgentwatchError:
            return False

    def _check_armed(self, now: float) -> None:
        session = self._session
        within = self._session.config.arm_within or session.prepared.arm_within
        late = now - self._started > within
        if session.armed is False and late and session.state is SessionState.RUNNING:
            self._started = float("inf")  # asked once; a person may resume it as it is
            session.not_armed(within)

    def _check_screens(self, now: float) -> None:
        if self._desk.screens > 0 or not self._desk.had_screen:
            self._screen_seen = now
        elif now - self._screen_seen > DETACH_GRACE:
            self._desk.had_screen = False
            if self._session.config.on_detach is OnDetach.FREEZE:
                self._session.freeze("detach")
            elif self._session.config.on_detach is OnDetach.KILL:
                self._kill("detach")
