"""The demo's agent, against a supervisor of ours: asks, forgets, asks for everything at once."""

from __future__ import annotations

import mailbox
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentwatch.demo import agent, helper, inbox
from tests.channels.answering import Answering, Said, allow, deny, session
from tests.waiting import wait_for


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with session(monkeypatch) as server:
        yield server


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    return inbox.make(tmp_path)


def proposed(answering: Answering) -> list[Said]:
    return [said for said in answering.heard if said["op"] == "propose"]


def test_it_asks_about_the_first_messages_one_at_a_time(
    answering: Answering, maildir: Path
) -> None:
    """Each question comes only after the one before is answered and, if allowed, done."""
    left_at: list[int] = []

    def reply(said: Said) -> Said:
        if said["op"] == "propose":
            left_at.append(len(inbox.numbers(maildir)))
        return allow(said)

    answering.reply = reply

    agent.ask_as_told(maildir, pace=0)

    assert left_at == [40, 39, 38]
    assert [said["op"] for said in answering.heard] == ["propose", "outcome"] * 3
    assert inbox.numbers(maildir) == frozenset(range(4, 41))


def test_a_question_names_the_file_and_says_why(answering: Answering, maildir: Path) -> None:
    agent.attempt(inbox.messages(maildir)[0], "may I?")

    (said,) = proposed(answering)
    assert said["kind"] == "delete"
    assert said["paths"] == [str(maildir / "cur" / "01-your-fridge-would-like-to-connect:2,S")]
    assert said["words"] == "Your fridge would like to connect: may I?"


def test_a_denied_message_stays(
    answering: Answering, maildir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answering.reply = lambda said: deny(said, why="keep that one")

    assert agent.attempt(inbox.messages(maildir)[2], "may I?") is False

    assert 3 in inbox.numbers(maildir)
    assert "not allowed: keep that one" in capsys.readouterr().out


def test_a_message_that_is_gone_already_is_reported_as_not_done(
    answering: Answering, maildir: Path
) -> None:
    message = inbox.messages(maildir)[0]
    message.path.unlink()

    assert agent.attempt(message, "may I?") is False

    assert answering.heard[-1]["done"] is False


def test_the_bulk_is_one_question_for_each_message_all_at_once(
    answering: Answering, maildir: Path
) -> None:
    """The server answers nobody before all forty wait."""
    answering.hold_until(40)
    answering.reply = deny

    agent.delete_in_bulk(maildir)

    assert len({said["paths"][0] for said in proposed(answering)}) == 40
    assert len(inbox.numbers(maildir)) == 40


def test_the_helper_deletes_from_the_end_and_asks_nobody(
    answering: Answering, maildir: Path
) -> None:
    working = helper.start(maildir, every=0.0)

    assert os.read(working, 1) == b"", "it ends by itself only when nothing is left"

    os.close(working)
    assert inbox.numbers(maildir) == frozenset()
    assert answering.heard == []


def test_the_helper_is_no_child_and_no_session_mate_of_the_agents(
    maildir: Path, tmp_path: Path
) -> None:
    """It says who it is in its log line; a process of its own session, adopted by another."""
    log = tmp_path / "log"
    code = (
        "import os, sys; from pathlib import Path; from agentwatch.demo import helper;"
        "helper.start(Path(sys.argv[1]), 0.2); print('agent', os.getsid(0), flush=True);"
        "os.wait()"
    )
    with log.open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", code, str(maildir)],
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert "ChildProcessError" in log.read_text(), "it must have no child to wait for"
    wait_for(lambda: "helper (" in log.read_text(), "the helper's first deletion")
    pid = int(log.read_text().split("helper (")[1].split(")")[0])
    try:
        assert os.getsid(pid) != int(log.read_text().split("agent ")[1].split()[0])
    finally:
        for message in inbox.messages(maildir):
            message.path.unlink(missing_ok=True)  # which also ends it


def test_the_whole_script_ends_with_an_empty_inbox_when_everything_is_allowed(
    answering: Answering, maildir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert agent.main([str(maildir), "--pace", "0", "--helper-every", "0.01"]) == 0

    said = capfd.readouterr().out
    assert inbox.numbers(maildir) == frozenset()
    assert said.index("Confirm with me before you act") < said.index("May I?")
    assert said.index("May I?") < said.index("Dropped: “confirm with me before you act”")
    assert said.index("Dropped") < said.index("messages at once")


def test_outside_a_session_it_deletes_nothing(
    maildir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AGENTWATCH_SOCKET", raising=False)

    assert agent.main([str(maildir), "--pace", "0", "--helper-every", "0.01"]) == 1

    assert len(inbox.numbers(maildir)) == 40
    assert "agentwatch run" in capsys.readouterr().err


def test_it_touches_nobodys_real_mail(
    answering: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maildir = tmp_path / "Mail"
    box = mailbox.Maildir(maildir, create=True)
    box.add(b"Subject: mine\n\nmine\n")

    assert agent.main([str(maildir), "--pace", "0", "--helper-every", "0.01"]) == 1

    assert len(box) == 1
    assert answering.heard == []
    assert "will not be touched" in capsys.readouterr().err
    box.close()
