"""What an agent declares where nothing holds it: kept as it names it, or asked about."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from agentwatch.keeping import Undo, groups, read
from agentwatch.model import Kind, Origin, Proposal, Reversibility, Verdict
from agentwatch.policy import DRAFT, Judgement
from agentwatch.supervisor.asking import Asks
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.drafts import Drafts
from agentwatch.supervisor.session import Supervised

FLOWS = Judgement(Verdict.ALLOW, Reversibility.REVERSIBLE, ("why",), DRAFT, ())


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    (tmp_path / "work").mkdir()
    (tmp_path / "state").mkdir()
    work = os.path.realpath(tmp_path / "work")
    state = str(tmp_path / "state")
    return Drafts(Config("s-1", "s", "/r", state, ("x",), {}, work, work, keep_file=100))


def said(kind: Kind, *paths: str) -> Proposal:
    return Proposal(kind, "it", channel="hooks", origin=Origin.DECLARED, paths=paths)


def undo(folder: Path, group: str) -> None:
    store = folder / "state/kept"
    made = Undo(store, read(store), group, os.path.realpath(folder / "work"))
    assert made.conflicts() == []
    assert made.carry_out().left == ()


def test_what_is_declared_is_kept_and_comes_back(drafts: Drafts, tmp_path: Path) -> None:
    """A file by its own name and through a link, folders that the writing makes, a deletion."""
    work = tmp_path / "work"
    for name in ("a", "b", "gone"):
        (work / name).write_text(name)
    (work / "link").symlink_to("b")
    for number, one in enumerate(("a", "link", "new/folder/c")):
        assert drafts.kept(said(Kind.WRITE, one), FLOWS, f"g{number}") is FLOWS
        (work / one).parent.mkdir(parents=True, exist_ok=True)
        (work / one).write_text("changed")
    assert drafts.kept(said(Kind.DELETE, "gone"), FLOWS, "g3") is FLOWS
    (work / "gone").unlink()
    drafts.look(now=True)
    for number in range(4):
        undo(tmp_path, f"g{number}")
    assert sorted(item.name for item in work.iterdir()) == ["a", "b", "gone", "link"]
    assert [(work / name).read_text() for name in ("a", "b", "gone")] == ["a", "b", "gone"]
    assert (work / "link").is_symlink()


@pytest.mark.parametrize("path", ["large", "../outside", "pipe-with-a-device", "."])
def test_what_cannot_be_kept_is_asked(drafts: Drafts, tmp_path: Path, path: str) -> None:
    (tmp_path / "work/large").write_bytes(b"x" * 101)
    (tmp_path / "work/pipe-with-a-device").symlink_to("/dev/null")
    found = drafts.kept(said(Kind.WRITE, path), FLOWS, "g")
    assert (found.verdict, found.rule) == (None, None)
    assert found.reversibility is Reversibility.IRREVERSIBLE
    assert "cannot be kept aside" in found.reasons[0]
    assert groups(read(tmp_path / "state/kept")) == []


def test_a_store_that_cannot_be_made_is_a_reason_to_ask(drafts: Drafts, tmp_path: Path) -> None:
    (tmp_path / "state").rmdir()
    found = drafts.kept(said(Kind.WRITE, "a"), FLOWS, "g")
    assert found.verdict is None
    assert os.strerror(errno.ENOENT) in found.reasons[0]


@pytest.mark.parametrize(("channel", "flows"), [("hooks", True), ("propose", True), ("acp", False)])
def test_where_calls_are_held_only_the_agents_own_doing_is_kept_by_them(
    drafts: Drafts, channel: str, flows: bool
) -> None:
    write = replace(said(Kind.WRITE, "a"), channel=channel)
    found = drafts.kept(write, FLOWS, "g", held=True)
    assert (found is FLOWS) is flows
    assert (found.verdict is Verdict.ALLOW) is flows


def test_what_passes_otherwise_is_not_kept(drafts: Drafts, tmp_path: Path) -> None:
    person = replace(FLOWS, verdict=None, rule=None)
    assert drafts.kept(said(Kind.WRITE, "a"), person, "g") is person
    assert not (tmp_path / "state/kept").exists()


@pytest.mark.parametrize(("rule", "passes"), [(DRAFT, False), ("reading", True)])
def test_what_nobody_asked_about_was_not_kept_and_is_told(rule: str, passes: bool) -> None:
    judged = SimpleNamespace(judge=lambda _: replace(FLOWS, rule=rule))
    assert Asks(cast("Supervised", judged)).passes(said(Kind.WRITE, "a")) is passes
