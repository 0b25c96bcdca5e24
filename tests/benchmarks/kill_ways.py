"""The ways to kill that the benchmark compares: the kernel's own, ours, and what people use.

Each is a context: it starts the sleepers its way and gives the trigger.  Who survives is counted
by the benchmark and ended by pid afterwards.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from agentwatch import containment, kill
from agentwatch.containment import Running, cgroup
from agentwatch.containment.base import Unavailable
from agentwatch.paths import Places
from tests.containment.stage import ROOT, environment, launch
from tests.e2e.person import F9, Person
from tests.e2e.world import World

Trigger = Callable[[], object]
WITHOUT_CGROUP = "subreaper, no cgroup"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the sleepers play."""

    folder: Path
    argv: tuple[str, ...]
    """The command that starts them."""
    pids: list[int] = field(default_factory=list)
    """Theirs, once they are up."""


Way = Callable[[Stage], AbstractContextManager[Trigger]]


@contextmanager
def raw_cgroup(stage: Stage) -> Iterator[Trigger]:
    """The kernel's limit: one write."""
    path = cgroup.make(stage.folder.name)
    with _started(("sh", "-c", f'echo 0 >{path}/cgroup.procs; exec "$@"', "sh", *stage.argv)):
        yield lambda: Path(path, "cgroup.kill").write_text("1")
    cgroup.finish(path, time.monotonic() + 5)
    cgroup.remove(path)


@contextmanager
def raw_namespace(stage: Stage) -> Iterator[Trigger]:
    """The kernel's limit: one signal to a namespace's first process."""
    command = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
    with _started((*command, *stage.argv)) as process:

        def trigger() -> None:
            task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            os.kill(int(task.read_text().split()[0]), signal.SIGKILL)

        yield trigger


@contextmanager
def killpg(stage: Stage) -> Iterator[Trigger]:
    """The process group."""
    with _started(stage.argv) as process:
        yield lambda: os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def psutil_children(stage: Stage) -> Iterator[Trigger]:
    """Every child below, as psutil's documentation has it."""
    import psutil

    def trigger() -> None:
        parent = psutil.Process(process.pid)
        for one in (*parent.children(recursive=True), parent):
            with suppress(psutil.NoSuchProcess):
                one.kill()

    with _started(stage.argv) as process:
        yield trigger


@contextmanager
def pkill_children(stage: Stage) -> Iterator[Trigger]:
    """The children of one process, then itself."""
    with _started(stage.argv) as process:

        def trigger() -> None:
            subprocess.run(["pkill", "-KILL", "-P", str(process.pid)], check=False)
            process.kill()

        yield trigger


@contextmanager
def timeout_kill(stage: Stage) -> Iterator[Trigger]:
    """The end of its time."""
    with _started(("timeout", "-s", "KILL", "600", *stage.argv)) as process:
        yield lambda: os.kill(process.pid, signal.SIGALRM)


@contextmanager
def _started(argv: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        argv, env=environment(), stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def _contained(name: str, stage: Stage) -> Iterator[tuple[Running, Places]]:
    places = Places("bench-1", stage.folder / "agentwatch" / "bench-1", stage.folder / "state")
    places.runtime.mkdir(parents=True, mode=0o700)
    places.state.mkdir(mode=0o700)
    null = os.open(os.devnull, os.O_RDWR)
    order = launch(places, stage.argv, (null, 2, 2))
    refused = mock.patch.object(cgroup, "make", side_effect=Unavailable("left out"))
    with refused if name == WITHOUT_CGROUP else nullcontext():
        running = containment.start_best(order, forced=name.partition(",")[0])
    try:
        yield running, places
    finally:
        running.close()
        os.close(null)


def in_process(name: str) -> Way:
    """Our kill, called in a process that has it loaded."""

    @contextmanager
    def way(stage: Stage) -> Iterator[Trigger]:
        with _contained(name, stage) as (_, places):
            yield lambda: _clean(kill.kill(places, trigger="cli", by="benchmark").left)

    return way


def frozen(name: str) -> Way:
    """Our freeze; killed afterwards."""

    @contextmanager
    def way(stage: Stage) -> Iterator[Trigger]:
        with _contained(name, stage) as (running, places):
            yield lambda: containment.freeze(running.record)
            kill.kill(places, trigger="cli", by="benchmark")

    return way


@contextmanager
def stopped_from_c(stage: Stage) -> Iterator[Trigger]:
    """The least that stopping one by one takes: the same system calls, from C."""
    program = stage.folder / "stopper"
    source = Path(__file__).with_name("stopper.c")
    subprocess.run(["cc", "-O2", "-w", "-o", program, source], check=True)
    with (
        _started(stage.argv),
        subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stopper,
    ):
        yield lambda: stopper.communicate(b"".join(b"%d\n" % pid for pid in stage.pids))


@contextmanager
def command_line(stage: Stage) -> Iterator[Trigger]:
    """`agentwatch kill` from a shell, its own start included."""
    with _contained("pidns", stage):
        env = {
            **environment(),
            "XDG_RUNTIME_DIR": str(stage.folder),
            "XDG_STATE_HOME": str(stage.folder),
        }
        argv = [sys.executable, "-m", "agentwatch", "kill", "bench-1"]
        yield lambda: subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, check=False)


@contextmanager
def kill_key(stage: Stage) -> Iterator[Trigger]:
    """F9, written into the terminal of the whole product."""
    folder = stage.folder / "w"
    folder.mkdir()
    world = World(folder)
    person = Person(world, "run", "--", *stage.argv)
    try:
        person.sees("RUNNING")
        yield lambda: person.types(F9)
    finally:
        person.leaves()
        world.end()


def supervisor_killed(name: str) -> Way:
    """SIGKILL to the supervisor: nobody else acts."""

    @contextmanager
    def way(stage: Stage) -> Iterator[Trigger]:
        script = str(ROOT / "tests" / "containment" / "stand_in.py")
        for part in ("run", "state"):
            (stage.folder / part).mkdir(mode=0o700)
        words = (name, str(stage.folder), "30", "60", *stage.argv)
        process = subprocess.Popen(
            [sys.executable, script, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.kill
        finally:
            process.kill()
            process.communicate()

    return way


def _clean(left: object) -> None:
    if left:
        raise SystemExit(f"survivors of our own kill: {left}")
