"""Connections and datagrams: held, and made on the caller's own socket."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed, Family, Flag
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import python

TRY = "import os,socket\ndef t(f,*a):\n try: print(f(*a))\n except OSError as e: print(e.errno)\n"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


@pytest.mark.parametrize("means", ["pidns", "subreaper"])
@pytest.mark.parametrize("blocking", [True, False])
def test_a_connection_waits_for_its_verdict(
    gated: Gated, server: socket.socket, means: str, blocking: bool
) -> None:
    port = server.getsockname()[1]
    rig = gated(lambda event: event.port == port, means=means)
    code = TRY + (
        f"s=socket.socket(); s.setblocking({blocking})\n"
        f"t(s.connect,('127.0.0.1',{port + 1 if port < 65535 else 1}))\n"
        f"t(s.connect,('127.0.0.1',{port}))\n"
        "import select; select.select([],[s],[]); s.send(b'hello'); s.close()"
    )
    rig.start(*python(code))
    with server.accept()[0] as line:
        assert line.recv(10) == b"hello"
    assert rig.wait() == 0, rig.out
    assert rig.out.split()[0] == b"1"
    seen = rig.events[-1]
    assert (seen.kind, seen.family, seen.address) == (Deed.CONNECT, Family.INET, "127.0.0.1")


def test_a_denied_connection_reaches_nobody(gated: Gated, server: socket.socket) -> None:
    port = server.getsockname()[1]
    rig = gated(lambda event: False)
    rig.start(*python(TRY + f"t(socket.create_connection,('127.0.0.1',{port}))"))
    assert rig.wait() == 0
    assert rig.out == b"1\n"
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.accept()


def test_unix_sockets_are_named_by_where_they_lead(gated: Gated, tmp_path: Path) -> None:
    real = tmp_path / "real.sock"
    (tmp_path / "link").symlink_to(real)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(real))
        listening.listen()
        rig = gated(lambda event: True)
        code = "import socket; s=socket.socket(socket.AF_UNIX); s.connect('link'); s.send(b'u')"
        rig.start(*python(code))
        listening.settimeout(20)
        with listening.accept()[0] as line:
            assert line.recv(2) == b"u"
        assert rig.wait() == 0
    assert rig.events[0].path == str(real)
    assert rig.events[0].family is Family.UNIX


def test_abstract_names(gated: Gated, tmp_path: Path) -> None:
    name = f"gate-test-{tmp_path}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("\0" + name)
        listening.listen()
        rig = gated(lambda event: False)
        rig.start(*python(TRY + f"t(socket.socket(socket.AF_UNIX).connect, chr(0)+{name!r})"))
        assert rig.wait() == 0
    assert rig.out == b"1\n"
    assert (rig.events[0].path, rig.events[0].flags) == (name, (Flag.ABSTRACT,))


SENDS = [
    "s.sendto(b'abc', to)",
    "s.sendmsg([b'a', b'bc'], [], 0, to)",
    "(s.connect(to), s.send(b'abc'))[1]",
    "(s.connect(to), s.sendmsg([b'abc']))[1]",
]


@pytest.mark.parametrize("send", SENDS)
@pytest.mark.parametrize("allow", [True, False])
def test_datagrams(gated: Gated, send: str, allow: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        to = listening.getsockname()
        rig = gated(lambda event: allow)
        code = f"s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); to={to!r}\nt(lambda: {send})"
        rig.start(*python(TRY + code))
        assert rig.wait() == 0
        assert rig.out == (b"3\n" if allow else b"1\n")
        assert [event.port for event in rig.events] == [to[1]]
        listening.setblocking(False)
        if allow:
            assert listening.recv(10) == b"abc"
        else:
            with pytest.raises(BlockingIOError):
                listening.recv(10)


def test_streams_send_descriptors_undisturbed(gated: Gated) -> None:
    code = (
        "import os,socket\na,b=socket.socketpair()\nr,w=os.pipe()\n"
        "socket.send_fds(a,[b'x'],[w]); f=socket.recv_fds(b,1,1)[1][0]; os.write(f,b'ok')\n"
        "print(os.read(r,2))"
    )
    rig = gated(lambda event: False)
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out == b"b'ok'\n"


def test_a_slow_connection_holds_nobody_up(gated: Gated, tmp_path: Path) -> None:
    """A unix listener that never accepts blocks its callers, not the gate."""
    code = (
        "import socket,threading,time\nl=socket.socket(socket.AF_UNIX);l.bind('l');l.listen(0)\n"
        "def c():\n s=socket.socket(socket.AF_UNIX); s.connect('l'); time.sleep(60)\n"
        "for _ in range(4): threading.Thread(target=c,daemon=True).start()\n"
        "time.sleep(0.3)\nopen('f','w').write('free'); print('free',flush=True)"
    )
    rig = gated(lambda event: True)
    rig.start(*python(code))
    assert rig.wait(30) == 0
    assert rig.out == b"free\n"


def test_resolver_traffic_by_several_messages(gated: Gated, tmp_path: Path) -> None:
    """sendmmsg on a connected socket sends, one message a call."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        from tests.channels.kernel.rig import compiled

        source = """
        #define _GNU_SOURCE
        #include <sys/socket.h>
        #include <netinet/in.h>
        #include <arpa/inet.h>
        #include <stdlib.h>
        #include <stdio.h>
        int main(int c, char **v) { int s = socket(AF_INET, SOCK_DGRAM, 0);
          struct sockaddr_in a = {AF_INET, htons(atoi(v[1]))}; a.sin_addr.s_addr = htonl(0x7f000001);
          if (connect(s, (void *)&a, sizeof a)) return 2;
          struct iovec i[2] = {{"one", 3}, {"three", 5}};
          struct mmsghdr m[2] = {{{0, 0, i, 1}}, {{0, 0, i + 1, 1}}};
          int done = 0;
          while (done < 2) { int n = sendmmsg(s, m + done, 2 - done, 0); if (n < 1) return 3;
            done += n; }
          printf("%d %d\\n", m[0].msg_len, m[1].msg_len); return 0; }
        """
        program = compiled(tmp_path, "mm", source)
        rig = gated(lambda event: True)
        rig.start(str(program), str(port))
        assert rig.wait() == 0, rig.out
        assert rig.out == b"3 5\n"
        assert [listening.recv(9), listening.recv(9)] == [b"one", b"three"]


