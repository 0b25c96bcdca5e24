"""Following an agent's family from inside the supervisor, twenty times a second.

Owns the thread that follows, the file of members it writes for a later kill, and the live handle
of an agent that nothing else contains.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
import threading
import time
from collections.abc import Callable

from agentwatch.containment import helped, portable
from agentwatch.containment.base import Launch, Means, Record, Running
from agentwatch.containment.helpers import family

PERIOD = 0.05
"""Seconds between two looks."""

THOROUGH = 10
"""Every so many looks the cookie is searched for as well."""

CLEARING = 5.0
"""Seconds of killing what an ended agent left behind."""


def start(means: Means, launch: Launch) -> Running:
    """Start agent and watchdog, record both, let the agent go; raises AgentwatchError."""
    agent = helped.Helper("launcher", launch, scope=False)
    watchdog = None
    try:
        agent.expect("agent")
        pid = agent.process.pid
        watchdog = _watchdog(launch)
        record = Record(
            session=launch.session,
            means=means.name,
            grade=means.grade.value,
            cookie=launch.cookie,
            supervisor=helped.known(os.getpid()),
            root=None,
            helpers=(helped.known(watchdog.process.pid),),
            agent=helped.known(pid),
            runtime=str(launch.places.runtime),
            state=str(launch.places.state),
        )
        _write(record, {pid: helped.known(pid).started})
        helped.admit(launch, record)
        agent.status.sendall(b"g")
        _see_exec(agent)
    except helped.Failed as failed:
        _abandon(agent, watchdog)
        raise helped.refused(launch, failed) from failed
    except BaseException:
        _abandon(agent, watchdog)
        raise
    return Tracked(record, agent, watchdog)


class Tracked:
    """The live handle of a followed agent."""

    def __init__(self, record: Record, agent: helped.Helper, watchdog: helped.Helper) -> None:
        self.record = record
        self.unwalled: tuple[str, ...] = ()
        self.left_behind = 0
        self._agent = agent
        self._watchdog = watchdog
        self._code: int | None = None
        self._news, self._tell = os.pipe()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="tracker", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable when the agent is over."""
        return self._news

    def poll(self) -> int | None:
        """The agent's exit status, None while it runs."""
        return self._code if select.select([self._news], [], [], 0)[0] else None

    def beat(self) -> None:
        """The lease's heartbeat, every second."""
        self._watchdog.beat()

    def close(self) -> None:
        """Give the lease up: whatever still runs dies."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._watchdog.close()
        self._agent.close()
        self._thread.join()
        os.close(self._news)
        os.close(self._tell)

    def _follow(self) -> None:
        """Look, write down who is new, until the agent is over or the handle closed."""
        hunt = portable.hunt(self.record)
        written: family.Members = {}
        looks = 0
        rest = _rest()
        while (raw := self._agent.process.poll()) is None and not self._stop.is_set():
            rest(self._stop, hunt.members)
            hunt.again(thorough=looks % THOROUGH == 0)
            looks += 1
            if hunt.members != written:
                with contextlib.suppress(OSError):  # the next look tries again
                    _write(self.record, hunt.members)
                    written = dict(hunt.members)
        if raw is not None:
            self.left_behind = self._clear(hunt)
            self._code = raw if raw >= 0 else 128 - raw
            os.write(self._tell, b".")

    def _clear(self, hunt: family.Hunt) -> int:
        left = len(hunt.again())
        hunt.hold(time.monotonic() + 1)
        hunt.slay(time.monotonic() + CLEARING)
        return left


def _watchdog(launch: Launch) -> helped.Helper:
    path = str(launch.places.runtime / "members")
    argv = (path, launch.cookie, str(os.getpid()))
    watchdog = helped.Helper(
        "watchdog", dataclasses.replace(launch, argv=argv, env={}, tty=False), scope=False
    )
    try:
        watchdog.expect("able")
    except BaseException:
        watchdog.close()
        raise
    return watchdog


def _see_exec(agent: helped.Helper) -> None:
    """Wait for exec to close the status line; raises Failed with what the launcher says."""
    while agent.hear(helped.PATIENCE):
        for _, line in agent.lines:
            word, _, rest = line.partition(" ")
            if word == "fail":
                raise helped.Failed(*rest.split(" ", 1))


def _abandon(agent: helped.Helper, watchdog: helped.Helper | None) -> None:
    agent.process.kill()
    agent.close()
    if watchdog is not None:
        watchdog.close()


def _rest() -> Callable[[threading.Event, family.Members], object]:
    """How to wait for the next look: for its time, or on macOS until a member forks."""
    if not portable.MAC:
        return lambda stop, _members: stop.wait(PERIOD)
    from agentwatch.containment import darwin  # noqa: PLC0415  # only there

    forks = darwin.Forks()

    def until_fork(_stop: threading.Event, members: family.Members) -> None:
        forks.follow(members)
        forks.wait(PERIOD)

    return until_fork


def _write(record: Record, members: family.Members) -> None:
    family.write_members(portable.members_file(record), members)
