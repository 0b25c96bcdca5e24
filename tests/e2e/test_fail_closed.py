"""Whatever breaks, the answer is no, and the agent is held or dies."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agentwatch import wire
from tests.e2e.world import World, contained
from tests.waiting import wait_for

REPORTS_PIDS = """
import os, subprocess, sys, time
daemon = "import os, time; os.setsid(); open('daemon.pid', 'w').close(); time.sleep(120)"
if os.fork() == 0:
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', daemon])
    os._exit(0)
os.wait()
time.sleep(120)
"""

WAITS = """
from agentwatch import Denied, propose
try:
    propose("delete", path="victim")
    open("acted", "w").close()
except Denied as error:
    open("denied", "w").write(error.reason)
import time
time.sleep(120)
"""

TELLS = """
import os, json, time
json.dump([os.environ["AGENTWATCH_SOCKET"], os.environ["AGENTWATCH_TOKEN"]], open("t.new", "w"))
os.rename("t.new", "told")
time.sleep(120)
"""


@pytest.mark.parametrize("means", ["pidns", "subreaper", "portable"])
def test_a_supervisor_that_is_killed_takes_the_tree_with_it(world: World, means: str) -> None:
    world.run_agent(
        sys.executable,
        str(world.script("tree.py", REPORTS_PIDS)),
        options=("--containment", means),
    )
    wait_for((world.work / "daemon.pid").exists, "the daemon to run")
    session = world.session()
    assert contained(session["id"]) >= 2
    os.kill(session["supervisor_pid"], signal.SIGKILL)
    wait_for(lambda: contained(session["id"]) == 0, "the tree to be gone")


@pytest.mark.parametrize("how", ["dead", "stopped"])
@pytest.mark.parametrize("means", ["pidns", "subreaper", "portable"])
def test_kill_works_without_a_supervisor_that_answers(world: World, means: str, how: str) -> None:
    world.run_agent(
        sys.executable,
        str(world.script("tree.py", REPORTS_PIDS)),
        options=("--containment", means),
    )
    wait_for((world.work / "daemon.pid").exists, "the daemon to run")
    session = world.session()
    number = signal.SIGSTOP if how == "stopped" else signal.SIGKILL
    os.kill(session["supervisor_pid"], number)
    try:
        done = world.call("kill", session["id"], "--json")
        receipt = json.loads(done.stdout)
        assert receipt["left"] == []
        if how == "stopped":
            assert receipt["before"] >= 2
        assert contained(session["id"]) == 0
    finally:
        if how == "stopped":
            os.kill(session["supervisor_pid"], signal.SIGCONT)


def test_a_killed_session_denies_what_was_pending(world: World) -> None:
    process = world.run_agent(sys.executable, str(world.script("waits.py", WAITS)))
    world.pending()
    session = world.session()["id"]
    receipt = world.json("kill")
    assert (receipt["left"], receipt["denied_pending"]) == ([], 1)
    assert process.wait(timeout=60) == 137
    assert not (world.work / "acted").exists()
    types = [entry["type"] for entry in world.journal(session)]
    assert types[-3:] == ["kill", "ended", "sealed"]
    assert world.call("log", session, "--verify").returncode == 0


def told(world: World, *options: str) -> tuple[str, str]:
    """The address and the token that an agent was given."""
    world.run_agent(sys.executable, str(world.script("tells.py", TELLS)), options=options)
    wait_for((world.work / "told").exists, "the agent to tell")
    address, token = json.loads((world.work / "told").read_text())
    return address, token


def say(address: str, *lines: bytes) -> bytes:
    """Everything the door answers until it hangs up."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(address)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for line in lines:
                connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while data := connection.recv(65536):
                answer += data
        return answer


def proposal(right_token: str, **fields: object) -> bytes:
    """A well-formed question, but for what is changed in it."""
    usual = {"v": 1, "op": "propose", "token": right_token, "ref": "r", "kind": "delete"}
    message = {**usual, **fields}
    return json.dumps(message).encode() + b"\n"


