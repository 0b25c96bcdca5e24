"""What a person waits for: the kill key, the first paint, a question on the screen, the start.

    python -m tests.benchmarks.spine [ROUNDS]

Whole product, real terminals, one line a figure: median, 99th percentile (the slowest, below 100
rounds) and how many were missed.  Absolute times on a shared machine mean little; the lines that
are ratios were measured in turns within this run.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.person import F9, Person
from tests.e2e.world import World, alive

PROPOSES = """
import os, time
from agentwatch import Denied, propose
while not os.path.exists("go"):
    time.sleep(0.005)
open("asked", "w").write(repr(time.monotonic()))
try:
    propose("delete", path="painted-path")
except Denied:
    pass
"""


SPINS = "for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; exec yes"


@contextmanager
def session(*argv: str) -> Iterator[tuple[World, Person]]:
    """One agent on a screen of its own."""
    world = World(Path(tempfile.mkdtemp(prefix="aw")))
    person = Person(world, "run", "--", *argv)
    try:
        person.sees("RUNNING")
        yield world, person
    finally:
        person.leaves()
        world.end()
        shutil.rmtree(world.folder, ignore_errors=True)


def tell(name: str, seconds: list[float], missed: int = 0) -> None:
    """One figure."""
    ordered = sorted(seconds)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    median = statistics.median(ordered)
    print(
        f"{name:<44} median {median * 1000:7.1f} ms   p99 {last * 1000:7.1f} ms   "
        f"n {len(ordered)}   missed {missed}",
        flush=True,
    )


def key_to_gone(argv: tuple[str, ...], before: Callable[[Person], None]) -> float | None:
    """Seconds from the key's byte to the last process gone, None where that took over 5 s."""
    with session(*argv) as (world, person):
        agent = world.session()["pid"]
        before(person)
        began = time.monotonic()
        person.types(F9)
        while alive(agent):
            if time.monotonic() - began > 5:
                return None
        return time.monotonic() - began


def kills(rounds: int) -> None:
    """The kill key, idle, flooded, and with a screen that does not run."""

    def nothing(_: Person) -> None:
        pass

    def block(person: Person) -> None:
        os.kill(person.screen_pid(), signal.SIGSTOP)

    def stall(person: Person) -> None:
        person.stalls()

    cases = {
        "key to tree gone, idle": (("sleep", "600"), nothing),
        "key to tree gone, `yes` floods the terminal": (("yes",), nothing),
        "key to tree gone, the screen is stopped": (("sleep", "600"), block),
        "key to tree gone, `yes` and 8 spinners": (("sh", "-c", SPINS), nothing),
        "key to tree gone, terminal stalled under `yes`": (("yes",), stall),
    }
    for name, (argv, before) in cases.items():
        taken = [key_to_gone(argv, before) for _ in range(rounds)]
        tell(name, [item for item in taken if item is not None], taken.count(None))


def paints(rounds: int) -> None:
    """A question on the screen, and the first screen."""
    first, shown = [], []
    for _ in range(rounds):
        began = time.monotonic()
        with session(sys.executable, "-c", PROPOSES) as (world, person):
            first.append(time.monotonic() - began)
            (world.work / "go").touch()
            person.sees("painted-path")
            shown.append(time.monotonic() - float((world.work / "asked").read_text()))
    tell("start to first paint", first)
    tell("proposal to painted (reading every 20 ms)", shown)


def starts(rounds: int) -> None:
    """`run -- true` beside `true` and a bare Python, in turns."""
    world = World(Path(tempfile.mkdtemp(prefix="aw")))
    ours: list[float] = []
    bare: list[float] = []
    python: list[float] = []
    for _ in range(rounds):
        for taken, argv in (
            (ours, world.command("run", "--no-tui", "--", "true")),
            (bare, ["true"]),
            (python, [sys.executable, "-c", "pass"]),
        ):
            began = time.monotonic()
            subprocess.run(argv, env=world.env, stderr=subprocess.DEVNULL, check=True)
            taken.append(time.monotonic() - began)
    for name, taken in (("run -- true", ours), ("true", bare), ("python -c pass", python)):
        tell(name, taken)
    ratio = statistics.median(a / b for a, b in zip(ours, python, strict=True))
    print(f"run -- true is {ratio:.1f} x a bare Python start, pair by pair")
    world.end()
    shutil.rmtree(world.folder, ignore_errors=True)


def main() -> None:
    """All of it."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    starts(rounds)
    paints(min(rounds, 10))
    kills(rounds)


if __name__ == "__main__":
    main()
