"""An agent's own sandbox: its start and its root are no questions, what runs inside is judged."""

from __future__ import annotations

import pytest

from agentwatch.model import Verdict
from agentwatch.policy.observed import BELONGS
from tests.policy.seen import WORK, Proc, Seen, World, run, shell

BWRAP, INSIDE = Proc(200), Proc(300)
ALLOW = Verdict.ALLOW
SHOWS = (
    *("--as-pid-1", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--perms", "000"),
    *("--tmpfs", "/tmp/d", "--bind", WORK, WORK, "--unshare-user", "--unshare-net"),
    *("--proc", "/proc", "--cap-drop", "ALL"),
)


def inside(*argv: str) -> Seen:
    return run("bwrap", *SHOWS, "--", *argv)


def test_the_start_is_no_question_and_the_command_in_it_begins_its_own_cover() -> None:
    world = World()
    action = world.declare(command="rmdir build")
    assert world.see(inside("bash", "-lc", "rmdir build"), BWRAP).verdict is ALLOW
    found = world.see(shell("rmdir build"), INSIDE, BWRAP)
    assert (found.verdict, found.rule, found.cover) == (ALLOW, BELONGS, action.id)
    assert world.see(shell("rmdir build"), Proc(301), BWRAP).verdict is None


def test_what_was_not_approved_is_asked_about_inside_and_reading_is_not() -> None:
    world = World()
    world.declare(command="rmdir build")
    world.see(inside("bash", "-lc", "rmdir other"), BWRAP)
    assert world.see(shell("rmdir other"), INSIDE, BWRAP).verdict is None
    assert world.see(shell("ls -la"), Proc(301), BWRAP).rule == "reading"
    assert world.see(Seen("write", f"{WORK}/x", flags=("create",)), BWRAP).verdict is None


OTHER_NAMES = [
    run("bwrap", "--ro-bind", "/", "/", "--bind", f"{WORK}/evil", f"{WORK}/good", "--", "ls"),
    run("bwrap", "--bind", "relative", "relative", "--", "ls"),
    run("bwrap", "--ro-bind", "/", "/", "--dev", f"{WORK}/dev", "--", "ls"),
    run("bwrap", "--ro-bind", "/", "/", "--proc", "/etc", "--", "ls"),
    run("bwrap", "--ro-bind", "/", "/", "--symlink", "/evil", "/usr/x", "--", "ls"),
    run("bwrap", "--ro-bind", "/", "/", "--file", "3", "/etc/passwd", "--", "ls"),
    run("bwrap", "--ro-bind", "/", "/", "--setenv", "LD_PRELOAD", "/x.so", "--", "ls"),
    run("bwrap", "--args", "3", "--", "ls"),
    run("bwrap", "--ro-bind", "/"),
    run("bwrap", "--tmpfs"),
    run("bwrap", "--unshare-user", "--"),
    run("bwrap", *SHOWS),
    run("bwrap", *SHOWS, "--", "ls", exe=f"{WORK}/bwrap"),
    run("bwrap", *SHOWS, "--", "ls", flags=("private",)),
    run("bwrap", *SHOWS, "--", "ls", flags=("traced",)),
    run("bwrap", *SHOWS, "--", "ls", env=("LD_PRELOAD=/home/u/project/x.so",)),
    run("bwrap", *SHOWS, "--", "ls", exe="/usr/bin/rm"),
]


@pytest.mark.parametrize("event", OTHER_NAMES, ids=lambda e: " ".join(e.argv[1:])[-60:])
def test_a_start_in_which_a_name_could_mean_another_file_is_asked(event: Seen) -> None:
    assert World().see(event, BWRAP).verdict is not ALLOW


def test_below_a_program_that_only_reads_it_is_asked() -> None:
    world = World()
    world.see(shell("ls"), BWRAP)
    assert world.see(inside("ls"), BWRAP).verdict is None


@pytest.mark.parametrize(
    ("event", "passes"),
    [
        (Seen("write", "/newroot/dev/null", flags=("create", "private")), True),
        (Seen("link", "pts/ptmx", "/newroot/dev/ptmx", flags=("symbolic", "private")), True),
        (Seen("write", "/newroot/dev/null", flags=("create", "private", "lost")), False),
        (Seen("write", "/newroot/dev/sda", flags=("create", "private", "device")), False),
        (Seen("write", "/newroot/etc/passwd", flags=("private",)), False),
        (Seen("link", "/etc/passwd", "/newroot/x", flags=("private",)), False),
        (Seen("write", "/newroot/dev/null", flags=("create",)), False),
        (Seen("write", "/proc/31/uid_map", flags=("proc",)), True),
        (Seen("write", "/proc/31/mem", flags=("proc",)), False),
    ],
)
def test_its_root_is_laid_out_where_only_the_tree_sees_it(event: Seen, *, passes: bool) -> None:
    assert (World().see(event, BWRAP).verdict is ALLOW) is passes


def test_the_empty_folders_that_the_tree_made_go_again_and_no_others() -> None:
    world = World()
    gone = Seen("delete", f"{WORK}/.codex", flags=("folder",))
    assert world.see(gone, BWRAP).verdict is None
    world.see(Seen("write", f"{WORK}/.codex", flags=("create", "folder")), BWRAP)
    assert world.see(gone, BWRAP).verdict is ALLOW
    assert world.see(gone, BWRAP).verdict is None


def test_what_was_made_on_a_mount_of_its_own_is_not_the_file_of_that_name() -> None:
    world = World()
    world.see(Seen("write", "/srv/x", flags=("create", "private")), BWRAP)
    world.declare(command="make")
    world.see(shell("make"), INSIDE)
    assert world.see(Seen("write", "/srv/x"), INSIDE).verdict is None
    assert world.see(Seen("write", "/srv/x", flags=("private",)), INSIDE).verdict is ALLOW


def test_a_part_of_the_agent_is_not_what_its_own_mount_calls_so() -> None:
    part = run("claude", exe="/opt/claude/claude")
    assert World().see(part, BWRAP).verdict is ALLOW
    hidden = run("claude", exe="/opt/claude/claude", flags=("private",))
    assert World().see(hidden, BWRAP).verdict is None