def test_messages_that_cannot_be_taken_are_denied_and_recorded(world: World) -> None:
    address, token = told(world)
    session = world.session()["id"]
    bad = {
        "not JSON": b"{nonsense\n",
        "not a JSON object": b"[1,2]\n",
        "protocol version 2": proposal(token, v=2),
        "protocol version None": proposal(token, v=None),
        "the token is not": proposal("wrong"),
        "the token is": proposal(token, token=7),
        "no such message": proposal(token, op="approve"),
        "no such kind": proposal(token, kind="destroy"),
        "argv must be": proposal(token, argv="rm -rf"),
        "over the limit": b"x" * (wire.MAX_MESSAGE + 2) + b"\n",
        "cut off": proposal(token)[:-1],
        "names no agent": proposal(token, op="hook", agent="nobody", event={}),
    }
    for what, line in bad.items():
        answer = json.loads(say(address, line).splitlines()[0])
        assert answer["ok"] is False, what
        assert answer["verdict"] == "deny", what
        assert what in answer["error"]["what"]
    refused = [e["data"]["what"] for e in world.journal(session) if e["type"] == "refused"]
    assert len(refused) == len(bad)
    assert world.json("pending") == []


def test_a_message_behind_a_bad_one_is_not_read(world: World) -> None:
    address, token = told(world)
    say(address, b"{nonsense\n" + proposal(token))
    assert world.json("pending") == []


def test_an_endless_line_does_not_fill_the_supervisor(world: World) -> None:
    address, _ = told(world)
    answer = say(address, *[b"x" * 65536] * 64)
    assert b"over the limit" in answer


def test_a_proposer_that_hangs_up_is_denied(world: World) -> None:
    address, token = told(world)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(proposal(token))
        (action,) = world.pending()
    wait_for(lambda: world.json("pending") == [], "the question to be withdrawn")
    assert world.json("show", action["id"])["decision"]["by"] == "gate"


def test_a_full_disk_denies(world: World) -> None:
    """The record is capped by a file size limit: to the writer that is a full disk."""
    address, token = told(world)
    session = world.session()
    path = world.state / "agentwatch/sessions" / session["id"] / "journal.jsonl"
    size = path.stat().st_size
    resource.prlimit(session["supervisor_pid"], resource.RLIMIT_FSIZE, (size, size))
    answer = json.loads(say(address, proposal(token)).splitlines()[0])
    assert answer["verdict"] == "deny"
    assert "could not be recorded" in answer["why"]
    read = json.loads(say(address, proposal(token, kind="read", paths=["/x"])).splitlines()[0])
    assert read["verdict"] == "deny"
    notes = world.json("ls")[0]["notes"]
    assert any("everything is denied" in note for note in notes)


def test_without_a_record_there_is_no_start(world: World) -> None:
    (world.state / "agentwatch").mkdir()
    (world.state / "agentwatch/sessions").write_text("in the way")
    done = world.call("run", "--no-tui", "--", "touch", "ran", check=False)
    assert done.returncode == 125
    assert not (world.work / "ran").exists()


def test_a_record_survives_kill_minus_nine_at_any_moment(world: World) -> None:
    """What the agent was told is in the record, whenever the supervisor is struck."""
    address, token = told(world)
    session = world.session()
    answered: list[str] = []

    def ask() -> None:
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
            connection.connect(address)
            file = connection.makefile("rwb")
            while True:
                file.write(proposal(token, kind="read", paths=["/x"]))
                file.flush()
                line = file.readline()
                if not line:
                    return
                answered.append(json.loads(line)["id"])

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: len(answered) > 30, "some answers")
    os.kill(session["supervisor_pid"], signal.SIGKILL)
    thread.join(timeout=60)
    recorded = [e["data"]["id"] for e in _readable(world, session["id"]) if "id" in e["data"]]
    assert set(answered) <= set(recorded)
    assert world.call("log", session["id"], "--verify", check=False).returncode in (0, 1)


def _readable(world: World, session: str) -> list[dict[str, dict[str, str]]]:
    done = world.call("log", session, "--json")
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_a_cut_record_is_found(world: World) -> None:
    world.call("run", "--no-tui", "--name", "cut", "--", "true")
    (kept,) = world.json("ls", "--all")
    path = world.state / "agentwatch/sessions" / kept["id"] / "journal.jsonl"
    assert world.call("log", kept["id"], "--verify").returncode == 0
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert world.call("log", kept["id"], "--verify", check=False).returncode == 1


def test_require_refuses_what_cannot_be_had(world: World) -> None:
    done = world.call(
        "run",
        "--no-tui",
        "--require",
        "A",
        "--containment",
        "portable",
        "--",
        "touch",
        "ran",
        check=False,
    )
    assert done.returncode == 125
    assert not (world.work / "ran").exists()


