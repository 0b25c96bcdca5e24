"""What judging and recording cost, each beside the floor it stands on, in one run.

    python -m tests.benchmarks.judge [--quick] [--readme]

Judging one action with a thousand rules and a thousand grants; decisions a second on disk beside
bare appends that are synced as well; verifying a journal of a million records beside SHA-256 over
the same bytes; and a real session of a hundred thousand actions: its memory, and its screen.
`--quick` does a tenth of the counts; `--readme` puts the table into the README.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agentwatch.journal import Journal
from agentwatch.journal.verify import Result, verify
from tests.benchmarks import judge_work as work
from tests.e2e.person import Person
from tests.e2e.world import ROOT, World
from tests.waiting import wait_for

PIECE = 200
"""Appends in one turn, ours and the bare ones in turns."""
TURNS = 10

AGENT = """
import json, os, socket, time
line = socket.socket(socket.AF_UNIX); line.connect(os.environ["AGENTWATCH_SOCKET"])
said = {"v": 1, "op": "propose", "token": os.environ["AGENTWATCH_TOKEN"], "kind": "write"}
answers = line.makefile("rb")
def propose(first, count):
    for n in range(first, first + count):
        path = os.path.join(os.getcwd(), "part", str(n))
        line.sendall(json.dumps({**said, "ref": str(n), "paths": [path]}).encode() + b"\\n")
    for _ in range(count):
        assert json.loads(answers.readline())["ok"]
done = 0
for goal in GOALS:
    while done < goal:
        propose(done, 100); done += 100
    open(f"at-{goal}", "w").close()
    while not os.path.exists(f"on-{goal}"):
        time.sleep(0.05)
time.sleep(3600)
"""


def judging(rounds: int) -> str:
    """One action against a thousand rules and a thousand grants."""
    one = work.judging(work.rulebook(1000), work.granted(1000))
    said = work.proposals()
    taken, cpu = [], []
    for number in range(rounds + 60):
        began, spent = time.perf_counter(), time.thread_time()
        one(said[number % len(said)])
        cpu.append((time.thread_time() - spent) * 1000)
        taken.append((time.perf_counter() - began) * 1000)
    (median, last), (_, own) = map(spread, (taken[60:], cpu[60:]))
    told = (
        f"median {median:.2f} ms, 99th percentile {last:.2f} ms"
        f" ({own:.2f} ms of it the processor's work)"
    )
    return f"| judge an action, 1000 rules and 1000 grants | {told} | - | p99 < 1 ms |"


def spread(taken: list[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    ordered = sorted(taken)
    return statistics.median(ordered), ordered[len(ordered) * 99 // 100]


def appends(folder: Path) -> list[str]:
    """Decisions on disk a second, beside the same bytes appended and synced by nothing else."""
    ours, alone, bare = [], [], []
    handle = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    line = b""
    with Journal.open(folder / "journal.jsonl", work.SESSION) as journal:
        decide = work.gate(journal.append)
        said = work.proposals()
        for _ in range(TURNS):
            began = time.perf_counter()
            for number in range(PIECE):
                decide(said[number % len(said)])
            ours.append(PIECE / (time.perf_counter() - began))
            data = work.decided(1)
            began = time.perf_counter()
            for _ in range(PIECE):
                journal.append("decided", data)
            alone.append(PIECE / (time.perf_counter() - began))
            line = line or (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)[-1]
            began = time.perf_counter()
            for _ in range(PIECE):
                os.write(handle, line)
                os.fsync(handle)
            bare.append(PIECE / (time.perf_counter() - began))
    os.close(handle)
    floor = f"a bare append and sync of as many bytes: {statistics.median(bare):,.0f} a second"
    return [
        f"| {name} | {statistics.median(taken):,.0f} a second | {floor}"
        f" | {statistics.median(a / b for a, b in zip(taken, bare, strict=True)):.2f} of it{goal} |"
        for name, taken, goal in (
            ("append to the journal, and sync", alone, " (≥ 0.5)"),
            ("the same with the gate's whole decision before it", ours, ""),
        )
    ]


def verifying(folder: Path, count: int) -> str:
    """A long journal, beside SHA-256 over its bytes."""
    path = folder / "long.jsonl"
    work.long_journal(path, count)
    size = path.stat().st_size / 1e6
    took, floor = [], []
    for _ in range(3):
        took.append(spent(lambda: check(path)))
        floor.append(spent(lambda: digest(path)))
    path.unlink()
    (wall, cpu), (least, least_cpu) = map(middle, (took, floor))
    return (
        f"| verify a journal of {count:,} records, {size:,.0f} MB"
        f" | {wall:.1f} s ({cpu:.1f} s of the processors' work)"
        f" | SHA-256 over the same bytes: {least:.1f} s ({least_cpu:.1f} s)"
        f" | {least / wall:.2f} of its speed, {least_cpu / cpu:.2f} by the work (≥ 0.25) |"
    )


def check(path: Path) -> None:
    """Verify it as `agentwatch log --verify` does, without signatures."""
    found = verify(path)
    assert found.result is Result.AGREE, found


def digest(path: Path) -> None:
    """What no check can do without."""
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def spent(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds it takes, and seconds of the processors' work, its children's too."""
    began, before = time.perf_counter(), os.times()
    act()
    after = os.times()
    return time.perf_counter() - began, sum(after[:4]) - sum(before[:4])


