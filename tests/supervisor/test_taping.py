"""The recording of a session: begun where there is a terminal, and never in anybody's way."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from agentwatch.paths import Places
from agentwatch.recording import Code, Tape
from agentwatch.supervisor.screen import AgentTerminal
from agentwatch.supervisor.session import Supervised
from agentwatch.supervisor.taping import Taping
from tests.waiting import wait_for


class Session:
    """What recording needs of a session."""

    def __init__(self, folder: Path, *, record: bool = True) -> None:
        self.noted: list[tuple[str, Any]] = []
        self.listeners: set[Any] = set()
        self.exit = 3
        places = Places("tidy-1", folder / "r", folder)
        self.config = SimpleNamespace(
            record=record, session="tidy-1", rows=24, cols=80, argv=("tidy",), places=places
        )

    def note(self, kind: str, data: Any) -> None:
        self.noted.append((kind, data))

    add_notes = note

    def alarm(self, text: str) -> None:
        self.noted.append(("alarm", text))


async def recorded(session: Session) -> None:
    terminal = AgentTerminal(24, 80)
    taping = Taping(cast("Supervised", session), terminal)
    os.write(terminal.slave, b"hello\n")
    wait_for(terminal.read, "what was printed")
    terminal.resize(30, 100)
    for listener in list(session.listeners):
        listener({"event": "alarm", "text": "look"})
    await taping.end()
    await asyncio.sleep(0)
    terminal.close_slave()
    terminal.close()


def test_what_is_printed_and_noticed_is_on_the_tape(tmp_path: Path) -> None:
    session = Session(tmp_path)
    asyncio.run(recorded(session))
    events = [(event.code, event.data) for event in Tape(tmp_path / "recording").events()]
    assert events[1:] == [
        (Code.OUTPUT, "hello\r\n"),
        (Code.RESIZE, "100x30"),
        (Code.MARK, "ALARM look"),
        (Code.EXIT, "3"),
    ]
    assert [kind for kind, _ in session.noted] == ["recording"]
    assert not session.listeners


def test_a_recording_that_cannot_begin_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "recording").write_text("in the way")
    session = Session(tmp_path)
    asyncio.run(recorded(session))
    ((kind, words),) = session.noted
    assert kind == "not-recorded"
    assert "not recorded" in words[0]


def test_it_is_left_out_where_that_was_asked_for(tmp_path: Path) -> None:
    session = Session(tmp_path, record=False)
    asyncio.run(recorded(session))
    assert session.noted == []
    assert not (tmp_path / "recording").exists()
