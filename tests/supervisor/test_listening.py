"""Who listens at an address: the tree's own, or somebody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agentwatch.channels.kernel.acts import Deed, Family, Flag, Observed
from agentwatch.supervisor.listening import inside

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the gate is Linux's")

ME = {os.getpid()}
ELSEWHERE = """
import socket, sys
unix = sys.argv[1] == "unix"
family = socket.AF_UNIX if unix else socket.AF_INET
address = sys.argv[2] if unix else (sys.argv[2], int(sys.argv[3]))
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1) if sys.argv[1] == "inet" else None
listener.bind(address)
listener.listen()
print("listens", flush=True)
sys.stdin.read()
"""


def event(kind: Deed = Deed.CONNECT, **said: Any) -> Observed:
    return Observed(kind, os.getpid(), os.getpid(), **said)


def bound(path: Path, **said: Any) -> Observed:
    found = path.stat()
    file = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}:{found.st_ino}"
    return event(family=Family.UNIX, path=str(path), file=file, **said)


def local(port: int, address: str = "127.0.0.1") -> Observed:
    return event(family=Family.INET6 if ":" in address else Family.INET, address=address, port=port)


@contextmanager
def elsewhere(*argv: object) -> Iterator[None]:
    """Another process that listens."""
    command = [sys.executable, "-c", ELSEWHERE, *map(str, argv)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listens\n"
        yield
        process.stdin.close()  # type: ignore[union-attr]


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1"])
def test_a_port_of_its_own_is_inside(address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert inside(local(port, address), ME)
        assert inside(local(port, address), {*ME, 1})
        assert not inside(local(port, address), {1})
        assert not inside(local(port, "93.184.216.34"), ME)
    assert not inside(local(port, address), ME)


def test_a_port_that_another_one_listens_at_too_is_not_inside() -> None:
    """Whoever is nearer would be reached, and that is for the kernel to say."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    with server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        for address in ("127.0.0.1", "127.0.0.2"):
            with elsewhere("inet", address, port):
                assert not inside(local(port), ME)
        assert inside(local(port), ME)


def test_a_port_that_nobody_listens_at_is_not_inside() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert not inside(local(bound.getsockname()[1]), ME)


def test_a_datagram_s_port() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        said = {"family": Family.INET, "address": "127.0.0.1", "port": port}
        assert inside(event(Deed.DATAGRAM, **said), ME)
        assert not inside(event(Deed.DATAGRAM, **said), {1})


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because socket paths must be."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="aw") as name:
        yield Path(name)


def test_a_file_of_its_own_is_inside_and_by_any_name(folder: Path) -> None:
    path = folder / "own"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert inside(bound(path), ME)
        assert not inside(bound(path), {1})
        (folder / "moved").hardlink_to(path)
        assert inside(bound(folder / "moved"), ME)
        assert not inside(bound(path, flags=(Flag.ABSTRACT,)), ME)
    assert not inside(bound(path), ME)
    assert inside(bound(path), ME, left=True)
    assert not inside(event(family=Family.UNIX, path=str(path), file="x"), ME, left=True)


def test_a_file_of_somebody_else_s_is_not_inside_whatever_it_was_called(folder: Path) -> None:
    """A name that one of ours was bound by first is no proof: the file is another one."""
    path = folder / "daemon"
    with socket.socket(socket.AF_UNIX) as ours:
        ours.bind(str(path))
        ours.listen()
        path.rename(folder / "away")
        with elsewhere("unix", path):
            assert not inside(bound(path), ME)
            assert not inside(bound(path), ME, left=True)
            assert inside(bound(folder / "away"), ME)


@pytest.mark.parametrize(
    "strange",
    [
        event(Deed.WRITE, path="/tmp/x"),
        event(family=Family.UNIX, path="/tmp/x"),
        event(family=Family.UNIX, path="/tmp/x", file="0:0:0"),
        event(family=Family.UNIX, path="/tmp/x", file="x"),
        event(family=Family.INET, address="no address", port=1),
        event(family=Family.OTHER, address="family 16"),
        Observed(Deed.CONNECT, 0, 0, family=Family.INET, address="127.0.0.1", port=1),
    ],
    ids=range(7),
)
def test_in_doubt_it_is_not_inside(strange: Observed) -> None:
    assert not inside(strange, ME)
