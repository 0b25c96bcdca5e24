"""The life of one supervisor: open, start the agent, serve, notice the end, go.

Owns the event loop and its timers.  Whatever breaks in here ends with the agent's tree killed:
the lease is beaten from this loop, so a loop that hangs lets it run out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path

from agentwatch import containment, halt, kill
from agentwatch.containment.base import Gating, Running, Walls, write_private
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Journal
from agentwatch.model import Json, Receipt, SessionState
from agentwatch.paths import signing_base
from agentwatch.regular import document
from agentwatch.signing import Signer, own_key
from agentwatch.supervisor import anchoring, control, door, installing, launch, walls
from agentwatch.supervisor.checks import Checks
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.holding import Holding
from agentwatch.supervisor.lookout import Lookout
from agentwatch.supervisor.screen import AgentTerminal
from agentwatch.supervisor.session import Supervised
from agentwatch.supervisor.speaking import Speaking
from agentwatch.supervisor.switch import Switch
from agentwatch.supervisor.taping import Taping

TICK = 0.1
"""Seconds between looks at deadlines, the kill mark and the lease."""

COUNT_EVERY = 1.0
"""Seconds between counts of the tree."""

LINGER = 1.0
"""Seconds to stay after the end, for a client that is about to ask."""

log = logging.getLogger("agentwatch")


class Supervisor:
    """One session from start to end."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.places = config.places
        self.places.create()
        self.terminal = AgentTerminal(config.rows, config.cols) if config.stdio is None else None
        journal = Journal.open(self.places.journal, config.session)
        signer = Signer(own_key(signing_base()), config.session)
        self.session = Supervised(config, launch.prepare(config), journal, signer)
        self._anchors = self._keep_elsewhere()
        self.holding = Holding(self.session, self._kill)
        self._taping = Taping(self.session, self.terminal)
        self.desk = control.Desk(self.session, self.terminal)
        self.desk.typed = self._typed
        lookout = Lookout(self.holding.floor.watched)
        self._checks = Checks(self.session, self.desk, lookout, self._kill)
        self._speaking = Speaking(config, self.desk, self._kill) if config.speaks else None
        self._over = asyncio.Event()
        self._count: asyncio.Task[None] | None = None
        self._counted = 0.0

    def _keep_elsewhere(self) -> anchoring.Anchors:
        """Where the head of the record is kept besides; raises where it cannot be."""
        config, session = self.config, self.session
        loop = asyncio.get_running_loop()

        def alarm(text: str) -> None:
            with contextlib.suppress(RuntimeError):  # we are gone, and nobody is there to tell
                loop.call_soon_threadsafe(session.alarm, text)

        anchors = anchoring.Anchors(
            config.anchors, config.session, env=config.env, cwd=config.cwd, alarm=alarm
        )
        session.anchored = anchors.offer
        session.notes += anchoring.words(config.anchors)
        return anchors

    async def run(self, ready: Callable[[Json], None]) -> None:
        """Start the agent, report it, and serve until it is over and everyone has gone."""
        secret = launch.Secrets.new()
        servers = (await door.listen(self.session, secret.token), await control.listen(self.desk))
        self._checks.begin()
        await self._install(secret)
        await self._try_hook(secret)
        running = self._start(secret)
        Switch(self.places, running.record).start()
        if self._speaking is not None:
            await self._speaking.start()
        try:
            ready({"ok": True, "session": self.session.snapshot().to_json()})
            await self._watch(running)
        except BaseException:
            self._kill("fault")
            raise
        await self._end(running)
        for server in servers:
            server.close()

    async def _install(self, secret: launch.Secrets) -> None:
        """Have the agent installed, where it is to be held; and lay what its start needs."""
        session = self.session
        if self.holding.can:
            session.prepared = await installing.first(session, secret)
            self.holding.look_again()
        session.prepared.lay()

    async def _try_hook(self, secret: launch.Secrets) -> None:
        """See the hook alive once before the agent starts; raises where it does not come."""
        session = self.session
        if not session.prepared.probe:
            return
        session.trial = asyncio.Event()
        running = launch.trial(self.config, session.prepared, secret, self.holding.floor.walls)
        session.running = running
        try:
            end = time.monotonic() + session.prepared.trial_within
            while not session.trial.is_set() and time.monotonic() < end:
                running.beat()
                if running.poll() is not None:
                    break
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(session.trial.wait(), TICK)
            with contextlib.suppress(TimeoutError):  # it may have spoken just before it ended
                await asyncio.wait_for(session.trial.wait(), LINGER)
        finally:
            running.close()
        if not session.trial.is_set() and self.holding.possible:
            self.holding.insist()
            session.alarm(
                f"the hook of {session.prepared.name} was not seen alive in a trial start: "
                "the kernel gate alone holds what it does"
            )
        elif not session.trial.is_set():
            raise AgentwatchError(
                f"the hook of {session.prepared.name} was not seen alive in a trial start, "
                "so its tool calls could not be gated",
                "agentwatch run --ungated -- … supervises it with the kill alone",
            )
        session.trial = None
        session.note("hook-tried", {"agent": session.prepared.name})

    def _start(self, secret: launch.Secrets) -> Running:
        """Record the start, then do it; without the record there is no start."""
        session, config = self.session, self.config
        session.record_or_raise(
            "session",
            {
                "argv": list(config.argv),
                "workspace": config.workspace,
                "mode": config.mode.value,
                "ungated": config.ungated,
                "notes": list(session.prepared.notes),
                "key": session.vouching.key,
                "anchors": list(config.anchors),
            },
        )
        session.seal()
        halt.refuse()
        if self.places.closed.exists():  # while it was tried or installed
            raise AgentwatchError("killed before the agent was started", code=ExitCode.KILLED)
        running = self._launch(secret)
        if mark := halt.halted():  # it came while the agent was being started
            self._kill("halt")
            running.close()
            raise halt.refusal(mark)
        session.running = running
        session.add_notes("floor", walls.in_force(self.holding.floor, running))
        session.pids = 1
        session.change(SessionState.RUNNING)
        session.note("started", running.record.to_json())
        session.note_coverage()
        return running

    def _launch(self, secret: launch.Secrets) -> Running:
        """The agent, with its system calls held where that can be."""
        streams = self._speaking.stdio if self._speaking else None
        config, prepared, terminal = self.config, self.session.prepared, self.terminal

        def start(walled: Walls, gate: Gating | None) -> Running:
            return launch.start(config, prepared, secret, terminal, walled, gate, streams)

        return self.holding.start(start, terminal.name if terminal is not None else None)

    async def _watch(self, running: Running) -> None:
        """Serve until the agent is over."""
        loop = asyncio.get_running_loop()
        self.holding.listen(running)
        loop.add_reader(running.fileno(), self._news, running)
        if self.terminal is not None:
            loop.add_reader(self.terminal.master, self._printed)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._kill, "signal")
        try:
            while not self._over.is_set():
                self._tick(running)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), TICK)
        finally:
            loop.remove_reader(running.fileno())

    def _news(self, running: Running) -> None:
        if running.poll() is not None:
            self._over.set()

    def _tick(self, running: Running) -> None:
        now = time.monotonic()
        running.beat()
        if halt.halted() and not self.places.closed.exists():
            self._kill("halt")  # by somebody whose environment does not show this session
        self.session.tick()
        self._checks.look(running, now)
        if now - self._counted >= COUNT_EVERY and (self._count is None or self._count.done()):
            self._counted = now
            self._checks.look_at_files()
            self._count = asyncio.create_task(self._recount(running))

    async def _recount(self, running: Running) -> None:
        alive = await asyncio.to_thread(containment.members, running.record)
        if self.session.below is not None:
            self.session.below.sweep()
        self.session.breaking.tree(len(alive))
        if len(alive) != self.session.pids:
            self.session.pids = len(alive)
            self.session.publish_session()

    def _printed(self) -> None:
        terminal = self.terminal
        if terminal is None:
            return
        data = terminal.read()
        if data is None:
            asyncio.get_running_loop().remove_reader(terminal.master)
        elif data:
            self.desk.output(data)

    def _typed(self) -> None:
        terminal = self.terminal
        if terminal is None:
            return
        loop = asyncio.get_running_loop()
        if terminal.flush():
            loop.add_writer(terminal.master, self._typed)
        else:
            loop.remove_writer(terminal.master)

    def _kill(self, trigger: str) -> None:
        self.session.change(SessionState.KILLING)
        kill.kill(self.places, trigger=trigger, by="supervisor", record=self.session.record)

    async def _end(self, running: Running) -> None:
        """The agent is over: say how, keep it, and stay while someone looks."""
        session = self.session
        self._drain()
        if self._speaking is not None:
            await self._speaking.finish()
        status = running.poll()
        killed = session.state is SessionState.KILLING or self.places.closed.exists()
        session.close_gate("kill" if killed else "gate", "the agent is over")
        session.pids = 0
        session.exit = 137 if killed else status
        if killed:
            await self._settle_receipt()
        elif running.left_behind:
            session.note("left-behind", {"killed": running.left_behind})
        self.holding.fold()
        session.compare(over=True)
        await self._taping.end()
        session.note("ended", {"state": "killed" if killed else "exited", "exit": session.exit})
        session.seal()
        await asyncio.to_thread(self._anchors.finish)
        session.change(SessionState.KILLED if killed else SessionState.EXITED)
        running.close()
        self.holding.close()
        await asyncio.gather(asyncio.sleep(LINGER), asyncio.to_thread(_make_room))
        await self.desk.empty.wait()
        self.places.clear()

    def _drain(self) -> None:
        """Whatever the agent printed last."""
        while self.terminal is not None and (data := self.terminal.read()):
            self.desk.output(data)

    async def _settle_receipt(self) -> None:
        """Wait for whoever killed to measure; if it died over it, measure ourselves."""
        session = self.session
        end = time.monotonic() + 8
        receipt = _read_receipt(self.places.receipt)
        while receipt is None and time.monotonic() < end:
            await asyncio.sleep(0.02)
            receipt = _read_receipt(self.places.receipt)
        if receipt is None:
            record = session.record
            receipt = kill.kill(self.places, trigger="lost", by="supervisor", record=record)
        session.receipt = session.completed(receipt)
        session.note("kill", session.receipt.to_json())
        with contextlib.suppress(OSError):
            write_private(self.places.receipt, json.dumps(session.receipt.to_json()).encode())
        session.publish({"event": "receipt", "receipt": session.receipt.to_json()})


def _make_room() -> None:
    """Bound what sessions that are over leave on the disk; a fault of it is no fault of this one.

    It is the last thing a session does: nothing waits for it but its own folders' removal.
    """
    from agentwatch import pruning  # noqa: PLC0415  # nothing of a session's life needs it

    try:
        for why in pruning.beyond("agentwatch"):
            logging.getLogger("agentwatch").warning("not pruned: %s", why)
    except OSError as error:
        logging.getLogger("agentwatch").warning("nothing was pruned: %s", error)


def _read_receipt(path: Path) -> Receipt | None:
    try:
        return Receipt.from_json(document(path))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def main(config: Config, ready: Callable[[Json], None]) -> None:
    """Run one session; raises AgentwatchError where it cannot start."""
    try:
        supervisor_run = _run(config, ready)
        asyncio.run(supervisor_run)
    except AgentwatchError:
        config.places.clear()
        raise


async def _run(config: Config, ready: Callable[[Json], None]) -> None:
    await Supervisor(config).run(ready)
