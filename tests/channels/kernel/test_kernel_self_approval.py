"""The agent cannot answer its own questions through the process that acts for it."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from agentwatch.containment.base import Proc, Record
from agentwatch.supervisor import observed, peers
from agentwatch.supervisor.walls import Floor
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import python
from tests.waiting import wait_for


def test_our_own_sockets_and_files_are_a_floor(gated: Gated, tmp_path: Path) -> None:
    """Even a person's yes does not open the control socket; the agent's own door stays open."""
    rig = gated(lambda event: True)
    places = rig.places
    rig.house._rules = observed.tables(places, Floor())
    (tmp_path / "way").symlink_to(places.runtime)
    places.agent_socket.parent.mkdir(exist_ok=True)
    code = (
        "import os,socket,sys\n"
        "def t(f,*a):\n try: f(*a); print('done')\n except OSError as e: print(e.errno)\n"
        f"c={str(places.control_socket)!r}; a={str(places.agent_socket)!r}\n"
        "t(socket.socket(socket.AF_UNIX).connect,c)\n"
        "t(socket.socket(socket.AF_UNIX).connect,'way/'+os.path.basename(c))\n"
        "t(os.link,c,'x'); t(os.rename,os.path.dirname(c),'y'); t(os.unlink,c)\n"
        "t(socket.socket(socket.AF_UNIX).connect,a)"
    )
    with socket.socket(socket.AF_UNIX) as control, socket.socket(socket.AF_UNIX) as door:
        for listening, path in ((control, places.control_socket), (door, places.agent_socket)):
            listening.bind(str(path))
            listening.listen()
        rig.start(*python(code))
        assert rig.wait() == 0, rig.out
        control.setblocking(False)
        with pytest.raises(BlockingIOError):
            control.accept()
    assert rig.out.split() == [b"1"] * 5 + [b"done"]
    assert rig.events == []


@pytest.mark.skipif(sys.platform != "linux", reason="the gate is Linux's")
def test_the_gate_process_as_a_peer_is_the_agent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        gone = Proc(2**22 + 1, 1)
        record = Record("s", "pidns", "A", f"none-{time.time()}", gone, gone, (), gone, "/x", "/y")
        assert peers.refusal(ours, record, gate_pid=os.getpid()) == peers.INSIDE


def test_what_the_gate_connects_shows_the_gate_as_peer(gated: Gated, tmp_path: Path) -> None:
    """The fact that the rule above stands on."""
    rig = gated(lambda event: True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        listening.setblocking(False)
        rig.start(
            *python("import socket; s=socket.socket(socket.AF_UNIX); s.connect('s'); s.recv(1)")
        )
        taken: list[socket.socket] = []

        def accepted() -> bool:
            try:
                taken.append(listening.accept()[0])
            except BlockingIOError:
                return False
            return True

        wait_for(accepted, "a connection")
        with taken[0] as line:
            assert peers._credentials(line)[0] == rig.house.process.pid
        assert rig.wait() == 0
