"""What is seen below the agent: silent housekeeping, parts of what was allowed, questions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from agentwatch.model import Mode, Verdict
from agentwatch.policy import READING
from agentwatch.policy.observed import BELONGS, UNDECLARED
from agentwatch.supervisor.modes import moded
from tests.everyday import HELD as HELD_LINES, PROVEN
from tests.policy.seen import AGENT, HOME, INIT, WORK, Proc, Seen, World, run, shell

CHILD, GRANDCHILD = Proc(200), Proc(300)
ALLOW = Verdict.ALLOW


READS = [
    run("git", "status", "--short"),
    run("git", "rev-parse", "HEAD"),
    run("rg", "--files"),
    run("ps", "-ef"),
    run("lsb_release", "-a"),
    run("uname", "-a"),
    run("node", "--version", exe="/home/u/.nvm/versions/node/v20/bin/node"),
    run("python", "--version", exe="/usr/bin/python3.11"),
    run("awk", "{print $1}", exe="/usr/bin/mawk"),
    run("ls", "-l", exe="/bin/busybox"),
    run("sh", "-c", "which git 2>/dev/null | head -1", exe="/usr/bin/dash"),
    shell("for f in a b; do cat $f; done | wc -l"),
    shell("cd src && git log -1"),
    shell("env"),
    run("env"),
    run(*"git -c core.hooksPath=/dev/null -c core.fsmonitor= ls-files --".split(), "x"),
    run("git", "--no-optional-locks", "-c", "core.quotepath=false", "status"),
]


@pytest.mark.parametrize("event", READS, ids=lambda e: " ".join(e.argv))
def test_reading_programs_pass(event: Seen) -> None:
    found = World().see(event, CHILD)
    assert (found.verdict, found.rule) == (ALLOW, "reading")


NOT_READS = [
    run("git", "push"),
    run("ls", exe="/usr/bin/rm"),
    run("ls", exe="/usr/bin/bash", path=f"{WORK}/evil.sh", flags=("script",)),
    run("python3", "--version", exe="/usr/bin/python3", path=f"{WORK}/x.py", flags=("script",)),
    run("bash", "-c", "ls", exe="/usr/bin/bash", path=f"{WORK}/x.sh", flags=("script",)),
    run("bash", "/home/u/x.sh", "-c", "ls"),
    run("python3", "x.py", "--version"),
    run("git", "status", exe="/usr/bin/curl"),
    run("ls", "-l", env=("LD_PRELOAD=/home/u/project/x.so",)),
    run("git", "-c", "core.fsmonitor=", "push"),
    run("git", "-c"),
    shell("ls; rm x"),
    shell(""),
    run("bash"),
    run(""),
]


@pytest.mark.parametrize("event", NOT_READS, ids=lambda e: f"{e.exe} {' '.join(e.argv)}")
def test_what_is_not_proven_to_read_is_asked(event: Seen) -> None:
    found = World().see(event, CHILD)
    assert found.verdict is None
    assert found.reasons[0] == "runs a program"
    assert found.reasons[-1] == UNDECLARED


SCRIPTS = [
    run("lsb_release", "-a", path="/usr/bin/lsb_release", flags=("script",)),
    run("python3", "--version", path="/home/u/.pyenv/shims/python3", flags=("script",)),
    run("bash", "/home/u/.pyenv/shims/python3", "--version"),
    run("python3", ".venv/bin/pip", "freeze"),
    run("npm", "--version", path="/opt/node/lib/node_modules/npm/npm-cli.js", flags=("script",)),
]


@pytest.mark.parametrize("event", SCRIPTS, ids=lambda e: " ".join(e.argv))
def test_a_script_is_judged_as_its_own_file(event: Seen) -> None:
    assert World().see(event, CHILD).rule == "reading"


@pytest.mark.parametrize("folder", [WORK, "/tmp", f"{HOME}/.claude"])
def test_a_program_of_the_agent_s_own_making_may_read_and_is_held_to_it(folder: str) -> None:
    world = World()
    found = world.see(run("ls", exe=f"{folder}/ls"), CHILD)
    assert (found.verdict, found.rule) == (ALLOW, "reading")
    assert f"{folder}/ls" in found.reasons[0]
    acts = run("rm", "x"), Seen("write", f"{WORK}/x"), Seen("write", f"{HOME}/.claude.json")
    for event in acts:
        assert world.see(event, CHILD, allow=False).verdict is None


def test_a_program_called_git_by_the_agent_gets_nothing_of_git_s() -> None:
    index = f"{WORK}/.git/index.lock"
    for exe, verdict in (("/usr/bin/git", ALLOW), (f"{WORK}/git", None), ("/tmp/git", None)):
        world = World()
        world.see(run("git", "status", exe=exe), CHILD)
        write = Seen("write", index, exe=exe, flags=("create",))
        assert world.see(write, CHILD).verdict is verdict


def test_the_display_is_asked_by_a_program_s_file_not_by_its_name() -> None:
    ask = {"path": "/tmp/.X11-unix/X0", "family": "unix"}
    for exe, verdict in (("/usr/bin/xdpyinfo", ALLOW), ("/tmp/xdpyinfo", None), ("/bin/ls", None)):
        world = World()
        world.see(run("xdpyinfo", exe=exe), CHILD)
        assert world.see(Seen("connect", exe=exe, **ask), CHILD).verdict is verdict  # type: ignore[arg-type]


HELD = [
    run("git", "status", cwd="/srv/other"),
    run("git", "-C", "/srv/other", "-c", "core.fsmonitor=/tmp/x", "-c", "core.pager=x", "log"),
    run("git", "-c", "core.alternateRefsCommand=f() { rm x; }; f", "status", "--short"),
    run("python3", "-m", "pip", "list"),
    run("npm", "ls", "--all"),
    run("docker", "ps"),
    run("less", "+!rm x", "f"),
    run("find", ".", "-exec", "grep", "x", "{}", "+"),
    run("awk", "$1 ~ /a|b/ && $2 > 3 {print $2}", "f"),
    run("sed", "-n", "/a/,$p", "f"),
    shell("ls $X"),
    shell("for f in $(git ls-files); do head -1 $f; done > /tmp/found"),
    shell("while read -r l; do echo $l; done < f"),
    shell("find . -name '*.py' | xargs -n1 sh -c 'wc -l $1' _"),
    shell(f"source {HOME}/.claude/shell-snapshots/snapshot-bash-1-a.sh && eval 'cat f' && pwd"),
]


@pytest.mark.parametrize("event", HELD, ids=lambda e: " ".join(e.argv)[:40])
def test_what_seems_to_read_passes_and_is_held_to_it(event: Seen) -> None:
    world = World()
    found = world.see(event, CHILD)
    assert (found.verdict, found.rule) == (ALLOW, "reading"), found.reasons
    for deed in (
        run("rm", "x"),
        run("x", exe="/tmp/x"),
        run("sh", "-c", "rm x", exe="/usr/bin/dash"),
        Seen("write", f"{WORK}/x", flags=("create",)),
        Seen("delete", f"{WORK}/x"),
        Seen("write", f"{HOME}/.claude.json"),
        Seen("connect", "/var/run/docker.sock", family="unix"),
        Seen("connect", address="93.184.216.34", port=443, family="inet"),
    ):
        assert world.see(deed, GRANDCHILD, CHILD, allow=False).verdict is None
    assert world.see(run("cat", "f"), GRANDCHILD, CHILD).verdict is ALLOW


def test_small_tools_on_temporary_files_alone_ask_nothing() -> None:
    for line in ("rm -rf /tmp/x /tmp/y", "mkdir -p /tmp/a/b", "cp -r src /tmp/x", "mktemp -d",
                 "mv /tmp/a /tmp/b", "chmod +x /tmp/a", "touch /tmp/../tmp/a"):  # fmt: skip
        world = World()
        assert world.see(run(*line.split()), CHILD).verdict is ALLOW, line
        for path in (f"{WORK}/x", "/home/u/y"):
            event = Seen("delete", path)
            assert world.see(event, CHILD, allow=False).verdict is None
        assert world.see(Seen("delete", "/tmp/x"), CHILD).verdict is ALLOW
    for line in ("rm -rf /tmp/x y", "rm /tmp/../etc/x", "cp /tmp/x y", "cp -t . /tmp/x", "rm -rf",
                 "mv x /tmp/y", "mktemp -d -p .", "mktemp ./x", "chmod /tmp/x y",
                 "cp --target-directory=. /tmp/x", "rm -rf /tmp", "rm -rf /",
                 "ln -s x", "install x /tmp/y"):  # fmt: skip
        assert World().see(run(*line.split()), CHILD).verdict is None, line
    assert World().see(run("rm", "x", cwd="/tmp/y"), CHILD).verdict is ALLOW
    assert World().see(run("rm", "/tmp/x", exe="/tmp/rm"), CHILD).verdict is None
    inside = World(workspace="/tmp/a/work")
    assert inside.see(run("rm", "-rf", "/tmp/a"), CHILD).verdict is None
    assert inside.see(run("rm", "-rf", "/tmp/b"), CHILD).verdict is ALLOW


def test_git_may_keep_copies_where_the_agent_keeps_its_own_but_not_stage() -> None:
    world = World()
    start = run("git", "-c", "core.hooksPath=/dev/null", "update-index", "--add", "--stdin")
    assert world.see(start, CHILD).verdict is ALLOW
    git = {"exe": "/usr/bin/git", "flags": ("create",)}
    for path in (f"{WORK}/.git/index.lock", f"{WORK}/.git/refs/heads/main", f"{WORK}/a.txt"):
        event = Seen("write", path, **git)  # type: ignore[arg-type]
        assert world.see(event, CHILD, allow=False).verdict is None, path
    assert world.see(Seen("write", "/tmp/claude-0/index.lock", **git), CHILD).verdict is ALLOW  # type: ignore[arg-type]


DEEDS = [
    Seen("delete", f"{WORK}/x"),
    Seen("write", f"{WORK}/x", flags=("create",)),
    Seen("rename", f"{WORK}/x", f"{WORK}/y"),
    Seen("write", f"{HOME}/.bashrc"),
    Seen("write", f"{HOME}/.claude.json"),
    Seen("connect", "/var/run/docker.sock", family="unix"),
    Seen("connect", address="93.184.216.34", port=443, family="inet"),
    run("rm", f"{WORK}/x"),
    run("git", "push"),
]
PIECES = [*PROVEN, *HELD_LINES, "rm x", "git push", "evil", "> x", "$(rm x)", "A=b", "exec rm x"]


@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("; ".join),
    st.sampled_from(DEEDS),
    st.sampled_from(["/usr/bin/bash", f"{WORK}/bash", "/bin/sh"]),
)
def test_whatever_starts_without_a_question_acts_with_none(line: str, deed: Seen, exe: str) -> None:
    """However we were made to think that a line only reads, nothing consequential follows."""
    world = World()
    if world.see(shell(line, exe=exe), CHILD, allow=False).verdict is ALLOW:
        world.see(shell(line, exe=exe), CHILD)
        for line_of in ((CHILD,), (GRANDCHILD, CHILD)):
            assert world.see(deed, *line_of, allow=False).verdict is None


def test_a_declared_line_that_reads_is_held_to_it() -> None:
    """What was let pass as reading lets pass no more than reading, and takes no other's place."""
    world = World()
    world.declare(command="git log", rule="reading")
    assert world.see(shell("git log"), CHILD).verdict is ALLOW
    assert world.see(run("git", "log"), CHILD).verdict is ALLOW
    assert world.see(run("less"), GRANDCHILD, CHILD).verdict is ALLOW
    for deed in (run("evil", exe="/usr/bin/evil"), Seen("delete", f"{WORK}/x")):
        assert world.see(deed, GRANDCHILD, CHILD, allow=False).verdict is None
    world.declare(command="make", rule="some rule")
    assert world.see(shell("make"), Proc(500)).verdict is ALLOW
    assert world.see(Seen("delete", f"{WORK}/x"), Proc(500)).verdict is ALLOW


