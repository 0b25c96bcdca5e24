"""The work that the gate's benchmark has done, with and without it: `gate_work.py NAMES OUT`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path


def run(*argv: str) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def times(count: int, *argv: str) -> None:
    for _ in range(count):
        run(*argv)


def spawn(count: int) -> None:
    for _ in range(count):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def reads(count: int) -> None:
    for _ in range(count):
        os.close(os.open("/etc/hostname", os.O_RDONLY))


def write(number: int) -> None:
    os.close(os.open(f"w{number % 100}", os.O_WRONLY | os.O_CREAT, 0o600))


def writes(count: int) -> None:
    for number in range(count):
        write(number)


def forks(count: int) -> None:
    for _ in range(count):
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)


def connects(count: int) -> None:
    server = socket.create_server(("127.0.0.1", 0), backlog=4096)

    def accept() -> None:
        for _ in range(count):
            server.accept()[0].close()

    thread = threading.Thread(target=accept)
    thread.start()
    for _ in range(count):
        with socket.socket() as one:
            one.connect(server.getsockname())
    thread.join()
    server.close()


WORK: dict[str, Callable[[], None]] = {
    "1000 x /bin/true": lambda: spawn(1000),
    "python -c pass x 20": lambda: times(20, sys.executable, "-ISc", "pass"),
    "git status x 20": lambda: times(20, "git", "-C", "repo", "status"),
    "gcc hello.c x 5": lambda: times(5, "gcc", "hello.c", "-o", "hello"),
    "make, 500 targets": lambda: run("make", "-s", "-B", "-f", "many.mk"),
    "npm --version x 3": lambda: times(3, "npm", "--version"),
    "pytest, 20 tests": lambda: run(sys.executable, "-m", "pytest", "-q", "-n0", "project"),
    "20000 opens for writing": lambda: writes(20000),
    "1000 connects": lambda: connects(1000),
    "50000 opens for reading": lambda: reads(50000),
    "500 x fork and exit": lambda: forks(500),
}


def one_by_one(count: int, do: Callable[[int], None]) -> list[float]:
    found = []
    for number in range(count):
        start = time.perf_counter()
        do(number)
        found.append(time.perf_counter() - start)
    return found


def main() -> None:
    names, out = json.loads(sys.argv[1]), Path(sys.argv[2])
    found: dict[str, object] = {}
    for name in names:
        start = time.perf_counter()
        WORK[name]()
        found[name] = time.perf_counter() - start
    found["open"] = one_by_one(2000, write)
    found["exec"] = one_by_one(500, lambda _: spawn(1))
    out.with_suffix(".new").write_text(json.dumps(found))
    out.with_suffix(".new").rename(out)
    while not out.with_suffix(".end").exists():
        time.sleep(0.01)


if __name__ == "__main__":
    main()
