"""The demo's inbox: a real Maildir, and nobody's real mail."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from agentwatch.demo import inbox
from agentwatch.errors import AgentwatchError


def test_it_is_a_maildir_that_the_library_reads(tmp_path: Path) -> None:
    box = mailbox.Maildir(inbox.make(tmp_path), create=False)

    subjects = sorted(message["Subject"] for message in box)

    assert subjects == sorted(letter.subject for letter in inbox.LETTERS)
    box.close()


def test_every_message_counts_as_seen_and_none_as_half_delivered(tmp_path: Path) -> None:
    maildir = inbox.make(tmp_path)
    box = mailbox.Maildir(maildir, create=False)

    assert {message.get_flags() for message in box} == {"S"}
    assert list((maildir / "tmp").iterdir()) == []
    assert list((maildir / "new").iterdir()) == []
    box.close()


def test_there_are_forty_messages_and_some_would_be_missed() -> None:
    assert len(inbox.LETTERS) == 40
    assert sum(letter.keep for letter in inbox.LETTERS) == 12


def test_the_first_questions_deserve_both_answers() -> None:
    assert [letter.keep for letter in inbox.LETTERS[:3]] == [False, False, True]


def test_messages_come_in_order_with_what_they_say(tmp_path: Path) -> None:
    found = inbox.messages(inbox.make(tmp_path))

    assert [message.number for message in found] == list(range(1, 41))
    assert [message.letter for message in found] == list(inbox.LETTERS)
    assert all(message.path.is_file() for message in found)


def test_a_deleted_message_is_no_longer_counted(tmp_path: Path) -> None:
    maildir = inbox.make(tmp_path)
    inbox.messages(maildir)[1].path.unlink()

    assert inbox.numbers(maildir) == frozenset(range(1, 41)) - {2}


def test_it_is_only_made_once_in_a_folder(tmp_path: Path) -> None:
    inbox.make(tmp_path)

    with pytest.raises(FileExistsError):
        inbox.make(tmp_path)


def test_a_maildir_that_the_demo_did_not_make_is_refused(tmp_path: Path) -> None:
    maildir = tmp_path / "Mail"
    mailbox.Maildir(maildir, create=True).close()

    with pytest.raises(AgentwatchError, match="will not be touched"):
        inbox.opened(maildir)
