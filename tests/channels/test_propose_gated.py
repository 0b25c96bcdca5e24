"""`gated`: nothing runs without a yes, and how it went is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest

from agentwatch import Denied, gated
from agentwatch.channels.propose import message
from tests.channels.answering import Answering, deny, session


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with session(monkeypatch) as server:
        yield server


def outcomes(answering: Answering) -> list[tuple[str, bool, str]]:
    said = [one for one in answering.heard if one["op"] == "outcome"]
    return [(one["action"], one["done"], one["detail"]) for one in said]


def test_a_function_runs_after_a_yes_and_its_outcome_is_told(answering: Answering) -> None:
    @gated("delete", path=lambda path, force: path, words=lambda path, force: f"force={force}")
    def remove(path: str, force: bool = False) -> str:
        """Remove it."""
        assert len(answering.heard) == 1, "asked first"
        return f"removed {path}"

    assert remove("/tmp/x") == "removed /tmp/x"

    assert answering.heard[0]["paths"] == ["/tmp/x"]
    assert answering.heard[0]["words"] == "force=False"
    assert outcomes(answering) == [("a1", True, "")]
    assert (remove.__name__, remove.__doc__) == ("remove", "Remove it.")


def test_every_call_is_asked_anew_with_its_own_arguments(answering: Answering) -> None:
    @gated("delete", path=lambda path: path)
    def remove(path: str) -> None:
        pass

    remove("/a")
    remove(path="/b")

    asked = [one["paths"] for one in answering.heard if one["op"] == "propose"]
    assert asked == [["/a"], ["/b"]]


def test_a_denied_function_does_not_run(answering: Answering) -> None:
    answering.reply = lambda said: deny(said, why="no")
    ran = []

    @gated("delete")
    def remove() -> None:
        ran.append(1)

    with pytest.raises(Denied, match="no"):
        remove()

    assert ran == []
    assert outcomes(answering) == []


def test_a_field_that_fails_keeps_the_function_from_running(answering: Answering) -> None:
    ran = []

    @gated("delete", path=lambda path: path.missing)
    def remove(path: str) -> None:
        ran.append(path)

    with pytest.raises(AttributeError):
        remove("/tmp/x")

    assert ran == []
    assert answering.heard == []


def test_a_coroutine_function_stays_one(answering: Answering) -> None:
    @gated("delete", path=lambda path: path)
    async def remove(path: str) -> str:
        return f"removed {path}"

    assert asyncio.iscoroutinefunction(remove)
    assert asyncio.run(remove("/tmp/x")) == "removed /tmp/x"
    assert outcomes(answering) == [("a1", True, "")]


def test_a_denied_coroutine_function_does_not_run(answering: Answering) -> None:
    answering.reply = deny
    ran = []

    @gated("delete")
    async def remove() -> None:
        ran.append(1)

    with pytest.raises(Denied):
        asyncio.run(remove())

    assert ran == []


def test_a_generator_cannot_be_gated() -> None:
    def later() -> Iterator[int]:
        yield 1

    async def much_later() -> AsyncIterator[int]:
        yield 1

    for function in (later, much_later):
        with pytest.raises(TypeError, match="generator"):
            gated("delete")(function)


def test_a_block_runs_after_a_yes(answering: Answering) -> None:
    with gated("delete", path=lambda: "/tmp/x") as approval:
        assert approval.id == "a1"

    assert answering.heard[0]["paths"] == ["/tmp/x"]
    assert outcomes(answering) == [("a1", True, "")]


def test_a_denied_block_does_not_run(answering: Answering) -> None:
    answering.reply = lambda said: deny(said, why="no")
    ran = []

    with pytest.raises(Denied, match="no"), gated("delete"):
        ran.append(1)

    assert ran == []


def test_an_exception_in_the_block_is_the_outcome_and_is_raised(answering: Answering) -> None:
    with pytest.raises(FileNotFoundError), gated("delete"):
        raise FileNotFoundError("no such file")

    assert outcomes(answering) == [("a1", False, "FileNotFoundError: no such file")]


def test_an_async_block(answering: Answering) -> None:
    async def main() -> None:
        async with gated("delete") as approval:
            assert approval.id == "a1"
        with pytest.raises(OSError, match="gone"):
            async with gated("delete"):
                raise OSError("gone")

    asyncio.run(main())

    assert outcomes(answering) == [("a1", True, ""), ("a1", False, "OSError: gone")]


def test_a_denied_async_block_does_not_run(answering: Answering) -> None:
    answering.reply = deny
    ran = []

    async def main() -> None:
        async with gated("delete"):
            ran.append(1)

    with pytest.raises(Denied):
        asyncio.run(main())

    assert ran == []


def test_a_cancelled_async_block_is_told_as_not_done(answering: Answering) -> None:
    async def block(entered: asyncio.Event) -> None:
        async with gated("delete"):
            entered.set()
            await asyncio.Event().wait()

    async def main() -> None:
        entered = asyncio.Event()
        task = asyncio.create_task(block(entered))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert [done for _, done, _ in outcomes(answering)] == [False]


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_without_words_is_still_the_callers(answering: Answering) -> None:
    with pytest.raises(Unprintable), gated("delete"):
        raise Unprintable

    assert [done for _, done, _ in outcomes(answering)] == [False]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_outcome_that_cannot_be_told_is_logged_and_hides_nothing(
    answering: Answering,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    asynchronous: bool,
) -> None:
    monkeypatch.setattr(message, "REPORT_TIMEOUT", 0.2)

    def block() -> None:
        with gated("delete"):
            answering.reply = None
            raise KeyError("mine")

    async def ablock() -> None:
        async with gated("delete"):
            answering.reply = None
            raise KeyError("mine")

    run = partial(asyncio.run, ablock()) if asynchronous else block
    with caplog.at_level(logging.WARNING, "agentwatch"), pytest.raises(KeyError, match="mine"):
        run()

    assert "the outcome was not reported" in caplog.text


def test_an_outcome_that_cannot_be_told_leaves_a_good_result_alone(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @gated("delete")
    def remove() -> str:
        monkeypatch.delenv("AGENTWATCH_SOCKET")
        return "done"

    with caplog.at_level(logging.WARNING, "agentwatch"):
        assert remove() == "done"

    assert "the outcome was not reported" in caplog.text


def test_one_gated_serves_one_block_at_a_time(answering: Answering) -> None:
    gate = gated("delete")

    with gate, pytest.raises(RuntimeError, match="already in use"), gate:
        pass

    with gate as approval:
        assert approval.id == "a1"


def test_a_gated_that_was_denied_can_ask_again(answering: Answering) -> None:
    gate = gated("delete")
    answer, answering.reply = answering.reply, deny
    with pytest.raises(Denied), gate:
        pass
    answering.reply = answer

    with gate as approval:
        assert approval.id == "a1"
