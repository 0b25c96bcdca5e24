"""Folders, fifos, devices and attributes: made and set by us, as the kernel would have."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import python

SAY = "import os,stat,errno\ndef t(f,*a,**k):\n try: f(*a,**k); print('ok')\n except OSError as e: print(errno.errorcode[e.errno])\n"


def yes(_: Observed) -> bool:
    return True


def no(_: Observed) -> bool:
    return False


def test_a_name_that_is_taken_or_leads_nowhere_is_nobodys_question(
    gated: Gated, tmp_path: Path
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    rig = gated(no)
    tries = ["d", "d/", "/", "d/.", "d/..", "link", "none/x", "none/..", ""]
    code = SAY + f"for w in {tries!r}: t(os.mkdir,w)\nt(os.mkfifo,'x/'); t(os.mkfifo,'d')"
    rig.start(*python(code))
    assert rig.wait() == 0
    taken, missing = ["EEXIST"], ["ENOENT"]
    assert rig.out.decode().split() == taken * 6 + missing * 3 + missing + taken
    assert rig.events == []


def test_what_is_made_has_the_callers_mask_and_is_named_by_where_it_leads(
    gated: Gated, tmp_path: Path
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    rig = gated(yes)
    code = "import os\nos.umask(0o027); os.makedirs('link/a/b/'); os.mkfifo('link/p',0o666)"
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    assert [event.path for event in rig.events] == [str(real / name) for name in ("a", "a/b", "p")]
    assert stat.S_IMODE((real / "a").stat().st_mode) == 0o750
    assert stat.S_IMODE((real / "p").stat().st_mode) == 0o640
    folder, _, fifo = rig.events
    assert set(folder.flags) == {Flag.CREATE, Flag.EXCLUSIVE, Flag.FOLDER}
    assert set(fifo.flags) == {Flag.CREATE, Flag.EXCLUSIVE}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_called_one(gated: Gated, tmp_path: Path) -> None:
    rig = gated(yes)
    code = "t(os.mknod,'n',stat.S_IFCHR|0o600,os.makedev(1,3)); t(os.mknod,'w',stat.S_IFCHR)"
    rig.start(*python(SAY + code))
    assert rig.wait() == 0
    device, whiteout = rig.events
    assert Flag.DEVICE in device.flags
    assert Flag.DEVICE not in whiteout.flags
    if rig.out.split()[0] == b"ok":
        assert (tmp_path / "n").stat().st_rdev == os.makedev(1, 3)


def test_capabilities_are_called_rights_of_another(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    rig = gated(no, means="subreaper")
    code = "t(os.setxattr,'f',b'security.capability',b'x'); t(os.removexattr,'f',b'user.none')"
    rig.start(*python(SAY + code))
    assert rig.wait() == 0
    assert rig.out.split() == [b"EPERM", b"EPERM"]
    asked = [(event.attribute, Flag.SETID in event.flags) for event in rig.events]
    assert asked[-1] == ("user.none", False)
    assert all(event.kind is Deed.MODE for event in rig.events)
    if os.geteuid() == 0:
        assert asked[0] == ("security.capability", True)


def test_a_user_of_another_name_space_sets_nothing_that_is_roots(
    gated: Gated, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("")
    rig = gated(lambda event: event.kind in (Deed.EXEC, Deed.WRITE), means="subreaper")
    code = SAY + "t(os.setxattr,'f',b'trusted.x',b'x')"
    rig.start("unshare", "-Ur", *python(code))
    assert rig.wait() == 0
    assert rig.out.split()[-1] == b"EPERM"
    assert Deed.MODE not in [event.kind for event in rig.events]


def test_there_are_no_message_queues(gated: Gated) -> None:
    rig = gated(no)
    code = "import ctypes; l=ctypes.CDLL(None,use_errno=True); print(l.syscall(240,b'q',66,384,0),ctypes.get_errno())"
    if os.uname().machine != "x86_64":
        pytest.skip("the number is another")
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out.split() == [b"-1", b"38"]


def test_a_socket_of_a_name_is_a_file_that_is_made(gated: Gated, tmp_path: Path) -> None:
    """Whoever takes the place of a socket that others look for answers them."""
    (tmp_path / "taken").write_text("")
    code = (
        SAY
        + "from socket import socket as s,AF_UNIX as u\n"
        + "for w in ('yes','no','taken','none/x',b'',b'\\0gate-'+os.urandom(9)): t(s(u).bind,w)\n"
        + "t(s().bind,('127.0.0.1',0)); a=s(u); a.bind('yes2'); print(a.getsockname())"
    )
    rig = gated(lambda event: "yes" in event.path)
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    assert rig.out.decode().split() == ["ok", "EPERM", "EADDRINUSE", "ENOENT", *["ok"] * 3, "yes2"]
    assert [event.path for event in rig.events] == [
        f"{tmp_path}/{n}" for n in ("yes", "no", "yes2")
    ]
    assert {event.kind for event in rig.events} == {Deed.WRITE}
    assert stat.S_ISSOCK((tmp_path / "yes").stat().st_mode)
