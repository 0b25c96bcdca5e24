"""The demo's count: from the files and the record, not from what the agent says."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from agentwatch.demo import inbox, outcome
from agentwatch.demo.outcome import Look, Outcome
from agentwatch.journal import Journal
from agentwatch.model import Receipt, Survivor

ALL = frozenset(range(1, 41))


def receipt(*left: Survivor) -> Receipt:
    return Receipt("demo-1", "key", "demo", "pidns", 4, left, {"empty": 3.0})


def found(**fields: Any) -> Outcome:
    good: dict[str, Any] = {
        "at_start": ALL,
        "left": ALL - {1, 2, 39, 40},
        "allowed": frozenset({1, 2}),
        "denied": frozenset({3}),
        "after_kill": frozenset(),
        "watched": 1.5,
        "receipt": receipt(),
    }
    return Outcome(**{**good, **fields})


def decided(number: int, verdict: str, by: str, id: str = "") -> dict[str, Any]:  # noqa: A002
    path = f"/tmp/x/inbox/cur/{number:02d}-subject:2,S"
    return {
        "id": id or f"a-{number}",
        "path": path,
        "decision": {"verdict": verdict, "by": by},
    }


def test_what_nobody_allowed_went_behind_your_back() -> None:
    assert found().unasked == frozenset({39, 40})


def test_the_demo_is_ok_when_it_has_shown_everything() -> None:
    assert found().ok


@pytest.mark.parametrize(
    "wrong",
    [
        {"receipt": None},
        {"receipt": receipt(Survivor(7, 7, "helper"))},
        {"allowed": frozenset()},
        {"denied": frozenset()},
        {"left": ALL - {1, 2, 3}},
        {"after_kill": frozenset({38})},
    ],
    ids=["no kill", "a survivor", "nothing allowed", "nothing denied", "denied is gone", "went on"],
)
def test_the_demo_is_not_ok_otherwise(wrong: dict[str, Any]) -> None:
    assert not found(**wrong).ok


def test_its_json_has_the_numbers_a_script_needs() -> None:
    data = json.loads(json.dumps(found().to_json()))

    receipt_json = data.pop("receipt")
    assert receipt_json["left"] == []
    assert data == {
        "ok": True,
        "at_start": 40,
        "deleted_with_approval": 2,
        "deleted_behind_your_back": 2,
        "worth_keeping_among_those": 0,
        "denied": 1,
        "denied_and_still_there": 1,
        "left": 36,
        "deleted_after_the_kill": 0,
        "watched_after_the_kill_s": 1.5,
    }


def test_its_lines_say_the_same() -> None:
    text = "\n".join(found(left=ALL - {1, 2, 37, 40}).lines())

    assert "deleted with your approval  2" in text
    assert "deleted behind your back    2, worth keeping among them: 1" in text
    assert "KILLED 4 → 0 in 3 ms" in text
    assert "deleted after the kill      none" in text


def test_without_a_kill_it_says_so_and_claims_nothing_about_after() -> None:
    text = "\n".join(found(receipt=None).lines())

    assert "not killed" in text
    assert "after the kill" not in text


def test_the_record_tells_what_a_person_decided(tmp_path: Path) -> None:
    """Not what policy, a deadline or the kill decided; an allowed one that failed is none."""
    path = tmp_path / "journal.jsonl"
    journal = Journal.open(path, "demo-1")
    journal.append("decided", decided(1, "allow", "person:tui"))
    journal.append("decided", decided(2, "allow", "person:cli", id="late"))
    journal.append("decided", decided(3, "deny", "person:tui"))
    journal.append("decided", decided(4, "deny", "kill"))
    journal.append("decided", decided(5, "allow", "policy"))
    journal.append("outcome", {"action": "a-1", "done": True, "detail": ""})
    journal.append("outcome", {"action": "late", "done": False, "detail": "FileNotFoundError"})

    assert outcome.decided(path) == (frozenset({1}), frozenset({3}))


def test_an_allowed_message_that_is_still_there_was_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal.open(path, "demo-1")
    journal.append("decided", decided(1, "allow", "person:tui"))
    journal.append("decided", decided(2, "allow", "person:tui"))

    at_kill, later = Look(ALL - {1}, 10.0), Look(ALL - {1, 40}, 10.4)
    result = outcome.count(path, ALL, at_kill, later, None)

    assert result.allowed == frozenset({1})
    assert result.unasked == frozenset({40})
    assert result.after_kill == frozenset({40})
    assert result.watched == pytest.approx(0.4)


def test_watching_sees_a_deletion_after_the_kill(tmp_path: Path) -> None:
    maildir = inbox.make(tmp_path)
    since = outcome.look(maildir)
    timer = threading.Timer(0.2, inbox.messages(maildir)[7].path.unlink)
    timer.start()

    later = outcome.watch(maildir, since, 30)

    timer.join()
    assert since.left - later.left == {8}
    assert later.at - since.at < 30


def test_watching_lasts_as_long_as_it_says(tmp_path: Path) -> None:
    maildir = inbox.make(tmp_path)
    since = outcome.look(maildir)

    later = outcome.watch(maildir, since, 0.3)

    assert later.left == since.left
    assert later.at - since.at >= 0.3
