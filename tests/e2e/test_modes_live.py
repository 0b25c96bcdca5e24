"""Modes in a session whose system calls are held: locked, watch, changed while it works."""

from __future__ import annotations

import re
import shlex

from tests.e2e.world import World
from tests.waiting import wait_for

RULE = '[[rule]]\nid = "ok"\ndecide = "allow"\nargv = ["cp"]\n'
AGENT = """
at() { while [ ! -e "../go$1" ]; do sleep 0.05; done; }
cp seed ruled && echo ruled; rm seed || echo locked
at 1; rm seed && echo watched; COMMAND; echo "refused $?"
at 2; rm other || echo locked again
sleep 60
"""


def test_locked_and_watch_and_the_way_between(world: World) -> None:
    """Locked denies all but what a rule allows, watch asks nothing, and no agent changes it."""
    for name in ("seed", "other"):
        (world.work / name).write_text(name)
    (world.folder / "ok.toml").write_text(RULE)
    world.script("agent.sh", AGENT.replace("COMMAND", shlex.join(world.command("mode", "locked"))))
    rules = ("--rules", str(world.folder / "ok.toml"))
    agent = world.run_agent("sh", "agent.sh", options=("--kernel-gate", "--mode", "locked", *rules))

    def said(word: str) -> None:
        wait_for(lambda: word in world.output(agent).splitlines(), f"{word!r}")

    said("locked")
    assert (world.work / "ruled").read_text() == "seed"
    assert world.json("mode")["mode"] == "locked"
    assert world.json("mode", "watch")["mode"] == "watch"
    (world.folder / "go1").touch()
    found = wait_for(lambda: re.search(r"refused (\d+)", world.output(agent)), "the refusal")
    assert int(found[1]) > 0
    assert not (world.work / "seed").exists()
    session = world.session()
    assert session["mode"] == "watch"
    assert world.json("mode", session["id"], "locked")["mode"] == "locked"
    (world.folder / "go2").touch()
    said("locked again")
    assert (world.work / "other").exists()
    assert world.json("pending") == []
    changes = [one["data"] for one in world.journal(session["id"]) if one["type"] == "mode"]
    assert [(one["from"], one["to"], one["by"]) for one in changes] == [
        ("locked", "watch", "person:cli"),
        ("watch", "locked", "person:cli"),
    ]


def test_a_mode_that_is_none_is_refused(world: World) -> None:
    done = world.call("mode", "session", "loose", check=False)
    assert done.returncode == 2
    assert "there are ask, draft, watch, locked" in done.stderr
