"""Holding the agent's system calls: the gate process from before its start to after its end.

Owns whether there is a gate and what is said where there is none: a start that nobody insists on
goes on without, in words on the screen.  Decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentwatch.channels.kernel import probe
from agentwatch.channels.kernel.gatehouse import Gatehouse
from agentwatch.containment.base import Gating, Running, Walls
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Mode
from agentwatch.supervisor import launch, observed, walls
from agentwatch.supervisor.below import Below
from agentwatch.supervisor.config import Hold
from agentwatch.supervisor.session import Supervised

Start = Callable[[Walls, Gating | None], Running]


class Holding:
    """The gate below one agent, where there is one."""

    def __init__(self, session: Supervised, kill: Callable[[str], None]) -> None:
        """Raises AgentwatchError where the gate is insisted on and cannot be had."""
        self._session = session
        self._kill = kill
        self._house: Gatehouse | None = None
        self._watched: observed.Watched | None = None
        self._must = session.config.kernel is Hold.MUST
        self.can = False
        """Whether system calls can be held here, and may be."""
        self._why = self._try()
        self.floor = walls.look_up(session.config, gated=self.possible)

    @property
    def possible(self) -> bool:
        """Whether system calls will be held, as far as a trial can tell."""
        return self._session.config.gated and self._why is None

    def look_again(self) -> None:
        """How the agent is started has changed: whether there is a gate, by what it is now."""
        if self.can:
            self._why = None if self._must else self._session.prepared.unheld or None
            self.floor = walls.look_up(self._session.config, gated=self.possible)

    def insist(self) -> None:
        """From here on there is no start without the gate."""
        self._must = True

    def _try(self) -> str | None:
        """Why there will be no gate."""
        config = self._session.config
        if not config.gated or config.kernel is Hold.NEVER:
            return "as asked"
        why = probe.why_not()
        self.can = why is None
        if why is None and not self._must and self._session.prepared.unheld:
            return self._session.prepared.unheld
        if why is not None and self._must:
            raise AgentwatchError(
                f"system calls cannot be held: {why}", "leave out --kernel-gate to go without"
            )
        return why

    def start(self, start: Start, terminal: str | None) -> Running:
        """The agent with its system calls held; without, where they cannot be and need not be."""
        session, config = self._session, self._session.config
        if self._why is None:
            try:
                return start(self.floor.walls, self._begin(terminal))
            except AgentwatchError as error:
                if self._must or error.code is not ExitCode.FAILED:
                    raise
                self._why = error.what
                self._give_up()
            self.floor = walls.look_up(config, gated=False)
        if config.gated:
            words = launch.not_held(config, session.prepared, self._why)
            drafts = (launch.DRAFTS,) if config.mode is Mode.DRAFT else ()
            session.add_notes("not-held", (words, *drafts))
        return start(self.floor.walls, None)

    def _begin(self, terminal: str | None) -> Gatehouse:
        session = self._session
        session.below = Below(session.config, session.prepared, terminal, session.breaking.passed)
        session.drafts.settling = session.below.settling
        tables = observed.tables(session.places, self.floor)
        local = session.below.hot(session.beforehand.denials())
        self._house = Gatehouse(tables, local=local)
        session.gate_pid = self._house.process.pid
        return self._house

    def _give_up(self) -> None:
        """No gate after all."""
        session = self._session
        if self._house is not None:
            self._house.close()
        if session.below is not None:
            session.below.close()
        self._house = session.below = None
        session.gate_pid = 0
        session.places.passed.unlink(missing_ok=True)

    def listen(self, running: Running) -> None:
        """Answer what is held, from here on."""
        below = self._session.below
        if self._house is not None and below is not None:
            below.begin(running.record)
            self._watched = observed.Watched(self._session, below, self._house, self._kill)
            self._watched.start()
            self._session.modes.elsewhere = self._watched.change_mode

    def fold(self) -> None:
        """Put what passed last into the journal."""
        if self._watched is not None:
            self._watched.fold()

    def close(self) -> None:
        """The agent is over."""
        if self._house is not None:
            asyncio.get_running_loop().remove_reader(self._house.fileno())
            self._house.close()