def test_a_variable_of_the_user_s_own_spoils_nothing() -> None:
    world = World(env=frozenset({"LD_LIBRARY_PATH=/opt/lib"}))
    assert world.see(run("ls", env=("LD_LIBRARY_PATH=/opt/lib", "PATH=/x")), CHILD).verdict is ALLOW


SILENT = [
    Seen("write", "/dev/null"),
    Seen("write", "/dev/tty"),
    Seen("write", "/dev/pts/0", flags=("private", "device")),
    Seen("write", "/proc/self/oom_score_adj"),
    Seen("write", "/proc/100/oom_score_adj"),
    Seen("write", "/proc/57/task/58/comm"),
    Seen("write", "/tmp/claude-1000/x", flags=("create",)),
    Seen("delete", "/tmp/x"),
    Seen("write", f"{HOME}/.claude/projects/p/log.jsonl"),
    Seen("write", f"{HOME}/.claude/shell-snapshots/snapshot-bash-1.sh", flags=("create",)),
    Seen("write", f"{HOME}/.claude.json.tmp.12.ab", flags=("create",)),
    Seen("rename", f"{HOME}/.claude.json.tmp.12.ab", f"{HOME}/.claude.json", flags=("replace",)),
    Seen("write", f"{HOME}/.npm/_logs/x.log", flags=("create",)),
    Seen("delete", f"{HOME}/.cache/thing/x"),
    Seen("connect", "/var/run/nscd/socket", family="unix"),
    Seen("connect", "/run/user/7/agentwatch/s1/agent/agent.sock", family="unix"),
    Seen("connect", "/tmp/own.sock", family="unix", flags=("inside",)),
    Seen("datagram", address="10.0.0.2", port=53, family="inet"),
    Seen("connect", address="127.0.0.53", port=53, family="inet"),
    Seen("connect", address="127.0.0.1", port=4141, family="inet"),
    Seen("connect", address="::ffff:127.0.0.1", port=4141, family="inet6"),
    Seen("connect", address="93.184.216.34", port=0, family="inet"),
    Seen("connect", address="127.0.0.1", port=9999, family="inet", flags=("inside",)),
    run("/opt/claude/claude", exe="/opt/claude/claude"),
]


