"""Choosing a means by trying, and saying why another one is not to be had."""

from __future__ import annotations

import os

import pytest

from agentwatch import containment
from agentwatch.containment import MEANS, Launch, Means, Running, helped, pidns, subreaper
from agentwatch.containment.base import Unavailable
from agentwatch.errors import AgentwatchError
from agentwatch.model import Grade
from agentwatch.paths import Places
from tests.containment.stage import launch, wait_until


def refuse(*_: object, **__: object) -> None:
    raise helped.Failed("1", "namespaces")


def refuse_scope(module: str, *, scope: bool) -> None:
    if scope:
        raise helped.Failed("95", "scope")


def test_the_strongest_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pidns, "probe", refuse)
    assert containment.best().name == "subreaper"
    monkeypatch.setattr(subreaper, "probe", refuse)
    assert containment.best().name == "portable"


def test_a_required_grade_is_not_undercut(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pidns, subreaper):
        monkeypatch.setattr(module, "probe", refuse)
    with pytest.raises(AgentwatchError) as failed:
        containment.best(require=Grade.B)
    assert failed.value.code == 125
    assert "pidns: namespaces: Operation not permitted" in failed.value.what
    assert "portable: only grade C" in failed.value.what
    assert "doctor" in failed.value.hint


def test_a_kernel_without_the_scope_gives_grade_b(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helped, "attempt", refuse_scope)
    assert subreaper.probe().grade is Grade.B
    assert containment.best(require=Grade.B, forced="subreaper").grade is Grade.B


def test_a_forced_means_has_no_substitute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert containment.best(forced="portable").name == "portable"
    monkeypatch.setattr(pidns, "probe", refuse)
    with pytest.raises(AgentwatchError, match="pidns: namespaces"):
        containment.best(forced="pidns")
    with pytest.raises(AgentwatchError, match="no containment called 'jail'"):
        containment.best(forced="jail")


def test_starting_takes_the_strongest_that_starts(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One start after the other, without a trial before: on a terminal that stays usable."""
    monkeypatch.setattr(pidns, "start", refuse)
    started: list[Grade] = []
    genuine = subreaper.start

    def without_scope(means: Means, order: Launch) -> Running:
        started.append(means.grade)
        if means.grade is Grade.A:
            raise helped.Failed("95", "scope")
        return genuine(means, order)

    monkeypatch.setattr(subreaper, "start", without_scope)
    master, slave = os.openpty()
    order = launch(places, ("sh", "-c", "read word </dev/tty"), (slave,) * 3, tty=True)
    running = containment.start_best(order)
    assert (running.record.means, running.record.grade) == ("subreaper", "B")
    assert started == [Grade.A, Grade.B]
    os.write(master, b"word\n")
    assert wait_until(lambda: running.poll() == 0)
    running.close()
    os.close(master)
    os.close(slave)


def test_starting_takes_nothing_below_the_required_grade(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pidns, "start", refuse)
    monkeypatch.setattr(subreaper, "start", refuse)
    with pytest.raises(AgentwatchError) as failed:
        containment.start_best(launch(places, ("true",), (0, 1, 2)), require=Grade.A)
    assert failed.value.code == 125
    assert "pidns: namespaces: Operation not permitted" in failed.value.what
    assert "portable: only grade C" in failed.value.what
    assert not places.containment.exists()


def test_a_command_that_cannot_run_is_tried_once(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subreaper, "start", lambda *_: pytest.fail("tried again"))
    with pytest.raises(AgentwatchError, match="command not found") as failed:
        containment.start_best(launch(places, ("no-such-command",), (0, 1, 2)))
    assert failed.value.code == 127


def test_the_survey_tries_all_and_says_what_none_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pidns, "probe", refuse)
    findings = {finding.name: finding for finding in containment.survey()}
    assert tuple(findings) == MEANS
    refused = findings["pidns"]
    assert (refused.available, refused.why_not) == (False, "namespaces: Operation not permitted")
    assert "max_user_namespaces" in refused.remedy
    assert findings["portable"].available
    assert not findings["portable"].remedy
    assert all("daemon outside" in " ".join(f.cannot) for f in findings.values())


def test_a_helper_that_dies_is_unavailable_not_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helped, "_BOOT", "raise SystemExit(3) # {0}")
    with pytest.raises(Unavailable, match="helper ended"):
        pidns.probe()


def test_the_pair_can_be_had_without_the_scope() -> None:
    helped.attempt("reaper", scope=False)
