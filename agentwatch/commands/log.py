"""`agentwatch log`: a session's record, read or verified."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import click

from agentwatch import journal
from agentwatch.commands import log_verify, sessions
from agentwatch.commands.output import document, json_option, line, visible
from agentwatch.journal import Entry, JournalError
from agentwatch.paths import Places
from agentwatch.report import Theirs, told


@click.command(epilog="\b\nExample:\n  agentwatch log\n  agentwatch log claude-3f2a91 --verify")
@click.argument("session", required=False)
@click.option("--verify", is_flag=True, help="Check that nothing was changed, cut or removed.")
@click.option("--key", multiple=True, metavar="FILE", help="Check signatures with this public key.")
@click.option(
    "--anchor", multiple=True, metavar="FILE", help="Check that heads kept there are still in it."
)
@click.option("--follow", is_flag=True, help="Stay, and print each new entry.")
@json_option
def command(
    session: str | None,
    verify: bool,
    key: tuple[str, ...],
    anchor: tuple[str, ...],
    follow: bool,
    as_json: bool,
) -> int:
    """Read or verify a session's record."""
    places, named = _found(session)
    if verify:
        return log_verify.run(places, key, anchor, named=named, as_json=as_json)
    entries = (
        journal.follow(places.journal, _ended(places)) if follow else journal.read(places.journal)
    )
    if as_json and not follow:
        document([item.to_json() for item in entries])
        return 0
    for entry in entries:
        if as_json:
            line(entry.to_json())
        else:
            print(_told(entry), flush=True)
    return 0


def _ended(places: Places) -> Callable[[float], bool]:
    """Waits, then says whether the session is over and gone."""

    def look(seconds: float) -> bool:
        time.sleep(seconds)
        return not places.runtime.exists()

    return look


def _found(session: str | None) -> tuple[Places, bool]:
    """Whose record to read; False where it was named by its file alone."""
    file = Path(session or "")
    if file.name == "journal.jsonl" and file.is_file():
        with contextlib.suppress(JournalError):  # whatever is wrong with it, the check says so
            name = next((entry.session for entry in journal.read(file)), file.parent.name)
            return Places(name, file.parent / "gone", file.parent), False
        return Places(file.parent.name, file.parent / "gone", file.parent), False
    return sessions.any_or_newest(session), True


def _told(entry: Entry) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(entry.t / 1000))
    return f"{at}  {entry.seq:>5}  {entry.type:<10} {_words(entry)}".rstrip()


def _words(entry: Entry) -> str:
    """What happened, on one line."""
    return "".join(
        visible(str(part.text)) if isinstance(part, Theirs) else part for part in told(entry)
    )
