"""What an agent says about itself is checked, and never believed against the facts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch.channels import arrival
from agentwatch.model import Kind, Origin
from agentwatch.wire import WireError


def arrived(**fields: Any) -> Any:
    """The proposal of a message with these fields."""
    return arrival.proposal({"kind": "delete", **fields}, pid=7, parents=("sh(7)",))


def test_a_proposal_is_declared_and_knows_its_process() -> None:
    proposal = arrived(paths=["a"], cwd="/home", words="old")
    assert proposal.origin is Origin.DECLARED
    assert (proposal.pid, proposal.parents) == (7, ("sh(7)",))
    assert proposal.paths == ("/home/a",)
    assert proposal.words == "old"


@pytest.mark.parametrize("fields", [{"command": "rm -rf /"}, {"argv": ["rm"]}])
def test_reading_that_names_a_command_is_an_exec(fields: dict[str, Any]) -> None:
    assert arrived(kind="read", **fields).kind is Kind.EXEC


def test_the_summary_is_ours_and_not_the_agents_words() -> None:
    assert arrived(paths=["/x"], words="harmless").summary == "delete /x"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "destroy"},
        {"kind": None},
        {"kind": ["delete"]},
        {"argv": "rm"},
        {"argv": [1]},
        {"paths": {"a": 1}},
        {"command": 7},
        {"params": []},
        {"words": ["x"]},
        {"cwd": True},
    ],
)
def test_a_field_of_the_wrong_type_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        arrived(**fields)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = "kind argv command paths url host cwd tool params diff words".split()


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_message_is_a_proposal_or_a_refusal(message: dict[str, Any]) -> None:
    try:
        proposal = arrival.proposal(message, pid=None, parents=())
    except WireError:
        return
    assert isinstance(proposal.kind, Kind)
    assert all(isinstance(path, str) for path in proposal.paths)
