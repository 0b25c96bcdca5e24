"""What the gate costs: the same work with and without it, in turns, in one run.

    python -m tests.benchmarks.gate [--rounds 5] [--means pidns] [--only PART] [--strace]

The whole product: a session whose agent starts the work as a program, which a person allows once;
all the rest passes as part of it.  Without is the same session `--ungated`: contained as well,
nothing held.  Times are taken inside, so neither the session's start nor the person is in them.
A ratio is the median of the rounds' own ratios.  `--strace` does the work once more below
`strace -f --seccomp-bpf`, as the crude bound.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.gate_work import WORK
from tests.e2e.world import World

DOES = Path(__file__).with_name("gate_work.py")
AGENT = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)"
CALLS = (
    "execve,execveat,openat,open,creat,unlink,unlinkat,rename,renameat2,connect,chmod,fchmod,link"
)


@dataclass(frozen=True)
class Turn:
    """One session's figures."""

    seconds: dict[str, float]
    calls: dict[str, list[float]]
    cost: dict[str, tuple[float, float]]
    """MiB and seconds of processor, by process of ours."""


def prepare(folder: Path) -> None:
    """What the work works on."""
    (folder / "hello.c").write_text('#include <stdio.h>\nint main(void){puts("hi");return 0;}\n')
    targets = [f"t{n}" for n in range(500)]
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


def turn(options: tuple[str, ...], names: list[str]) -> Turn:
    """One session."""
    with tempfile.TemporaryDirectory(prefix="aw") as folder:
        world = World(Path(folder))
        prepare(world.work)
        out = world.work / "found"
        work = [sys.executable, str(DOES), json.dumps(names), str(out)]
        process = world.run_agent(sys.executable, "-ISc", AGENT, *work, options=options)
        try:
            answered(world, process, out)
            cost = ours(world.session()["supervisor_pid"])
            found: dict[str, Any] = json.loads(out.read_text())
            out.with_suffix(".end").touch()
            process.wait(30)
        finally:
            world.end()
    calls = {name: found.pop(name) for name in ("open", "exec")}
    return Turn(found, calls, cost)


def answered(world: World, process: subprocess.Popen[bytes], out: Path) -> None:
    """Allow what is asked until the work is done."""
    while not out.exists():
        if process.poll() is not None:
            raise SystemExit(world.output(process))
        for action in world.json("pending") if not out.exists() else ():
            print("allowed:", action["summary"][:150], file=sys.stderr)
            world.call("approve", action["id"])
        time.sleep(0.5)


def ours(supervisor: int) -> dict[str, tuple[float, float]]:
    """What our own processes have used."""
    found = {}
    top = psutil.Process(supervisor)
    for one in [top, *top.children()]:
        gate = any("begin.main" in word for word in one.cmdline())
        if one.pid == supervisor or gate:
            used = one.cpu_times()
            size = one.memory_info().rss / 2**20
            found["gate process" if gate else "supervisor"] = (size, used.user + used.system)
    return found


def below_strace(names: list[str]) -> Turn | None:
    """The same work, traced and not contained."""
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory(prefix="aw") as folder:
        prepare(Path(folder))
        out = Path(folder) / "found"
        out.with_suffix(".end").touch()
        tracing = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", CALLS]
        work = [sys.executable, str(DOES), json.dumps(names), str(out)]
        subprocess.run([*tracing, *work], cwd=folder, check=True, stdin=subprocess.DEVNULL)
        found = json.loads(out.read_text())
    return Turn(found, {name: found.pop(name) for name in ("open", "exec")}, {})


def table(turns: list[tuple[Turn, Turn]], traced: Turn | None) -> None:
    """Print it."""
    print(f"{'':26}{'without':>10}{'gated':>10}{'ratio':>8}   spread{'strace':>14}")
    for name in turns[0][0].seconds:
        pairs = [(a.seconds[name], b.seconds[name]) for a, b in turns]
        ratio = statistics.median(b / a for a, b in pairs)
        spread = f"{min(b / a for a, b in pairs):.2f}-{max(b / a for a, b in pairs):.2f}"
        a, b = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
        crude = f"{traced.seconds[name] * 1000 / a:8.2f}" if traced else ""
        print(f"{name:26}{a:8.1f}ms{b:8.1f}ms{ratio:8.2f}   {spread:11}{crude}")
    for name in ("open", "exec"):
        for which, told in ((0, "without"), (1, "gated")):
            each = sorted(second for pair in turns for second in pair[which].calls[name])
            middle, last = statistics.median(each), each[int(len(each) * 0.99)]
            print(f"one {name}, {told}: median {middle * 1e6:.0f} us, p99 {last * 1e6:.0f} us")
    for name in turns[0][1].cost:
        size = statistics.median(b.cost[name][0] for _, b in turns)
        used = statistics.median(b.cost[name][1] for _, b in turns)
        print(f"{name}: {size:.0f} MiB, {used:.2f} s of processor")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--means", default="pidns")
    parser.add_argument("--only", default="", help="a part of the names to run")
    parser.add_argument("--strace", action="store_true")
    options = parser.parse_args()
    names = [name for name in WORK if options.only in name]
    names = [name for name in names if "npm" not in name or shutil.which("npm")]
    means = ("--containment", options.means)
    turns = []
    for _ in range(options.rounds):
        without = turn((*means, "--ungated"), names)
        turns.append((without, turn((*means, "--kernel-gate"), names)))
    table(turns, below_strace(names) if options.strace else None)


if __name__ == "__main__":
    main()
