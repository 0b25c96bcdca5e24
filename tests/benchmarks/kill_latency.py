"""Trigger to nobody left: each means against a raw SIGKILL to a namespace's init.

`python tests/benchmarks/kill_latency.py [ROUNDS]`: interleaved rounds at 10 and 100 processes
(a third plain, a third in sessions of their own, a third daemons), medians and p99.  The end is
seen from outside: the last process closes a FIFO.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from agentwatch import containment, kill  # noqa: E402  # run as a script
from agentwatch.errors import AgentwatchError  # noqa: E402
from tests.containment.stage import (  # noqa: E402
    Ledger,
    environment,
    launch,
    ledger_in,
    places_in,
    runaway,
)

Kill = Callable[[], None]


@contextmanager
def contained(name: str, ledger: Ledger, folder: Path, count: int) -> Iterator[Kill]:
    """A storm in one of our means, killed by our kill."""
    places = places_in(folder)
    null = os.open(os.devnull, os.O_RDWR)
    order = launch(places, (*runaway("storm", ledger.path), str(count)), (null, 2, 2))
    running = containment.start(containment.best(forced=name), order)
    try:
        yield lambda: check(kill.kill(places, trigger="cli", by="benchmark").left, count)
    finally:
        running.close()
        os.close(null)


def check(left: object, count: int) -> None:
    """A benchmark with survivors measures nothing."""
    if left:
        raise SystemExit(f"survivors of {count}: {left}")


@contextmanager
def raw(ledger: Ledger, count: int) -> Iterator[Kill]:
    """The same storm under `unshare --kill-child`, and the bare signal to its init."""
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
    storm = (*runaway("storm", ledger.path), str(count))
    process = subprocess.Popen([*command, *storm], env=environment(), stderr=subprocess.DEVNULL)
    try:
        ledger.wait_for(1)
        task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        init = int(task.read_text().split()[0])
        yield lambda: os.kill(init, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()


def measure(name: str, count: int) -> float:
    """Milliseconds from the trigger until the last process is gone."""
    folder = Path(tempfile.mkdtemp())
    try:
        with ledger_in(folder) as ledger:
            stage = raw(ledger, count) if name == "raw" else contained(name, ledger, folder, count)
            with stage as trigger:
                ledger.wait_for(count)
                time.sleep(0.05)  # let the middle ones of the daemons end
                ledger.read(0)
                with ThreadPoolExecutor(1) as outside:
                    ended = outside.submit(watch, ledger)
                    began = time.perf_counter()
                    trigger()
                    return (ended.result() - began) * 1000
    finally:
        shutil.rmtree(folder)


def watch(ledger: Ledger) -> float:
    """When the last process is gone."""
    while not ledger.ended:
        ledger.read(1)
    return time.perf_counter()


def available() -> list[str]:
    """The means that work here, after the raw limit."""
    names = ["raw"]
    for name in containment.MEANS:
        try:
            containment.best(forced=name)
        except AgentwatchError as error:
            print(f"{name}: left out: {error.what}")
        else:
            names.append(name)
    return names


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    names = available()
    for count in (10, 100):
        times: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                times[name].append(measure(name, count))
        limit = statistics.median(times["raw"])
        for name in names:
            found = sorted(times[name])
            median = statistics.median(found)
            worst = found[min(len(found) - 1, len(found) * 99 // 100)]
            ratio = median / limit
            print(f"{count:4} {name:10} median {median:7.2f} ms x{ratio:5.2f}  p99 {worst:7.2f} ms")


if __name__ == "__main__":
    main()
