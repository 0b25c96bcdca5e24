"""Mounts of the agent's own give no file of ours another name, and take none's name away."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agentwatch.channels.kernel import abi, mounts
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import OPEN, python

CODE = (
    "import ctypes,os\nl=ctypes.CDLL(None,use_errno=True)\n"
    "def on(a,b): return l.mount(a.encode(),b.encode(),None,ctypes.c_ulong(4096|16384),None)\n"
    "def alone():\n assert l.unshare(0x10020000)==0; l.mount(b'none',b'/',None,ctypes.c_ulong(16384|1<<18),None)\n"
    "def t(f,*a):\n try: f(*a); print('done',flush=True)\n except OSError as e: print(e.errno,flush=True)\n"
)
"""What the agents below begin with."""
MEANS = pytest.mark.parametrize("means", ["pidns", "subreaper"])


@MEANS
def test_what_another_namespace_shows_is_refused_whatever_it_is_called_there(
    gated: Gated, tmp_path: Path, means: str
) -> None:
    ours, seen = tmp_path / "ours", tmp_path / "seen"
    ours.mkdir()
    seen.mkdir()
    (ours / "kept").write_text("kept")
    (ours / "gone").write_text("gone")
    code = CODE + (
        "r,w=os.pipe(); stay,go=os.pipe()\n"
        "if (pid:=os.fork())==0:\n"
        "  os.close(go); alone(); print(on('ours','seen'),flush=True); os.write(w,b'x'); os.read(stay,1); os._exit(0)\n"
        "os.read(r,1); way=f'/proc/{pid}/root'+os.path.abspath('seen')\n"
        "t(os.open,way+'/kept',os.O_WRONLY|os.O_TRUNC)\n"
        "t(os.open,way+'/new',os.O_WRONLY|os.O_CREAT)\n"
        "t(os.unlink,way+'/gone')\n"
        "t(os.rename,way+'/gone',way+'/other')\n"
    )
    rig = gated(lambda event: True, OPEN, means=means)
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    if not rig.out.startswith(b"0\n"):
        pytest.skip("no namespaces below the agent's here")
    assert rig.out.split() == [b"0"] + [b"%d" % errno.EPERM] * 4
    assert sorted(one.name for one in ours.iterdir()) == ["gone", "kept"]
    assert (ours / "kept").read_text() == "kept"


@MEANS
def test_a_name_with_a_mount_over_it_is_not_judged_by_what_lies_there(
    gated: Gated, tmp_path: Path, means: str
) -> None:
    for name in ("kept", "over", "junk", "evil"):
        (tmp_path / name).write_text(name)
    code = CODE + (
        "alone()\nprint(on('junk','kept'),on('junk','over'),flush=True)\n"
        "t(os.unlink,'kept'); t(os.rename,'kept','away'); t(os.rename,'evil','over')\n"
    )
    rig = gated(lambda event: True, OPEN, means=means)
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    if not rig.out.startswith(b"0 0\n"):
        pytest.skip("no namespaces below the agent's here")
    assert rig.out.split()[2:] == [b"%d" % errno.EPERM] * 3
    assert [(tmp_path / one).read_text() for one in ("kept", "over")] == ["kept", "over"]


def test_a_file_of_a_procfs_elsewhere_goes_by_its_own_name(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    code = CODE + (
        "alone()\nprint(on('/proc','m'),flush=True)\n"
        "t(os.open,f'm/{os.getpid()}/comm',os.O_WRONLY)\n"
    )
    rig = gated(lambda event: False)
    rig.start(*python(code))
    assert rig.wait() == 0, rig.out
    if not rig.out.startswith(b"0\n"):
        pytest.skip("no namespaces below the agent's here")
    assert [event.path.split("/")[1] for event in rig.events] == ["proc"]


@pytest.mark.parametrize(
    ("kind", "device", "links", "own"),
    [
        (0x01021994, 0xFFFE, 1, True),
        (0x01021994, None, 1, False),
        (0x794C7630, 0xFFFE, 1, False),
        (0x794C7630, 0xFFFE, 0, True),
    ],
    ids=["its own memory", "memory of ours", "a layered file system", "without a name"],
)
def test_what_can_only_be_the_agents_own(
    monkeypatch: pytest.MonkeyPatch, kind: int, device: int | None, links: int, *, own: bool
) -> None:
    monkeypatch.setattr(abi, "file_system", lambda _: kind)
    here = Path("/proc").stat().st_dev if device is None else device
    found: Any = SimpleNamespace(st_dev=here, st_nlink=links)
    assert mounts.of_its_own(-1, found) is own