def middle(taken: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of both."""
    wall, cpu = zip(*taken, strict=True)
    return statistics.median(wall), statistics.median(cpu)


@contextmanager
def session(goals: tuple[int, ...]) -> Iterator[World]:
    """An agent that proposes without end, watched by nobody yet."""
    world = World(Path(tempfile.mkdtemp(prefix="aw")))
    try:
        script = world.script("agent.py", AGENT.replace("GOALS", repr(goals)))
        world.run_agent(sys.executable, str(script), options=("--mode", "watch"))
        yield world
    finally:
        world.end()
        shutil.rmtree(world.folder, ignore_errors=True)


def memory(pid: int) -> float:
    """MB that a process holds for itself."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    private = re.findall(r"^Private_\w+:\s+(\d+) kB", text, flags=re.MULTILINE)
    return sum(map(int, private)) / 1000


def timed(act: Callable[[], object]) -> float:
    """Milliseconds it takes."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def whole(few: int, many: int) -> list[str]:
    """A real session: how its memory grows, and how soon its screen is there."""
    held = {}
    with session((few, many)) as world:
        pid = world.session()["supervisor_pid"]
        for goal in (few, many):
            wait_for((world.work / f"at-{goal}").exists, f"{goal} actions", within=900)
            held[goal] = memory(pid)
            (world.work / f"on-{goal}").touch()
        person = Person(world, "watch", rows=36, cols=120)
        paint = timed(lambda: person.sees("RUNNING"))
        person.sees("KILL")
        person.types("l")
        log = timed(lambda: person.sees(r"write .*part/\d+.*declared"))
        person.leaves()
    grown = f"after {few:,}: {held[few]:.0f} MB | {held[many] / held[few]:.2f} of it (flat)"
    return [
        f"| memory of the supervisor after {many:,} actions | {held[many]:.0f} MB | {grown} |",
        f"| `watch` on them: its start to the first paint | {paint:.0f} ms | - | - |",
        f"| `l` to the log on screen | {log:.0f} ms | - | - |",
    ]


def table(rows: list[str]) -> str:
    """All of it, and where it was measured."""
    load = " ".join(f"{item:.1f}" for item in os.getloadavg())
    where = f"Linux {platform.release()}, {os.cpu_count()} processors, load {load}"
    told = f"{where}, **shared with other work**: compare the columns, not the machine."
    return "\n".join(
        ["| | measured | floor, same run | target |", "|---|---|---|---|", *rows, "", told]
    )


def into_readme(text: str) -> None:
    """Replace the table between its marks."""
    readme = ROOT / "README.md"
    block = f"<!-- judge-table -->\n{text}\n<!-- /judge-table -->"
    pattern = r"<!-- judge-table -->.*?<!-- /judge-table -->"
    readme.write_text(re.sub(pattern, lambda _: block, readme.read_text(), flags=re.DOTALL))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the counts")
    parser.add_argument("--only", choices=["judge", "append", "verify", "session"])
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    part = 10 if options.quick else 1
    folder = Path(tempfile.mkdtemp(prefix="aw", dir="/var/tmp"))  # a disk, not memory
    parts: dict[str, Callable[[], list[str]]] = {
        "judge": lambda: [judging(6000 // part)],
        "append": lambda: appends(folder),
        "verify": lambda: [verifying(folder, 1_000_000 // part)],
        "session": lambda: whole(10_000 // part, 100_000 // part),
    }
    rows = []
    try:
        for name, measure in parts.items():
            if options.only in (None, name):
                rows += measure()
                print(rows[-1], file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = table(rows)
    print(text)
    if options.readme:
        into_readme(text)


if __name__ == "__main__":
    main()
