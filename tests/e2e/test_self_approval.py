"""An agent that tries to answer its own question, by every way known: nothing it tries is a yes.

What a containment cannot prevent is named by the product, and pinned here as well.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentwatch.containment import Record
from tests.e2e.world import World, alive, places_of
from tests.waiting import wait_for

ASKS = """
import json, os, sys, threading, time
from agentwatch import Denied, propose

def ask():
    try:
        propose("delete", path="victim")
        open("acted", "w").close()
    except Denied:
        pass

threading.Thread(target=ask, daemon=True).start()
results = {}
def tried(name, work):
    try:
        results[name] = ["done", repr(work())]
    except BaseException as error:
        results[name] = ["failed", repr(error)]
def finish():
    json.dump(results, open("results.new", "w"))
    os.rename("results.new", "results")
    time.sleep(120)
while not os.path.exists("go"):
    time.sleep(0.02)
given = open("go").read().split()
"""
"""How every one of them begins: it asks, and waits until its question is known to stand."""

TYPES = (
    ASKS
    + """
import fcntl, glob, subprocess, termios
for name in glob.glob("/dev/pts/[0-9]*"):
    def types(name=name):
        handle = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        for byte in b"a" * 5:
            fcntl.ioctl(handle, termios.TIOCSTI, bytes([byte]))
    def writes(name=name):
        os.write(os.open(name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK), b"FORGED")
    own = os.ttyname(0) == name
    tried("types into " + ("its own" if own else name), types)
    if not own:
        tried("writes to " + name, writes)
tried("tmux", lambda: [subprocess.run(["tmux", *words, "send-keys", "-t", "0", "a"], check=True,
      capture_output=True, timeout=20) for words in ([], ["-S", os.environ["TMUX"].split(",")[0]])])
finish()
"""
)

ATTACKS = (
    ASKS
    + """