def test_the_test_server_is_reachable_without_a_gate(server: socket.socket) -> None:
    """What the denied tests rely on: somebody would have answered."""

    def accept() -> None:
        server.accept()[0].close()

    answered = threading.Thread(target=accept)
    answered.start()
    socket.create_connection(server.getsockname(), 5).close()
    answered.join(5)
    assert not answered.is_alive()


def test_the_kernel_itself_is_nobody_else(gated: Gated) -> None:
    """What interfaces there are is asked by netlink, with the kernel's own address."""
    code = (
        "import socket, struct\n"
        "s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n"
        "s.sendto(struct.pack('<IHHIIBxxx', 20, 18, 0x301, 1, 0, 0) + bytes(12), (0, 0))\n"
        "print(len(s.recv(65536)) > 0)"
    )
    rig = gated(lambda event: False)
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    assert rig.out == b"True\n"
    assert rig.events == []


def test_a_thread_with_descriptors_of_its_own_is_not_judged_by_its_process_s(gated: Gated) -> None:
    """A stream's sends pass unread: the number must be the same socket in the thread's table."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.bind(("127.0.0.1", 0))
        outside.setblocking(False)
        code = (
            "import ctypes,os,socket,threading\nl=ctypes.CDLL(None,use_errno=True)\n"
            "s=socket.socket(); to=('127.0.0.1',PORT)\n"
            "def apart():\n"
            " assert l.unshare(0x400)==0; u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
            " os.dup2(u.fileno(),s.fileno())\n"
            " try: n=socket.socket(fileno=s.fileno()).sendto(b'x',to)\n"
            " except OSError as e: n=-e.errno\n"
            " print(n,flush=True)\n"
            "t=threading.Thread(target=apart); t.start(); t.join(); os._exit(0)\n"
        ).replace("PORT", str(outside.getsockname()[1]))
        rig = gated(lambda event: False)
        rig.start(*python(code))
        assert rig.wait() == 0
        assert rig.out.split() == [b"-%d" % errno.EBADF]
        with pytest.raises(BlockingIOError):
            outside.recv(1)
