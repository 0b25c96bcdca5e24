"""What is seen below the agent, in words."""

from __future__ import annotations

import pytest

from agentwatch.channels.kernel.acts import Deed, Family, Observed
from agentwatch.model import Kind
from agentwatch.supervisor.observed import proposal


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "connect to 198.51.100.7:443"),
        (("a.test",), "connect to a.test (198.51.100.7:443)"),
        (tuple("abcd"), "connect to a or b or c (198.51.100.7:443)"),
    ],
)
def test_a_host_is_said_by_name_and_always_by_address(names: tuple[str, ...], said: str) -> None:
    event = Observed(
        Deed.CONNECT, 2, 2, address="198.51.100.7", port=443, family=Family.INET, names=names
    )
    found = proposal(event)
    assert (found.kind, found.host, found.summary) == (Kind.NETWORK, "198.51.100.7:443", said)
    assert tuple(found.params.get("names", ())) == names


def test_an_event_survives_the_way_to_us() -> None:
    event = Observed(Deed.CONNECT, 2, 3, address="192.0.2.1", port=1, names=("a", "b"))
    assert Observed.from_json(event.to_json()) == event
