"""From the trigger to the last process gone: the kernel's limit, our ways, and what people use.

    python -m tests.benchmarks.kill [--quick] [--rounds N] [--seconds N] [--readme]

One run, all in turns, sleeping processes (a third plain, a third in sessions of their own, a
third daemons).  The end is seen from outside, by a process that reads a FIFO which they all hold
open.  Where processes survive, the time is that of the call, and they are ended by pid.
`--readme` puts the table into the README.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import platform
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agentwatch.containment import cgroup, proc
from tests.benchmarks import kill_ways as ways
from tests.benchmarks.kill_ways import Stage, Way
from tests.containment.stage import ROOT

COUNTS = (10, 100, 1000)
PR_SET_CHILD_SUBREAPER = 36
NOTHING = (ctypes.c_ulong(0),) * 3
PATIENCE = 3.0
"""Seconds without an end after which the living are counted as survivors; less for `OTHERS`."""

WATCHER = """
import os, sys, time
said = b""
while said.count(b"\\n") < int(sys.argv[1]):
    said += os.read(0, 65536) or time.sleep(0.002) or b""
os.write(1, said.replace(b"\\n", b" ") + b"\\n")
while os.read(0, 65536):
    pass
os.write(1, repr(time.monotonic()).encode() + b"\\n")
"""

LIMITS = {
    "limit: cgroup.kill, raw": ways.raw_cgroup,
    "limit: SIGKILL to a namespace's init": ways.raw_namespace,
}
OURS = {
    "pidns (A)": ways.in_process("pidns"),
    "subreaper + cgroup (A)": ways.in_process("subreaper"),
    "subreaper (A)": ways.in_process(ways.WITHOUT_CGROUP),
    "portable (C)": ways.in_process("portable"),
    "`agentwatch kill`, its own start included": ways.command_line,
    "F9 in the whole product": ways.kill_key,
    "supervisor killed -9, pidns": ways.supervisor_killed("pidns"),
    "supervisor killed -9, subreaper": ways.supervisor_killed("subreaper"),
    "supervisor killed -9, portable": ways.supervisor_killed("portable"),
}
OTHERS = {
    "os.killpg": ways.killpg,
    "psutil children(recursive) + kill": ways.psutil_children,
    "pkill -P": ways.pkill_children,
    "timeout -s KILL": ways.timeout_kill,
}
FLOOR = "freeze, the same calls one by one from C"
FREEZES = {
    FLOOR: ways.stopped_from_c,
    "freeze, pidns": ways.frozen("pidns"),
    "freeze, subreaper + cgroup": ways.frozen("subreaper"),
    "freeze, subreaper": ways.frozen(ways.WITHOUT_CGROUP),
}


@dataclass(slots=True)
class Taken:
    """What one way took at one number of processes."""

    ms: list[float] = field(default_factory=list)
    survivors: list[int] = field(default_factory=list)

    def median(self) -> float:
        return statistics.median(self.ms)

    def last(self) -> float:
        """The 99th percentile: below 100 rounds the slowest."""
        return sorted(self.ms)[min(len(self.ms) - 1, len(self.ms) * 99 // 100)]


Results = dict[tuple[str, int], Taken]


class Watched:
    """The process outside that sees the sleepers come and go."""

    def __init__(self, fifo: Path, count: int) -> None:
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(reader, True)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", WATCHER, str(count)],
            stdin=reader,
            stdout=subprocess.PIPE,
        )
        os.close(reader)

    def line(self, seconds: float) -> str | None:
        """What it says next, None when it says nothing in time."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return None
        return self._process.stdout.readline().decode()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def prepared(count: int, program: str) -> Iterator[tuple[Stage, Watched, Path]]:
    """A folder, a FIFO and its watcher for one round."""
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    fifo = folder / "ledger"
    os.mkfifo(fifo, 0o600)
    watched = Watched(fifo, count)
    try:
        yield Stage(folder, (program, str(fifo), str(count))), watched, fifo
    finally:
        watched.close()
        shutil.rmtree(folder, ignore_errors=True)


def measure(name: str, way: Way, count: int, program: str) -> tuple[float, int]:
    """Milliseconds from the trigger to the end, and how many survived."""
    patience = 0.3 if name in OTHERS else PATIENCE
    with (
        prepared(count, program) as (stage, watched, fifo),
        reaped(stage) if name not in OURS else contextlib.nullcontext(),
        way(stage) as trigger,
    ):
        said = watched.line(30)
        assert said, f"{count} sleepers did not come up"
        stage.pids.extend(map(int, said.split()))
        time.sleep(0.05)  # the middle ones of the daemons end
        began = time.monotonic()
        trigger()
        returned = (time.monotonic() - began) * 1000
        if name == FLOOR:
            end_survivors(said, fifo)
        if name in FREEZES:
            return returned, 0
        if ended := watched.line(patience):
            return (float(ended) - began) * 1000, 0
        return returned, end_survivors(said, fifo)


