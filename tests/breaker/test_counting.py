"""The core of the breaker: what trips it, what does not, and what a trip says."""

from __future__ import annotations

import pytest

from agentwatch.breaker import Act, Breaker, Limits, Meter, Trip, Way, burst_digest

DELETION = Act("delete", "delete a", deletes=True, folder="/mail", asks=True)


def breaker(**limits: str) -> Breaker:
    return Breaker(Limits().changed(limits))


def saw(core: Breaker, act: Act, at: float, name: str = "", way: Way = Way.WAITING) -> Trip | None:
    """As the supervisor does it: weighed, then counted however it went."""
    trip = core.weigh(act, at)
    core.count(act, name, way, at)
    return trip


def burst(core: Breaker, act: Act, count: int, *, every: float = 0.1) -> Trip | None:
    """The trip that so many bring about, if they do; each has a name."""
    for number in range(count):
        if trip := saw(core, act, 100 + number * every, f"a-{number}"):
            return trip
    return None


def test_the_inbox_story_trips_at_the_twelfth_deletion_and_says_who_allowed_what() -> None:
    core = breaker()
    for number in range(3):
        assert saw(core, DELETION, 100 + number, f"a-{number}", Way.GRANT) is None
    for number in range(3, 11):
        assert saw(core, DELETION, 104, f"a-{number}") is None
    trip = saw(core, DELETION, 105, "a-11")
    assert trip is not None
    assert (trip.meter, trip.count, trip.limit) == ("deletions", 12, "12/20s")
    assert trip.words == "the 12th deletion in 5 s, so far 8 waiting, 3 allowed by grant"
    assert dict(trip.ways) == {"waiting": 8, "allowed by grant": 3}
    assert len(trip.sample) == 8
    assert core.burst(["a-9", "a-10", "a-11"]) == ["a-9", "a-10", "a-11"]


def test_a_trip_stands_until_it_is_reset_and_then_counting_begins_anew() -> None:
    core = breaker()
    assert burst(core, DELETION, 40) is core.trip
    first = core.trip
    assert first is not None
    assert saw(core, DELETION, 104.0) is None, "there is one trip at a time"
    core.reset()
    assert core.trip is None
    assert burst(core, DELETION, 11) is None
    again = saw(core, DELETION, 101.0)
    assert again is not None
    assert (first.number, again.number) == (1, 2)


def test_what_is_older_than_its_window_does_not_count() -> None:
    core = breaker()
    assert burst(core, DELETION, 60, every=1.9) is None


@pytest.mark.parametrize(
    ("act", "limits", "meter", "subject"),
    [
        (Act("message", "m", sends=True), {"messages": "5/10s"}, "messages", ""),
        (Act("exec", "x"), {"kind": "5/10s"}, "kind", "exec"),
        (Act("write", "w", folder="/a"), {"folder": "5/10s"}, "folder", "/a"),
        (Act("network", "n", host="h:1"), {"host": "5/10s"}, "host", "h:1"),
        (Act("tool", "t", tool="look"), {"tool": "5/10s"}, "tool", "look"),
        (Act("other", "o", asks=True), {"questions": "5/10s"}, "questions", ""),
        (Act("write", "w", outside=1, covered=True), {"outside": "5/10s"}, "outside", ""),
        (Act("write", "w", size=1 << 20), {"bytes": "5MiB/10s"}, "bytes", ""),
        (Act("delete", "d", deletes=True, covered=True), {"covered": "5/10s"}, "covered", ""),
    ],
)
def test_each_meter_trips_at_its_limit(
    act: Act, limits: dict[str, str], meter: str, subject: str
) -> None:
    core = breaker(**limits)
    assert burst(core, act, 4) is None
    trip = saw(core, act, 101.0)
    assert trip is not None
    assert (trip.meter, trip.subject) == (meter, subject)


def test_different_folders_hosts_and_tools_are_counted_apart() -> None:
    core = breaker(folder="5/10s", kind="off")
    for number in range(40):
        assert saw(core, Act("write", "w", folder=f"/{number}"), 100.0) is None


def test_make_clean_does_not_trip_and_as_many_outside_do() -> None:
    inside = Act("delete", "d", deletes=True, covered=True, size=1 << 28)
    assert burst(breaker(), inside, 400, every=0.001) is None
    outside = Act("delete", "d", deletes=True, covered=True, outside=1)
    trip = burst(breaker(), outside, 200, every=0.001)
    assert trip is not None
    assert trip.meter == "outside"


def test_new_subjects_push_no_counted_one_out() -> None:
    core = breaker(kind="off", questions="off")
    for number in range(11):
        saw(core, DELETION, 100.0)
        for other in range(1000):
            core.count(Act("write", "w", folder=f"/{number}/{other}"), "", Way.RULE, 100.0)
    assert saw(core, DELETION, 100.0) is not None


def test_asking_again_after_each_no_trips_but_denying_a_queue_does_not() -> None:
    act, core = Act("other", "o"), breaker(denials="5/60s")
    for number in range(20):  # asked before the first no
        saw(core, act, 100.0, f"q-{number}")
    assert not any(core.decided(f"q-{n}", Way.DENIED, 101.0) for n in range(20))
    core = breaker(denials="5/60s", kind="off")
    tripped = []
    for number in range(5):
        saw(core, act, 100.0 + number, f"a-{number}")
        tripped.append(core.decided(f"a-{number}", Way.DENIED, 100.5 + number))
    assert [trip is not None for trip in tripped] == [False] * 4 + [True]


def test_a_yes_ends_a_streak_of_denials() -> None:
    act, core = Act("other", "o"), breaker(denials="3/60s", kind="off")
    for number in range(9):
        saw(core, act, 100.0 + number, f"a-{number}")
        way = Way.PERSON if number % 3 == 2 else Way.DENIED
        assert core.decided(f"a-{number}", way, 100.5 + number) is None


def test_a_tree_that_grows_trips_and_a_large_one_does_not() -> None:
    core = breaker(processes="100/10s")
    assert not any(core.tree(5000, 100.0 + at) for at in range(20))
    core = breaker(processes="100/10s")
    assert not any(core.tree(at * 9, 100.0 + at) for at in range(60))
    assert core.tree(9 * 60 + 100, 160.0) is not None


def test_what_is_switched_off_is_counted_and_never_trips() -> None:
    core = breaker(deletions="off", kind="off", folder="off", questions="off")
    assert burst(core, DELETION, 1000, every=0.01) is None
    totals = {meter: total for meter, _, _, _, total in core.meters(110.0)}
    assert totals[Meter.DELETIONS] == 1000


def test_what_was_denied_at_once_counts_for_no_rate() -> None:
    core = breaker()
    for number in range(100):
        assert core.weigh(DELETION, 100.0) is None
        core.count(DELETION, f"a-{number}", Way.DENIED, 100.0)


def test_a_trip_of_another_kind_stands_for_all_that_waits() -> None:
    core = breaker()
    core.stop("budget", "actions", "used up")
    assert core.burst(["x", "y"]) == ["x", "y"]
    assert core.stop("fault", "", "worse").meter == "budget", "the first one is the reason"


def test_the_digest_of_many_is_of_exactly_those_in_that_order() -> None:
    pairs = [("a-1", "d1"), ("a-2", "d2")]
    assert burst_digest(pairs) == burst_digest(tuple(pairs))
    assert len({burst_digest(p) for p in (pairs, pairs[::-1], pairs[:1], [("a-1", "d")])}) == 4
