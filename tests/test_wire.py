"""Framing: one object a line, our version, a limit, whatever the bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from agentwatch import wire
from agentwatch.errors import AgentwatchError, ExitCode


def test_a_message_comes_back_as_it_went() -> None:
    line = wire.encode({"op": "x", "text": "ü\n"})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert wire.decode(line[:-1]) == {"v": 1, "op": "x", "text": "ü\n"}


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"v":2}', b'{"v":"1"}', b'{"v":true}', b"\xff",
     b'{"v":1.5}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_not_a_message_of_ours_is_refused(line: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(line)


def test_a_message_past_the_limit_is_refused_on_both_sides() -> None:
    with pytest.raises(wire.WireError, match="over the limit"):
        wire.encode({"x": "y" * wire.MAX_MESSAGE})
    with pytest.raises(wire.WireError, match="over the limit"):
        wire.decode(b" " * (wire.MAX_MESSAGE + 1))


def test_a_line_without_an_end_is_refused_at_the_limit() -> None:
    lines = wire.Lines(limit=100)
    assert list(lines.feed(b"x" * 100)) == []
    with pytest.raises(wire.WireError):
        list(lines.feed(b"x"))


@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b)), st.integers(1, 7))
def test_lines_are_the_same_however_they_are_cut(parts: list[bytes], step: int) -> None:
    stream = b"".join(part + b"\n" for part in parts)
    lines = wire.Lines()
    found: list[bytes] = []
    for at in range(0, len(stream), step):
        found += lines.feed(stream[at : at + step])
    assert found == parts
    assert not lines.torn


def test_a_failure_comes_back_as_it_was_worded() -> None:
    sent = AgentwatchError("it is gone", "look elsewhere", ExitCode.NOT_FOUND)
    with pytest.raises(AgentwatchError) as caught:
        wire.raise_failure(json.loads(json.dumps(wire.failure(7, sent))))
    assert (caught.value.what, caught.value.hint) == ("it is gone", "look elsewhere")
    assert caught.value.code is ExitCode.NOT_FOUND


@pytest.mark.parametrize("answer", [{}, {"ok": 1}, {"ok": "true"}, {"ok": None, "error": None}])
def test_only_ok_true_is_ok(answer: dict[str, object]) -> None:
    with pytest.raises(AgentwatchError):
        wire.raise_failure(answer)
