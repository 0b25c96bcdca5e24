"""The record of a run: signed where a person decided, its key out of the agent's reach."""

from __future__ import annotations

import re
import sys

from tests.e2e.world import World
from tests.waiting import wait_for

AGENT = (
    "ls {key} > saw 2>&1; "
    f"{sys.executable} -m agentwatch propose exec -- rm x; echo $? > said; exit 3"
)


def test_the_record_of_a_run_stands_up(world: World) -> None:
    signing = world.state / "agentwatch" / "signing"
    kept, fed = world.folder / "kept", world.folder / "fed"
    elsewhere = ("--anchor", str(kept), "--anchor", f"cat >> {fed}")
    process = world.run_agent("sh", "-c", AGENT.format(key=signing), options=elsewhere)
    (asked,) = world.pending()
    name = world.session()["id"]
    grade = world.session()["containment"]
    world.call("approve", asked["id"])
    assert process.wait(60) == 3

    assert (world.work / "said").read_text() == "0\n"
    if grade == "pidns":
        assert (world.work / "saw").read_text() == "", "the agent's folder of keys is empty"
    (decided,) = [one for one in world.json("log", name) if one["type"] == "decided"]
    assert decided["data"]["signed"]["how"].startswith("python")

    (line,) = world.call("log", name, "--state", "allowed", "--export", "cef").stdout.splitlines()
    assert line.startswith("CEF:0|agentwatch|")
    assert "act=allow" in line

    journal = str(world.state / "agentwatch" / "sessions" / name / "journal.jsonl")
    key = world.folder / "key.pem"
    key.write_text(world.call("key").stdout)
    wait_for(lambda: world.json("log", name, "--verify", check=False)["sealed"] > 4, "the end")
    outcome = world.json("log", journal, "--verify", "--key", str(key))
    assert (outcome["result"], outcome["why"]) == ("agree", "")
    assert outcome["signed"] >= 3, "the start, the approval, the end"
    assert outcome["sealed"] == outcome["records"] - 1

    printed = re.search(rf"record ({name}:\d+:[0-9a-f]{{64}})", world.output(process))
    assert printed
    heads = [option for one in (kept, fed, printed[1]) for option in ("--anchor", str(one))]
    assert world.json("log", name, "--verify", *heads)["anchored"] >= 5

    (signing / "ed25519.pem").unlink()
    assert world.call("log", name, "--verify", check=False).returncode == 2
    world.call("run", "--no-tui", "--", "true")
    other = world.call("log", name, "--verify", check=False)
    assert (other.returncode, "another key" in other.stdout) == (1, True)

    (signing / "ed25519.pem").chmod(0o644)
    refused = world.call("run", "--no-tui", "--", "true", check=False)
    assert (refused.returncode, "others may read" in refused.stderr) == (125, True)
