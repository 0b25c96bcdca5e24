"""The agent's side of `propose`, against a supervisor of ours that answers as it is told."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agentwatch import Approval, Denied, NotReported, NotSupervised, apropose, propose, report
from agentwatch.channels.propose import message
from agentwatch.model import Kind
from agentwatch.wire import MAX_MESSAGE
from tests.channels.answering import Answering, allow, deny, session


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with session(monkeypatch) as server:
        yield server


Ask = Callable[..., Approval]


def ask_sync(kind: str = "delete", **fields: Any) -> Approval:
    return propose(kind, **fields)


def ask_async(kind: str = "delete", **fields: Any) -> Approval:
    return asyncio.run(apropose(kind, **fields))


both = pytest.mark.parametrize("ask", [ask_sync, ask_async])


@both
def test_a_yes_returns_what_was_approved(answering: Answering, ask: Ask) -> None:
    answering.reply = lambda said: allow(said, id="k3f9", digest="5c1e", by="person:tui", why="ok")

    assert ask(path="old.log") == Approval("k3f9", "5c1e", "person:tui", "ok")


@both
def test_the_question_carries_everything_it_was_given(answering: Answering, ask: Ask) -> None:
    ask(
        "exec",
        command="make x",
        argv=["make", Path("x")],
        paths=["/abs", "rel/../y"],
        path="first",
        url="http://h/",
        host="h",
        tool="T",
        params={"a": [1]},
        diff="-a\n+b\n",
        words="why",
        cwd="/tmp",
    )

    said = answering.heard[0]
    assert said.pop("ref")
    assert said == {
        "v": 1,
        "op": "propose",
        "token": "secret",
        "kind": "exec",
        "command": "make x",
        "argv": ["make", "x"],
        "paths": ["/tmp/first", "/abs", "/tmp/rel/../y"],
        "url": "http://h/",
        "host": "h",
        "cwd": "/tmp",
        "tool": "T",
        "params": {"a": [1]},
        "diff": "-a\n+b\n",
        "words": "why",
    }


def test_the_folder_is_the_current_one_unless_said(answering: Answering) -> None:
    propose(Kind.DELETE, path="x")

    assert answering.heard[0]["cwd"] == str(Path.cwd())
    assert answering.heard[0]["paths"] == [str(Path.cwd() / "x")]


def test_a_name_that_is_not_text_survives(answering: Answering) -> None:
    propose("delete", path=os.fsdecode(b"/tmp/\xff"))

    assert os.fsencode(answering.heard[0]["paths"][0]) == b"/tmp/\xff"


@both
def test_a_no_comes_with_its_reason(answering: Answering, ask: Ask) -> None:
    answering.reply = lambda said: deny(said, id="m2x7", by="person:cli", why="not on a Friday")

    with pytest.raises(Denied, match="not on a Friday") as caught:
        ask()

    assert (caught.value.reason, caught.value.action) == ("not on a Friday", "m2x7")
    assert (caught.value.by, caught.value.code) == ("person:cli", 1)


@both
def test_an_error_is_a_no_in_the_supervisors_words(answering: Answering, ask: Ask) -> None:
    error = {"what": "wrong token", "hint": "ask for another", "code": 1}
    answering.reply = lambda said: {
        "v": 1,
        "re": said["ref"],
        "ok": False,
        "verdict": "deny",
        "error": error,
    }

    with pytest.raises(Denied, match="wrong token") as caught:
        ask()

    assert caught.value.hint == "ask for another"


NOT_QUITE_YES: dict[str, Callable[[dict[str, Any]], object]] = {
    "nothing at all": lambda _: b"",
    "half a line": lambda said: json.dumps(allow(said)).encode(),
    "garbage": lambda _: b"\x00\xff\xfe yes\n",
    "an empty line": lambda _: b"\n",
    "not an object": lambda _: b'["allow"]\n',
    "endless": lambda _: b"x" * (MAX_MESSAGE + 70000),
    "endless nesting": lambda _: b"[" * 200_000 + b"\n",
    "version 2": lambda said: {**allow(said), "v": 2},
    "version true": lambda said: {**allow(said), "v": True},
    "no version": lambda said: {**allow(said), "v": None},
    "another's answer": lambda said: {**allow(said), "re": said["ref"] + "x"},
    "nobody's answer": lambda said: {**allow(said), "re": None},
    "shouted": lambda said: {**allow(said), "verdict": "ALLOW"},
    "true": lambda said: {**allow(said), "verdict": True},
    "trailing blank": lambda said: {**allow(said), "verdict": "allow "},
    "a list": lambda said: {**allow(said), "verdict": ["allow"]},
    "no verdict": lambda said: {**allow(said), "verdict": None},
    "ok is 1": lambda said: {**allow(said), "ok": 1},
    "ok is text": lambda said: {**allow(said), "ok": "true"},
    "not ok": lambda said: {**allow(said), "ok": False},
    "an error beside it": lambda said: {**allow(said), "ok": False, "error": "boom"},
    "no id": lambda said: {**allow(said), "id": None},
    "no digest": lambda said: {**allow(said), "digest": ""},
}


@both
@pytest.mark.parametrize("answer", NOT_QUITE_YES.values(), ids=NOT_QUITE_YES.keys())
def test_whatever_is_not_exactly_a_yes_is_a_no(
    answering: Answering, ask: Ask, answer: Callable[[dict[str, Any]], object]
) -> None:
    answering.reply = answer

    with pytest.raises(Denied):
        ask()


@both
def test_a_stray_line_before_the_yes_is_a_no(answering: Answering, ask: Ask) -> None:
    def reply(said: dict[str, Any]) -> bytes:
        yes = json.dumps(allow(said)).encode() + b"\n"
        return b'{"v":1,"event":"hello"}\n' + yes

    answering.reply = reply

    with pytest.raises(Denied):
        ask()


@both
def test_nobody_listening_is_a_no(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: Ask
) -> None:
    monkeypatch.setenv("AGENTWATCH_SOCKET", str(tmp_path / "gone"))
    monkeypatch.setenv("AGENTWATCH_TOKEN", "t")

    with pytest.raises(Denied, match="did not answer"):
        ask()


@both
def test_a_socket_path_that_cannot_be_is_a_no(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    monkeypatch.setenv("AGENTWATCH_SOCKET", "/tmp/" + "x" * 300)
    monkeypatch.setenv("AGENTWATCH_TOKEN", "t")

    with pytest.raises(Denied, match="did not answer"):
        ask()


@both
@pytest.mark.parametrize("missing", ["AGENTWATCH_SOCKET", "AGENTWATCH_TOKEN"])
@pytest.mark.parametrize("value", [None, ""])
def test_outside_a_session_nobody_can_say_yes(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, ask: Ask, missing: str, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(missing)
    else:
        monkeypatch.setenv(missing, value)

    with pytest.raises(NotSupervised, match=missing) as caught:
        ask()

    assert "agentwatch run" in caught.value.hint


CIRCLE: dict[str, Any] = {}
CIRCLE["itself"] = CIRCLE

CANNOT_BE_SAID: dict[str, dict[str, Any]] = {
    "an unknown kind": {"kind": "obliterate"},
    "params that are not JSON": {"params": {"x": object()}},
    "params in a circle": {"params": CIRCLE},
    "an argument that is a number": {"argv": ["sleep", 1]},
    "an argument that is bytes": {"argv": [b"rm"]},
    "argv as one string": {"argv": "rm -rf x"},
    "paths as one string": {"paths": "/tmp/x"},
    "a path that is a number": {"path": 3},
    "over the limit": {"words": "x" * MAX_MESSAGE},
}


@both
@pytest.mark.parametrize("fields", CANNOT_BE_SAID.values(), ids=CANNOT_BE_SAID.keys())
def test_what_cannot_be_said_is_a_no(
    answering: Answering, ask: Ask, fields: dict[str, Any]
) -> None:
    with pytest.raises(Denied):
        ask(**fields)

    assert answering.heard == []


def test_a_folder_that_is_gone_is_a_no(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()

    with pytest.raises(Denied, match="cannot be said"):
        propose("delete", path="x")


@both
def test_silence_is_a_no_after_the_timeout_and_withdraws(answering: Answering, ask: Ask) -> None:
    answering.reply = None

    with pytest.raises(Denied, match=r"nobody answered within 0\.2 s"):
        ask(timeout=0.2)

    assert answering.hung_up.wait(30), "the question must be withdrawn"


def test_bytes_that_trickle_do_not_stretch_the_timeout(answering: Answering) -> None:
    answering.trickle = True  # it goes on until the asker hangs up

    with pytest.raises(Denied, match="nobody answered"):
        propose("delete", timeout=0.3)


def test_questions_from_many_threads_get_their_own_answers(answering: Answering) -> None:
    """The server answers only when all of them wait, in the order opposite to their coming."""
    answering.reply = lambda said: allow(said, id=said["words"])
    answering.hold_until(12)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: propose("delete", words=str(n)), range(12)))

    assert [answer.id for answer in answers] == [str(n) for n in range(12)]


def test_questions_of_many_tasks_get_their_own_answers(answering: Answering) -> None:
    answering.reply = lambda said: allow(said, id=said["words"])
    answering.hold_until(12)

    async def main() -> list[Approval]:
        return await asyncio.gather(*(apropose("delete", words=str(n)) for n in range(12)))

    assert [answer.id for answer in asyncio.run(main())] == [str(n) for n in range(12)]


def test_a_cancelled_question_is_withdrawn(answering: Answering) -> None:
    answering.reply = None

    async def main() -> None:
        asking = asyncio.create_task(apropose("delete"))
        assert await asyncio.to_thread(answering.asked.wait, 5)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await asyncio.to_thread(answering.hung_up.wait, 5)

    asyncio.run(main())


def test_an_interrupted_wait_hangs_up(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("agentwatch.channels.propose.ask._line", interrupted)

    with pytest.raises(KeyboardInterrupt):
        propose("delete")

    assert answering.hung_up.wait(30)


def test_an_outcome_names_its_action(answering: Answering) -> None:
    report(Approval("k3f9", "5c1e", "", ""), done=False, detail="no such file")

    said = answering.heard[0]
    assert (said["op"], said["token"], said["action"]) == ("outcome", "secret", "k3f9")
    assert (said["done"], said["detail"]) == (False, "no such file")


def test_a_huge_detail_is_cut(answering: Answering) -> None:
    report(Approval("k3f9", "5c1e", "", ""), done=True, detail="x" * 3_000_000)

    assert len(answering.heard[0]["detail"]) == 2000


def test_an_outcome_nobody_takes_is_said(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "REPORT_TIMEOUT", 0.2)
    answering.reply = None

    with pytest.raises(NotReported, match="nobody answered"):
        report(Approval("k3f9", "5c1e", "", ""), done=True)


def test_importing_agentwatch_loads_nothing_of_it() -> None:
    code = (
        "import sys, agentwatch; print([m for m in sys.modules if 'propose' in m or m=='asyncio'])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    import agentwatch

    with pytest.raises(AttributeError, match="purpose"):
        agentwatch.purpose  # type: ignore[attr-defined]  # noqa: B018


def test_threads_of_the_double_are_gone(answering: Answering) -> None:
    """The double itself: closing it ends its threads, so that no test can lean on another's."""
    propose("delete")
    answering.close()

    assert not [one for one in threading.enumerate() if one.name == "answering"]
