"""What a person changed of a proposal comes back whole, and is what runs; or nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from agentwatch import Denied, apropose, gated, propose
from agentwatch.channels import arrival
from agentwatch.channels.asking import Editable
from agentwatch.channels.inside import Inside
from agentwatch.model import Kind, Proposal
from agentwatch.wire import WireError
from tests.channels.answering import Answering, allow, session

MESSAGE = {"kind": "delete", "paths": ["/w/x"], "cwd": "/w", "words": "old", "edits": ["paths"]}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with session(monkeypatch) as server:
        yield server


def changing(answering: Answering, **given: Any) -> None:
    answering.reply = lambda said: allow(said, input=given)


def outcomes(answering: Answering) -> list[bool]:
    return [one["done"] for one in answering.heard if one["op"] == "outcome"]


def test_an_approval_says_what_it_was_changed_into(answering: Answering) -> None:
    assert propose("exec", argv=["make"], edits=["argv"]).given is None
    changing(answering, argv=["make", "-n"])
    assert propose("exec", argv=["make"], edits=["argv"]).given == {"argv": ["make", "-n"]}
    assert asyncio.run(apropose("exec", argv=["make"], edits=["argv"])).given is not None
    changing(answering, paths=["/b"])
    assert propose("delete", path="/a", edits=["path"]).given == {"paths": ["/b"]}


@pytest.mark.parametrize(
    "given",
    [[], "x", {}, {"argv": []}, {"argv": "make"}, {"url": "u"}, {"argv": ["m"], "url": "u"}],
)
def test_a_change_that_does_not_fit_is_a_no(answering: Answering, given: object) -> None:
    answering.reply = lambda said: allow(said, input=given)
    with pytest.raises(Denied, match="cannot be taken back"):
        propose("exec", argv=["make"], edits=["argv"])


def test_a_change_for_whoever_takes_none_is_a_no(answering: Answering) -> None:
    changing(answering, argv=["make", "-n"])
    with pytest.raises(Denied, match="cannot be taken back"):
        propose("exec", argv=["make"])


@pytest.mark.parametrize(("edits", "why"), [(["url"], "not given"), ("argv", "sequence")])
def test_only_what_is_given_can_be_offered(
    answering: Answering, edits: list[str] | str, why: str
) -> None:
    with pytest.raises(Denied, match=why):
        propose("exec", argv=["make"], edits=edits)
    assert answering.heard == []


def test_a_function_is_called_with_what_was_approved(answering: Answering) -> None:
    removed = []

    @gated(
        "delete",
        path=lambda path, force: path,
        edits=["path"],
        edited=lambda given: {"path": given["paths"][0]},
    )
    def remove(path: str, force: bool = False) -> None:
        removed.append((path, force))

    remove("/a", force=True)
    answering.reply = lambda said: (
        allow(said, input={"paths": ["/b"]}) if said["op"] == "propose" else allow(said)
    )
    remove("/a", force=True)
    assert removed == [("/a", True), ("/b", True)]
    assert outcomes(answering) == [True, True]


@pytest.mark.parametrize(
    "edited",
    [
        lambda given: {"path": "/elsewhere"},
        lambda given: {},
        lambda given: {"nobody": "/b"},
        lambda given: {"path": given["url"]},
        lambda given: {"path": None},
    ],
)
def test_arguments_that_would_ask_for_anything_else_call_nothing(
    answering: Answering, edited: Any
) -> None:
    removed = []

    @gated("delete", path=lambda path: path, edits=["path"], edited=edited)
    def remove(path: str) -> None:
        removed.append(path)

    @gated("delete", path=lambda path: path, edits=["path"], edited=edited)
    async def aremove(path: str) -> None:
        removed.append(path)

    answering.reply = lambda said: (
        allow(said, input={"paths": ["/b"]}) if said["op"] == "propose" else allow(said)
    )
    with pytest.raises(Denied, match="a person changed it, but"):
        remove("/a")
    with pytest.raises(Denied, match="a person changed it, but"):
        asyncio.run(aremove("/a"))
    assert removed == []
    assert outcomes(answering) == [False, False]


def test_a_block_reads_the_change_itself(answering: Answering) -> None:
    answering.reply = lambda said: (
        allow(said, input={"argv": ["b"]}) if said["op"] == "propose" else allow(said)
    )
    with gated("exec", argv=["a"], edits=["argv"]) as approval:
        assert approval.given == {"argv": ["b"]}


@pytest.mark.parametrize("fields", [{"edits": ["path"]}, {"edited": dict}])
def test_a_function_takes_edits_only_with_what_makes_its_arguments(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="edited"):
        gated("delete", path=lambda path: path, **fields)(lambda path: path)


def test_a_channel_inside_a_session_carries_a_change_back(answering: Answering) -> None:
    proposal = Proposal(Kind.TOOL, "use it", "mcp", tool="s: t", params={"to": "me"})
    asked = partial(Inside().ask, proposal, editable=Editable(lambda _given: proposal))
    changing(answering, params={"to": "you"})
    assert asyncio.run(asked()).given == {"to": "you"}
    answering.reply = allow
    assert asyncio.run(asked()).given is None
    assert [one["edits"] for one in answering.heard] == [["params"]] * 2
    changing(answering, params={"to": "you"})
    assert not asyncio.run(Inside().ask(proposal)).allowed


def test_only_the_offered_fields_change_on_arrival() -> None:
    found = arrival.editable(MESSAGE, pid=1, parents=("p",))
    assert found is not None
    proposal = arrival.proposal(MESSAGE, pid=1, parents=("p",))
    assert found.read(proposal) == {"paths": ["/w/x"]}
    changed = found.remade({"paths": ["y"]})
    assert (changed.paths, changed.words, changed.summary) == (("/w/y",), "old", "delete /w/y")
    wrong: list[dict[str, Any]] = [{}, {"paths": []}, {"paths": ["y"], "url": "u"}]
    for given in (*wrong, {"paths": "y"}, {"url": "u"}):
        with pytest.raises(WireError):
            found.remade(given)


@pytest.mark.parametrize("edits", [["url"], ["words"], ["kind"], "paths", [1]])
def test_what_cannot_be_offered_is_refused_on_arrival(edits: object) -> None:
    with pytest.raises(WireError):
        arrival.editable({**MESSAGE, "edits": edits}, pid=1, parents=())


def test_who_offers_nothing_is_not_changed() -> None:
    assert arrival.editable({"kind": "delete"}, pid=1, parents=()) is None
