"""What the gate costs: the same work with and without it, turn by turn, in one run.

    python -m tests.benchmarks.gate [--rounds 7] [--means pidns] [--only PART]

The whole product: a session whose agent starts the work as a program, which a person allows once;
all the rest passes as part of it.  Without is the same session `--ungated`: contained as well,
nothing held.  Beside them the floor: the same filter, and a loop in Python, or in C, that lets
every call go on unread; and one in C that first makes the system calls that the gate makes for a
program start, so that it shows what Python adds to them.  All of them wait all the time, and take
turns piece by piece, so that what else the machine does meets all alike.  Times are taken inside.
A ratio is the median of the rounds' own ratios, for what is many single calls of the rounds'
medians; `best` compares the quickest of each.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import psutil

from tests.benchmarks.gate_work import SINGLE, WORK
from tests.e2e.world import World
from tests.waiting import wait_for

DOES = Path(__file__).with_name("gate_work.py")
AGENT = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)"
PATIENCE = 300.0
WITHOUT, GATED = "without", "gated"
FLOORS = {"python floor": "python", "C floor": "c", "C, same calls": "same"}
WAYS = (WITHOUT, GATED, *FLOORS)


@dataclass
class Side:
    """One way to do the work, and the figures of each piece and round."""

    orders: TextIO
    answers: TextIO
    gate: psutil.Process | None = None
    supervisor: psutil.Process | None = None
    found: dict[str, list[list[float]]] = field(default_factory=dict)
    used: dict[str, list[float]] = field(default_factory=dict)

    def do(self, name: str, *, warm: bool = False) -> None:
        """One piece; `warm` is not counted."""
        before = self._used()
        self.orders.write(f"{name}\n")
        self.orders.flush()
        line = ""

        def answered() -> bool:
            nonlocal line
            line += self.answers.readline()
            return line.endswith("\n")

        wait_for(answered, f"{name} is done", within=PATIENCE)
        found = json.loads(line)
        if warm:
            return
        self.found.setdefault(name, []).append(found)
        self.used.setdefault(name, []).append((self._used() - before) / len(found))

    def _used(self) -> float:
        if self.gate is None:
            return 0.0
        used = self.gate.cpu_times()
        return float(used.user + used.system)

    def typical(self, name: str) -> list[float]:
        """The seconds of each round."""
        return [statistics.median(one) for one in self.found[name]]

    def best(self, name: str) -> float:
        """The quickest."""
        return min(min(one) for one in self.found[name])


def prepare(folder: Path) -> None:
    """What the work works on."""
    (folder / "hello.c").write_text('#include <stdio.h>\nint main(void){puts("hi");return 0;}\n')
    targets = [f"t{n}" for n in range(100)]
    rules = "\n".join(f"{name}:\n\t/bin/true {name}" for name in targets)
    (folder / "many.mk").write_text(f"all: {' '.join(targets)}\n{rules}\n")
    project = folder / "project"
    project.mkdir()
    tests = "\n".join(
        f"def test_{n}(tmp_path):\n    (tmp_path / 'f').write_text('{n}')\n" for n in range(20)
    )
    (project / "test_small.py").write_text(tests)
    repo = folder / "repo"
    repo.mkdir()
    for n in range(3000):
        (repo / f"f{n}").write_text(str(n))
    git = ["git", "-C", str(repo), "-c", "user.email=a@b", "-c", "user.name=n"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "m"]):
        subprocess.run([*git, *words], check=True)


@contextmanager
def side(way: str, means: str) -> Iterator[Side]:
    """One session, or one floor, that waits for orders."""
    with tempfile.TemporaryDirectory(prefix="aw") as folder:
        world = World(Path(folder))
        prepare(world.work)
        orders, out = world.work / "orders", world.work / "found"
        os.mkfifo(orders)
        work = [sys.executable, str(DOES), str(orders), str(out)]
        if way in FLOORS:
            command = [sys.executable, "-m", "tests.benchmarks.gate_floor", FLOORS[way]]
            # In a session of its own, as the agent is: a busy machine is shared by sessions.
            process = subprocess.Popen(
                [*command, *work], cwd=world.work, env=world.env, start_new_session=True
            )
        else:
            options = ("--containment", means, "--kernel-gate" if way == GATED else "--ungated")
            process = world.run_agent(sys.executable, "-ISc", AGENT, *work, options=options)
        try:
            with os.fdopen(os.open(orders, os.O_RDWR), "w") as line:
                wait_for(lambda: ready(world, out, ask=way == GATED), f"{way} is up", within=60)
                with out.open() as answers:
                    answers.readline()
                    yield Side(line, answers, *(ours(world) if way == GATED else ()))
            process.wait(30)
        finally:
            world.end()


def ready(world: World, out: Path, *, ask: bool) -> bool:
    """Whether the work waits for orders; allows what is asked."""
    for action in world.json("pending") if ask else ():
        print("allowed:", action["summary"][:150], file=sys.stderr)
        world.call("approve", action["id"])
    return out.exists() and out.read_text() == "ready\n"


def ours(world: World) -> tuple[psutil.Process, psutil.Process]:
    """The gate process and the supervisor."""
    top = psutil.Process(world.session()["supervisor_pid"])
    gates = (one for one in top.children() if any("begin.main" in word for word in one.cmdline()))
    return next(gates), top


def table(sides: dict[str, Side], names: list[str]) -> None:
    """Print it."""
    others = [way for way in sides if way != WITHOUT]
    print(f"{'':24}{WITHOUT:>10}{GATED:>10}", *(f"{way:>14}" for way in others))
    print(f"{'':24}{'':20}", *(f"{'ratio (best)':>14}" for _ in others))
    without = sides[WITHOUT]
    for name in names:
        typical = [statistics.median(sides[way].typical(name)) for way in (WITHOUT, GATED)]
        ratios = []
        for way in others:
            pairs = zip(without.typical(name), sides[way].typical(name), strict=True)
            ratio = statistics.median(b / a for a, b in pairs)
            ratios.append(f"{ratio:6.2f} ({sides[way].best(name) / without.best(name):.2f})")
        print(f"{name:24}", *(f"{said(one):>9}" for one in typical), *(f"{r:>14}" for r in ratios))
    print()
    gated = sides[GATED]
    for name in names:
        if name in SINGLE:
            every = sorted(second for one in gated.found[name] for second in one)
            last, used = every[int(len(every) * 0.99)], statistics.median(gated.used[name])
            print(f"{name}: p99 {said(last)}, of the gate process's time {said(used)} each")
    for who, one in (("gate process", gated.gate), ("supervisor", gated.supervisor)):
        if one is not None:
            whole = one.cpu_times()
            size = one.memory_info().rss / 2**20
            print(f"{who}: {size:.0f} MiB, {whole.user + whole.system:.1f} s of processor in all")
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")


def said(seconds: float) -> str:
    """A time, short."""
    return f"{seconds * 1e6:.1f} us" if seconds < 0.001 else f"{seconds * 1000:.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--means", default="pidns")
    parser.add_argument("--only", default="", help="a part of the names to run")
    options = parser.parse_args()
    names = [name for name in WORK if options.only in name]
    names = [
        name for name in names if name in SINGLE or shutil.which(name.split(",")[0].split()[0])
    ]
    with ExitStack() as stack:
        sides = {way: stack.enter_context(side(way, options.means)) for way in WAYS}
        for number in range(options.rounds + 1):
            for name in names:
                for way in random.sample(WAYS, len(WAYS)):
                    sides[way].do(name, warm=number == 0)
        table(sides, names)


if __name__ == "__main__":
    main()
