"""The stage for containment tests: a session's places, a runaway's ledger, a stand-in supervisor.

The ledger proves from outside that nobody is left: it is a FIFO that every process of a runaway
holds open, so that its reader sees the end exactly when the last one is dead.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agentwatch import containment
from agentwatch.containment import Launch, Means, Proc, proc, subreaper
from agentwatch.containment.base import Walls
from agentwatch.paths import Places

ROOT = Path(__file__).resolve().parents[2]
RUNAWAYS = ROOT / "tests" / "runaways"
PATIENCE = 60.0
WITHOUT_SCOPE = "subreaper-B"


class Ledger:
    """Who said "alive", and whether anybody still can."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path, 0o600)
        self.path = path
        self.pids: set[int] = set()
        self.words = 0
        self.ended = False
        self._torn = b""
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self, seconds: float) -> None:
        """Take in what is said, waiting at most so long for something."""
        if not select.select([self._reader], [], [], max(0.0, seconds))[0]:
            return
        data = os.read(self._reader, 1 << 20)
        *lines, self._torn = (self._torn + data).split(b"\n")
        self.pids.update(map(int, lines))
        self.words += len(lines)
        self.ended = not data

    def wait_for(self, count: int, words: int = 0) -> None:
        """Until so many different processes have spoken, and so many words were said."""
        until = time.monotonic() + PATIENCE
        while len(self.pids) < count or self.words < words:
            assert time.monotonic() < until, f"only {len(self.pids)} of {count} came up"
            self.read(0.1)

    def heard(self, count: int) -> bool:
        """Whether so many have spoken by now, or all are dead."""
        self.read(0.02)
        return self.ended or len(self.pids) >= count

    def silent_for(self, seconds: float) -> bool:
        """Whether nothing more is said for so long, what was under way apart."""
        self.read(0)
        before = self.words
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.read(left)
        return self.words == before

    def hears_again(self) -> bool:
        """Whether somebody speaks."""
        before = self.words

        def spoken() -> bool:
            self.read(0.05)
            return self.words > before

        return wait_until(spoken)

    def empties(self, seconds: float = 2.0) -> bool:
        """Whether the last of them dies within so long."""
        until = time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            self.read(0.05)
        return self.ended

    def holders(self) -> list[Proc]:
        """Who has it open for writing, by looking at every process of this machine."""
        holding = (pid for pid in proc.pids() if pid != os.getpid() and self._held_by(pid))
        return [known for pid in holding if (known := proc.identify(pid))]

    def _held_by(self, pid: int) -> bool:
        try:
            return any(
                str(link.readlink()) == str(self.path) for link in Path(f"/proc/{pid}/fd").iterdir()
            )
        except OSError:
            return False

    def close(self) -> None:
        os.close(self._reader)


@contextlib.contextmanager
def ledger_in(folder: Path) -> Iterator[Ledger]:
    """A ledger in a folder."""
    ledger = Ledger(folder / "ledger")
    try:
        yield ledger
    finally:
        ledger.close()


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def means_called(name: str) -> Means:
    """A means by its name, or the pair of reapers without its scope; raises AgentwatchError."""
    if name == WITHOUT_SCOPE:
        containment.best(forced=subreaper.MEANS.name)
        return subreaper.MEANS
    return containment.best(forced=name)


def name_of(means: Means) -> str:
    """What `means_called` takes."""
    return WITHOUT_SCOPE if means is subreaper.MEANS else means.name


def places_in(folder: Path) -> Places:
    """A session's folders for a test."""
    places = Places("test-1", folder / "run", folder / "state")
    places.runtime.mkdir(mode=0o700)
    places.state.mkdir(mode=0o700)
    return places


def cookie_of(places: Places) -> str:
    """A cookie that no other test has: a kill looks for it on the whole machine."""
    return f"cookie:{places.runtime}"


def runaway(name: str, ledger: Path) -> tuple[str, ...]:
    """The command of one of the runaways."""
    return (sys.executable, str(RUNAWAYS / f"{name}.py"), str(ledger))


def environment() -> dict[str, str]:
    """What a runaway needs around it."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "SPARED": os.environ.get("SPARED", str(os.getpid())),  # a stand-in is not spared
    }


def launch(
    places: Places,
    argv: tuple[str, ...],
    stdio: tuple[int, int, int],
    *,
    cwd: str = "/",
    tty: bool = False,
    lease: tuple[float, float] = (30.0, 60.0),
    env: dict[str, str] | None = None,
    walls: Walls | None = None,
) -> Launch:
    """A launch order for a test."""
    return Launch(
        session=places.id,
        argv=argv,
        env=environment() if env is None else env,
        cwd=cwd,
        stdin=stdio[0],
        stdout=stdio[1],
        stderr=stdio[2],
        tty=tty,
        cookie=cookie_of(places),
        places=places,
        lease_freeze=lease[0],
        lease_kill=lease[1],
        walls=walls or Walls(),
    )