@pytest.mark.parametrize("event", SILENT, ids=lambda e: f"{e.kind} {e.path or e.address or e.exe}")
def test_housekeeping_of_the_agent_passes(event: Seen) -> None:
    found = World().see(event)
    assert found.verdict is ALLOW
    assert found.cover is None


ASKED = {
    "settings": Seen("write", f"{HOME}/.claude/settings.json"),
    "local settings": Seen("write", f"{HOME}/.claude/settings.local.json"),
    "hooks": Seen("write", f"{HOME}/.claude/hooks/x.sh", flags=("create",)),
    "agents": Seen("write", f"{HOME}/.claude/agents/x.md", flags=("create",)),
    "project settings": Seen("write", f"{WORK}/.claude/settings.json"),
    "start-up": Seen("write", f"{HOME}/.bashrc"),
    "keys": Seen("rename", f"{WORK}/x", f"{HOME}/.ssh/authorized_keys"),
    "link to keys": Seen("link", f"{HOME}/.ssh/id", f"{WORK}/x"),
    "workspace": Seen("write", f"{WORK}/a.txt", flags=("create",)),
    "delete": Seen("delete", f"{WORK}/a.txt"),
    "outside": Seen("write", "/home/u/other/a.txt", flags=("create",)),
    "system": Seen("truncate", "/etc/passwd"),
    "mode": Seen("mode", f"{WORK}/a.txt"),
    "temp device": Seen("write", "/tmp/x", flags=("create", "device")),
    "capabilities": Seen("mode", "/tmp/x", flags=("attribute", "setid")),
    "attribute": Seen("mode", f"{WORK}/a.txt", flags=("attribute",)),
    "folder outside": Seen("write", "/srv/other", flags=("create", "folder")),
    "fifo": Seen("write", f"{WORK}/p", flags=("create", "exclusive")),
    "temp setid": Seen("mode", "/tmp/x", flags=("setid",)),
    "git record": Seen("write", f"{WORK}/.git/index.lock", flags=("create",)),
    "dots": Seen("write", "/tmp/../etc/passwd"),
    "relative": Seen("write", "tmp/x"),
    "another terminal": Seen("write", "/dev/pts/3"),
    "a file that calls itself a terminal": Seen("write", "/dev/pts/3", flags=("private",)),
    "another's terminal": Seen("write", "/dev/pts/3", flags=("device",)),
    "disk": Seen("write", "/dev/sda"),
    "memory": Seen("write", "/proc/self/mem"),
    "other's switch": Seen("write", "/proc/1/oom_score_adj"),
    "docker": Seen("connect", "/var/run/docker.sock", family="unix"),
    "bus": Seen("connect", "/run/user/7/bus", family="unix"),
    "tmux": Seen("connect", "/tmp/tmux-7/default", family="unix"),
    "ssh agent": Seen("connect", "/tmp/ssh-XX/agent.12", family="unix"),
    "unknown": Seen("connect", "/tmp/x.sock", family="unix"),
    "abstract": Seen("connect", "/var/run/nscd/socket", family="unix", flags=("abstract",)),
    "loopback": Seen("connect", address="127.0.0.1", port=5432, family="inet"),
    "world": Seen("connect", address="93.184.216.34", port=443, family="inet"),
    "foreign resolver": Seen("datagram", address="93.184.216.34", port=53, family="inet"),
    "port 0 datagram": Seen("datagram", address="93.184.216.34", port=0, family="inet"),
    "no address": Seen("connect", family="inet"),
    "packet": Seen("connect", family="other"),
    "signal": Seen("signal"),
    "strange": Seen("mount", "/x"),
}  # fmt: skip


