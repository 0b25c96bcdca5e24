"""Covers: one answer for an action and all that belongs to it, once, and no further."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentwatch.covers import Covers, OnUndeclared, Scope, consequence
from agentwatch.model import ActionState, Evidence, Kind, Verdict
from tests.policy.seen import AGENT, HOME, INIT, WORK, Proc, Seen, World, run, shell

CHILD, GRANDCHILD, OTHER = Proc(200), Proc(300), Proc(400)
ALLOW = Verdict.ALLOW
SNAPSHOT = f"{HOME}/.claude/shell-snapshots/snapshot-bash-1-a.sh"

_SOURCE = f"source {SNAPSHOT} 2>/dev/null || true && "
_UNSET = "{ \\builtin unalias -- 'which'; \\builtin unset -f -- 'which'; } >/dev/null 2>&1 || true"
_TMPDIR = '{ [ -n "${TMPDIR:-}" ] || export TMPDIR=/tmp/claude-0; } && '
_BUN = '\\builtin export BUN_OPTIONS="--smol${BUN_OPTIONS:+ $BUN_OPTIONS}" && '
_PWD = " && pwd -P >| /tmp/claude-1-cwd"
_GEMINI = "shopt -u nullglob; { make test; }; __code=$?; pgrep -g 0 >/tmp/gemini-1/p 2>&1; "
_GEMINI_NOW = (
    "shopt -u promptvars nullglob extglob nocaseglob dotglob;"
    " _bgpids_file=/tmp/gemini-shell-DJy1jL/bgpids.tmp\n(\n"
    "  trap 'jobs -p > \"$_bgpids_file\"' EXIT\nmake test\n)\n__code=$?\nexit $__code"
)
_OPENCLAW = 'export PATH="${OPENCLAW_PREPEND_PATH}${PATH:+:$PATH}"; unset OPENCLAW_PREPEND_PATH; '
_CLAUDE_NOW = (
    f"source {SNAPSHOT} 2>/dev/null || true && \\builtin shopt -u extglob 2>/dev/null || true && "
    "{ \\builtin unalias -- 'which'; \\builtin unset -f -- 'which'; } >/dev/null 2>&1 || true && "
    "{ \\builtin unalias -- 'unsetenv'; \\builtin unset -f -- 'unsetenv'; } >/dev/null 2>&1 || true"
    " && eval 'make test' < /dev/null && pwd -P >| /tmp/claude-ce89-cwd"
)
WRAPPED = {
    "bare": ["bash", "-c", "make test"],
    "login": ["bash", "-lc", "make test"],
    "apart": ["bash", "-c", "-l", "make test"],
    "claude": ["bash", "-c", "-l", f"{_SOURCE}eval 'make test' < /dev/null{_PWD}"],
    "claude, words": ["bash", "-c", f"{_SOURCE}eval 'make test' \\< /dev/null{_PWD}"],
    "claude 2.1.329": ["bash", "-c", f"{_SOURCE}{_UNSET} && eval 'make test' < /dev/null{_PWD}"],
    "claude, variables": ["bash", "-c", f"{_SOURCE}{_TMPDIR}{_BUN}eval 'make test'{_PWD}"],
    "claude 2.1.329, as recorded": ["/bin/bash", "-c", _CLAUDE_NOW],
    "claude, its words quoted": ["bash", "-c", f"{_SOURCE}eval make\\ test < /dev/null{_PWD}"],
    "codex": ["/bin/bash", "-lc", "make test"],
    "qwen": ["bash", "-c", "{ make test; }; __code=$?; pgrep -g 0 >/tmp/p.tmp 2>&1; exit $__code;"],
    "opencode": ["/bin/bash", "-c", "make test"],
    "aider": ["/bin/sh", "-c", "make test"],
    "mini": ["/bin/sh", "-c", "make test"],
    "gemini 0.61": ["bash", "-c", _GEMINI_NOW],
    "gemini": ["bash", "-c", f"{_GEMINI}exit $__code;"],
    "openclaw's gateway": ["bash", "--noprofile", "--norc", "-c", f"{_OPENCLAW}make test"],
    "vibe": [
        *("sh", "-c", 'echo 1000 > /proc/self/oom_score_adj; exec "$0" "$@"'),
        *("bash", "-c", "make test"),
    ],
    "vibe 3.0.2": [
        *("sh", "-c", '{ echo 1000 >/proc/self/oom_score_adj; } 2>&-; exec "$0" "$@"'),
        *("/usr/bin/bash", "-c", "make test"),
    ],
}


@pytest.mark.parametrize("argv", WRAPPED.values(), ids=WRAPPED)
def test_a_declared_command_is_found_in_what_the_agent_makes_of_it(argv: list[str]) -> None:
    world = World()
    action = world.declare(command="make test")
    exe = "/usr/bin/dash" if argv[0].endswith("/sh") or argv[0] == "sh" else "/usr/bin/bash"
    found = world.see(run(*argv, exe=exe), CHILD)
    assert (found.verdict, found.cover) == (ALLOW, action.id), found.reasons
    assert world.covers.standing(action.id) is Evidence.BOTH


def test_a_command_behind_a_program_that_nobody_knows_is_not() -> None:
    world = World()
    world.declare(command="make test")
    argv = ("codex-linux-sandbox", "--x", "y", "--", "bash", "-lc", "make test")
    assert world.see(run(*argv, exe="/tmp/evil"), CHILD, allow=False).verdict is None


NOT_IT = {
    "another": "make install",
    "more": "make test; rm -rf x",
    "before": "rm -rf x; make test",
    "in a word": "xargs make test",
    "again": "while :; do make test; done",
    "for each": "for f in a b; do eval 'make test'; done",
    "fed": "eval 'make test' < /etc/passwd",
    "quoted": "xterm -e 'make test'",
    "folder": "cd /srv && make test",
    "eval more": "eval 'make test' 'rm x'",
    "eval twice": "eval 'make test' && eval 'rm x'",
    "eval redirected": "eval 'make test' > out",
    "source": "source /srv/x && eval 'make test'",
    "source of work": "source ./x && eval 'make test'",
    "path": "export PATH=/tmp/evil:$PATH && eval 'make test'",
    "path of a gateway's": f"export OPENCLAW_PREPEND_PATH=/tmp/evil; {_OPENCLAW}make test",
    "preload": "export LD_PRELOAD=/tmp/x.so && eval 'make test'",
    "preload in front": "LD_PRELOAD=/tmp/x.so eval 'make test'",
    "function": "make() { rm x; }; make test",
    "alias": "alias make=rm; eval 'make test'",
    "trap": "trap 'rm x' EXIT; make test",
    "substitution": "eval 'make test' $(rm x)",
    "written": "make test; pwd > /home/u/.bashrc",
    "argument": "make test --really",
    "printf sets": "printf -v PATH /tmp/evil; make test",
    "subscript": "unset '_a[$(rm x)]'; make test",
    "subscript assigned": "_a['$(rm x)']=1; make test",
    "subscript read": "echo \"${_a['$(rm x)']}\"; make test",
    "subscript tested": "[ -v '_a[$(rm x)]' ]; make test",
    "arithmetic test": "[ '_a[$(rm x)]' -eq 1 ]; make test",
    "kept for later": "_x='$(rm x)'; make test",
    "backticks": "_x=`rm x`; make test",
    "file elsewhere": "_bgpids_file=/home/u/.bashrc; make test",
    "trap elsewhere": "trap 'jobs -p > \"$HOME\"' EXIT; make test",
    "trap for all": "trap 'jobs -p > \"$_x\"' DEBUG; make test",
    "trap more": "trap 'jobs -p > \"$_x\"; rm x' EXIT; make test",
    "set debug": "trap 'rm x' DEBUG; make test",
    "prompt": "PROMPT_COMMAND='rm x'; make test",
    "bash env": "export BASH_ENV=/tmp/x; make test",
    "makeflags": "export MAKEFLAGS=--eval=x; make test",
    "in front": "MAKEFLAGS=x make test",
    "nested": "bash -c 'make test'",
    "pipe": "make test | sh",
    "to a program": "make test > >(sh)",
    "in the background of another": "evil & make test",
    "heredoc": "cat <<E\nmake test\nE",
    "comment": "rm x #; make test",
    "string": "echo 'make test'; rm x",
    "coproc": "coproc make test",
    "negated": "alias x=rm; ! make test",
    "here string": "sh <<< 'make test'",
    "exec": "exec -a make test; make test",
    "hash": "hash -p /tmp/evil make; make test",
    "enable": "enable -f /tmp/x.so x; make test",
    "complete": "complete -C evil make; make test",
    "cd": "pushd /srv; make test",
    "read": "read -r PATH < /tmp/x; make test",
}


@pytest.mark.parametrize("line", NOT_IT.values(), ids=NOT_IT)
def test_a_line_that_does_more_than_was_declared_is_asked(line: str) -> None:
    world = World()
    action = world.declare(command="make test")
    found = world.see(shell(line), CHILD)
    assert found.verdict is None or (found.rule, found.cover) == ("reading", None)
    assert world.see(run("rm", "x"), CHILD, allow=False).verdict is None or not found.verdict
    assert world.covers.standing(action.id) is Evidence.DECLARED


@pytest.mark.parametrize(
    "exe", ["/tmp/bash", "/home/u/project/bash", "/usr/bin/rm", "/home/u/bash"]
)
def test_only_a_shell_of_the_system_starts_a_declared_command(exe: str) -> None:
    world = World()
    world.declare(command="make test")
    assert world.see(shell("make test", exe=exe), CHILD).verdict is None


@pytest.mark.parametrize("first", ["bash", "sh"])
def test_a_script_with_a_shell_s_arguments_is_no_shell(first: str) -> None:
    """The interpreter is given the script first, whatever the arguments look like."""
    world = World()
    world.declare(command="make test")
    start = run(
        first, "-c", "make test", exe="/usr/bin/bash", path=f"{WORK}/x.sh", flags=("script",)
    )
    assert world.see(start, CHILD).verdict is None


def test_a_file_is_asked_about_once_not_once_a_write() -> None:
    world = World()
    path = f"{WORK}/log"
    write, more = Seen("write", path, flags=("create",)), Seen("write", path)
    assert world.see(more, allow=False).verdict is None
    assert world.see(write).verdict is None
    for event in (more, write, Seen("truncate", path)):
        assert (world.see(event).verdict, world.see(event).rule) == (ALLOW, "written before")
    assert world.see(more, CHILD).verdict is ALLOW
    for event in (Seen("delete", path), Seen("mode", path), Seen("write", f"{path}2")):
        assert world.see(event, allow=False).verdict is None
    world.see(shell("cat log"), CHILD)
    assert world.see(more, CHILD, allow=False).verdict is None
    world.see(Seen("delete", path))
    assert world.see(write, allow=False).verdict is None


def test_a_file_that_another_took_the_place_of_is_asked_about_again() -> None:
    world = World()
    path = f"{WORK}/log"
    world.see(Seen("write", path))
    world.see(Seen("rename", f"{WORK}/other", path, flags=("replace",)))
    assert world.see(Seen("write", path)).verdict is None


def test_an_edit_by_way_of_a_copy_is_one_question() -> None:
    world = World()
    path, copy = f"{WORK}/a.md", f"{WORK}/a.md.tmp.2.0fa43de9"
    make = Seen("write", copy, flags=("create",))
    asked = world.see(make)
    assert asked.verdict is None
    assert f"to take the place of {path}" in asked.reasons[0]
    place = Seen("rename", copy, path, flags=("replace",))
    for event in (Seen("write", copy), Seen("mode", copy), place):
        assert (world.see(event).verdict, world.see(event, allow=False).rule) == (
            ALLOW,
            "written before",
        )
    again = f"{WORK}/a.md.tmp.2.11111111"
    for event in (
        Seen("write", path),
        Seen("write", again, flags=("create",)),
        Seen("rename", again, path, flags=("replace",)),
    ):
        assert world.see(event).verdict is ALLOW


def test_a_copy_takes_no_other_file_s_place() -> None:
    world = World()
    copy = f"{WORK}/a.md.tmp.2.0fa43de9"
    world.see(Seen("write", copy, flags=("create",)))
    others = (f"{WORK}/b.md", f"{WORK}/a.md.tmp", f"{HOME}/a.md", f"{WORK}/.claude/settings.json")
    for target in others:
        event = Seen("rename", copy, target, flags=("replace",))
        assert world.see(event, allow=False).verdict is None, target
    setid = Seen("mode", copy, flags=("setid",))
    assert world.see(setid, allow=False).verdict is None
    steers = f"{WORK}/CLAUDE.md"
    world.see(Seen("write", f"{steers}.tmp.1.ab", flags=("create",)))
    rename = Seen("rename", f"{steers}.tmp.1.ab", steers)
    assert world.see(rename, allow=False).verdict is None


@pytest.mark.parametrize("path", ["/home/u/other/x", f"{WORK}/.git/hooks/x", f"{HOME}/.bashrc"])
def test_what_lies_outside_or_steers_is_asked_about_each_time(path: str) -> None:
    world = World()
    world.see(Seen("write", path))
    assert world.see(Seen("write", path)).verdict is None


def test_what_passed_without_a_person_is_no_consent() -> None:
    world = World()
    path = f"{WORK}/log"
    world.declare(kind=Kind.WRITE, paths=(path,))
    assert world.see(Seen("write", path)).verdict is ALLOW
    assert world.see(Seen("write", path), allow=False).verdict is None


def test_a_cover_is_begun_once() -> None:
    world = World()
    world.declare(command="make test")
    assert world.see(shell("make test"), CHILD).verdict is ALLOW
    assert world.see(shell("make test"), OTHER).verdict is None


def test_an_end_does_not_make_a_cover_new() -> None:
    world = World()
    action = world.declare(command="make test")
    world.see(shell("make test"), CHILD)
    assert world.covers.ended([CHILD]) == [action.id]
    assert world.see(shell("make test"), OTHER, allow=False).verdict is None
    again = world.covers.open(action)
    assert again is not None
    with pytest.raises(ValueError, match="begun before"):
        world.covers.start(again, [OTHER])


def test_an_action_that_is_over_covers_nothing_any_more() -> None:
    world = World()
    action = world.declare(command="make test")
    world.covers.close(action.id)
    assert world.see(shell("make test"), CHILD).verdict is None


def test_only_an_allowed_action_opens_a_cover() -> None:
    from dataclasses import replace

    action = World().declare(command="make test")
    for state in (ActionState.PENDING, ActionState.DENIED):
        assert Covers().open(replace(action, state=state)) is None


def test_a_command_in_another_folder_is_not_the_declared_one() -> None:
    world = World()
    world.declare(command="make test")
    event = run("bash", "-c", "make test", exe="/usr/bin/bash", cwd="/srv")
    assert world.see(event, CHILD).verdict is None


def test_a_declared_command_is_not_begun_from_below_another() -> None:
    world = World()
    world.see(shell("ls"), CHILD)
    world.declare(command="make test")
    assert world.see(shell("make test"), GRANDCHILD, CHILD).verdict is None


@pytest.fixture
def covered() -> World:
    """A `make test` that runs."""
    world = World()
    world.declare(command="make test")
    world.see(shell("make test"), CHILD)
    return world


PASSES = [
    run("cc", "-c", "a.c"),
    run("tests", exe=f"{WORK}/tests"),
    Seen("write", f"{WORK}/a.o", flags=("create",)),
    Seen("delete", f"{WORK}/a.o"),
    Seen("rename", f"{WORK}/a", f"{WORK}/b", flags=("replace",)),
    Seen("write", f"{WORK}/.git/objects/ab/cd", flags=("create",)),
    Seen("write", f"{HOME}/elsewhere/new.txt", flags=("create",)),
    Seen("delete", "/tmp/x"),
    Seen("connect", "/tmp/own.sock", family="unix", flags=("inside",)),
]


@pytest.mark.parametrize("event", PASSES, ids=lambda e: f"{e.kind} {e.path or e.exe}")
def test_a_cover_reaches_what_it_started(covered: World, event: Seen) -> None:
    found = covered.see(event, GRANDCHILD, CHILD)
    assert found.verdict is ALLOW


BEYOND = {
    "delete": Seen("delete", f"{HOME}/other.txt"),
    "overwrite": Seen("write", f"{HOME}/other.txt", flags=("truncate",)),
    "rename over": Seen("rename", f"{WORK}/a", f"{HOME}/other.txt", flags=("replace",)),
    "rename away": Seen("rename", f"{HOME}/other.txt", f"{WORK}/a"),
    "mode": Seen("mode", f"{HOME}/other.txt"),
    "link": Seen("link", f"{HOME}/other.txt", f"{WORK}/a"),
    "start-up": Seen("write", f"{HOME}/.bashrc", flags=("create",)),
    "git hook": Seen("write", f"{WORK}/.git/hooks/pre-commit", flags=("create",)),
    "git config": Seen("rename", f"{WORK}/.git/config.lock", f"{WORK}/.git/config"),
    "agent": Seen("write", f"{WORK}/.claude/settings.json", flags=("create",)),
    "agent's state": Seen("write", f"{HOME}/.claude.json"),
    "system": Seen("write", "/etc/x", flags=("create",)),
    "host": Seen("connect", address="93.184.216.34", port=443, family="inet"),
    "loopback": Seen("connect", address="127.0.0.1", port=5432, family="inet"),
    "model": Seen("connect", address="127.0.0.1", port=4141, family="inet"),
    "docker": Seen("connect", "/run/docker.sock", family="unix"),
    "signal": Seen("signal"),
}


@pytest.mark.parametrize("event", BEYOND.values(), ids=BEYOND)
def test_a_cover_never_reaches_further(covered: World, event: Seen) -> None:
    assert covered.see(event, GRANDCHILD, CHILD).verdict is None


def test_what_the_tree_made_outside_it_may_change_and_remove(covered: World) -> None:
    new, there = f"{HOME}/elsewhere/new.txt", f"{HOME}/elsewhere/there.txt"
    covered.see(Seen("write", new, flags=("create",)), CHILD)
    assert covered.see(Seen("write", new, flags=("truncate",)), CHILD).verdict is ALLOW
    assert covered.see(Seen("rename", new, there), CHILD).verdict is ALLOW
    assert covered.see(Seen("delete", there), CHILD).verdict is ALLOW
    assert covered.see(Seen("delete", there), CHILD).verdict is None


def test_a_host_that_was_allowed_is_not_asked_again(covered: World) -> None:
    event = Seen("connect", address="93.184.216.34", port=443, family="inet")
    covered.see(event, CHILD)
    assert covered.see(event, GRANDCHILD, CHILD).verdict is ALLOW
    other = Seen("connect", address="93.184.216.34", port=22, family="inet")
    assert covered.see(other, CHILD).verdict is None


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://127.0.0.1:3000/x", 3000),
        ("http://localhost/x", 80),
        ("https://api.localhost", 443),
        ("ws://[::1]:81", 81),
    ],
)
def test_a_port_of_this_machine_that_the_line_names_is_part_of_it(url: str, port: int) -> None:
    world = World()
    world.declare(command=f"curl {url}")
    world.see(shell(f"curl {url}"), CHILD)
    reach = Seen("connect", address="127.0.0.1", port=port, family="inet")
    assert world.see(reach, CHILD).verdict is ALLOW
    assert world.see(replace(reach, port=port + 1), CHILD).verdict is None
    assert world.see(replace(reach, port=port)).verdict is None


def test_an_address_elsewhere_opens_no_port_of_this_machine() -> None:
    world = World()
    world.declare(command="curl http://example.com:3000/ http://127.0.0.1.example.com:3000/")
    world.see(shell("curl http://example.com:3000/ http://127.0.0.1.example.com:3000/"), CHILD)
    reach = Seen("connect", address="127.0.0.1", port=3000, family="inet")
    assert world.see(reach, CHILD, called=("example.com",)).verdict is None


def test_files_and_hosts_that_the_line_names_are_part_of_it() -> None:
    world = World()
    line = f"curl https://example.com/x -o {HOME}/x.bin; rm -rf {HOME}/old/build ../near /home"
    world.declare(command=line)
    world.see(shell(line), CHILD)
    reach = Seen("connect", address="93.184.216.34", port=443, family="inet")
    assert world.see(reach, CHILD, allow=False).verdict is None
    assert world.see(reach, CHILD, called=("example.com",)).verdict is ALLOW
    for path in (f"{HOME}/x.bin", f"{HOME}/old/build/a/b", f"{HOME}/near/x"):
        assert world.see(Seen("delete", path), CHILD).verdict is ALLOW, path
    for path in (f"{HOME}/old/other", f"{HOME}/x", "/home/v/x"):
        assert world.see(Seen("delete", path), CHILD).verdict is None, path


def test_names_are_not_believed_behind_a_change_of_folder() -> None:
    world = World()
    line = "cd /srv && rm -rf ../home/u/x"
    world.declare(command=line)
    world.see(shell(line), CHILD)
    assert world.see(Seen("delete", f"{HOME}/x"), CHILD).verdict is None


def test_git_may_write_its_settings_where_git_was_what_was_allowed() -> None:
    config = Seen("write", f"{WORK}/.git/config.lock", exe="/usr/bin/git", flags=("create",))
    world = World()
    world.declare(command="git remote add a b")
    world.see(shell("git remote add a b"), CHILD)
    assert world.see(config, CHILD).verdict is ALLOW
    hidden = World()
    hidden.declare(command="make test")
    hidden.see(shell("make test"), CHILD)
    assert hidden.see(config, CHILD).verdict is None


def test_a_program_that_was_allowed_covers_what_it_starts() -> None:
    world = World()
    assert world.see(run("npm", "test"), CHILD).verdict is None
    assert world.see(Seen("write", f"{WORK}/x"), GRANDCHILD, CHILD).verdict is ALLOW
    assert world.covers.standing("o1") is Evidence.UNDECLARED
    assert world.see(Seen("write", f"{WORK}/x"), OTHER).verdict is None


def test_a_shell_that_waits_for_its_commands_covers_none_of_them() -> None:
    world = World()
    assert world.see(run("bash", "-i"), CHILD).verdict is None
    assert world.see(run("rm", "x"), GRANDCHILD, CHILD).verdict is None
    assert world.see(run("ls"), OTHER, CHILD).verdict is ALLOW


def test_a_process_seen_under_a_cover_stays_there_without_its_parents(covered: World) -> None:
    covered.see(run("daemon"), GRANDCHILD, CHILD)
    covered.covers.ended([CHILD])
    found = covered.covers.over([GRANDCHILD, INIT])
    assert found is not None
    assert covered.covers.ended([GRANDCHILD]) == [found.action]
    assert covered.covers.over([GRANDCHILD, INIT]) is None


def test_a_number_used_again_is_another_process(covered: World) -> None:
    assert covered.covers.over([CHILD, AGENT]) is not None
    assert covered.covers.over([Proc(CHILD.pid, started=8), AGENT]) is None


TARGET = f"{WORK}/hello.txt"
TEMPORARY = f"{TARGET}.tmp.12.ab"


def test_a_declared_edit_covers_its_file_and_the_file_beside_it() -> None:
    world = World()
    action = world.declare(kind=Kind.WRITE, paths=(TARGET,), diff="x")
    assert world.see(Seen("write", TEMPORARY, flags=("create",))).verdict is ALLOW
    assert world.see(Seen("mode", TEMPORARY)).verdict is ALLOW
    assert world.see(Seen("rename", TEMPORARY, TARGET, flags=("replace",))).cover == action.id
    assert world.see(Seen("rename", TEMPORARY, TARGET, flags=("replace",))).verdict is None
    assert world.covers.standing(action.id) is Evidence.BOTH


@pytest.mark.parametrize(
    "event",
    [
        Seen("write", f"{WORK}/other.txt"),
        Seen("write", f"{WORK}/sub/hello.txt.tmp"),
        Seen("delete", TARGET),
        Seen("rename", f"{WORK}/other.txt", TARGET),
        Seen("rename", TARGET, f"{WORK}/other.txt"),
        Seen("link", TARGET, f"{WORK}/other.txt"),
    ],
    ids=lambda e: f"{e.kind} {e.path}",
)
def test_a_declared_edit_covers_nothing_else(event: Seen) -> None:
    world = World()
    world.declare(kind=Kind.WRITE, paths=(TARGET,))
    assert world.see(event).verdict is None


def test_a_declared_edit_is_the_agent_s_own_to_make() -> None:
    world = World()
    world.see(shell("ls"), CHILD)
    world.declare(kind=Kind.WRITE, paths=(TARGET,))
    assert world.see(Seen("write", TARGET), CHILD).verdict is None
    assert world.see(Seen("write", TARGET)).verdict is ALLOW
    assert world.see(Seen("write", TARGET)).verdict is None


def test_a_declared_edit_of_what_steers_was_shown_and_passes() -> None:
    world = World()
    world.declare(kind=Kind.WRITE, paths=(f"{HOME}/.bashrc",))
    assert world.see(Seen("write", f"{HOME}/.bashrc")).verdict is ALLOW


def test_a_declared_fetch_covers_its_host_by_the_name_that_was_looked_up() -> None:
    world = World()
    world.declare(kind=Kind.NETWORK, url="https://example.com/", host="example.com")
    event = Seen("connect", address="93.184.216.34", port=443, family="inet")
    assert world.see(event, allow=False, called=("evil.example",)).verdict is None
    assert world.see(event, called=("example.com",)).verdict is ALLOW


@pytest.mark.parametrize("on", list(OnUndeclared))
def test_only_an_undeclared_action_of_an_agent_with_a_hook_does_more_than_ask(
    on: OnUndeclared,
) -> None:
    assert consequence(Evidence.UNDECLARED, on, armed=True) is on
    for standing, hook in ((Evidence.UNDECLARED, False), (Evidence.BOTH, True)):
        assert consequence(standing, on, armed=hook) is OnUndeclared.ASK


@pytest.mark.parametrize(
    ("event", "scope"),
    [
        (run("python3"), Scope.READING),
        (run("python3", "-i", "-u", "-"), Scope.READING),
        (run("node"), Scope.READING),
        (run("make", exe="/usr/bin/bash"), Scope.READING),
        (run("python3", "-c", "x"), Scope.PROGRAM),
        (run("python3", "-mpytest"), Scope.PROGRAM),
        (run("python3", "x.py"), Scope.PROGRAM),
        (run("make"), Scope.PROGRAM),
    ],
)
def test_what_is_typed_into_an_interpreter_later_was_seen_by_nobody(
    event: Seen, scope: Scope
) -> None:
    covers = Covers()
    assert covers.program("o1", "d", event, [Proc(200), AGENT]).scope is scope
