"""Inside the namespace an agent finds a normal world, and no way out of it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from agentwatch.containment import Means, Record
from agentwatch.containment.helpers import world
from agentwatch.paths import Places
from tests.containment.conftest import Start
from tests.containment.test_launch import said


def test_proc_shows_the_inside_only(pidns: Means, start: Start) -> None:
    text, _ = said(start, pidns, "sh", "-c", "ls /proc | grep -c '^[0-9]'; cat /proc/self/comm")
    count, comm = text.split()
    assert int(count) <= 5
    assert comm == "cat"


def test_files_made_inside_are_the_users(pidns: Means, start: Start, tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert said(start, pidns, "sh", "-c", f"umask 077; echo x >{made}; chmod 640 {made}")[1] == 0
    assert (made.stat().st_uid, made.stat().st_mode & 0o777) == (os.getuid(), 0o640)


@pytest.mark.parametrize("attack", ["kill -9 1", "kill -STOP 1", "kill -9 -1", "umount -l /proc"])
def test_an_attack_on_the_walls_fails(attack: str, pidns: Means, start: Start) -> None:
    """Init goes on, and the agent's end is still reported by it."""
    script = f"trap '' TERM; {attack} 2>/dev/null; exit 9"
    text, code = said(start, pidns, "sh", "-c", script)
    assert (text, code) == ("", 9)


def test_the_agent_cannot_write_to_the_sessions_folders_not_even_nested(
    pidns: Means, start: Start, places: Places
) -> None:
    write = f"echo x >{places.containment}; rm -f {places.containment}; echo x >{places.journal}"
    nested = f'unshare --user --map-root-user --mount sh -c "umount -l {places.runtime}; {write}"'
    assert said(start, pidns, "sh", "-c", f"({write}; {nested}) 2>/dev/null; echo done")[0]
    assert Record.read(places.containment).session == places.id
    assert not places.journal.exists()


def test_the_agent_reaches_a_socket_in_the_sessions_folders(
    pidns: Means, start: Start, places: Places
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(places.control_socket))
        listening.listen()
        script = f"import socket; socket.socket(socket.AF_UNIX).connect('{places.control_socket}')"
        assert said(start, pidns, sys.executable, "-c", script)[1] == 0


def test_init_cannot_be_traced_or_read(pidns: Means, start: Start) -> None:
    script = "head -c1 /proc/1/environ || readlink /proc/1/fd/0 || ls /proc/1/root/ || echo walled"
    assert said(start, pidns, "sh", "-c", f"({script}) 2>/dev/null")[0] == "walled\n"


@pytest.mark.skipif(not shutil.which("unshare"), reason="util-linux is not installed")
def test_the_agents_own_namespaces_work(pidns: Means, start: Start) -> None:
    nested = "unshare --user --map-root-user --pid --fork --mount-proc sh -c 'echo $$'"
    assert said(start, pidns, "sh", "-c", nested) == ("1\n", 0)


def needs(program: str) -> pytest.MarkDecorator:
    """A test that drives a program users have."""
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def test_the_agent_is_the_same_user_with_the_same_home(pidns: Means, start: Start) -> None:
    text, _ = said(start, pidns, "sh", "-c", "id -u; id -g; test -O ~ && echo own")
    assert text.split()[:2] == [str(os.getuid()), str(os.getgid())]
    assert ("own" in text) == (Path.home().stat().st_uid == os.getuid())


def test_a_port_opened_inside_is_the_machines(pidns: Means, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port})).close()"
        assert said(start, pidns, sys.executable, "-c", script)[1] == 0


@needs("node")
def test_node_runs_and_starts_children(pidns: Means, start: Start) -> None:
    script = "console.log(require('child_process').execSync('echo child').toString().trim())"
    assert said(start, pidns, "node", "-e", script) == ("child\n", 0)


@needs("gdb")
def test_a_debugger_traces_its_child(pidns: Means, start: Start) -> None:
    text, _ = said(start, pidns, "gdb", "-nx", "-batch", "-ex", "run", "--args", "/bin/true")
    assert "exited normally" in text


@needs("bwrap")
def test_the_agents_own_sandbox_works(pidns: Means, start: Start) -> None:
    """With the options that coding agents give it."""
    walls = ("--new-session", "--die-with-parent", "--unshare-pid", "--unshare-net")
    world = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp")
    text, code = said(start, pidns, "bwrap", *walls, *world, "--", "sh", "-c", "echo $$; ls /proc")
    assert code == 0
    assert len([word for word in text.split() if word.isdigit()]) <= 5


@needs("git")
@needs("ssh")
def test_git_over_ssh_gets_as_far_as_the_network(pidns: Means, start: Start) -> None:
    with socket.socket() as reserved:  # bound, and nobody listens
        reserved.bind(("127.0.0.1", 0))
        address = f"ssh://127.0.0.1:{reserved.getsockname()[1]}/repository"
        text, _ = said(start, pidns, "sh", "-c", f"git ls-remote {address} 2>&1")
    assert "Connection refused" in text
    assert "Bad owner" not in text


@pytest.mark.skipif(not shutil.which("ssh"), reason="no ssh here")
def test_ssh_accepts_its_configuration(pidns: Means, start: Start) -> None:
    """It refuses included files whose owner is not mapped; ours are bound over them."""
    text, code = said(start, pidns, "sh", "-c", "ssh -G localhost | grep -c ^hostname")
    assert (text, code) == ("1\n", 0)


def test_all_that_ssh_includes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = tmp_path / "more.d"
    more.mkdir()
    (more / "10-a.conf").write_text(f"Include {tmp_path}/deep.conf\n")
    (more / "20-b.conf").write_text("Host *\n")
    (more / "note.txt").write_text("no configuration\n")
    (tmp_path / "deep.conf").write_text(
        f"include {tmp_path}/deep.conf\n"
    )  # itself: no endless loop
    main = tmp_path / "ssh_config"
    main.write_text(
        f'Include "{more}/*.conf" {tmp_path}/missing\nHost *\n  include={more}/20-b.conf'
    )
    found = world._included(str(main), depth=0)
    assert {Path(path).name for path in found} == {"10-a.conf", "20-b.conf", "deep.conf"}
    assert found[str(more / "20-b.conf")] == b"Host *\n"
