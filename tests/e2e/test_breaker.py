"""The inbox story in a session that runs: a grant lets three through, the burst is frozen."""

from __future__ import annotations

import sys
from typing import Any

from tests.e2e.world import World
from tests.waiting import wait_for

CLEANER = """
import os
from concurrent.futures import ThreadPoolExecutor
from agentwatch.channels.propose import Denied, propose
def delete(name):
    path = os.path.abspath(f"mail/{name}")
    try:
        propose("delete", path=path)
    except Denied:
        return
    os.unlink(path)
for number in range(4):
    delete(number)
with ThreadPoolExecutor(30) as pool:
    list(pool.map(delete, range(4, 34)))
open("over", "w").close()
"""


def test_the_burst_is_frozen_and_has_one_answer(world: World) -> None:
    mail = world.work / "mail"
    mail.mkdir()
    for number in range(40):
        (mail / str(number)).touch()
    world.run_agent(sys.executable, str(world.script("clean.py", CLEANER)))
    (first,) = world.pending()
    world.call("approve", first["id"], "--scope", "folder", "--uses", "3")
    status: dict[str, Any] = wait_for(
        lambda: (found := world.json("breaker"))["state"] == "tripped" and found, "a trip"
    )
    assert (status["trip"]["meter"], status["trip"]["count"]) == ("deletions", 12)
    assert status["trip"]["ways"]["allowed by grant"] == 3
    session = world.session()
    assert (session["state"], session["breaker"]) == ("frozen", "tripped")
    assert "TRIPPED" in world.call("ls").stdout
    assert len(list(mail.iterdir())) == 36

    assert world.call("breaker", "--approve-all", check=False).returncode == 2
    stale = world.call("breaker", "--approve-all", "--digest", "0" * 64, check=False)
    assert "not those you were shown" in stale.stderr
    settled = wait_for(lambda: same_twice(world), "the burst to have come")
    world.call("breaker", "--approve-all", "--digest", settled["digest"])
    assert len(list(mail.iterdir())) == 36, "frozen it stays"
    world.json("breaker", "--reset")
    done = len(settled["burst"])
    wait_for(lambda: len(list(mail.iterdir())) == 36 - done, "exactly those to be deleted")
    kinds = [entry["type"] for entry in world.journal(session["id"])]
    assert kinds.index("tripped") < kinds.index("frozen") < kinds.index("answered-all")
    assert kinds.index("answered-all") < kinds.index("breaker-reset") < kinds.index("resumed")


def same_twice(world: World) -> Any:
    """The breaker's word, once what was on its way when the tree froze has arrived."""
    first, second = world.json("breaker"), world.json("breaker")
    return second if first["digest"] == second["digest"] else None


def test_a_budget_is_shown_kept_and_raised(world: World) -> None:
    propose = f"{sys.executable} -m agentwatch propose other --words x"
    options = ("--budget", "actions=1", "--budget", "time=2h")
    world.run_agent("sh", "-c", f"{propose}; {propose}; sleep 60", options=options)
    (first,) = world.pending()
    assert "actions 1/1" in world.call("ls").stdout
    world.call("approve", first["id"])
    wait_for(lambda: world.session()["breaker"] == "tripped", "the second to be stopped")
    (actions, _) = world.json("budget", "--add", "actions=5", "--reset")
    assert (actions["limit"], actions["over"]) == (6, False)
    assert world.session()["state"] == "running"
    (second,) = world.pending()
    assert second["id"] != first["id"]
