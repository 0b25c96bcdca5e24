"""Names of addresses: heard from the tree's own look-ups, and from nowhere else."""

from __future__ import annotations

import shutil
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from agentwatch.channels.kernel import names
from agentwatch.channels.kernel.acts import Deed
from agentwatch.channels.kernel.names import Names
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.resolver import (
    AAAA,
    A,
    answer,
    labels,
    query,
    record,
    resolving,
)
from tests.channels.kernel.rig import python

ZONE = {
    "example.test": ["198.51.100.7", "2001:db8::7"],
    "alias.test": ["www.example.test"],
    "www.example.test": ["198.51.100.8", "198.51.100.9"],
}


@pytest.fixture
def resolver() -> Iterator[tuple[str, int]]:
    with resolving(ZONE, ("127.0.0.1", 0)) as address:
        yield address


@pytest.fixture
def line(resolver: tuple[str, int]) -> Iterator[socket.socket]:
    """The caller's socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.setblocking(False)
        sending.connect(resolver)
        yield sending


def looked_up(known: Names, line: socket.socket, *queries: bytes) -> None:
    asked = known.asked(line.fileno(), queries)
    assert len(asked) == len(queries)
    for item in queries:
        line.send(item)
    known.listen(line.fileno(), asked)


def test_an_address_is_known_by_the_name_that_was_asked_for(
    resolver: tuple[str, int], line: socket.socket
) -> None:
    known = Names(["127.0.0.1"], port=resolver[1])
    looked_up(known, line, query("Example.test"), query("example.test", AAAA, 8))
    assert known.of("198.51.100.7") == ("example.test",)
    assert known.of("::ffff:198.51.100.7") == ("example.test",)
    assert known.of("2001:db8:0::7") == ("example.test",)
    assert known.of("198.51.100.8") == ()
    looked_up(known, line, query("alias.test", number=9))
    assert known.of("198.51.100.9") == ("alias.test",)


def test_the_answers_are_left_to_the_caller(resolver: tuple[str, int], line: socket.socket) -> None:
    known = Names(["127.0.0.1"], port=resolver[1])
    queries = [query("example.test"), query("example.test", AAAA, 8)]
    looked_up(known, line, *queries)
    assert [line.recv(4096) for _ in queries] == [answer(item, ZONE) for item in queries]
    assert line.getsockopt(socket.SOL_SOCKET, names._PEEK_OFF) == -1


def test_only_the_resolvers_that_are_known_are_believed(
    resolver: tuple[str, int], line: socket.socket
) -> None:
    known = Names(["192.0.2.1"], port=resolver[1])
    assert known.asked(line.fileno(), [query("example.test")]) == []
    elsewhere = Names(["127.0.0.1"], port=resolver[1] % 65535 + 1)
    assert elsewhere.asked(line.fileno(), [query("example.test")]) == []


def test_somebody_else_s_answer_does_not_count() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as real,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as false,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line,
    ):
        for one in (real, false, line):
            one.bind(("127.0.0.1", 0))
        known = Names(["127.0.0.1"], port=real.getsockname()[1])
        asked = known.asked_of(real.getsockname(), [query("example.test")])
        false.sendto(answer(query("example.test"), {"example.test": ["192.0.2.66"]}),
                     line.getsockname())  # fmt: skip
        real.sendto(answer(query("example.test"), ZONE), line.getsockname())
        known.listen(line.fileno(), asked)
        assert known.of("192.0.2.66") == ()
        assert known.of("198.51.100.7") == ("example.test",)


def test_an_error_on_the_socket_is_left_to_the_caller() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            line.connect(gone.getsockname())
        known = Names(["127.0.0.1"], port=line.getpeername()[1])
        line.setblocking(False)
        looked_up(known, line, query("example.test"))
        with pytest.raises(ConnectionRefusedError):
            line.recv(100)


def reply(name: str, *found: bytes, number: int = 7, flags: int = 0x8180, kind: int = A) -> bytes:
    head = struct.pack("!6H", number, flags, 1, len(found), 0, 0)
    return head + labels(name) + struct.pack("!2H", kind, 1) + b"".join(found)


ADDRESS = bytes([192, 0, 2, 9])
WRONG = {
    "another number": reply("a.test", record("a.test", A, ADDRESS), number=8),
    "another name": reply("b.test", record("b.test", A, ADDRESS)),
    "another kind": reply("a.test", record("a.test", A, ADDRESS), kind=AAAA),
    "a question": reply("a.test", record("a.test", A, ADDRESS), flags=0x100),
    "somebody else's address": reply("a.test", record("b.test", A, ADDRESS)),
    "no length of an address": reply("a.test", record("a.test", A, ADDRESS + b"x")),
    "cut off": reply("a.test", record("a.test", A, ADDRESS))[:-2],
    "a name without an end": reply("a.test", b"\xc0\x20" * 40),
    "nothing": b"",
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_what_is_no_answer_to_it_names_nothing(data: bytes) -> None:
    question = names.Question(7, "a.test", A, "127.0.0.1")
    assert not names._answer(data, question)


@given(st.binary(max_size=200))
def test_no_datagram_raises(data: bytes) -> None:
    question = names.Question(7, "a.test", A, "127.0.0.1")
    names._question(data, "127.0.0.1")
    names._answer(data, question)
    names._answer(reply("a.test", data), question)


def test_the_machine_s_own_list_counts_its_own_addresses_apart() -> None:
    text = "127.0.0.1 localhost\n192.0.2.5 Box.lan box # ours\nnonsense x\n::1 ip6\n\n"
    known = Names(hosts=text)
    assert known.of("192.0.2.5") == ("box.lan", "box")
    assert known.of("127.0.0.1") == ()


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MOST", 3)
    known = Names()
    for number in range(9):
        known._learn(f"n{number}", [f"192.0.2.{number}"])
    assert known.of("192.0.2.5") == ()
    assert known.of("192.0.2.8") == ("n8",)
    for number in range(40):
        known._learn(f"m{number}", ["192.0.2.8"])
    assert len(known.of("192.0.2.8")) == names.MOST_NAMES


SENDS = f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto({query("example.test")!r}, ("127.0.0.53", 53))
print(len(s.recv(4096)), flush=True)
to = socket.socket(); to.settimeout(0)
try:
    to.connect(("198.51.100.7", 9))
except OSError as error:
    print(error.errno)
"""


