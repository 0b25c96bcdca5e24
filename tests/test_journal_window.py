"""A journal looked at a page at a time, from wherever."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from agentwatch.journal import Stretch, Window, window
from agentwatch.journal.record import Entry, Head, encode


def journal(folder: Path, count: int) -> Path:
    """Records as the writer makes them, without waiting for a disk."""
    path, head, lines = folder / "journal.jsonl", Head(), list[bytes]()
    for number in range(1, count + 1):
        kind = "passed" if number % 10 == 0 else "decided"
        data = {"id": f"a-{number}", "text": "x" * (number * 37 % 900)}
        line, entry = encode(head, 1_700_000_000_000 + number * 1000, "s-1", kind, data)
        lines.append(line)
        head = Head(number, entry.hash)
    path.write_bytes(b"".join(lines))
    return path


def decided(kind: str, _line: bytes) -> bool:
    return kind == "decided"


def numbers(page: Stretch) -> list[int]:
    return [item.entry.seq for item in page.records]


@pytest.fixture(params=[100, 1000, 256 * 1024])
def look(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Window:
    monkeypatch.setattr(window, "BLOCK", request.param)
    return Window(journal(tmp_path, 300))


def test_pages_from_the_end_and_from_the_beginning_meet(look: Window) -> None:
    wanted = [number for number in range(1, 301) if number % 10]
    back: list[int] = []
    place = look.size
    while place > 0:
        page = look.before(place, 23, decided)
        back = [*numbers(page), *back]
        place = page.start
    assert back == wanted
    forth: list[int] = []
    place = 0
    while place < look.size:
        page = look.after(place, 23, decided)
        forth += numbers(page)
        place = page.end
    assert forth == wanted


def test_a_page_knows_where_each_record_stands(look: Window) -> None:
    middle = look.before(look.size, 100, decided).records[40]
    assert numbers(look.after(middle.place, 1, decided)) == [middle.entry.seq]
    assert numbers(look.before(middle.place, 1, decided))[0] < middle.entry.seq


def test_a_number_is_found_by_halving(look: Window) -> None:
    for number in [1, 2, 300, *random.Random(7).sample(range(2, 300), 20)]:

        def reached(entry: Entry, number: int = number) -> bool:
            return entry.seq >= number

        (first,) = look.after(look.find(reached), 1, lambda *_: True).records
        assert first.entry.seq == number
    assert look.find(lambda _: False) == look.size
    assert look.find(lambda _: True) == 0


def test_damage_and_a_torn_tail_are_passed_over(tmp_path: Path) -> None:
    path = journal(tmp_path, 20)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[4] = b"\xff not a record\n"
    lines[6] = b"\n"
    path.write_bytes(b"".join(lines) + lines[0][:30])
    look = Window(path)
    left = [number for number in range(1, 20) if number not in (5, 7, 10)]
    assert numbers(look.before(look.size, 99, decided)) == left
    assert numbers(look.after(0, 99, decided)) == left


def test_what_an_agent_says_is_not_taken_for_a_type() -> None:
    said = {"text": '","type":"alarm","v":1,"hash":"' + "0" * 64 + '"}'}
    assert window.type_of(encode(Head(), 1, "s", "decided", said)[0]) == "decided"
