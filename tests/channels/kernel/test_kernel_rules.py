"""The tables: what passes, what never does, and that nothing passes by being unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch.channels.kernel.acts import Deed, Family, Flag, Observed
from agentwatch.channels.kernel.rules import Cover, Rules


def rules(**tables: Any) -> Rules:
    made = Rules()
    made.load({"allow": {}, **tables})
    return made


def seen(kind: Deed, path: str = "", path2: str = "", *flags: Flag, **more: Any) -> Observed:
    return Observed(kind, 5, 5, 1, path=path, path2=path2, flags=flags, **more)


def never(_pid: int, _root: int) -> bool:
    return False


@pytest.mark.parametrize("kind", Deed)
def test_unknown_is_asked(kind: Deed) -> None:
    assert rules().judge(seen(kind, "/a", family=Family.INET), never) == "ask"


@pytest.mark.parametrize(
    ("path", "verdict"),
    [("/w", "allow"), ("/w/a", "allow"), ("/wa", "ask"), ("/", "ask"), ("w", "ask"), ("", "ask")],
)
def test_a_prefix_ends_at_a_slash(path: str, verdict: str) -> None:
    assert rules(allow={"write": ["/w"]}).judge(seen(Deed.WRITE, path), never) == verdict


def test_both_names_of_a_rename_count() -> None:
    made = rules(allow={"rename": ["/w"], "link": ["/w"]})
    for kind in (Deed.RENAME, Deed.LINK):
        assert made.judge(seen(kind, "/w/a", "/w/b"), never) == "allow"
        assert made.judge(seen(kind, "/w/a", "/x"), never) == "ask"
        assert made.judge(seen(kind, "/x", "/w/a"), never) == "ask"


def test_the_floor_is_above_every_table() -> None:
    made = rules(allow={kind.value: ["/"] for kind in Deed}, floor=["/w/keys"], default="allow")
    for kind in set(Deed) - {Deed.EXEC, Deed.CONNECT, Deed.DATAGRAM, Deed.SIGNAL}:
        assert made.judge(seen(kind, "/w/keys/a", "/w/b"), never) == "deny"
    for kind in (Deed.RENAME, Deed.DELETE):
        assert made.judge(seen(kind, "/w", "/w/b"), never) == "deny"
    assert made.judge(seen(Deed.RENAME, "/w/b", "/w/keys"), never) == "deny"
    assert made.judge(seen(Deed.CONNECT, "/w/keys", family=Family.UNIX), never) == "deny"
    assert made.judge(seen(Deed.WRITE, "/w/keysmith"), never) == "allow"


def test_what_has_no_name_outside_is_in_no_table() -> None:
    made = rules(allow={"write": ["/w"]})
    assert made.judge(seen(Deed.WRITE, "/w/a", "", Flag.PRIVATE), never) == "ask"


def test_addresses() -> None:
    made = rules(allow={"connect": ["127.0.0.1:80", "::1", "unix:/run/s", "unix:@x"]})

    def verdict(*flags: Flag, **more: Any) -> str:
        return made.judge(seen(Deed.CONNECT, more.pop("path", ""), "", *flags, **more), never)

    assert verdict(family=Family.INET, address="127.0.0.1", port=80) == "allow"
    assert verdict(family=Family.INET, address="127.0.0.1", port=8080) == "ask"
    assert verdict(family=Family.INET6, address="::1", port=1) == "allow"
    assert verdict(family=Family.UNIX, path="/run/s") == "allow"
    assert verdict(family=Family.UNIX, path="x") == "ask"
    assert verdict(Flag.ABSTRACT, family=Family.UNIX, path="x") == "allow"
    assert verdict(family=Family.OTHER) == "ask"


def test_a_cover_holds_below_its_process_for_its_kinds_and_places_until_it_ends() -> None:
    made = rules()
    made.cover(Cover.from_json({"id": "a", "root": 9, "kinds": ["write"], "prefixes": ["/w"]}))

    def below(pid: int, root: int) -> bool:
        return (pid, root) == (5, 9)

    assert made.judge(seen(Deed.WRITE, "/w/a"), below) == "allow"
    assert made.judge(seen(Deed.WRITE, "/w/a"), never) == "ask"
    assert made.judge(seen(Deed.DELETE, "/w/a"), below) == "ask"
    assert made.judge(seen(Deed.WRITE, "/x"), below) == "ask"
    made.uncover("a")
    assert made.judge(seen(Deed.WRITE, "/w/a"), below) == "ask"


def test_remembered_is_exactly_that() -> None:
    made = rules()
    event = seen(Deed.EXEC, "/bin/ls", exe="/bin/ls", argv=("ls", "-l"), cwd="/w")
    made.remember(event)
    assert made.judge(event, never) == "allow"
    for change in ({"argv": ("ls",)}, {"cwd": "/x"}, {"exe": "/x"}):
        other: dict[str, Any] = {"exe": "/bin/ls", "argv": ("ls", "-l"), "cwd": "/w", **change}
        assert made.judge(seen(Deed.EXEC, "/bin/ls", **other), never) == "ask"


@pytest.mark.parametrize(
    "tables",
    [{"allow": {"x": []}}, {"allow": {"write": [""]}}, {"default": "yes"}, {"floor": [""]}],
)
def test_tables_that_make_no_sense_change_nothing(tables: dict[str, Any]) -> None:
    made = rules(allow={"write": ["/w"]})
    with pytest.raises(ValueError):
        made.load({"allow": {}, **tables})
    assert made.judge(seen(Deed.WRITE, "/w/a"), never) == "allow"


texts = st.text(st.characters(codec=None), max_size=20)


@given(path=texts, argv=st.lists(texts, max_size=4), flags=st.sets(st.sampled_from(Flag)))
def test_an_event_survives_its_json(path: str, argv: list[str], flags: set[Flag]) -> None:
    import json

    event = seen(Deed.EXEC, path, path, *flags, argv=tuple(argv), family=Family.UNIX, port=3)
    assert Observed.from_json(json.loads(json.dumps(event.to_json()))) == event


@pytest.mark.parametrize("data", [{}, {"kind": "x", "pid": 1, "tid": 1}, {"kind": "exec"}])
def test_an_event_that_makes_no_sense_raises(data: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        Observed.from_json(data)
