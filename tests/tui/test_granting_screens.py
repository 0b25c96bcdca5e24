"""Granting on screen: narrowest first, only by an aimed `a`, bound to the card; one key revokes."""

from __future__ import annotations

from pathlib import Path

from agentwatch.tui.screens.grants import GrantsScreen
from agentwatch.tui.screens.similar import SimilarScreen
from agentwatch.tui.screens.writing import WritingScreen
from tests.tui.tui_double import NOW, Supervisor, action
from tests.tui.tui_stage import Stage, stage

SCOPES = [
    {"scope": "exact", "covers": "exactly this", "would_have_matched": 0, "of": 9},
    {"scope": "shape", "covers": "rm … [@click=app.bell]x[/]", "would_have_matched": 3, "of": 9},
]
GRANT = {
    "id": "abc-g1",
    "covers": "rm … with any operands",
    "until": NOW + 600,
    "left": 4,
    "used": 1,
}


def one() -> Supervisor:
    supervisor = Supervisor(action(1, argv=("rm", "x")))
    supervisor.scopes = list(SCOPES)
    return supervisor


async def opened(on: Stage) -> None:
    await on.calm()
    await on.press("s")
    await on.until(lambda: isinstance(on.app.screen, SimilarScreen))


async def test_the_narrowest_and_shortest_come_first(tmp_path: Path) -> None:
    async with stage(one(), tmp_path) as on:
        await opened(on)
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions == [("act-1", "allow")])
        (sent,) = [fields for op, fields in on.supervisor.calls if op == "decide"]
        assert (sent["scope"], sent["for"], sent["uses"]) == ("exact", "15m", 1)
        assert sent["digest"]


async def test_the_arrows_choose_what_and_how_long(tmp_path: Path) -> None:
    async with stage(one(), tmp_path) as on:
        await opened(on)
        await on.press("down", "down", "right", "right", "right", "right", "right")
        await on.aim("a")
        await on.until(lambda: on.supervisor.decisions)
        (sent,) = [fields for op, fields in on.supervisor.calls if op == "decide"]
        assert (sent["scope"], sent["for"], sent["uses"]) == ("shape", None, None)


async def test_nothing_else_on_the_panel_grants(tmp_path: Path) -> None:
    async with stage(one(), tmp_path) as on:
        await opened(on)
        await on.press("a")  # too soon: the panel has only just come
        await on.press("enter", "space", "y", "1")
        await on.press("escape")
        await on.painted()
        assert len(on.app.screen_stack) == 1
        assert on.supervisor.decisions == []


async def test_what_has_nothing_to_offer_opens_no_panel(tmp_path: Path) -> None:
    supervisor = one()
    supervisor.scopes = []
    async with stage(supervisor, tmp_path) as on:
        await on.calm()
        await on.press("s")
        await on.painted()
        assert len(on.app.screen_stack) == 1


async def test_one_key_revokes(tmp_path: Path) -> None:
    supervisor = one()
    supervisor.grants = [dict(GRANT), {**GRANT, "id": "abc-g2"}]
    async with stage(supervisor, tmp_path) as on:
        await on.press("g")
        await on.until(lambda: isinstance(on.app.screen, GrantsScreen))
        await on.press("down", "x")
        await on.until(lambda: [f for op, f in on.supervisor.calls if op == "revoke"])
        assert [f["grant"] for op, f in on.supervisor.calls if op == "revoke"] == ["abc-g2"]
        on.supervisor.say(event="grants", grants=[])
        await on.until(lambda: on.app.watched.grants == [])
        await on.press("x")
        await on.painted()
        assert len([1 for op, _ in on.supervisor.calls if op == "revoke"]) == 1


RULE = {
    "scope": "shape",
    "covers": "rm …",
    "id": "always-act-1-shape",
    "toml": '[[rule]]\nid = "always-act-1-shape"\nwhy = "\x1b[31m[@click=app.bell]x[/]"\n',
    "file": "/home/ada/.config/agentwatch/rules.toml",
    "shown": "d1",
    "still": None,
}


async def test_a_rule_is_shown_confirmed_and_written_after_the_yes(tmp_path: Path) -> None:
    supervisor = one()
    supervisor.rules = [{**RULE, "scope": "exact"}, RULE]
    async with stage(supervisor, tmp_path) as on:
        await opened(on)
        await on.press("down", "w")
        await on.until(lambda: isinstance(on.app.screen, WritingScreen))
        await on.press("a", "enter", "w")  # too soon, and keys that mean nothing here
        assert on.supervisor.decisions == []
        await on.aim("a")
        await on.until(lambda: [op for op, _ in on.supervisor.calls if op == "rule-add"])
        sent = [(op, fields) for op, fields in on.supervisor.calls if op in ("decide", "rule-add")]
        (_, answer), (_, rule) = sent
        assert (answer["verdict"], answer["scope"], answer["for"]) == ("allow", "shape", None)
        assert rule == {"action": "act-1", **{k: RULE[k] for k in ("scope", "toml", "shown")}}


async def test_a_denied_or_changed_action_writes_no_rule(tmp_path: Path) -> None:
    supervisor = one()
    supervisor.rules = [{**RULE, "scope": "exact"}]
    async with stage(supervisor, tmp_path) as on:
        await opened(on)
        await on.press("w")
        await on.until(lambda: isinstance(on.app.screen, WritingScreen))
        on.supervisor.pending["act-1"]["digest"] = "another"
        await on.aim("a")
        await on.until(lambda: len(on.app.screen_stack) == 1)
        await on.until(lambda: [op for op, _ in on.supervisor.calls if op == "decide"])
        await on.painted()
        assert "rule-add" not in [op for op, _ in on.supervisor.calls]


async def test_what_makes_no_rule_says_so(tmp_path: Path) -> None:
    async with stage(one(), tmp_path) as on:
        await opened(on)
        await on.press("w")
        await on.painted()
        assert len(on.app.screen_stack) == 1