@pytest.mark.parametrize("event", ASKED.values(), ids=ASKED)
def test_what_has_consequences_is_asked_and_called_undeclared(event: Seen) -> None:
    found = World().see(event)
    assert found.verdict is None
    assert found.reasons[-1] == UNDECLARED
    assert moded(World(mode=Mode.LOCKED).see(event), Mode.LOCKED).verdict is Verdict.DENY
    assert World(mode=Mode.WATCH).see(event).verdict is ALLOW
    assert UNDECLARED not in World(expects_hook=False).see(event).reasons


OURS = [
    Seen("write", "/home/u/.config/agentwatch/rules.toml", flags=("create",)),
    Seen("delete", "/home/u/.local/state/agentwatch/sessions/s1/journal.jsonl"),
    Seen("rename", "/tmp/x", "/run/user/7/agentwatch/s1/closed"),
    Seen("connect", "/run/user/7/agentwatch/s1/control.sock", family="unix"),
    Seen("connect", "/run/user/7/agentwatch/s1/kill.sock", family="unix"),
]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("event", OURS, ids=lambda e: e.path2 or e.path)
def test_what_is_ours_is_never_touched_in_any_mode(event: Seen, mode: Mode) -> None:
    world = World(mode=mode)
    world.declare(command="make")
    world.see(shell("make"), CHILD)
    assert world.see(event, CHILD).verdict is Verdict.DENY
    assert world.see(event).verdict is Verdict.DENY


