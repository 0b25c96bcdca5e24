"""What a person is asked: questions against the actions they would name, on real workloads.

    python -m tests.benchmarks.questions [NAME...]

Each workload runs on the whole product, every question is allowed once, and one line says what it
came to; a question too many, or an action without one, is named below it.  The names of the
actions stand beside the workloads, in tests/e2e/errands.py and tests/agents_real/agent_errand.py.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from _pytest.outcomes import Skipped

from tests.agents_real.agent_errand import run_agent
from tests.agents_real.kit import Kit
from tests.agents_real.kits import CORE
from tests.agents_real.supervised import agent_world
from tests.e2e.errands import ERRANDS, Errand
from tests.e2e.tally import Tally, run_errand
from tests.e2e.world import World

Run = Callable[[], Tally]


def on_errand(errand: Errand) -> Tally:
    """A shell's errand, for a user of their own."""
    world = World(Path(tempfile.mkdtemp(prefix="aw")))
    try:
        return run_errand(world, errand, ("--kernel-gate",))
    finally:
        world.end()
        shutil.rmtree(world.folder, ignore_errors=True)


def on_agent(kit: Kit, hook: bool) -> Tally:
    """A real agent's session."""
    with agent_world(kit) as world:
        return run_agent(world, kit, hook=hook)


def workloads() -> dict[str, Run]:
    """Everything that is counted, by name."""
    found: dict[str, Run] = {errand.name: partial(on_errand, errand) for errand in ERRANDS}
    for kit in CORE:
        for hook in (True, False):
            name = f"{kit.name}, {'hook and gate' if hook else 'gate alone'}"
            found[name] = partial(on_agent, kit, hook)
    return found


def main() -> None:
    print(
        f"{'':24}{'questions':>10}{'actions':>9}{'ratio':>7}{'extra':>7}{'missing':>9}{'exit':>6}"
    )
    for name, run in workloads().items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        try:
            found = run()
        except Skipped as why:
            print(f"{name:24}left out: {why}")
            continue
        asked, ratio = len(found.asked), len(found.asked) / found.named
        print(
            f"{name:24}{asked:>10}{found.named:>9}{ratio:>7.2f}{len(found.extra):>7}"
            f"{len(found.missing):>9}{found.exit:>6}"
        )
        for line in found.told().splitlines()[1:]:
            print(line)


if __name__ == "__main__":
    main()
