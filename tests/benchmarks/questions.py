"""What a person is asked: questions against the actions they would name, on real workloads.

    python -m tests.benchmarks.questions [NAME...]

Each workload runs on the whole product, every question is allowed once, and one line says what it
came to; a question too many, or an action without one, is named below it.  The names of the
actions stand beside the workloads, in tests/e2e/errands.py and tests/agents_real/claude_errand.py.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from _pytest.outcomes import Skipped

from tests.agents_real.claude_errand import run_claude
from tests.agents_real.kit_claude import CLAUDE
from tests.e2e.errands import ERRANDS
from tests.e2e.tally import Tally, run_errand
from tests.e2e.world import World

Run = Callable[[World], Tally]


@contextmanager
def a_world() -> Iterator[World]:
    """A user of their own."""
    world = World(Path(tempfile.mkdtemp(prefix="aw")))
    try:
        yield world
    finally:
        world.end()
        shutil.rmtree(world.folder, ignore_errors=True)


def workloads() -> dict[str, Run]:
    """Everything that is counted, by name."""
    found: dict[str, Run] = {
        errand.name: partial(run_errand, errand=errand, options=("--kernel-gate",))
        for errand in ERRANDS
    }
    try:
        claude = CLAUDE.installed()
    except Skipped as why:
        print(f"left out: {why}", file=sys.stderr)
        return found
    found["claude"] = partial(run_claude, claude=claude, hook=True)
    found["claude, hook off"] = partial(run_claude, claude=claude, hook=False)
    return found


def main() -> None:
    print(
        f"{'':20}{'questions':>10}{'actions':>9}{'ratio':>7}{'extra':>7}{'missing':>9}{'exit':>6}"
    )
    for name, run in workloads().items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        with a_world() as world:
            found = run(world)
        asked, ratio = len(found.asked), len(found.asked) / found.named
        print(
            f"{name:20}{asked:>10}{found.named:>9}{ratio:>7.2f}{len(found.extra):>7}"
            f"{len(found.missing):>9}{found.exit:>6}"
        )
        for line in found.told().splitlines()[1:]:
            print(line)


if __name__ == "__main__":
    main()
