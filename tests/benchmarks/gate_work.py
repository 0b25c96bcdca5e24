"""The work that the gate's benchmark has done: `gate_work.py ORDERS OUT`, one order a line.

An order is a name from WORK; the answer is the seconds it took, or those of each single call.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path


def run(name: str, *argv: str) -> None:
    # As a shell does, which looks along its PATH: subprocess would try to start each, and be held.
    command = (shutil.which(name) or name, *argv)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def spawn(_: int) -> None:
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def read(_: int) -> None:
    os.close(os.open("/etc/hostname", os.O_RDONLY))


def write(number: int) -> None:
    os.close(os.open(f"w{number % 100}", os.O_WRONLY | os.O_CREAT, 0o600))


def fork(_: int) -> None:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)


class Server:
    """Somebody of the tree's own who listens."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=4096)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            self._server.accept()[0].close()

    def connect(self, _: int) -> None:
        with socket.socket() as one:
            one.connect(self._server.getsockname())


def each(count: int, do: Callable[[int], None]) -> Callable[[], list[float]]:
    """The seconds of each of many calls."""

    def one_by_one() -> list[float]:
        found = []
        for number in range(count):
            start = time.perf_counter()
            do(number)
            found.append(time.perf_counter() - start)
        return found

    return one_by_one


SINGLE: dict[str, tuple[int, Callable[[int], None]]] = {
    "exec of /bin/true": (200, spawn),
    "open for writing": (1000, write),
    "connect on loopback": (200, Server().connect),
    "open for reading": (20_000, read),
    "fork and exit": (200, fork),
}
PROGRAMS: dict[str, tuple[int, Callable[[int], None]]] = {
    "python -c pass": (5, lambda _: run(sys.executable, "-ISc", "pass")),
    "git status, 3000 files": (5, lambda _: run("git", "-C", "repo", "status")),
    "gcc hello.c": (1, lambda _: run("gcc", "hello.c", "-o", "hello")),
    "make, 100 targets": (1, lambda _: run("make", "-s", "-B", "-f", "many.mk")),
    "npm --version": (1, lambda _: run("npm", "--version")),
    "pytest, 20 tests": (1, lambda _: run(sys.executable, "-m", "pytest", "-q", "-n0", "project")),
}
WORK = {name: each(*what) for name, what in (SINGLE | PROGRAMS).items()}


def main() -> None:
    with Path(sys.argv[2]).open("w") as out, Path(sys.argv[1]).open() as orders:
        print("ready", file=out, flush=True)
        for order in orders:
            print(json.dumps(WORK[order.strip()]()), file=out, flush=True)


if __name__ == "__main__":
    main()