def test_what_a_reading_program_starts_is_no_longer_the_agent() -> None:
    """A shell that reads may not write the agent's own state, and neither may its children."""
    world = World()
    assert world.see(shell("ls | cat"), CHILD).verdict is ALLOW
    state = Seen("write", f"{HOME}/.claude.json")
    assert world.see(state).verdict is ALLOW
    assert world.see(state, CHILD).verdict is None
    assert world.see(state, GRANDCHILD, CHILD).verdict is None
    assert world.see(Seen("write", "/tmp/x"), CHILD).verdict is ALLOW
    assert world.see(run("cat"), GRANDCHILD, CHILD).verdict is ALLOW
    assert world.see(run("rm", "x"), GRANDCHILD, CHILD).verdict is None


def test_a_process_of_unknown_descent_is_not_the_agent() -> None:
    world = World()
    state = Seen("write", f"{HOME}/.claude.json", pid=900)
    from agentwatch.policy.observed import judge_observed

    for ancestry in ([Proc(900), INIT], [Proc(100, started=8), INIT]):
        found = judge_observed(state, ground=world.ground, covers=world.covers, ancestry=ancestry)
        assert found.verdict is None


def test_git_may_refresh_its_index_while_it_reads() -> None:
    world = World()
    world.see(run("git", "status"), CHILD)
    lock, index = f"{WORK}/.git/index.lock", f"{WORK}/.git/index"
    git = "/usr/bin/git"
    assert world.see(Seen("write", lock, exe=git, flags=("create",)), CHILD).verdict is ALLOW
    assert world.see(Seen("rename", lock, index, exe=git), CHILD).verdict is ALLOW
    for path in (".git/HEAD", ".git/config", ".git/hooks/x", "a.txt"):
        assert world.see(Seen("write", f"{WORK}/{path}", exe=git), CHILD).verdict is None
    assert world.see(Seen("write", lock, exe="/usr/bin/cat"), CHILD).verdict is None


