"""The process that kills an agent's family when the supervisor is gone or silent.

Owns the lease where neither namespace nor reaper can hold it.  Standard library only.

What does not work: the agent can signal it; killed or stopped it protects nothing.  It knows
who the supervisor's tracker last wrote down, and finds the rest as the tracker does.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from . import family
from .agent import Lease, let_go_of_terminal, read_order, settle

CLEARING = 10.0
"""Seconds of killing after which what is left can't be killed by us."""

RESTING = 100
"""Milliseconds between two looks that hold the family still."""


def main() -> None:
    """`LEASE STATUS ORDER SESSION`; the order's command is `MEMBERS COOKIE SUPERVISOR`."""
    lease, status, order_file = (settle(int(word)) for word in sys.argv[1:4])
    order = read_order(order_file)
    let_go_of_terminal()
    os.write(status, b"able\n")
    path, cookie, supervisor = (word.decode() for word in order.argv)
    watch = Lease(lease, order, time.monotonic())
    _Watchdog(watch, path, cookie, int(supervisor)).run()


class _Watchdog:
    def __init__(self, lease: Lease, path: str, cookie: str, supervisor: int) -> None:
        self._lease = lease
        self._path = path
        self._cookie = cookie
        self._ours = frozenset({supervisor})
        self._held: family.Members = {}

    def run(self) -> None:
        """Wait for the end of the lease; hold the family still while it is silent."""
        poll = select.poll()
        poll.register(self._lease.handle, select.POLLIN)
        while True:
            wait = self._lease.wait(time.monotonic())
            for _ in poll.poll(min(wait, RESTING) if self._held else wait):
                if not self._lease.take(time.monotonic()):
                    self._slay()
            now = time.monotonic()
            if self._lease.over(now):
                self._slay()
            elif self._lease.silent(now):
                held = self._hunt().hold(now + 1)
                self._held.update(held or {})
            elif self._held:
                self._release()

    def _hunt(self) -> family.Hunt:
        return family.Hunt(family.read_members(self._path), self._ours, self._cookie)

    def _release(self) -> None:
        for pid, born in family.youngest_first(self._held):
            family.send(pid, born, signal.SIGCONT)
        self._held = {}

    def _slay(self) -> None:
        until = time.monotonic() + CLEARING
        hunt = self._hunt()
        hunt.hold(time.monotonic() + 1)
        hunt.slay(until)
        os._exit(0)
