"""Who of a drill's runaways is alive, as seen from outside of any containment.

Owns the FIFOs that the runaways hold open.  Asks neither the containment nor its record: a FIFO
ends when its last holder is dead, by the kernel's word, and the holders of one that does not end
are found by what they hold.

What does not work: away from Linux holders are known only by what they said, so a runaway that
hops from process to process is seen to live but cannot be named.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from agentwatch.containment import Proc, proc
from agentwatch.drill.runaway import HOP, SPEAKERS
from agentwatch.errors import AgentwatchError

COMING_UP = 20.0
"""Seconds the runaways have to come up on a busy machine."""

SWEEPING = 5.0
"""Seconds to hunt what a kill has missed; what is left ends by itself, for nobody reads it."""


class Ledgers:
    """One FIFO for each runaway."""

    def __init__(self, names: Iterable[str] = SPEAKERS) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="awdrill-"))
        self.ended: dict[str, float] = {}
        """When each one's last process died, on the monotonic clock."""
        self._spoke: dict[str, set[int]] = {}
        self._readers: dict[int, str] = {}
        for name in names:
            os.mkfifo(self.folder / name, 0o600)
            reader = os.open(self.folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self._readers[reader] = name
            self._spoke[name] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """Every runaway."""
        return tuple(self._spoke)

    @property
    def over(self) -> bool:
        """Whether all of them are dead."""
        return self.ended.keys() == self._spoke.keys()

    def listen(self, seconds: float) -> None:
        """Take in what is said and who has ended, waiting at most so long for something."""
        for reader in select.select(list(self._readers), [], [], seconds)[0]:
            name = self._readers[reader]
            try:
                said = os.read(reader, 1 << 16)
            except BlockingIOError:
                continue
            self._spoke[name].update(int(line) for line in said.split(b"\n") if line.isdigit())
            if not said:
                self.ended[name] = time.monotonic()
                os.close(reader)
                del self._readers[reader]

    def wait_until_up(self) -> None:
        """Until every runaway lives in full; raises AgentwatchError when one does not."""
        until = time.monotonic() + COMING_UP
        while missing := [n for n, pids in self._spoke.items() if len(pids) < SPEAKERS[n]]:
            if self.ended or time.monotonic() > until:
                gone = ", ".join(self.ended or missing)
                raise AgentwatchError(f"the drill's runaways did not come up: {gone}")
            self.listen(0.05)

    def holders(self) -> dict[str, tuple[Proc, ...]]:
        """The live processes of each runaway, as this machine numbers them."""
        found: dict[str, list[Proc]] = {name: [] for name in self._spoke}
        if not proc.LINUX:
            for name, pids in self._spoke.items():
                known = filter(None, map(proc.identify, pids))
                found[name] = [one for one in known if proc.alive(one)]
        for pid in proc.pids() if proc.LINUX else []:
            name, one = self.held_by(pid), proc.identify(pid)
            if name in found and one is not None and pid != os.getpid():
                found[name].append(one)
        return {name: tuple(each) for name, each in found.items()}

    def held_by(self, pid: int) -> str:
        """Which runaway a process is of, by the ledger it holds; empty for none of them."""
        return _held(pid, f"/{self.folder.name}/")

    def sweep(self) -> None:
        """Listen no more, which ends whoever speaks, and kill whoever still holds a ledger.

        Nobody but a runaway of this drill does.  One that hops is quicker than any look, but it
        speaks; one that is stopped does not, but it stands still.
        """
        self._hush()
        until = time.monotonic() + SWEEPING
        empty = 0
        while empty < 2 and time.monotonic() < until:
            found = [one for each in self.holders().values() for one in each]
            for one in found:
                proc.send(one, signal.SIGKILL)
            empty = 0 if found else empty + 1
            time.sleep(HOP)

    def close(self) -> None:
        """Listen no more, and remove the FIFOs."""
        self._hush()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _hush(self) -> None:
        for reader in self._readers:
            os.close(reader)
        self._readers = {}


def _held(pid: int, folder: str) -> str:
    """Which of the folder's ledgers a process holds open; empty for none."""
    here = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(here)  # noqa: PTH208  # many processes: strings are quicker
    except OSError:
        return ""  # gone, or another user's
    for number in numbers:
        with contextlib.suppress(OSError):  # closed meanwhile
            where, found, name = os.readlink(f"{here}/{number}").rpartition(folder)  # noqa: PTH115
            if found and where:
                return name
    return ""
