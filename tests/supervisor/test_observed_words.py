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


@pytest.mark.parametrize(
    ("argv", "path", "said"),
    [
        (("make", "test"), "/usr/bin/make", "start make test"),
        (("sh", "-c", "x"), "/usr/bin/dash", "start sh -c x"),
        (("-bash",), "/usr/bin/bash", "start -bash"),
        (("python3", "x.py"), "/usr/bin/python3.11", "start python3 x.py"),
        (("git", "status"), "/usr/bin/bash", "start /usr/bin/bash as git status"),
        (("ls",), "/tmp/x/evil", "start /tmp/x/evil as ls"),
    ],
)
def test_a_program_that_calls_itself_another_is_said_by_its_file(
    argv: tuple[str, ...], path: str, said: str
) -> None:
    event = Observed(Deed.EXEC, 2, 2, argv=argv, exe=path, path=path, cwd="/w")
    assert proposal(event).summary == said
    temporary = event._replace(spelled=f"/tmp/{argv[0]}")
    assert proposal(temporary).summary == said
    link = event._replace(spelled=f"/usr/bin/{argv[0].lstrip('-')}")
    assert proposal(link).summary == "start " + " ".join(argv)