import ctypes, glob, signal, subprocess
targets = [int(word) for word in given]
libc = ctypes.CDLL(None, use_errno=True)
def traced(pid):
    if libc.ptrace(16, pid, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
def seized(pid):
    if libc.ptrace(0x4206, pid, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
for pid in targets:
    tried(f"stops {pid}", lambda: os.kill(pid, signal.SIGSTOP))
    tried(f"kills {pid}", lambda: os.kill(pid, signal.SIGKILL))
    tried(f"by pidfd {pid}", lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL))
    tried(f"traces {pid}", lambda: traced(pid))
    tried(f"seizes {pid}", lambda: seized(pid))
    tried(f"writes memory {pid}", lambda: open(f"/proc/{pid}/mem", "r+b"))
    tried(f"reads environment {pid}", lambda: open(f"/proc/{pid}/environ").read())
finish()
"""
)

EDITS = (
    ASKS
    + """
from pathlib import Path
state, runtime, config = (Path(word) for word in given[:3])
rule = '[[rule]]\\nid = "all"\\ndecide = "allow"\\nkind = "delete"\\n'
tried("rules", lambda: (config / "rules.toml").write_text(rule))
tried("other rules", lambda: (config.parent / "n").mkdir() or (config.parent / "n").rename(config))
tried("given rules", lambda: Path(given[3]).write_text(rule))
tried("trust", lambda: (config / "trusted").write_text("x"))
tried("journal", lambda: (state / "journal.jsonl").open("a").write("{}\\n"))
tried("journal gone", lambda: (state / "journal.jsonl").unlink())
tried("record", lambda: (runtime / "containment.json").write_text("{}"))
import agentwatch
from agentwatch.agents import HOOK
tried("hook client", lambda: Path(HOOK).open("r+b"))
tried("program", lambda: (Path(agentwatch.__file__).parent / "sitecustomize.py").write_text(""))
tried("packages", lambda: Path(sys.prefix, "evil.pth").write_text(""))
tried("socket", lambda: (runtime / "control.sock").unlink())
tried("answers", lambda: (runtime / "agent/agent.sock").unlink())
tried("folder", lambda: runtime.rename(runtime.parent / "x"))
def once_more():
    while not os.path.exists("again"):
        time.sleep(0.02)
    ask()
threading.Thread(target=once_more, daemon=True).start()
finish()
"""
)


@pytest.fixture(params=["pidns", "subreaper"])
def means(request: pytest.FixtureRequest) -> str:
    """Each containment that promises it."""
    return str(request.param)


def pending(world: World, *words: object) -> None:
    """The question stands, and then the agent may begin, with these words."""
    wait_for(lambda: standing(world), "the question")
    fresh = world.work / "go.new"
    fresh.write_text(" ".join(map(str, words)))
    fresh.rename(world.work / "go")


def standing(world: World) -> list[dict[str, Any]]:
    """The question that it must not answer."""
    return [action for action in world.json("pending") if action["channel"] == "propose"]


def tried(world: World) -> dict[str, list[str]]:
    """What the agent tried, each with what came of it."""
    wait_for((world.work / "results").exists, "the agent to have tried everything")
    found: dict[str, list[str]] = json.loads((world.work / "results").read_text())
    return found


def unanswered(world: World) -> None:
    """Nothing was a yes: the question still stands."""
    assert not (world.work / "acted").exists()
    assert [action["state"] for action in standing(world)] == ["pending"]


def succeeded(found: dict[str, list[str]]) -> list[str]:
    """The names of what worked."""
    return [name for name, (how, _) in found.items() if how == "done"]


@pytest.fixture
def tmux(world: World) -> Iterator[list[str]]:
    """The user's own tmux server, outside, where agentwatch will run."""
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    folder = world.folder / "t"
    folder.mkdir(mode=0o700)
    world.env["TMUX_TMPDIR"] = str(folder)
    command = ["tmux", "-f", "/dev/null"]
    yield command
    subprocess.run([*command, "kill-server"], env=world.env, check=False, capture_output=True)


def on_screen(world: World, tmux: list[str], *options: str) -> None:
    """Start the hostile agent on a screen in the user's tmux, its question shown."""
    script = world.script("types.py", TYPES)
    run = world.command("run", *options, "--", sys.executable, str(script))
    size = ("-x", "100", "-y", "30")
    line = [*tmux, "new-session", "-d", *size, "-c", str(world.work), *run]
    subprocess.run(line, env=world.env, check=True)
    wait_for(world.sessions, "the session")
    wait_for(lambda: "a approve" in shown(world, tmux), "the card to be ready for an answer")


def shown(world: World, tmux: list[str]) -> str:
    """What the user's terminal shows."""
    seen = subprocess.run(
        [*tmux, "capture-pane", "-p"], env=world.env, check=True, capture_output=True, text=True
    )
    return seen.stdout


def test_it_cannot_type_into_or_write_on_the_users_terminal(world: World, tmux: list[str]) -> None:
    """By send-keys to the user's tmux, TIOCSTI, or the terminal's own name."""
    on_screen(world, tmux, "--containment", "pidns")
    pending(world)
    found = tried(world)
    assert succeeded(found) == []
    assert "types into its own" in found
    assert not [name for name in found if name.startswith("writes to")], "others' ptys are there"
    assert "FORGED" not in shown(world, tmux)
    unanswered(world)


def test_with_the_gate_it_cannot_either(world: World, tmux: list[str], means: str) -> None:
    """What types is refused, even to a program whose start a person allowed."""
    script = TYPES.replace('glob.glob("/dev/pts/[0-9]*")', "[]")
    (world.work / "types.py").write_text(script)
    run = world.command("run", "--kernel-gate", "--containment", means, "--", sys.executable,
                        str(world.work / "types.py"))  # fmt: skip
    line = [*tmux, "new-session", "-d", "-x", "100", "-y", "30", "-c", str(world.work), *run]
    subprocess.run(line, env=world.env, check=True)
    wait_for(world.sessions, "the session")
    pending(world)

    def over() -> bool:
        """Every other question gets a yes."""
        for action in world.json("pending"):
            if action["channel"] != "propose":
                world.call("approve", action["id"], check=False)
        return (world.work / "results").exists()

    wait_for(over, "the agent to have tried everything")
    assert "tmux" not in succeeded(tried(world))
    unanswered(world)


def test_typing_by_ioctl_is_refused_in_both_and_the_rest_is_named(
    world: World, tmux: list[str]
) -> None:
    """The known gap of a containment without a namespace: the user's own tmux types for it."""
    on_screen(world, tmux, "--containment", "subreaper")
    notes = " ".join(world.session()["notes"])
    assert "ask tmux" in notes
    assert "write on your terminal" in notes
    pending(world)
    found = tried(world)
    assert not [name for name in succeeded(found) if name.startswith("types into")]
    assert "tmux" in succeeded(found)


def test_it_cannot_signal_or_trace_what_supervises_it(world: World, means: str) -> None:
    script = world.script("attacks.py", ATTACKS)
    world.run_agent(sys.executable, str(script), options=("--containment", means))
    session, record = world.session(), Record.read(places_of(world).containment)
    foreground = world.started[-1].pid
    root = [record.root.pid] if record.root is not None and means == "subreaper" else []
    pids = [session["supervisor_pid"], foreground, *root, *(one.pid for one in record.helpers)]
    pending(world, *pids)
    found = tried(world)
    worked = [name for name in succeeded(found) if not name.startswith("reads")]
    assert worked == []
    assert all(alive(pid) for pid in pids)
    states = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] for pid in pids]
    assert set(states) <= {"S", "R", "D"}
    unanswered(world)


def edited(world: World, means: str, attacks: str) -> dict[str, list[str]]:
    """What an agent could change of ours."""
    script = world.script("edits.py", attacks)
    rules = world.folder / "given.toml"
    rules.write_text('[[rule]]\nid = "one"\ndecide = "ask"\nargv = ["make"]\n')
    options = ("--containment", means, "--rules", str(rules))
    world.run_agent(sys.executable, str(script), options=options)
    ours = places_of(world)
    pending(world, ours.state, ours.runtime, world.folder / ".config/agentwatch", rules)
    return tried(world)