@contextmanager
def reaped(stage: Stage) -> Iterator[None]:
    """Take in the orphans that a way leaves behind.

    The machine's first process may leave a thousand of them listed for seconds, and whoever looks
    at all processes next would pay for it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), *NOTHING)
    try:
        yield
    finally:
        until = time.monotonic() + PATIENCE
        for pid in stage.pids:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(pid, os.WNOHANG)[0] == 0 and time.monotonic() < until:
                    time.sleep(0.001)
        libc.prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(0), *NOTHING)


def end_survivors(said: str, fifo: Path) -> int:
    """End those of our own sleepers that still live; how many."""
    found = [one for pid in map(int, said.split()) if (one := proc.identify(pid))]
    alive = [one for one in found if str(fifo) in proc.command(one.pid) and proc.alive(one)]
    for one in alive:
        proc.send(one, signal.SIGKILL)
    return len(alive)


def rounds(options: argparse.Namespace, program: str) -> Results:
    """All ways at all numbers, in turns, until there are enough rounds or no more time."""
    results: Results = {}
    until = time.monotonic() + options.seconds
    chosen = {**LIMITS, **OURS, **OTHERS, **FREEZES}
    if why := cgroup.why_not():
        print(f"without a cgroup: {why}", file=sys.stderr)
        for name in ("limit: cgroup.kill, raw", "subreaper + cgroup (A)"):
            chosen.pop(name)
    for number in range(options.rounds):
        for count in options.counts:
            for name, way in chosen.items():
                if time.monotonic() > until:
                    return results
                ms, survivors = measure(name, way, count, program)
                taken = results.setdefault((name, count), Taken())
                taken.ms.append(ms)
                taken.survivors.append(survivors)
        print(f"round {number + 1}", file=sys.stderr)
    return results


def table(results: Results) -> str:
    """Survivors beside milliseconds, and how many times the limit of the same rounds."""
    counts = sorted({count for _, count in results})
    names = list(dict.fromkeys(name for name, _ in results))
    head = " | ".join(f"{count} processes" for count in counts)
    lines = [f"| | {head} |", "|---" * (len(counts) + 1) + "|"]
    for name in names:
        cells = [cell(results, name, count) for count in counts]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    least = min(len(taken.ms) for taken in results.values())
    load = " ".join(f"{item:.1f}" for item in os.getloadavg())
    where = f"Linux {platform.release()}, {os.cpu_count()} processors, load {load}"
    told = (
        "Milliseconds, median / 99th percentile (the slowest of fewer than 100), x the limit of "
        f"the same rounds; at least {least} rounds in turns; {where}, **shared with other work**: "
        "compare the lines, not the machine. Bold: processes that survived."
    )
    return "\n".join([*lines, "", told])


def cell(results: Results, name: str, count: int) -> str:
    """One way at one number."""
    taken = results.get((name, count))
    if taken is None:
        return "-"
    text = f"{taken.median():.1f} / {taken.last():.1f}"
    if name in OURS or name in OTHERS:
        text += f" (x{taken.median() / limit(results, count):.1f})"
    if left := max(taken.survivors):
        text = f"**{left} of {count} alive**, returned after {taken.median():.1f}"
    return text


def limit(results: Results, count: int) -> float:
    """The faster of the raw ways."""
    found = [taken for (name, at), taken in results.items() if name in LIMITS and at == count]
    return min(taken.median() for taken in found)


@contextmanager
def compiled() -> Iterator[str]:
    """The sleepers, small: what a process costs to end is not what is measured."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder, "sleepers"))
        source = str(Path(__file__).with_name("sleepers.c"))
        subprocess.run(["cc", "-O1", "-o", program, source], check=True)
        yield program


def into_readme(text: str) -> None:
    """Replace the table between its marks."""
    readme = ROOT / "README.md"
    block = f"<!-- kill-table -->\n{text}\n<!-- /kill-table -->"
    pattern = r"<!-- kill-table -->.*?<!-- /kill-table -->"
    readme.write_text(re.sub(pattern, lambda _: block, readme.read_text(), flags=re.DOTALL))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three rounds")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=460, help="stop after so long")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="at most 1000 each")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    options.counts = [min(count, 1000) for count in options.counts]
    options.rounds = 3 if options.quick else options.rounds
    with compiled() as program, contextlib.suppress(KeyboardInterrupt):
        text = table(rounds(options, program))
        print(text)
        if options.readme:
            into_readme(text)


if __name__ == "__main__":
    main()