def test_the_agent_s_snapshot_shell_may_only_read_and_note() -> None:
    world = World()
    snapshot = f"{HOME}/.claude/shell-snapshots/s.sh"
    line = f'SNAPSHOT_FILE={snapshot}\n source "{HOME}/.bashrc"\n x'
    found = world.see(run("bash", "-c", "-l", line, exe="/usr/bin/bash"), CHILD)
    assert (found.verdict, found.rule) == (ALLOW, "own folder")
    note = Seen("write", snapshot, flags=("create",))
    assert world.see(note, GRANDCHILD, CHILD).verdict is ALLOW
    assert world.see(Seen("write", f"{HOME}/.claude.json"), CHILD).verdict is None
    assert world.see(run("rm", "x"), GRANDCHILD, CHILD).verdict is None
    assert world.see(Seen("delete", f"{WORK}/x"), CHILD).verdict is None


HOOK = ("/venv/bin/python", "-I", "-S", "-E", "/lib/agentwatch/client.py")


def test_our_own_hook_passes_and_covers_nothing() -> None:
    world = World(hook=HOOK, hook_exe="/usr/bin/python3.11")
    event = run(*HOOK, "claude", "/run/s", exe="/usr/bin/python3.11")
    assert world.see(event, CHILD).verdict is ALLOW
    assert world.see(run("rm", "x"), GRANDCHILD, CHILD).verdict is None
    socket = "/run/user/7/agentwatch/s1/agent/agent.sock"
    assert world.see(Seen("connect", socket, family="unix"), CHILD).verdict is ALLOW


