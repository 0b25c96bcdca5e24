"""The known ways round a system call filter are refused, each with an error programs understand."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

import errno
import platform
from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import compiled, python

CALL = "import ctypes,os\nl=ctypes.CDLL(None,use_errno=True)\ndef c(*a):\n r=l.syscall(*a); print(r if r>=0 else -ctypes.get_errno())\n"


@pytest.mark.parametrize("means", ["pidns", "subreaper"])
def test_rings_and_new_opens_do_not_exist(gated: Gated, means: str) -> None:
    rig = gated(lambda event: False, means=means)
    code = (
        CALL
        + "c(425,8,ctypes.create_string_buffer(256)); c(426,0,0,0,0,0); c(427,0,0,0,0); c(437,-100,b'f',0,24)"
    )
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out.split() == [f"-{errno.ENOSYS}".encode()] * 4


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x32 is an interface of x86_64")
def test_x32_does_not_exist(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    rig = gated(lambda event: False)
    rig.start(*python(CALL + "c(0x40000000+87,b'f'); c(0x40000000+39)"))
    assert rig.wait() == 0
    assert rig.out.split() == [f"-{errno.ENOSYS}".encode()] * 2
    assert (tmp_path / "f").exists()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="i386 is an interface of x86_64")
def test_i386_calls_do_nothing(gated: Gated, tmp_path: Path) -> None:
    """int 0x80 reaches the i386 table from a 64-bit program, without a 32-bit one."""
    (tmp_path / "f").write_text("")
    source = r"""
    #include <stdio.h>
    #include <string.h>
    #include <sys/mman.h>
    int main(void) { char *low = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); strcpy(low, "f"); int r;
      __asm__ volatile("int $0x80" : "=a"(r) : "a"(10), "b"(low) : "memory");
      printf("%d\n", r); return 0; }
    """
    program = compiled(tmp_path, "old", source)
    rig = gated(lambda event: False)
    rig.start(str(program))
    assert rig.wait() == 0
    assert rig.out == f"-{errno.ENOSYS}\n".encode()
    assert (tmp_path / "f").exists()


def test_a_descriptor_of_a_forbidden_file_opened_for_reading_cannot_be_reopened(
    gated: Gated, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("text")
    code = (
        "import os\nh=os.open('f',os.O_RDONLY)\n"
        "for way in (f'/proc/self/fd/{h}',f'/dev/fd/{h}'):\n"
        " try: os.open(way,os.O_WRONLY)\n except OSError as e: print(e.errno)"
    )
    rig = gated(lambda event: False)
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out.split() == [b"1", b"1"]
    assert [event.path for event in rig.events] == [str(tmp_path / "f")] * 2


def test_a_second_listener_cannot_be_installed(gated: Gated) -> None:
    code = (
        "import ctypes,struct\nl=ctypes.CDLL(None,use_errno=True)\n"
        "l.prctl(38,1,0,0,0)\np=ctypes.create_string_buffer(struct.pack('<HBBI',6,0,0,0x7fff0000))\n"
        "class P(ctypes.Structure): _fields_=[('n',ctypes.c_ushort),('p',ctypes.c_void_p)]\n"
        "r=l.syscall(317,1,8,ctypes.byref(P(1,ctypes.addressof(p)))); print(r,ctypes.get_errno())"
    )
    if platform.machine() != "x86_64":
        pytest.skip("the number is x86_64's")
    rig = gated(lambda event: False)
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out == f"-1 {errno.EBUSY}\n".encode()


def test_the_agents_own_filter_cannot_let_calls_pass(gated: Gated, tmp_path: Path) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("the number is x86_64's")
    (tmp_path / "f").write_text("")
    code = (
        "import ctypes,struct,os\nl=ctypes.CDLL(None,use_errno=True)\n"
        "p=ctypes.create_string_buffer(struct.pack('<HBBI',6,0,0,0x7fff0000))\n"
        "class P(ctypes.Structure): _fields_=[('n',ctypes.c_ushort),('p',ctypes.c_void_p)]\n"
        "print(l.syscall(317,1,0,ctypes.byref(P(1,ctypes.addressof(p)))))\n"
        "try: os.unlink('f')\nexcept OSError as e: print(e.errno)"
    )
    rig = gated(lambda event: event.kind is not Deed.DELETE)
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out == b"0\n1\n"
