"""What a session leaves for afterwards: its recording, and the report."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from tests.e2e.person import Person
from tests.e2e.world import World
from tests.waiting import wait_for

AGENT = """
from agentwatch import Denied, propose
print("\\x1b[1mhello\\x1b[0m \\x1b]52;c;c3RvbGVu\\x07there", flush=True)
try:
    propose("delete", path="a<b>.txt", words="![x](http://evil.example)")
    print("deleted it", flush=True)
except Denied as error:
    print("kept it:", error.reason, flush=True)
"""


def test_a_session_is_recorded_with_its_decision_and_played_again(world: World) -> None:
    agent = (sys.executable, str(world.script("agent.py", AGENT)))
    person = Person(world, "run", "--no-tui", "--name", "tidy", "--", *agent)
    person.sees("hello there")
    (asked,) = world.pending()
    world.call("deny", asked["id"], "--because", "not on a Friday")
    person.sees("kept it: not on a Friday")
    wait_for(lambda: not person.spawned.isalive(), "the end of the run")
    session = asked["session"]

    played = world.call("replay", session, "--plain").stdout
    assert "\x1b" not in played
    assert "c3RvbGVu" not in played
    at = [played.index(text) for text in ("hello there", f"ASKED {asked['id']}", "kept it")]
    assert at == sorted(at)
    assert f"DENIED {asked['id']} by person:cli" in played

    page = world.call("report", session).stdout
    assert f"`{asked['id']}` asked: `delete" in page
    assert re.search(r"DENIED by `person:cli`, after \d+\.\d s: `not on a Friday`", page)
    assert "✓ `recording/00000.cast` is what was recorded" in page
    world.call("report", session, "--output", "page.html")
    html = (world.work / "page.html").read_text()
    assert "a&lt;b&gt;.txt" in html
    assert "a<b>" not in html

    folder = world.state / "agentwatch/sessions" / session
    assert {path.stat().st_mode & 0o777 for path in (folder / "recording").iterdir()} == {0o600}
    (told,) = [item["data"] for item in world.journal(session) if item["type"] == "recording"]
    assert [part["file"] for part in told["parts"]] == ["recording/00000.cast"]
    older = world.call("replay", session, "--export", "v2").stdout.splitlines()
    assert json.loads(older[0])["version"] == 2
    assert Path(agent[1]).name in json.loads(older[0])["command"]