@pytest.mark.parametrize(
    "event",
    [
        run(*HOOK, exe="/tmp/python3.11"),
        run(*HOOK, exe="/usr/bin/python3.11", env=("LD_PRELOAD=/tmp/x.so",)),
        run(*HOOK[:4], "/tmp/client.py", exe="/usr/bin/python3.11"),
        run(*HOOK[:4], exe="/usr/bin/python3.11"),
    ],
)
def test_what_only_looks_like_our_hook_is_asked(event: Seen) -> None:
    world = World(hook=HOOK, hook_exe="/usr/bin/python3.11")
    assert world.see(event, CHILD).verdict is None


def test_a_folder_below_another_is_the_nearer_one() -> None:
    """A workspace or a home in the temporary folder is not temporary."""
    world = World(workspace="/tmp/h/w", home="/tmp/h")
    assert world.see(Seen("delete", "/tmp/x")).verdict is ALLOW
    assert world.see(Seen("delete", "/tmp/h/w/x")).verdict is None
    assert world.see(Seen("delete", "/tmp/h/x")).verdict is None
    inner = World(temp=(f"{WORK}/tmp",))
    assert inner.see(Seen("delete", f"{WORK}/tmp/x")).verdict is ALLOW


PARTS = st.sampled_from([*"ab/.-~ $\0\n\udcff", "/.git/", ".claude", "/tmp/", "/dev/"])
TEXT = st.lists(PARTS, max_size=12).map("".join)


@given(
    st.sampled_from(["exec", "write", "delete", "rename", "link", "mode", "connect", "datagram"]),
    st.lists(TEXT, max_size=4),
    TEXT,
    st.sets(st.sampled_from(["create", "replace", "symbolic", "inside", "abstract"])),
    st.sampled_from(["inet", "inet6", "unix", "other", None]),
)
@settings(max_examples=300, deadline=None)
def test_no_event_raises(
    kind: str, words: list[str], path: str, flags: set[str], family: str | None
) -> None:
    world = World()
    event = Seen(
        kind,
        path,
        "/" + path,
        tuple(words),
        "/usr/bin/" + path,
        tuple(flags),
        address=path,
        family=family,
    )
    found = world.see(event, CHILD)
    assert found.reasons
    assert AGENT.pid == 100


@pytest.mark.parametrize(
    "path", [f"{WORK}/new", f"{WORK}/.git/hooks", f"{WORK}/.claude", f"{HOME}/.local/share"]
)
def test_an_empty_folder_of_the_users_passes(path: str) -> None:
    made = Seen("write", path, flags=("create", "exclusive", "folder"))
    found = World().see(made)
    assert (found.verdict, found.rule) == (ALLOW, "folder")


def test_an_empty_folder_on_a_mount_of_its_own_passes() -> None:
    made = Seen("write", "/newroot", flags=("create", "folder", "private"))
    assert World().see(made).rule == "folder"


def test_a_device_is_asked_below_what_was_allowed() -> None:
    world = World()
    world.declare(command="make")
    world.see(shell("make"), CHILD)
    found = world.see(Seen("write", f"{WORK}/x", flags=("create", "device")), CHILD)
    assert found.verdict is None
    assert "creates a device" in found.reasons


def test_a_start_that_somebody_has_hold_of_begins_nothing() -> None:
    """Whoever traces it would do under its cover what nobody was asked about."""
    world = World()
    world.declare(command="make test")
    line = replace(shell("make test"), flags=("traced",))
    assert world.see(line, Proc(200), allow=False).verdict is Verdict.DENY
    assert world.see(replace(shell("ls"), flags=("traced",)), Proc(201)).rule == READING
    assert world.see(shell("make test"), Proc(202)).rule == BELONGS
    assert world.see(replace(run("gcc"), flags=("traced",)), Proc(203), Proc(202)).rule == BELONGS


def test_a_shell_on_a_mount_of_the_agent_s_own_is_not_the_system_s() -> None:
    world = World()
    world.declare(command="make test")
    fake = replace(shell("make test"), flags=("private",))
    assert world.see(fake, Proc(200), allow=False).verdict is None
    assert world.see(shell("make test"), Proc(201)).rule == BELONGS
