"""System calls are held without being asked for; where they cannot be, the session says so."""

from __future__ import annotations

import pytest

from tests.e2e.world import DEFAULT, World
from tests.waiting import wait_for


def test_a_run_holds_them_by_default(world: World) -> None:
    world.run_agent("sleep", "60", options=(DEFAULT,))
    assert "kernel gate" in world.session()["coverage"]["exec"]
    assert not [note for note in world.session()["notes"] if "NOT HELD" in note]


@pytest.mark.parametrize("options", [("--no-kernel-gate",), (DEFAULT, "--containment", "portable")])
def test_without_them_the_session_says_so(world: World, options: tuple[str, ...]) -> None:
    world.run_agent("sleep", "60", options=options)
    session = wait_for(world.session, "the session")
    assert session["coverage"]["exec"] == "no"
    assert [note for note in session["notes"] if note.startswith("NOT HELD")]
