"""What the guard costs and how quick its kill key is: `python -m tests.benchmarks.guard_relay`.

Throughput of a flood through the guard, beside the same flood through `script` (a relay in C that
looks at nothing) and with no relay at all; and the time from the key being typed to the kill being
called, idle and under load.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.guard.person import Person

MEGABYTES = 50
KEYS = 25
ROUNDS = 5
FLOOD = (
    "import os\nb = b'0123456789abcde\\n' * 4096\n"
    f"n = {MEGABYTES} << 20\nwhile n > 0: n -= os.write(1, b[:n])"
)


def through(argv: list[str]) -> float:
    """Megabytes a second that reach the terminal from this command."""
    master, slave = os.openpty()
    began = time.monotonic()
    process = subprocess.Popen(argv, preexec_fn=lambda: os.login_tty(os.dup(slave)))  # noqa: PLW1509
    os.close(slave)
    total = 0
    with contextlib.suppress(OSError):
        while data := os.read(master, 65536):
            total += len(data)
    took = time.monotonic() - began
    process.wait()
    os.close(master)
    return total / took / (1 << 20)


@contextlib.contextmanager
def guarded(*words: str) -> Iterator[Person]:
    """Somebody at a terminal with a guard and the toy screen."""
    with tempfile.TemporaryDirectory() as folder:
        person = Person(Path(folder))
        try:
            person.start(*words)
            person.screen_pid()
            yield person
        finally:
            person.close()


def relayed() -> float:
    """Megabytes a second through the guard."""
    with guarded(str(MEGABYTES), "plain") as person:
        person.type(b"m")
        person.shown.clear()
        began, tail, total = time.monotonic(), b"", 0
        while b"<flooded>" not in tail:
            select.select([person.master], [], [])
            data = os.read(person.master, 65536)
            total, tail = total + len(data), tail[-20:] + data
        return total / (time.monotonic() - began) / (1 << 20)


def latencies(person: Person, pump: Callable[[float], None]) -> list[float]:
    """Milliseconds from each key to its kill."""
    found = []
    for count in range(KEYS):
        pump(0.02)
        pressed = time.monotonic()
        person.type(b"\x1b[20~")
        while len(person.kills()) <= count and time.monotonic() - pressed < 5:
            pump(0)
        if len(person.kills()) <= count:
            break
        found.append((float(person.kills()[-1][0]) - pressed) * 1000)
    return found


def wait(seconds: float) -> None:
    """Let time pass without reading the terminal."""
    time.sleep(seconds or 0.0005)


def situation(name: str) -> list[float]:
    """The latencies in one situation."""
    spinners = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(8 if "spinners" in name else 0)
    ]
    try:
        with guarded("100000") as person:

            def read(seconds: float) -> None:
                until = time.monotonic() + seconds
                person.look(seconds)
                while time.monotonic() < until:
                    person.look(0.001)
                person.shown.clear()

            stopped = "stopped" in name
            if stopped:
                os.kill(person.screen_pid(), signal.SIGSTOP)
            if "flood" in name or "stalled" in name:
                person.type(b"m")
                person.sees(b"0123456789abcde")
            return latencies(person, wait if stopped or "stalled" in name else read)
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def main() -> None:
    """Measure and print."""
    flood = [sys.executable, "-c", FLOOD]
    ways: dict[str, Callable[[], float]] = {"no relay": lambda: through(flood), "guard": relayed}
    if script := shutil.which("script"):
        command = f'{sys.executable} -c "{FLOOD.replace(chr(10), ";", 2)}"'
        ways["script"] = lambda: through([script, "-qc", command, "/dev/null"])
    rounds = [{name: way() for name, way in ways.items()} for _ in range(ROUNDS)]
    for name in ways:
        speed = statistics.median(one[name] for one in rounds)
        ratio = statistics.median(one["guard"] / one[name] for one in rounds)
        print(f"{name:10} {speed:6.1f} MB/s   guard / {name}: {ratio:.2f}")
    print("\nkey to kill, ms            median     max   missed")
    for name in ("idle", "flood", "flood, 8 spinners", "stalled terminal", "stopped screen"):
        found = situation(name)
        median, worst = statistics.median(found), max(found)
        print(f"{name:24} {median:8.2f} {worst:8.2f} {KEYS - len(found):5} of {KEYS}")


if __name__ == "__main__":
    main()