@pytest.fixture
def real_port() -> Iterator[None]:
    try:
        with resolving(ZONE, ("127.0.0.53", 53)):
            yield
    except PermissionError:
        pytest.skip("only root may be a resolver")
    except OSError as error:
        pytest.skip(f"there is a resolver here already ({error.strerror})")


@pytest.mark.usefixtures("real_port")
def test_a_connection_says_what_it_was_looked_up_as(gated: Gated) -> None:
    rig = gated(lambda event: event.port == 53)
    rig.start(*python(SENDS))
    assert rig.wait() == 0, rig.out
    assert rig.out.split() == [b"%d" % len(answer(query("example.test"), ZONE)), b"1"]
    connect = rig.events[-1]
    assert (connect.kind, connect.address, connect.names) == (
        Deed.CONNECT,
        "198.51.100.7",
        ("example.test",),
    )


@pytest.mark.usefixtures("real_port")
def test_the_system_s_own_look_ups_are_heard(gated: Gated, tmp_path: Path) -> None:
    """getaddrinfo sends two look-ups in one call."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.53\n")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    binds = " && ".join(
        f"mount --bind {tmp_path}/{name} /etc/{name}"
        for name in ("resolv.conf", "hosts", "nsswitch.conf")
    )
    (tmp_path / "look.py").write_text(
        "import socket\n"
        "for _, _, _, _, to in socket.getaddrinfo('alias.test', 9, type=socket.SOCK_STREAM):\n"
        "    s = socket.socket(); s.settimeout(0)\n"
        "    try: s.connect(to)\n"
        "    except OSError as error: print(to[0], error.errno)\n"
    )
    rig = gated(lambda event: event.kind is not Deed.CONNECT or event.port == 53)
    look = " ".join((*python("")[:-2], f"{tmp_path}/look.py"))
    rig.start("unshare", "-Urm", "sh", "-c", f"{binds} && {look}")
    assert rig.wait() == 0, rig.out
    found = {event.address: event.names for event in rig.events if event.port == 9}
    assert found == {"198.51.100.8": ("alias.test",), "198.51.100.9": ("alias.test",)}, rig.out
