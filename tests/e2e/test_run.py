"""The main job without a screen, as scripts and other shells see it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.waiting import wait_for

ASK = """
import sys
from agentwatch import Denied, propose
try:
    propose("delete", path="victim", words="it is old")
except Denied as error:
    print("DENIED", error.reason, flush=True)
    sys.exit(9)
import os
os.unlink("victim")
print("DELETED", flush=True)
"""


@pytest.mark.parametrize("status", [0, 1, 7])
def test_the_agents_exit_status_is_ours(world: World, status: int) -> None:
    assert (
        world.call("run", "--no-tui", "--", "sh", "-c", f"exit {status}", check=False).returncode
        == status
    )


def test_a_signalled_agent_gives_its_signals_status(world: World) -> None:
    done = world.call("run", "--no-tui", "--", "sh", "-c", "kill -TERM $$", check=False)
    assert done.returncode == 128 + 15


def test_a_command_that_is_not_there_is_127(world: World) -> None:
    done = world.call("run", "--no-tui", "--", "no-such-command-here", check=False)
    assert done.returncode == 127
    assert done.stderr.startswith("agentwatch: error: ")


def test_a_command_that_cannot_run_is_126(world: World) -> None:
    (world.work / "plain").write_text("no program")
    done = world.call("run", "--no-tui", "--", "./plain", check=False)
    assert done.returncode == 126


def test_standard_streams_are_the_callers(world: World) -> None:
    """In a pipe, `run` is as transparent as env or nohup."""
    done = world.call("run", "--no-tui", "--", "sh", "-c", "echo out; echo err >&2")
    assert done.stdout == "out\n"
    assert "err\n" in done.stderr


def test_an_approved_action_happens(world: World) -> None:
    victim = world.work / "victim"
    victim.write_text("x")
    script = world.script("ask.py", ASK)
    process = world.run_agent(sys.executable, str(script))
    (action,) = world.pending()
    assert victim.exists()
    decided = world.json("approve", action["id"])
    assert decided["state"] == "allowed"
    assert process.wait(timeout=60) == 0
    assert not victim.exists()


def test_a_denied_action_does_not_happen_and_the_agent_reads_why(world: World) -> None:
    victim = world.work / "victim"
    victim.write_text("x")
    process = world.run_agent(sys.executable, str(world.script("ask.py", ASK)))
    (action,) = world.pending()
    world.call("deny", action["id"], "--because", "keep that one")
    assert process.wait(timeout=60) == 9
    assert victim.exists()
    assert "DENIED keep that one" in world.output(process)


def test_the_json_of_an_action_keeps_its_contract(world: World) -> None:
    world.run_agent(sys.executable, str(world.script("ask.py", ASK)))
    (action,) = world.pending()
    wanted = """id session seq kind summary origin channel argv command path paths url host cwd
    pid parents reversibility reasons covered_by digest seen_at deadline state decision""".split()
    assert set(wanted) <= set(action)
    assert action["kind"] == "delete"
    assert action["path"] == str(world.work / "victim")
    assert action["words"] == "it is old"
    assert action["state"] == "pending"
    assert world.json("show", action["id"]) == action


def test_a_lost_supervisor_hides_nobody_else_s_questions(world: World) -> None:
    lost = world.runtime / "agentwatch" / "lost-1"
    (lost / "agent").mkdir(parents=True)
    done = world.call("pending", check=False)
    assert done.returncode == 4
    assert "the supervisor of lost-1 does not answer" in done.stderr
    world.run_agent(sys.executable, str(world.script("ask.py", ASK)))
    (action,) = world.pending()
    done = world.call("pending")
    assert action["id"] in done.stdout
    assert "the supervisor of lost-1 does not answer" in done.stderr


def test_the_json_of_a_session_keeps_its_contract(world: World) -> None:
    world.run_agent("sleep", "60")
    session = world.session()
    wanted = """id name argv workspace state pid supervisor_pid grade containment coverage pending
    pids started_at exit""".split()
    assert set(wanted) <= set(session)
    assert set(session["coverage"]) >= {"exec", "files", "network", "tools"}
    assert session["state"] == "running"
    assert session["argv"] == ["sleep", "60"]


def test_an_approval_is_bound_to_what_was_shown(world: World) -> None:
    world.run_agent(sys.executable, str(world.script("ask.py", ASK)))
    (action,) = world.pending()
    done = world.call("approve", action["id"], "--digest", "0" * 64, check=False)
    assert done.returncode == 1
    assert "not what you were shown" in done.stderr
    assert world.json("pending")[0]["id"] == action["id"]
    world.call("approve", action["id"], "--digest", action["digest"])


def test_nobody_answers_twice(world: World) -> None:
    world.run_agent(
        sys.executable, str(world.script("ask.py", ASK + "\nimport time; time.sleep(60)"))
    )
    (world.work / "victim").write_text("x")
    (action,) = world.pending()
    world.call("approve", action["id"])
    done = world.call("deny", action["id"], check=False)
    assert done.returncode == 1
    assert "already allowed" in done.stderr


def test_an_unknown_action_is_status_3(world: World) -> None:
    world.run_agent("sleep", "60")
    assert world.call("approve", "zz-1", check=False).returncode == 3


def test_no_session_is_status_3(world: World) -> None:
    assert world.call("kill", check=False).returncode == 3
    assert world.call("freeze", "nothing", check=False).returncode == 3


def test_a_question_nobody_answers_is_denied_at_its_deadline(world: World) -> None:
    (world.work / "victim").write_text("x")
    process = world.run_agent(
        sys.executable, str(world.script("ask.py", ASK)), options=("--deny-after", "0.5")
    )
    assert process.wait(timeout=60) == 9
    assert "nobody answered within 0.5 s" in world.output(process)


def test_pending_follow_prints_each_question(world: World) -> None:
    two = (
        "import threading as t\n"
        "from agentwatch import propose\n"
        "for n in 'ab':\n t.Thread(target=lambda n=n: propose('delete', path=n)).start()\n"
    )
    world.run_agent(sys.executable, str(world.script("two.py", two)))
    follower = world.start("pending", "--follow", "--json")
    wait_for(lambda: world.output(follower).count("\n") == 2, "two followed questions")
    paths = {json.loads(text)["path"] for text in world.output(follower).splitlines()}
    assert paths == {str(world.work / "a"), str(world.work / "b")}


def test_a_session_that_is_over_is_still_told(world: World) -> None:
    world.call("run", "--no-tui", "--name", "short", "--", "true")
    assert world.json("ls") == []
    (kept,) = world.json("ls", "--all")
    assert (kept["name"], kept["state"], kept["exit"]) == ("short", "exited", 0)
    assert "exited" in world.call("log", kept["id"]).stdout
    assert world.call("log", kept["id"], "--verify").returncode == 0


def test_a_decided_action_of_a_session_that_is_over_can_be_shown(world: World) -> None:
    (world.work / "victim").write_text("x")
    process = world.run_agent(sys.executable, str(world.script("ask.py", ASK)))
    (action,) = world.pending()
    world.call("approve", action["id"])
    process.wait(timeout=60)
    wait_for(lambda: not world.json("ls"), "the session to be over")
    shown = world.json("show", action["id"])
    assert (shown["state"], shown["digest"]) == ("allowed", action["digest"])


def test_freezing_stops_the_tree_and_resuming_lets_it_go_on(world: World) -> None:
    beat = world.work / "beat"
    loop = "i=0; while :; do i=$((i+1)); echo $i > beat.new; mv beat.new beat; sleep 0.02; done"
    world.run_agent("sh", "-c", loop)
    wait_for(beat.exists, "a first beat")
    assert world.json("freeze")["state"] == "frozen"
    assert world.json("freeze")["state"] == "frozen"
    still = beat.read_text()
    world.call("ls")  # as long as another whole call takes
    assert beat.read_text() == still
    assert world.json("resume")["state"] == "running"
    wait_for(lambda: beat.read_text() != still, "another beat")


def test_a_frozen_tree_can_be_killed(world: World) -> None:
    world.run_agent("sh", "-c", "sleep 60 & sleep 60")
    world.call("freeze")
    receipt = world.json("kill")
    assert receipt["before"] >= 2
    assert receipt["left"] == []


def test_errors_are_one_line_and_a_hint_and_no_output(world: World) -> None:
    done = world.call("show", "zz-1", check=False)
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("agentwatch: error: ")
    assert second.startswith("hint: ")


def test_control_characters_of_an_agent_do_not_reach_the_readers_terminal(world: World) -> None:
    nasty = 'from agentwatch import propose\npropose("exec", command="ls \\x1b[2J\\u202e#")\n'
    world.run_agent(sys.executable, str(world.script("nasty.py", nasty)))
    (action,) = world.pending()
    for text in (world.call("pending").stdout, world.call("show", action["id"]).stdout):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\\x1b[2J" in text


def test_the_config_does_not_show_in_a_process_list(world: World) -> None:
    """The token must not be readable from a command line."""
    world.run_agent("sleep", "60")
    supervisor = world.session()["supervisor_pid"]
    line = Path(f"/proc/{supervisor}/cmdline").read_bytes()
    assert b"TOKEN" not in line.upper()
    assert json.dumps(world.session()).find("token") == -1
