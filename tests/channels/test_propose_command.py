"""`agentwatch propose`, as a shell script meets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentwatch import cli
from tests.channels.answering import Answering, allow, deny, session


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with session(monkeypatch) as server:
        yield server


@dataclass(frozen=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command_line(*args: str) -> Done:
        monkeypatch.setattr("sys.argv", ["agentwatch", "propose", *args])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        said = capsys.readouterr()
        return Done(code if isinstance(code, int) else 0, said.out, said.err)

    return command_line


def test_allowed_is_silent_and_exits_0(run: Run, answering: Answering) -> None:
    done = run("delete", "--path", "/a", "--path", "/b", "--words", "old")

    assert done == Done(0, "", "")
    assert answering.heard[0]["kind"] == "delete"
    assert answering.heard[0]["paths"] == ["/a", "/b"]
    assert answering.heard[0]["words"] == "old"


def test_with_edits_what_was_approved_is_printed(run: Run, answering: Answering) -> None:
    done = run("exec", "--edits", "--words", "now", "--", "make")
    assert json.loads(done.stdout) == {"argv": ["make"]}
    assert answering.heard[0]["edits"] == ["argv"]
    answering.reply = lambda said: allow(said, input={"argv": ["make", "-n"]})
    assert json.loads(run("exec", "--edits", "--", "make").stdout) == {"argv": ["make", "-n"]}
    told = json.loads(run("exec", "--edits", "--json", "--", "make").stdout)
    assert (told["input"], told["edited"]) == ({"argv": ["make", "-n"]}, True)


def test_a_change_that_was_not_asked_for_is_a_no(run: Run, answering: Answering) -> None:
    answering.reply = lambda said: allow(said, input={"argv": ["make", "-n"]})
    done = run("exec", "--", "make")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "cannot be taken back" in done.stderr


def test_everything_after_two_dashes_is_the_command(run: Run, answering: Answering) -> None:
    done = run("exec", "--", "rm", "-rf", "--path", "x")

    assert done.exit_code == 0
    assert answering.heard[0]["argv"] == ["rm", "-rf", "--path", "x"]
    assert answering.heard[0]["paths"] == []


def test_the_other_fields_arrive(run: Run, answering: Answering, tmp_path: Path) -> None:
    diff = tmp_path / "x.diff"
    diff.write_text("-a\n+b\n")

    options = ["--url", "http://h/", "--host", "h", "--tool", "T", "--command", "make"]
    done = run("other", *options, "--diff-file", str(diff))

    assert done.exit_code == 0
    heard = answering.heard[0]
    assert (heard["url"], heard["host"], heard["tool"]) == ("http://h/", "h", "T")
    assert (heard["command"], heard["diff"]) == ("make", "-a\n+b\n")


def test_denied_exits_1_with_the_reason_on_stderr(run: Run, answering: Answering) -> None:
    answering.reply = lambda said: deny(said, why="not today")

    done = run("delete", "--path", "x")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "agentwatch: denied: not today\n"


def test_json_prints_one_document_for_a_yes(run: Run, answering: Answering) -> None:
    done = run("delete", "--json")

    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "verdict": "allow",
        "id": "a1",
        "digest": "d1",
        "by": "person:test",
        "why": "",
    }


def test_json_prints_one_document_for_a_no(run: Run, answering: Answering) -> None:
    answering.reply = lambda said: deny(said, why="not today")

    done = run("delete", "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout) == {
        "verdict": "deny",
        "id": "a1",
        "by": "person:test",
        "why": "not today",
    }


def test_outside_a_session_it_exits_1_and_says_what_to_do(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGENTWATCH_SOCKET", raising=False)

    done = run("delete", "--path", "x")

    assert done.exit_code == 1
    assert "AGENTWATCH_SOCKET is not set" in done.stderr
    assert "\nhint: start it with `agentwatch run -- COMMAND`" in done.stderr


def test_silence_exits_1_after_the_timeout(run: Run, answering: Answering) -> None:
    answering.reply = None

    done = run("delete", "--timeout", "0.2")

    assert done.exit_code == 1
    assert "nobody answered" in done.stderr


@pytest.mark.parametrize(
    "wrong", [["obliterate"], [], ["delete", "--nonsense"], ["delete", "--diff-file", "/nowhere"]]
)
def test_a_wrong_command_line_exits_2_and_asks_nothing(
    run: Run, answering: Answering, wrong: list[str]
) -> None:
    done = run(*wrong)

    assert done.exit_code == 2
    assert answering.heard == []


def test_a_diff_that_is_not_text_is_a_usage_error(
    run: Run, answering: Answering, tmp_path: Path
) -> None:
    (tmp_path / "x.diff").write_bytes(b"\xff\xfe")

    done = run("write", "--diff-file", str(tmp_path / "x.diff"))

    assert done.exit_code == 2
    assert answering.heard == []


def test_a_reason_cannot_act_on_the_terminal(run: Run, answering: Answering) -> None:
    answering.reply = lambda said: deny(said, why="no\x1b[2J\nagentwatch: allowed")

    done = run("delete")

    assert done.stderr == "agentwatch: denied: no\\x1b[2J\\nagentwatch: allowed\n"
