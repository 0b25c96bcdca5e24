"""Where a path leads that ends in nothing for us, and in something for its caller."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.channels.kernel import abi, resolve
from agentwatch.channels.kernel.caller import Caller

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")

OPENS = """
import os, sys
os.chdir(sys.argv[1])
os.dup2(os.open(sys.argv[2], os.O_RDONLY), 777)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Caller]:
    """A process in the folder that the test names, that alone has a descriptor 777."""
    (tmp_path / "f").touch()
    command = [sys.executable, "-ISc", OPENS, request.param or str(tmp_path), str(tmp_path / "f")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        caller = Caller(child.pid)
        yield caller
        caller.close()


@pytest.mark.parametrize(
    ("opened", "path"),
    [("", b"/proc/self/fd/777"), ("", b"link/777"), ("/proc", b"self/fd/777")],
    indirect=["opened"],
)
def test_what_only_the_caller_has_is_found(opened: Caller, path: bytes, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc/self/fd")
    handle = resolve.find(opened, abi.AT_FDCWD, path)
    try:
        assert os.path.samestat(os.fstat(handle), (tmp_path / "f").stat())
    finally:
        os.close(handle)


@pytest.mark.parametrize("opened", [""], indirect=True)
@pytest.mark.parametrize(
    "path",
    [
        *("no/such", "f2", "f2/", "dangling", "{0}/no/such", "/no-such", "/dev/no-such"),
        *("/dev/no/such", "/proc/self/fd/778", "/proc/no-such", "/proc/self/no-such/x"),
    ],
)
def test_what_is_not_there_is_not_found(opened: Caller, path: str, tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        resolve.find(opened, abi.AT_FDCWD, os.fsencode(path.format(tmp_path)))
