"""Who listens at a local address, by the gate process's own quick look."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agentwatch.channels.kernel import network
from agentwatch.channels.kernel.acts import Deed, Family, Flag, Observed
from agentwatch.channels.kernel.nearby import Nearby
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")

LISTENS = """
import socket, sys
unix = len(sys.argv) == 2
listener = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
unix or listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(sys.argv[1] if unix else ("127.0.0.1", int(sys.argv[2])))
listener.listen()
print(0 if unix else listener.getsockname()[1], flush=True)
sys.stdin.readline()
listener.close()
print("closed", flush=True)
sys.stdin.read()
"""
MOVED = """
import ctypes, errno, socket, sys
old = socket.socket()
assert ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) == 0
for line in (old, socket.socket()):
    try: line.connect(("127.0.0.1", 9))
    except OSError as error: print(errno.errorcode[error.errno])
"""

Near = Callable[[int], Nearby]


class Child:
    """A process below this one that listens; this one is who holds the agent, and outside."""

    def __init__(self, *where: object) -> None:
        command = [sys.executable, "-ISc", LISTENS, *map(str, where)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.hear())

    def hear(self) -> bytes:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def close(self) -> None:
        """Stop listening, and stay."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        assert self.hear() == b"closed\n"


@pytest.fixture
def near() -> Iterator[Near]:
    """Looks on behalf of a tree, let go of at the end."""
    made: list[Nearby] = []

    def making(root: int) -> Nearby:
        made.append(Nearby(root))
        return made[-1]

    yield making
    for one in made:
        one.close()


@contextmanager
def child(*where: object) -> Iterator[Child]:
    found = Child(*where)
    try:
        yield found
    finally:
        found.process.communicate()


def event(port: int, address: str = "127.0.0.1", *flags: Flag) -> Observed:
    family = Family.INET6 if ":" in address else Family.INET
    said: dict[str, Any] = {"family": family, "address": address, "port": port}
    return Observed(Deed.CONNECT, os.getpid(), os.getpid(), flags=flags or (Flag.STREAM,), **said)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "0.0.0.0", "::ffff:127.0.0.1"])
def test_a_listener_of_the_tree_is_inside_as_long_as_it_listens(near: Near, address: str) -> None:
    nearby = near(os.getpid())
    with child("inet", 0) as inner:
        for _ in range(2):  # looked for, and known
            assert nearby.inside(event(inner.port, address))
        assert not near(inner.process.pid).inside(event(inner.port, address))
        inner.close()
        assert not nearby.inside(event(inner.port, address))


@pytest.mark.parametrize("address", ["::ffff:93.184.216.34", "93.184.216.34", "192.168.0.1"])
def test_only_addresses_of_this_machine_count(near: Near, address: str) -> None:
    with child("inet", 0) as inner:
        assert not near(os.getpid()).inside(event(inner.port, address))


@pytest.mark.parametrize("flags", [(Flag.ELSEWHERE,), (Flag.ABSTRACT,)])
def test_what_is_no_stream_of_our_network_is_for_a_slower_look(
    near: Near, flags: tuple[Flag, ...]
) -> None:
    with child("inet", 0) as inner:
        assert not near(os.getpid()).inside(event(inner.port, "127.0.0.1", *flags))


def test_somebody_outside_at_the_same_port_makes_it_another_matter(near: Near) -> None:
    nearby = near(os.getpid())
    with child("inet", 0) as inner:
        assert nearby.inside(event(inner.port))
        with socket.socket() as ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            ours.bind(("127.0.0.2", inner.port))
            ours.listen()
            assert not nearby.inside(event(inner.port))
        assert nearby.inside(event(inner.port))


def test_who_took_the_place_of_a_listener_that_is_known_is_not_it(near: Near) -> None:
    """The port is the same, the socket is another."""
    nearby = near(os.getpid())
    with child("inet", 0) as inner:
        assert nearby.inside(event(inner.port))
        inner.close()
        with socket.create_server(("127.0.0.1", inner.port)):
            assert not nearby.inside(event(inner.port))


def test_a_file_that_the_tree_listens_at(near: Near) -> None:
    with tempfile.TemporaryDirectory(prefix="aw") as folder:
        path = Path(folder, "s")
        with child(path):
            found = path.stat()
            file = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}:{found.st_ino}"
            said: dict[str, Any] = {"family": Family.UNIX, "path": str(path), "file": file}
            at = Observed(Deed.CONNECT, os.getpid(), 0, flags=(Flag.STREAM,), **said)
            assert near(os.getpid()).inside(at)
            assert not near(1 << 30).inside(at)
            for strange in ({"file": "0:0:0"}, {"file": "x"}, {"flags": (Flag.STREAM, "abstract")}):
                assert not near(os.getpid()).inside(Observed(**{**_values(at), **strange}))


def _values(event: Observed) -> dict[str, Any]:
    return {name: getattr(event, name) for name in Observed._fields}


def test_a_look_that_fails_is_a_no_and_the_next_one_begins_anew(
    near: Near, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearby = near(os.getpid())
    with child("inet", 0) as inner:
        with monkeypatch.context() as broken:
            broken.setattr("agentwatch.channels.kernel.nearby._BY_FAMILY", 99)
            assert not nearby.inside(event(inner.port))
        assert nearby.inside(event(inner.port))


def test_what_a_socket_says_of_itself() -> None:
    me = os.getpid()
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
        assert network.said(stream.fileno(), me, Family.INET) == (Flag.STREAM,)
        assert network.said(datagram.fileno(), me, Family.INET) == ()
    with socket.socket(socket.AF_UNIX) as stream:
        assert network.said(stream.fileno(), me, Family.UNIX) == (Flag.STREAM,)
    assert network.said(-1, me, Family.INET) == (Flag.ELSEWHERE,)


def test_a_socket_of_a_network_that_its_process_has_left_is_known_for_it(gated: Gated) -> None:
    """Who listens in the new network says nothing about whom the old socket reaches."""
    rig = gated(lambda event: event.kind is Deed.EXEC)
    rig.start(*python(MOVED))
    rig.wait()
    if b"AssertionError" in rig.out:
        pytest.skip("no namespaces inside of namespaces here")
    old, new = (one for one in rig.events if one.kind is Deed.CONNECT)
    assert Flag.ELSEWHERE in old.flags
    assert Flag.ELSEWHERE not in new.flags
    assert rig.out.split() == [b"EPERM", b"EPERM"]
