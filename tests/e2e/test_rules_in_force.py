"""Rules in a session that runs: a denial reaches the agent, a change counts at once."""

from __future__ import annotations

import json
import sys

from tests.e2e.world import World
from tests.waiting import wait_for

DENY = '[[rule]]\nid = "no-touch"\ndecide = "deny"\nwhy = "never"\nargv = ["touch"]\n'
ALLOW = '[[rule]]\nid = "make"\ndecide = "allow"\nargv = ["make"]\n'
PROPOSE = f"{sys.executable} -m agentwatch propose exec --"


def test_a_session_obeys_rules_and_hears_of_changes(world: World) -> None:
    """A denial by rule reaches the proposer; a changed file counts at once and is shown."""
    file = world.work / "mine.toml"
    file.write_text(DENY + ALLOW)
    agent = (
        f"{PROPOSE} touch x; echo $? >> said; {PROPOSE} make all; echo $? >> said;"
        f"while [ ! -e go ]; do sleep 0.05; done; {PROPOSE} make all; echo $? >> said"
    )
    running = world.start("run", "--no-tui", "--rules", str(file), "--", "sh", "-c", agent)
    said = world.work / "said"
    wait_for(lambda: said.exists() and said.read_text() == "1\n0\n", "the first two answers")
    file.write_text(DENY + ALLOW.replace("allow", "deny"))
    wait_for(lambda: "was read again" in world.call("log").stdout, "the change to be told")
    (world.work / "go").touch()
    wait_for(lambda: said.read_text() == "1\n0\n1\n", "the last answer")
    running.wait(60)
    decided = [
        entry["data"]["decision"]
        for entry in json.loads(world.call("log", "--json").stdout)
        if entry["type"] == "decided"
    ]
    assert [one["verdict"] for one in decided] == ["deny", "allow", "deny"]
    assert decided[0]["rule"] == f"no-touch ({file}:1)"
    assert decided[0]["why"].startswith("never")


def test_a_broken_file_stops_the_start(world: World) -> None:
    (world.work / "bad.toml").write_text("[[rule]]\n")
    done = world.call("run", "--no-tui", "--rules", "bad.toml", "--", "true", check=False)
    assert done.returncode == 125
    assert "bad.toml:1: the rule has no 'id'" in done.stderr
