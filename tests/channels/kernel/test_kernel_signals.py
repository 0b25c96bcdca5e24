"""Signals where nothing but the gate keeps them inside the tree: inside they pass, outside not."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import python
from tests.waiting import wait_for

SAY = "import ctypes,errno,os,signal,subprocess,threading\ndef t(f,*a):\n try: f(*a); print('ok')\n except OSError as e: print(errno.errorcode[e.errno])\n"
UNSCOPED = "unscoped"


def no(_: Observed) -> bool:
    return False


def only_programs(event: Observed) -> bool:
    return event.kind is not Deed.SIGNAL


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process outside every tree, in a group of its own."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        yield process.pid
        assert process.poll() is None, "it was struck"
        process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="system calls are held on Linux only")
def test_a_stranger_is_asked_about_and_unharmed(gated: Gated, stranger: int) -> None:
    rig = gated(no, means=UNSCOPED)
    code = SAY + (
        f"s={stranger}\nt(os.kill,s,9); t(os.kill,-s,15); t(os.killpg,s,9); t(os.kill,s,0)\n"
        "l=ctypes.CDLL(None,use_errno=True)\n"
        "print(l.ptrace(16,s,0,0), ctypes.get_errno()); print(l.ptrace(0x4206,s,0,0), ctypes.get_errno())\n"
        "print(l.process_vm_writev(s,0,0,0,0,0), ctypes.get_errno())\n"
        "t(signal.pidfd_send_signal,os.pidfd_open(s),9)\n"
        "import resource as r; t(r.prlimit,s,7,r.prlimit(s,7)); t(r.prlimit,0,7,r.prlimit(0,7))"
    )
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    assert rig.out.split() == [*b"EPERM EPERM EPERM ok -1 1 -1 1 -1 1 ENOSYS EPERM ok".split()]
    assert {event.target for event in rig.events} == {stranger, -stranger}
    assert [event.call for event in rig.events] == ["kill"] * 3 + ["ptrace"] * 2 + [
        "process_vm_writev"
    ]


def test_our_helper_above_the_agent_is_nobody_of_its_tree(gated: Gated) -> None:
    rig = gated(no, means=UNSCOPED)
    rig.start(*python(SAY + "t(os.kill,os.getppid(),19); t(os.kill,os.getppid(),9)"))
    assert rig.wait() == 0, rig.out
    assert rig.out.split() == [b"EPERM", b"EPERM"]


def test_its_own_tree_is_its_own(gated: Gated) -> None:
    rig = gated(only_programs, means=UNSCOPED)
    code = SAY + (
        "p=subprocess.Popen(['sleep','600'],process_group=0); t(os.killpg,p.pid,15); print(p.wait())\n"
        "p=subprocess.Popen(['sleep','600']); t(p.kill); print(p.wait())\n"
        "signal.signal(signal.SIGUSR1,lambda *a: print('heard'))\n"
        "signal.raise_signal(signal.SIGUSR1); t(os.kill,os.getpid(),signal.SIGUSR1)\n"
        "a=threading.Event(); b=threading.Thread(target=a.wait); b.start()\n"
        "signal.pthread_kill(b.ident,signal.SIGUSR1); a.set(); b.join(); t(os.kill,99999999,9)"
    )
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    said = rig.out.decode().split()
    assert said[:4] == ["ok", "-15", "ok", "-9"]
    assert said.count("heard") == 3
    assert said[-1] == "ESRCH"
    assert Deed.SIGNAL not in [event.kind for event in rig.events]


def test_everybody_is_nobodys_own(gated: Gated) -> None:
    rig = gated(no, means=UNSCOPED)
    rig.start(*python(SAY + "t(os.kill,-1,signal.SIGCONT)"))
    assert rig.wait() == 0
    assert rig.out == b"EPERM\n"
    assert [event.target for event in rig.events] == [-1]


def test_a_start_that_was_taken_hold_of_while_it_waited_does_not_begin(gated: Gated) -> None:
    rig = gated(lambda event: None if event.kind is Deed.EXEC else False)
    code = SAY + (
        "l=ctypes.CDLL(None,use_errno=True)\n"
        "if (child:=os.fork())==0:\n"
        " try: os.execv('/bin/true',['true'])\n except OSError as e: os._exit(e.errno)\n"
        "while not os.path.exists('go'): pass\n"
        "print(l.ptrace(0x4206,child,0,0),flush=True)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child,0)[1]))"
    )
    rig.start(*python(code))
    wait_for(lambda: rig.asked, "the start is held")
    number, event = rig.asked[0]
    (rig.folder / "go").touch()
    status = Path(f"/proc/{event.pid}/status")
    wait_for(lambda: "TracerPid:\t0\n" not in status.read_text(), "it is traced")
    rig.house.answer(number, allow=True)
    assert rig.wait() == 0, rig.out
    assert rig.out.split() == [b"0", b"%d" % errno.EPERM]


@pytest.mark.parametrize("own", [True, False])
def test_a_start_of_who_is_taken_hold_of_says_so(gated: Gated, *, own: bool) -> None:
    """By its own wish (PTRACE_TRACEME), or by its parent's (PTRACE_SEIZE)."""
    rig = gated(lambda _: True)
    code = SAY + (
        f"l=ctypes.CDLL(None,use_errno=True); own={own}\n"
        "r,w=os.pipe()\n"
        "if (child:=os.fork())==0:\n"
        " own and l.ptrace(0,0,0,0); os.read(r,1); os.execv('/bin/true',['true'])\n"
        "own or l.ptrace(0x4206,child,0,0)\n"
        "os.write(w,b'x')\n"
        "own and os.waitpid(child,0) and l.ptrace(7,child,0,0)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child,0)[1]))\n"
        "os.waitpid(os.posix_spawn('/bin/true',['true','free'],{}),0)"
    )
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    assert rig.out == b"0\n"
    starts = {event.argv: event.flags for event in rig.events if event.path.endswith("/true")}
    assert starts == {("true",): (Flag.TRACED,), ("true", "free"): ()}
