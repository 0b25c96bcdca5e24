"""The answer to a permission request is never more than this once, and never by guessing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch.channels.acp.options import CANCELLED, choose

KINDS = st.sampled_from(["allow_once", "allow_always", "reject_once", "reject_always", "other"])
OPTIONS = st.lists(
    st.fixed_dictionaries({"optionId": st.text(max_size=8), "name": st.text(), "kind": KINDS}),
    max_size=8,
)


def option(number: str, kind: str, name: str = "") -> dict[str, str]:
    return {"optionId": number, "kind": kind, "name": name}


CLAUDE = [
    option("allow_always", "allow_always", "Always Allow"),
    option("allow", "allow_once", "Allow"),
    option("reject", "reject_once", "Reject"),
]
QWEN = [
    option("restore_previous", "allow_once", "Yes, restore the mode Auto"),
    option("proceed_once", "allow_once", "Yes, allow once"),
    option("proceed_always", "allow_always", "Always"),
    option("cancel", "reject_once", "No"),
]
OPENCODE = [
    option("once", "allow_once"),
    option("always", "allow_always"),
    option("reject", "reject_once"),
]


def selected(number: str) -> dict[str, Any]:
    return {"outcome": {"outcome": "selected", "optionId": number}}


@pytest.mark.parametrize(
    ("options", "yes", "no"),
    [
        (CLAUDE, "allow", "reject"),
        (QWEN, "proceed_once", "cancel"),
        (OPENCODE, "once", "reject"),
        ([option("p", "allow_once"), option("n", "reject_once")], "p", "n"),
    ],
)
def test_the_plain_yes_and_no_are_found(options: list[Any], yes: str, no: str) -> None:
    assert choose(options, allow=True).result == selected(yes)
    assert choose(options, allow=False).result == selected(no)


@pytest.mark.parametrize(
    "options",
    [
        [option("always", "allow_always")],
        [option("a", "allow_once", "Yes"), option("b", "allow_once", "Yes too")],
        [option("a", "allow_once"), option("a", "allow_once")],
        [option("a", "allow_forever")],
        [],
        None,
        {"optionId": "allow", "kind": "allow_once"},
        [{"optionId": 1, "kind": "allow_once"}],
        ["allow"],
    ],
)
def test_where_no_option_says_just_yes_the_answer_is_no(options: Any) -> None:
    chosen = choose(options, allow=True)
    assert not chosen.allows
    assert chosen.result == CANCELLED


@given(OPTIONS, st.booleans())
def test_nothing_that_lasts_is_ever_chosen(options: list[dict[str, str]], allow: bool) -> None:
    chosen = choose(options, allow=allow)
    number = chosen.result["outcome"].get("optionId")
    kinds = {item["kind"] for item in options if item["optionId"] == number}
    assert kinds <= {"allow_once", "reject_once"}
    assert not chosen.allows or (allow and kinds == {"allow_once"})
