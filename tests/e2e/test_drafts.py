"""Draft mode, system calls held: work in the workspace flows and can be undone, the rest waits."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.test_undeclared import agent
from tests.e2e.world import World
from tests.keeping.workspace import picture
from tests.waiting import wait_for

AGENT = """
rm -r old
echo changed > notes
chmod 600 run.sh
mv a b
mkdir new; echo x > new/f; mv new/f new/g
ln -s notes l
PYTHON - <<-'END'
	import os
	os.truncate("cut", 3)
	os.rename("tree", "moved")
	open("moved/deep/x", "a").write("more")
	os.link("twin", "third")
	open("third", "w").write("through the new name")
	END
echo flowed
rm large || echo "too large"
git push || echo "not pushed"
PYTHON -c 'import socket; socket.create_connection(("127.0.0.1", 9))' || echo "not reached"
sleep 60
"""


def test_what_stays_here_flows_and_is_undone_and_the_rest_waits(world: World) -> None:
    """A tree is worked over without a question, and put back to the byte."""
    work = world.work
    for folder in ("old/deep", "tree/deep"):
        (work / folder).mkdir(parents=True)
    files = ("old/f", "old/deep/g", "notes", "run.sh", "a", "cut", "tree/deep/x", "twin")
    for name in files:
        (work / name).write_text(f"{name} as it was")
    (work / "run.sh").chmod(0o755)
    (work / "large").write_bytes(b"x" * (1 << 20) + b"x")
    world.script("agent.sh", AGENT.replace("PYTHON", sys.executable))
    before = picture(work)
    options = ("--kernel-gate", "--mode", "draft", "--keep-file", "1")
    agent = world.run_agent("sh", "agent.sh", options=options)

    def said(word: str) -> None:
        wait_for(lambda: word in world.output(agent).splitlines(), word)

    for asked, reason, then in (
        ("delete", "it cannot be kept aside", "too large"),
        ("git push", "leave this machine", "not pushed"),
        ("connect to 127.0.0.1:9", "asks another program", "not reached"),
    ):
        (waits,) = world.pending()
        assert asked in waits["summary"], waits
        assert any(reason in why for why in waits["reasons"]), waits
        assert "flowed" in world.output(agent).splitlines()
        world.call("deny", waits["id"])
        said(then)
    assert not (work / "old").exists()
    listed = world.json("undo", "--list")
    assert {"start rm -r old", "write " + str(work / "notes")} <= {one["summary"] for one in listed}
    for one in reversed(listed):
        told = world.json("undo", one["id"])
        assert told["outcome"] == "put back", told
    assert picture(work) == before
    assert world.session()["state"] == "running"
    types = [entry["type"] for entry in world.journal(world.session()["id"])]
    assert types.index("undo") < types.index("undone")
    assert {one["may_have_left"] for one in world.json("kill")["recent"]} == {False}


def test_what_was_changed_since_is_not_overwritten_unasked_nor_after_the_end(world: World) -> None:
    (world.work / "notes").write_text("first")
    options = ("--kernel-gate", "--mode", "draft")
    done = world.start("run", "--no-tui", *options, "--", "sh", "-c", "echo second > notes")
    assert done.wait(30) == 0
    (one,) = world.json("undo", "--list")
    (world.work / "notes").write_text("mine")
    refused = world.call("undo", one["id"], check=False)
    assert refused.returncode == 1
    assert "it was changed since" in refused.stdout
    assert (world.work / "notes").read_text() == "mine"
    world.call("undo", one["id"], "--force")
    assert (world.work / "notes").read_text() == "first"
    session = one["id"].rpartition("-")[0]
    (name,) = [item.name for item in (world.state / "agentwatch/sessions").iterdir()]
    assert name.endswith(session)
    assert world.call("log", name, "--verify").returncode == 0


SAYS = """
    def says(tool, **given):
        return started(event(hook_event_name="PreToolUse", tool_name=tool, tool_input=given)).wait()
    says("Write", file_path=os.getcwd() + "/other", content="new")
    open("other", "w").write("new")
    says("Bash", command="rm victim")
    subprocess.run(["bash", "-c", "rm victim"])"""


@pytest.mark.parametrize("gate", ["--kernel-gate", "--no-kernel-gate"])
def test_what_is_declared_is_undone_by_its_own_name(world: World, gate: str) -> None:
    """With the gate the line flows as well; without, nobody knows what it does."""
    world.run_agent(*agent(world, SAYS), options=(gate, "--mode", "draft"))
    if gate == "--no-kernel-gate":
        (line,) = world.pending()
        assert line["command"] == "rm victim"
        assert any("Draft mode without" in note for note in world.session()["notes"])
        world.call("approve", line["id"])
    wait_for(lambda: not (world.work / "victim").exists(), "the deletion")
    assert (world.work / "other").read_text() == "new"
    found = {one["summary"]: one["id"] for one in world.json("undo", "--list")}
    kept = ["other", "victim"] if gate == "--kernel-gate" else ["other"]
    assert len(found) == len(kept), found
    for one in found.values():
        world.call("undo", one)
    assert all((world.work / name).read_text() == "x" for name in kept)
    assert world.json("pending") == []
