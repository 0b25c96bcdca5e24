"""Limits and budgets as people write them: what they mean, and what is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from agentwatch.breaker import Budgets, Limit, Limits, Meter, Resource, read_budget
from agentwatch.commands.breaker import looked_at
from agentwatch.commands.run import budgets_of, limits_of
from agentwatch.errors import AgentwatchError
from agentwatch.rules import Shelf
from agentwatch.rules.read import breaker_table


def test_a_limit_is_a_count_in_a_time() -> None:
    found = Limits().changed({"deletions": "20/2m", "bytes": "3MiB/10s", "tool": "off"})
    assert found.of(Meter.DELETIONS) == Limit(20, 120)
    assert found.of(Meter.BYTES) == Limit(3 << 20, 10)
    assert found.of(Meter.TOOL) is None
    assert found.of(Meter.HOST) == Limits().of(Meter.HOST)
    assert found.unwatched == (Meter.TOOL,)


def test_off_switches_all_of_it_off() -> None:
    assert limits_of(("off",)) == {"off": True}
    found = Limits().changed(limits_of(("off", "deletions=3/1s")))
    assert not any(found.of(meter) for meter in Meter)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"deletion": "1/1s"}, "did you mean 'deletions'"),
        ({"deletions": "12"}, "write 12/20s"),
        ({"deletions": "0/20s"}, "write 12/20s"),
        ({"deletions": "12/0s"}, "write 12/20s"),
        ({"deletions": 12}, "write 12/20s"),
        ({"off": "yes"}, "true or false"),
    ],
)
def test_a_limit_that_cannot_be_read_is_an_error(said: dict[str, Any], words: str) -> None:
    with pytest.raises(AgentwatchError, match=words):
        Limits().changed(said)


def test_a_table_in_a_file_of_rules_is_checked_with_file_and_line() -> None:
    text = 'version = 1\n\n[breaker]\nkind = "5/1s"\nfoldr = "9/1s"\n'
    with pytest.raises(AgentwatchError, match=r"mine\.toml:5: .*did you mean 'folder'"):
        breaker_table(text, "mine.toml")


def test_the_users_file_says_what_it_likes_and_a_projects_only_tightens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    own = tmp_path / "own.toml"
    own.write_text('[breaker]\ndeletions = "50/20s"\n')
    (tmp_path / ".agentwatch.toml").write_text(
        '[breaker]\noff = true\ndeletions = "90/20s"\nmessages = "2/1m"\nkind = "off"\n'
    )
    found = Shelf(tmp_path, [own]).limits
    assert found.of(Meter.DELETIONS) == Limit(50, 20)
    assert found.of(Meter.MESSAGES) == Limit(2, 60)
    assert found.of(Meter.KIND) == Limits().of(Meter.KIND)


def test_budgets_are_used_up_and_raised() -> None:
    budgets = Budgets(read_budget(("actions=2", "processes=10", "time=2m")))
    budgets.act()
    assert budgets.full() is None
    budgets.act()
    full = budgets.full()
    assert full is not None
    assert full.words_with_name == "actions 2/2"
    assert budgets.exhausted() is None, "only the next action is stopped"
    assert budgets.add(Resource.ACTIONS, 1).limit == 3
    assert budgets.full() is None
    budgets.tree(10)
    assert budgets.exhausted() is None
    budgets.tree(11)
    assert budgets.exhausted() is not None


def test_time_stands_still_while_everything_is_frozen() -> None:
    budgets = Budgets({Resource.TIME: 100.0})
    budgets.time(1000.0, running=True)
    budgets.time(1099.0, running=True)
    budgets.time(5000.0, running=False)
    assert budgets.exhausted() is None
    budgets.time(5001.0, running=True)
    spent = budgets.exhausted()
    assert spent is not None
    assert spent.words() == "01:40 of 01:40"


def test_what_an_agent_reports_only_ever_grows() -> None:
    budgets = Budgets(read_budget(("tokens=1000", "cost=0.50")))
    budgets.told("a", {"used": 600, "size": 9000, "cost": {"amount": 0.2, "currency": "USD"}})
    budgets.told("a", {"used": 100, "cost": {"amount": 0.1}})  # compacted
    budgets.told("b", {"used": 200, "cost": None})
    tokens, cost = budgets.standing()
    assert (tokens.used, cost.used) == (800, 0.2)
    budgets.told("a", {"used": 300})
    over = budgets.exhausted()
    assert over is not None
    assert over.resource is Resource.TOKENS


@pytest.mark.parametrize("used", [-1, float("nan"), float("inf"), "many", True])
def test_a_report_that_makes_no_sense_is_an_error(used: object) -> None:
    with pytest.raises(ValueError, match="no amount"):
        Budgets({Resource.TOKENS: 1.0}).told("a", {"used": used})


@pytest.mark.parametrize(
    "text", ["actions", "actions=0", "actions=-1", "actions=1.5", "time=9", "cost=x", "acts=1"]
)
def test_a_budget_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(AgentwatchError):
        read_budget((text,))


def test_a_budget_that_nobody_could_keep_starts_nothing() -> None:
    with pytest.raises(AgentwatchError, match="tells agentwatch its tokens"):
        budgets_of(("tokens=5",), reports=False)
    assert budgets_of(("tokens=5",), reports=True) == {Resource.TOKENS: 5.0}


@pytest.mark.parametrize(("typed", "digest"), [("2", "abc"), ("yes", ""), ("", ""), ("3", "")])
def test_only_the_number_of_those_that_wait_approves_them_all(
    typed: str, digest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    burst = [{"id": "a-1", "summary": "delete \x1b[31m1"}, {"id": "a-2", "summary": "delete 2"}]
    monkeypatch.setattr(click, "prompt", lambda *_, **__: typed)
    status = {"burst": burst, "digest": "abc"}
    if digest:
        assert looked_at(status) == digest
    else:
        with pytest.raises(AgentwatchError, match="nothing was approved"):
            looked_at(status)
    assert "\x1b" not in capsys.readouterr().out
