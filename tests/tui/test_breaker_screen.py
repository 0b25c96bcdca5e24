"""The breaker on screen: it comes to the front, one key denies all, none approves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentwatch.demo.inbox import LETTERS
from agentwatch.model import Json, SessionState
from agentwatch.tui.screens.breaker import BreakerScreen
from tests.tui.tui_double import Supervisor, action
from tests.tui.tui_stage import Stage, stage

HOSTILE = "delete [@click=app.bell]soup[/]\x1b[31m"
MAILS = (*(f"delete inbox/{at:02}: {LETTERS[at].subject}" for at in range(5, 34)), HOSTILE)
WORDS = "the 12th deletion in 2 s, so far 8 waiting, 3 allowed by grant"


def tripped(count: int = 30, **changes: Any) -> Json:
    waiting = [
        {"id": f"7f3a-{at}", "digest": f"{at:064}", "summary": text}
        for at, text in enumerate(MAILS[:count], 5)
    ]
    return {
        "state": "tripped",
        "why": "",
        "trip": {"number": 1, "meter": "deletions", "subject": "", "words": WORDS, "sample": []},
        "burst": waiting,
        "digest": "d" * 64,
        "meters": [],
        "budgets": [],
        **changes,
    }


COUNTING: Json = {
    "state": "on",
    "why": "",
    "trip": None,
    "burst": [],
    "digest": "",
    "meters": [
        {"meter": "deletions", "count": 3, "limit": "12/20s", "total": 7, "subject": ""},
        {"meter": "folder", "count": 3, "limit": "30/20s", "total": 9, "subject": "/home/ada/in"},
    ],
    "budgets": [],
}
SPENT = {"resource": "actions", "used": 200, "limit": 200, "step": 200, "over": True}


def supervisor(breaker: Json, **changes: Any) -> Supervisor:
    made = Supervisor(action(1, argv=("rm", "x")), **changes)
    made.breaker = breaker
    return made


async def opened(on: Stage) -> None:
    await on.until(lambda: isinstance(on.app.screen, BreakerScreen))


def sent(on: Stage, op: str) -> list[Json]:
    return [fields for called, fields in on.supervisor.calls if called == op]


async def test_a_trip_comes_to_the_front_and_one_key_denies_all(tmp_path: Path) -> None:
    async with stage(supervisor(tripped(), state=SessionState.FROZEN), tmp_path) as on:
        await opened(on)
        await on.press("d")
        await on.until(lambda: sent(on, "answer-all"))
        assert sent(on, "answer-all") == [{"verdict": "deny"}]


async def test_no_key_approves_all_and_resuming_must_be_aimed(tmp_path: Path) -> None:
    async with stage(supervisor(tripped(), state=SessionState.FROZEN), tmp_path) as on:
        await opened(on)
        await on.press("r")  # too soon: it has only just come
        await on.press("a", "enter", "space", "y", "1", "s")
        await on.painted()
        assert not [op for op, _ in on.supervisor.calls if op in ("reset", "decide", "answer-all")]
        await on.aim("r")
        await on.until(lambda: sent(on, "reset"))


async def test_it_says_what_tripped_and_names_those_that_wait(tmp_path: Path) -> None:
    async with stage(supervisor(tripped(), state=SessionState.FROZEN), tmp_path) as on:
        await opened(on)
        page: Any = on.app.screen.query_one("#reading")
        assert "FROZEN  " + WORDS[:30] in page.text
        assert "One question for all 30" in page.text
        assert "7f3a-34" in page.text
        assert "\x1b" not in page.text
        assert "[@click=app.bell]" in page.text, "an agent's words are drawn as they are"
        await on.press("escape")
        await on.until(lambda: len(on.app.screen_stack) == 1)
        assert "BREAKER: the 12th deletion" in on.notices()
        await on.painted()
        assert len(on.app.screen_stack) == 1, "it comes to the front once"


async def test_the_counts_are_a_key_away(tmp_path: Path) -> None:
    async with stage(supervisor(COUNTING), tmp_path) as on:
        assert len(on.app.screen_stack) == 1
        await on.press("b")
        await opened(on)
        page: Any = on.app.screen.query_one("#reading")
        assert "deletions             3  12/20s" in page.text
        await on.press("d")
        await on.aim("r")
        await on.aim("e")
        assert not [op for op, _ in on.supervisor.calls if op not in ("watch", "breaker", "resize")]


async def test_a_budget_is_raised_by_an_aimed_key(tmp_path: Path) -> None:
    words = {**SPENT, "words": "200/200"}
    spent = tripped(0, budgets=[words], trip={"number": 1, "meter": "budget", "words": "used up"})
    async with stage(supervisor(spent, state=SessionState.FROZEN), tmp_path) as on:
        await opened(on)
        await on.press("e")
        assert not sent(on, "add-budget")
        await on.aim("e")
        await on.until(lambda: sent(on, "add-budget"))
        assert sent(on, "add-budget") == [{"more": ["actions=200"]}]