def test_no_folder_of_ours_is_readable_by_others(world: World) -> None:
    world.run_agent("sleep", "60")
    for base in (world.runtime / "agentwatch", world.state / "agentwatch/sessions"):
        for folder, _, files in os.walk(base):
            if Path(folder) != base or base.parent == world.runtime:
                assert Path(folder).stat().st_mode & 0o077 == 0, folder
            for name in files:
                path = Path(folder) / name
                if path.is_file():
                    assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("end", ["freeze", "kill", "keep"])
def test_the_last_screen_going_means_what_was_asked(world: World, end: str) -> None:
    process = world.run_agent("sleep", "120", options=("--on-detach", end))
    session = world.session()
    process.kill()  # no handler runs: as if its terminal and machine were gone
    process.wait()
    if end == "keep":
        assert world.json("ls")[0]["state"] == "running"
        return
    wanted = {"freeze": "frozen", "kill": "killed"}[end]
    wait_for(
        lambda: (
            [s["state"] for s in world.json("ls", "--all") if s["id"] == session["id"]] == [wanted]
        ),
        f"the session to be {wanted}",
    )


def test_the_terminals_end_kills_a_foreground_session(world: World) -> None:
    process = world.run_agent("sleep", "120")
    session = world.session()["id"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 137
    assert contained(session) == 0
    assert "KILLED" in world.output(process)


def test_a_closed_terminal_kills_nothing_behind_nohup(world: World) -> None:
    usual = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what nohup does
    try:
        process = world.run_agent("sleep", "120")
    finally:
        signal.signal(signal.SIGHUP, usual)
    session = world.session()["id"]
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 137
    (killed,) = [one["data"] for one in world.journal(session) if one["type"] == "kill"]
    assert killed["trigger"] == "SIGTERM"


def test_two_kills_at_one_moment_both_report(world: World) -> None:
    world.run_agent("sh", "-c", "sleep 60 & sleep 60")
    calls = [world.start("kill", "--json") for _ in range(2)]
    assert {call.wait(timeout=60) for call in calls} <= {0, 3}
    assert 0 in {call.returncode for call in calls}


def test_unrelated_processes_are_not_touched(world: World) -> None:
    canary = subprocess.Popen(["sleep", "120"], env=world.env, start_new_session=True)
    try:
        world.run_agent("sh", "-c", "sleep 60 & sleep 60")
        world.call("kill")
        assert canary.poll() is None
    finally:
        canary.kill()
        canary.wait()


@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_kill_works_with_the_record_gone_or_garbled(world: World, damage: str) -> None:
    """An agent runs as the user and may have been at it: the supervisor has it in memory."""
    world.run_agent("sh", "-c", "sleep 60 & sleep 60")
    session = world.session()["id"]
    record = world.runtime / "agentwatch" / session / "containment.json"
    record.unlink() if damage == "gone" else record.write_text("{}")
    receipt = world.json("kill", session)
    assert receipt["left"] == []
    assert contained(session) == 0


def test_a_garbled_record_is_put_right(world: World) -> None:
    world.run_agent("sleep", "60")
    session = world.session()["id"]
    record = world.runtime / "agentwatch" / session / "containment.json"
    right = record.read_text()
    record.write_text("{}")
    wait_for(lambda: record.read_text() == right, "the record to be put right")
    wait_for(lambda: any(entry["type"] == "alarm" for entry in world.journal(session)), "the alarm")


def test_a_kill_whose_program_died_over_it_is_finished(world: World) -> None:
    world.run_agent("sh", "-c", "sleep 60 & sleep 60")
    session = world.session()["id"]
    (world.runtime / "agentwatch" / session / "closed").touch()
    wait_for(lambda: contained(session) == 0, "the tree to be gone")


@pytest.mark.parametrize("means", ["subreaper", "portable"])
def test_an_agent_that_removes_our_folder_is_killed(world: World, means: str) -> None:
    """No kill could find its tree from the record any more: so there must be no tree.

    In a pid namespace the folder is read-only to the agent: see containment/test_world.py.
    """
    removes = (
        "import os, shutil, time\n"
        "folder = os.path.dirname(os.path.dirname(os.environ['AGENTWATCH_SOCKET']))\n"
        "shutil.rmtree(folder, ignore_errors=True)\n"
        "os.system('sleep 120 & sleep 120')\n"
    )
    script = str(world.script("removes.py", removes))
    process = world.start("run", "--no-tui", "--containment", means, "--", sys.executable, script)
    assert process.wait(timeout=30) == 137
    (kept,) = world.json("ls", "--all")
    assert kept["state"] == "killed"
    assert contained(kept["id"]) == 0
