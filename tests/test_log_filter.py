"""The filters of `agentwatch log`: each leaves out what it should, and times are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from agentwatch.commands.log_filter import Wanted, moment
from agentwatch.errors import AgentwatchError
from agentwatch.journal import Entry


def entry(seq: int, kind: str, data: dict[str, Any], t: int = 1_000_000) -> Entry:
    return Entry(seq, t, "s-1", kind, data, "0" * 64, "f" * 64)


ASKED = entry(
    1, "proposed", {"id": "a-1", "kind": "exec", "state": "pending", "origin": "declared"}
)
SAID = entry(2, "decided", {"id": "a-1", "kind": "exec", "state": "denied", "origin": "declared"})
SEEN = entry(
    3,
    "decided",
    {"id": "a-12", "kind": "write", "state": "allowed", "origin": "observed", "path": "/Tmp/É"},
    2_000_000,
)
ABOUT = entry(4, "evidence", {"action": "a-12", "evidence": "seen"}, 3_000_000)
ENDED = entry(5, "ended", {"state": "exited", "exit": 0}, 4_000_000)


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        (Wanted(), [1, 2, 3, 4, 5]),
        (Wanted(types=frozenset({"decided"})), [2, 3]),
        (Wanted(kinds=frozenset({"exec"})), [1, 2]),
        (Wanted(kinds=frozenset({"exec", "write"}), states=frozenset({"allowed"})), [3]),
        (Wanted(origins=frozenset({"declared"})), [1, 2]),
        (Wanted(since=2000.0), [3, 4, 5]),
        (Wanted(since=1500.0, until=3000.0), [3, 4]),
        (Wanted(action="a-12"), [3, 4]),
        (Wanted(action="a-1"), [1, 2, 3, 4]),
        (Wanted(text="/tmp/é"), [3]),
        (Wanted(text="no such text"), []),
    ],
)
def test_only_what_is_wanted(wanted: Wanted, seqs: list[int]) -> None:
    assert [one.seq for one in (ASKED, SAID, SEEN, ABOUT, ENDED) if wanted(one)] == seqs


def test_times_are_read() -> None:
    now = datetime.fromisoformat("2026-11-21T14:30:00").timestamp()
    assert moment("90s", now) == now - 90
    assert moment("2h", now) == now - 7200
    assert moment("1d", now) == now - 86400
    assert moment("14:29", now) == now - 60
    assert moment("9:05", now) == now - (5 * 60 + 25) * 60
    assert moment("14:29:30", now) == now - 30
    assert moment("2026-11-21T14:30", now) == now
    assert moment("2026-11-21T14:30:00+00:00", now) == 1795271400


@pytest.mark.parametrize("text", ["", "soon", "25:00", "10x", "-5m", "9999999999d", "2026-13-01"])
def test_what_is_no_time_is_an_error(text: str) -> None:
    with pytest.raises(AgentwatchError, match="is no time"):
        moment(text)
