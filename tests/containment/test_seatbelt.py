"""The macOS profile: its text, and that a profile which is not taken is found out."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agentwatch.containment import portable, seatbelt
from agentwatch.containment.base import Launch, Walls
from tests.containment import stage

WALLS = Walls(
    kept=("/Users/me/.zshrc", "/Users/me/.config/fish", '/Users/me/odd "name\\'),
    emptied=("/private/tmp/tmux-501",),
    shut=("/Users/me/agent.sock",),
)


def rules(**options: bool) -> list[str]:
    return seatbelt.profile(WALLS, home="/Users/me", **options).splitlines()


def balanced(text: str) -> bool:
    """Whether it is whole expressions, strings apart."""
    depth = 0
    for char in re.sub(r'"(?:\\.|[^"\\])*"', "", text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        assert depth >= 0
    return depth == 0


def test_everything_is_allowed_that_is_not_forbidden_after_it() -> None:
    assert rules()[:2] == ["(version 1)", "(allow default)"]
    assert balanced(seatbelt.profile(WALLS, home="/Users/me"))


def test_what_is_kept_is_not_written_and_no_folder_above_it_moved() -> None:
    found = rules()
    assert '(deny file-write* (subpath "/Users/me/.zshrc"))' in found
    assert '(deny file-write-unlink (literal "/Users/me/.config"))' in found
    assert '(deny file-write-unlink (literal "/Users/me"))' in found
    assert '(deny file-write-unlink (literal "/Users"))' not in found


def test_a_path_cannot_end_its_own_string() -> None:
    assert '(deny file-write* (subpath "/Users/me/odd \\"name\\\\"))' in rules()


def test_sockets_take_no_connections_and_signals_stay_in_the_tree() -> None:
    found = rules()
    assert '(deny network-outbound (subpath "/private/tmp/tmux-501"))' in found
    assert '(deny network-outbound (subpath "/Users/me/agent.sock"))' in found
    assert found.index("(deny signal)") < found.index("(allow signal (target same-sandbox))")


def test_the_desktop_is_opened_by_name() -> None:
    assert {"(deny appleevent-send)", "(deny lsopen)"} <= set(rules())
    assert not {"(deny appleevent-send)", "(deny lsopen)"} & set(rules(desktop=False))


def test_links_are_followed_because_paths_are_judged_there(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").symlink_to("there")
    text = seatbelt.profile(Walls(kept=(f"{tmp_path}/here/rc",)), home=str(tmp_path))
    assert f'(subpath "{tmp_path}/here/rc")' in text
    assert f'(subpath "{tmp_path}/there/rc")' in text


@pytest.mark.parametrize(
    ("stand_in", "why"),
    [
        ("#!/bin/sh\nexit 0\n", ""),
        ("#!/bin/sh\necho 'line 3: unbound variable' >&2\nexit 65\n", "unbound variable"),
        ("#!/bin/sh\nexit 71\n", "status 71"),
    ],
)
def test_a_profile_is_tried_before_it_is_used(tmp_path: Path, stand_in: str, why: str) -> None:
    program = tmp_path / "sandbox-exec"
    program.write_text(stand_in)
    program.chmod(0o755)
    said = seatbelt.refusal("(version 1)", str(program))
    assert why in said
    assert bool(said) == bool(why)


def test_where_there_is_no_such_program_that_is_said(tmp_path: Path) -> None:
    assert "No such file" in seatbelt.refusal("(version 1)", str(tmp_path / "none"))


@pytest.fixture
def order(tmp_path: Path) -> Launch:
    places = stage.places_in(tmp_path)
    return replace(stage.launch(places, ("agent", "-x"), (0, 1, 2)), walls=WALLS)


def test_on_a_mac_the_agent_starts_under_it(order: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portable, "MAC", True)
    monkeypatch.setattr(seatbelt, "refusal", lambda _: "")
    walled, unwalled = portable.walled(order)
    assert walled.argv[:2] == (seatbelt.PROGRAM, "-p")
    assert walled.argv[3:] == ("agent", "-x")
    assert str(order.places.state) in walled.argv[2]
    assert unwalled == ()


def test_where_the_profile_is_not_taken_it_starts_without_and_says_so(
    order: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portable, "MAC", True)
    monkeypatch.setattr(seatbelt, "refusal", lambda _: "no such operation")
    assert portable.walled(order) == (order, ("all of it (sandbox-exec: no such operation)",))


@pytest.mark.skipif(sys.platform == "darwin", reason="there it is the other way round")
def test_elsewhere_portable_builds_none(order: Launch) -> None:
    assert portable.walled(order) == (order, ("all of it",))


def test_without_walls_there_is_nothing_to_build(order: Launch) -> None:
    bare = replace(order, walls=Walls())
    assert portable.walled(bare) == (bare, ())
