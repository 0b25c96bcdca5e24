"""The floor's mounts: what is held cannot be written, moved away or uncovered, also by root."""

from __future__ import annotations

import os
import pty
import shutil
import socket
import sys
from pathlib import Path

import pytest

from agentwatch.containment import Means
from agentwatch.containment.base import Walls
from tests.containment.conftest import Start
from tests.containment.stage import wait_until
from tests.containment.test_launch import said


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a file, a folder and a link to keep, and things to work with."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".config/fish").mkdir(parents=True)
    (home / "dotfiles").mkdir()
    for name in (".bashrc", ".ssh/config", ".config/fish/config.fish", "dotfiles/zshrc", "work"):
        (home / name).write_text("good")
    (home / ".zshrc").symlink_to("dotfiles/zshrc")
    return home


@pytest.fixture
def walls(home: Path) -> Walls:
    """All of it kept."""
    names = (".bashrc", ".ssh", ".config/fish", ".zshrc")
    return Walls(kept=tuple(f"{home}/{name}" for name in names))


ATTACKS = {
    "writing": "echo evil >.bashrc; echo evil >>.ssh/config; echo evil >.zshrc",
    "making more": "echo evil >.ssh/authorized_keys; echo evil >.config/fish/more.fish",
    "removing": "rm -f .bashrc .zshrc; rm -rf .ssh .config",
    "replacing": "for f in .bashrc .zshrc; do echo evil >n; mv -f n $f; done",
    "moving away": "mv .bashrc a; mv .ssh b; mv .config c; mkdir -p .config/fish",
    "moving a link's folder": "mv dotfiles d; mkdir dotfiles; echo evil >dotfiles/zshrc",
    "moving home": "mv ../home ../h; mkdir ../home; echo evil >../home/.bashrc",
    "linking": "ln .bashrc hard; echo evil >hard; ln -sf /dev/null .zshrc",
    "unmounting": "umount -l $PWD/.bashrc; umount -lR $PWD; echo evil >.bashrc",
    "remounting": "mount -o remount,bind,rw $PWD/.ssh; echo evil >.ssh/config",
    "nested": "unshare -Urm sh -c 'umount -l $PWD/.bashrc; mount -o remount,bind,rw $PWD/.ssh;"
    " mkdir m; mount --bind $PWD m; for f in m/.bashrc .bashrc .ssh/config;"
    " do echo evil >$f; done'",
    "through a process": "for p in self 1; do echo evil >/proc/$p/root/$PWD/.bashrc; done",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_is_kept_stays_as_it_is(
    attack: str, pidns: Means, start: Start, home: Path, walls: Walls
) -> None:
    script = f"({attack}) >/dev/null 2>&1; echo done"
    assert said(start, pidns, "sh", "-c", script, cwd=str(home), walls=walls)[0] == "done\n"
    assert (home / ".bashrc").read_text() == "good"
    assert (home / ".zshrc").readlink() == Path("dotfiles/zshrc")
    assert (home / ".zshrc").read_text() == "good"
    assert [path.read_text() for path in (home / ".ssh").iterdir()] == ["good"]
    assert [path.name for path in (home / ".config/fish").iterdir()] == ["config.fish"]


def test_beside_what_is_kept_work_goes_on(
    pidns: Means, start: Start, home: Path, walls: Walls
) -> None:
    script = (
        "set -e; cat .bashrc .zshrc .ssh/config; echo new >.claude.json; echo more >t;"
        " mv t .claude.json; mkdir -p .config/other; echo x >.config/other/f; rm work"
    )
    text, code = said(start, pidns, "sh", "-c", script, cwd=str(home), walls=walls)
    assert (text, code) == ("goodgoodgood", 0)
    assert (home / ".claude.json").read_text() == "more\n"
    assert not (home / "work").exists()


DETACHES = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
home = os.open(sys.argv[1], os.O_PATH)
def checked(result): assert result == 0, os.strerror(ctypes.get_errno())
ids = (os.getuid(), os.getgid())
checked(libc.unshare(0x10000000 | 0x20000))
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write(f"{ids[0]} {ids[0]} 1")
open("/proc/self/gid_map", "w").write(f"{ids[1]} {ids[1]} 1")
checked(libc.mount(b"t", b"/mnt", b"tmpfs", 0, None))
os.mkdir("/mnt/old")
os.chdir("/mnt")
checked(libc.syscall({"x86_64": 155}.get(os.uname().machine, 41), b".", b"old"))
os.chdir("/")
checked(libc.umount2(b"/old", 2))
try:
    os.open(".bashrc", os.O_WRONLY, dir_fd=home)
except OSError as error:
    print(error.errno)
os.unlink(".bashrc", dir_fd=home)
os.write(os.open(".bashrc", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=home), b"evil")
"""


def test_an_agent_with_namespaces_of_its_own_can_replace_a_kept_file(
    pidns: Means, start: Start, home: Path, walls: Walls
) -> None:
    """The known hole of this wall, said in walls.py: not written to, but replaced."""
    text, code = said(start, pidns, sys.executable, "-c", DETACHES, str(home), walls=walls)
    assert (text, code) == ("30\n", 0)
    assert (home / ".bashrc").read_text() == "evil"


def test_a_socket_that_is_shut_takes_no_connection_and_an_emptied_folder_is_the_trees_own(
    pidns: Means, start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "tmux"
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        for listening, path in ((one, tmp_path / "agent"), (other, folder / "default")):
            listening.bind(str(path))
            listening.listen()
        script = (
            "import os, socket, sys\n"
            "for path in sys.argv[1:3]:\n"
            "  try: socket.socket(socket.AF_UNIX).connect(path); print('in')\n"
            "  except OSError: print('out')\n"
            "own = socket.socket(socket.AF_UNIX); own.bind(sys.argv[3]); own.listen()\n"
            "socket.socket(socket.AF_UNIX).connect(sys.argv[3]); print('own')"
        )
        paths = (f"{tmp_path}/agent", f"{folder}/default", f"{folder}/mine")
        walls = Walls(emptied=(str(folder),), shut=(f"{tmp_path}/agent",))
        text, _ = said(start, pidns, sys.executable, "-c", script, *paths, walls=walls)
    assert text.split() == ["out", "out", "own"]
    assert [path.name for path in folder.iterdir()] == ["default"]


def test_abstract_sockets_of_others_are_out_of_reach(pidns: Means, start: Start) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        name = f"\0agentwatch-test-{os.getpid()}"
        listening.bind(name)
        listening.listen()
        script = f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})"
        text, code = said(start, pidns, "sh", "-c", f'{sys.executable} -c "$0" 2>&1', script)
    assert code == 1
    assert "PermissionError" in text


@pytest.fixture
def terminals() -> tuple[int, int, int, int]:
    """Masters and slaves of two ptys: another's, and the agent's."""
    return (*pty.openpty(), *pty.openpty())


def test_the_tree_has_its_own_terminal_and_no_others(
    pidns: Means, start: Start, terminals: tuple[int, int, int, int]
) -> None:
    master, slave, own_master, own = terminals
    other = os.ttyname(slave)
    script = (
        f"exec 2>/dev/null; tty; (echo evil >{other}) || echo walled; echo hi >/dev/tty;"
        " script -qc tty /dev/null </dev/null | grep -c /dev/pts;"
        " stty size >/dev/null && echo sized"
    )
    running = start(
        pidns, "sh", "-c", script, stdio=(own, own, own), tty=True, walls=Walls(terminals=True)
    )
    name = os.ttyname(own)
    os.close(own)
    shown = b""
    try:
        while b"sized" not in shown and (data := os.read(own_master, 4096)):
            shown += data
    finally:
        running.close()
        for handle in (slave, own_master):
            os.close(handle)
    assert shown.decode().split() == [name, "walled", "hi", "1", "sized"]
    os.set_blocking(master, False)
    with pytest.raises(OSError, match=r".*"):  # nothing was written to it, and nobody has it open
        os.read(master, 10)
    os.close(master)


def test_what_cannot_be_built_is_said_and_the_rest_stands(
    pidns: Means, start: Start, home: Path
) -> None:
    (home / "round").symlink_to("round")
    walls = Walls(kept=(f"{home}/round", f"{home}/missing", f"{home}/.bashrc"))
    running = start(pidns, "sh", "-c", f"echo evil >{home}/.bashrc", walls=walls)
    assert wait_until(lambda: running.poll() is not None)
    assert running.unwalled == (f"{home}/round",)
    assert (home / ".bashrc").read_text() == "good"
    running.close()


@pytest.mark.skipif(not shutil.which("unshare"), reason="util-linux is not installed")
def test_nested_namespaces_still_mount(pidns: Means, start: Start, walls: Walls) -> None:
    nested = "unshare -Urm sh -c 'mount -t tmpfs t /mnt && mount --rbind / /mnt && echo ok'"
    assert said(start, pidns, "sh", "-c", nested, walls=walls) == ("ok\n", 0)