def whole(world: World, session: str) -> list[dict[str, Any]]:
    """The record's entries, without what the agent wrote into it."""
    lines = (world.state / "agentwatch/sessions" / session / "journal.jsonl").read_text()
    return [entry for line in lines.splitlines() if "type" in (entry := json.loads(line))]


def test_it_cannot_edit_rules_journal_or_record(world: World) -> None:
    """Also where there were no rules before: the folder for them is there, and held."""
    assert succeeded(edited(world, "pidns", EDITS)) == []
    unanswered(world)


def test_where_it_can_edit_them_it_gains_nothing(world: World) -> None:
    """Without a namespace the files are the user's, so the agent's: none of it is a yes."""
    known = (
        '"program"',
        '"packages"',
        '"folder"',
        '"answers"',
        '"socket"',
        '"journal gone"',
    )  # each ends it, or shuts us out
    lines = [line for line in EDITS.splitlines() if not any(word in line for word in known)]
    found = edited(world, "subreaper", "\n".join(lines))
    assert "rules" in succeeded(found)
    session = world.session()["id"]

    def told() -> bool:
        alarms = [e["data"]["text"] for e in whole(world, session) if e["type"] == "alarm"]
        return any("counts from the next session on" in text for text in alarms)

    wait_for(told, "the changed rules to be told")
    (world.work / "again").touch()
    wait_for(lambda: len(standing(world)) == 2, "the second question to stand as well")
    assert not (world.work / "acted").exists()
    assert "No floor" in " ".join(world.session()["notes"])


def test_taking_the_place_of_our_socket_kills_the_tree(world: World) -> None:
    """A fake hook answer needs somebody who answers where we did."""
    script = world.script(
        "takes.py",
        "import os, socket, time\n"
        "path = os.environ['AGENTWATCH_SOCKET']\n"
        "os.unlink(path); fake = socket.socket(socket.AF_UNIX); fake.bind(path); fake.listen()\n"
        "time.sleep(120)",
    )
    process = world.run_agent(sys.executable, str(script), options=("--containment", "subreaper"))
    assert process.wait(timeout=30) == 137
    (kept,) = world.json("ls", "--all")
    alarms = [e["data"]["text"] for e in world.journal(kept["id"]) if e["type"] == "alarm"]
    assert any("took the agent's socket" in text for text in alarms)


PLANTED = "import pathlib, os; pathlib.Path({mark!r}).write_text(__file__)\n"


def test_what_it_plants_is_not_run_by_us(world: World, means: str) -> None:
    """Modules in the workspace, programs early on PATH, loader and interpreter variables."""
    mark, tools = world.folder / "mark", world.work / "bin"
    tools.mkdir()
    for name in ("python3", "python", "sh", "ps", "unshare", "git", "stty", "tmux", "agentwatch"):
        (tools / name).write_text(f"#!/bin/sh\necho {name} >>{mark}\n")
        (tools / name).chmod(0o755)
    planted = ("sitecustomize", "usercustomize", "json", "click", "textual", "psutil", "agentwatch",
               "helpers", "kernel", "linux")  # fmt: skip
    for name in planted:
        (world.work / f"{name}.py").write_text(PLANTED.format(mark=str(mark)))
    world.env |= {
        "PATH": f"{tools}:{world.env['PATH']}",
        "PYTHONSTARTUP": str(world.work / "json.py"),
        "PYTHONHOME_": "x",
    }
    # The installed program, because `python -m` itself looks into the current folder first.
    program = [sys.executable, "-P", "-m", "agentwatch"]
    world.command = lambda *args: [*program, *args]  # type: ignore[method-assign]
    world.run_agent("/bin/sleep", "60", options=("--kernel-gate", "--containment", means))
    world.call("pending")
    world.call("freeze")
    world.call("resume")
    world.call("doctor", check=False)
    assert world.json("kill")["left"] == []
    assert not mark.exists(), mark.read_text()


def test_a_nested_run_without_a_floor_is_contained_like_anything_else(world: World) -> None:
    """Where it may start one, it gains neither the outer's answers nor a way out of its kill."""
    inner = f"{sys.executable} -m agentwatch run --no-tui --ungated -- sleep 120"
    world.start("run", "--no-tui", "--containment", "subreaper", "--", "sh", "-c", inner)
    wait_for(lambda: len(world.sessions()) == 2, "both sessions")
    outer = next(s for s in world.sessions() if s["name"] == "sh")
    within = next(s for s in world.sessions() if s["name"] == "sleep")
    assert world.json("kill", outer["id"])["left"] == []
    wait_for(lambda: not alive(within["supervisor_pid"]), "the inner supervisor to be gone")
    assert not alive(within["pid"])
