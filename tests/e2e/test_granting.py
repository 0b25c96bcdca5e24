"""Grants in a session that runs: given, used, counted down, revoked, gone with the kill."""

from __future__ import annotations

import json
import sys

from tests.e2e.world import World
from tests.waiting import wait_for

PROPOSE = f"{sys.executable} -m agentwatch propose exec --"
AGENT = f"for n in 1 2 3 4; do {PROPOSE} rm -f x$n; echo $? >> said; done; sleep 60"


def test_a_grant_is_used_up_and_then_it_is_asked_again(world: World) -> None:
    world.run_agent("sh", "-c", AGENT)
    (first,) = world.pending()
    scopes = {item["scope"]: item for item in world.json("approve", first["id"], "--scopes")}
    assert set(scopes) == {"exact", "shape"}
    made = world.json("approve", first["id"], "--scope", "shape", "--uses", "2", "--for", "10m")
    assert made["grant"]["left"] == 2
    said = world.work / "said"
    wait_for(lambda: said.exists() and said.read_text() == "0\n0\n0\n", "two granted answers")
    (fourth,) = world.pending()
    assert fourth["argv"][-1] == "x4"
    assert world.json("grants") == []
    log = world.json("log")
    decided = [entry["data"]["decision"] for entry in log if entry["type"] == "decided"]
    assert [one["rule"] for one in decided] == [None, *[f"grant {made['grant']['id']}"] * 2]
    assert [entry["type"] for entry in log].count("granted") == 1


def test_a_grant_is_revoked(world: World) -> None:
    world.run_agent("sh", "-c", AGENT.replace("; done", "; while [ -e hold ]; do :; done; done"))
    (first,) = world.pending()
    (world.work / "hold").touch()
    made = world.json("approve", first["id"], "--scope", "shape")["grant"]
    (listed,) = world.json("grants")
    assert (listed["id"], listed["until"], listed["left"]) == (made["id"], None, None)
    assert world.json("revoke", made["id"])["id"] == made["id"]
    (world.work / "hold").unlink()
    (second,) = world.pending()
    assert second["argv"][-1] == "x2"


def test_a_kill_ends_every_grant_and_counts_them(world: World) -> None:
    process = world.run_agent("sh", "-c", AGENT)
    (first,) = world.pending()
    world.json("approve", first["id"], "--scope", "exact")
    world.pending()
    world.call("kill")
    process.wait(60)
    (kill,) = [
        json.loads(line)
        for line in world.call("log", "--json", "--follow").stdout.splitlines()
        if '"kill"' in line and json.loads(line)["type"] == "kill"
    ]
    assert kill["data"]["revoked_grants"] == 1


def test_what_is_denied_cannot_be_granted(world: World) -> None:
    world.run_agent("sh", "-c", AGENT)
    (first,) = world.pending()
    world.call("deny", first["id"])
    done = world.call("approve", first["id"], "--scope", "shape", check=False)
    assert done.returncode == 1
    assert world.json("grants") == []
    other = world.pending()[0]
    done = world.call("approve", other["id"], "--scope", "folder", check=False)
    assert done.returncode == 2
    assert "there are exact, shape" in done.stderr


def test_an_action_becomes_a_rule_but_never_by_the_agent(world: World) -> None:
    tries = f"{sys.executable} -m agentwatch rules add $(cat id) --yes 2> refused"
    world.run_agent("sh", "-c", AGENT.replace("; sleep", f"; {tries}; touch tried; sleep"))
    (first,) = world.pending()
    (world.work / "id").write_text(first["id"])
    rules = world.folder / ".config/agentwatch/rules.toml"
    (shown, *_) = world.json("rules", "add", first["id"], "--print")
    assert (shown["file"], shown["scope"]) == (str(rules), "exact")
    assert not rules.exists()
    assert world.call("rules", "add", first["id"], check=False).returncode == 2
    assert not rules.exists()
    made = world.json("rules", "add", first["id"], "--scope", "shape", "--yes")
    assert rules.read_text() == f"version = 1\n\n{made['toml']}"
    world.call("rules", "check", str(rules))
    assert '"allow"' in world.call("rules", "explain", "--json", "--", "rm", "-f", "x9").stdout
    assert world.json("pending")[0]["id"] == first["id"], "a rule answers nothing by itself"
    for _ in range(4):
        world.call("deny", world.pending()[0]["id"])
    wait_for((world.work / "tried").exists, "the agent's own try")
    assert "refused: it is inside" in (world.work / "refused").read_text()
    assert rules.read_text().count("[[rule]]") == 1
    added = [entry for entry in world.json("log") if entry["type"] == "rule-added"]
    assert [entry["data"]["toml"] for entry in added] == [made["toml"]]
