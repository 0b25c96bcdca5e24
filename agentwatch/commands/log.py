"""`agentwatch log`: a session's record, read or verified."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from agentwatch import journal
from agentwatch.commands import log_export, log_filter, log_passed, log_verify, sessions
from agentwatch.commands.output import document, json_option, visible, wrapped
from agentwatch.journal import Entry, JournalError
from agentwatch.paths import Places
from agentwatch.visible import clock


@click.command(
    epilog=(
        "\b\nExample:\n  agentwatch log --since 1h --state denied\n"
        "  agentwatch log claude-3f2a91 --verify\n  agentwatch log --follow --export otel"
    )
)
@click.argument("session", required=False)
@click.option("--verify", is_flag=True, help="Check that nothing was changed, cut or removed.")
@click.option("--key", multiple=True, metavar="FILE", help="Check signatures with this public key.")
@click.option(
    "--anchor", multiple=True, metavar="FILE", help="Check that heads kept there are still in it."
)
@click.option("--follow", is_flag=True, help="Stay, and print each new entry.")
@click.option("--passed", is_flag=True, help="What passed below the agent without a question.")
@log_filter.options
@click.option(
    "--export", type=click.Choice(list(log_export.FORMATS)), help="Print for other tools."
)
@json_option
def command(
    session: str | None,
    verify: bool,
    key: tuple[str, ...],
    anchor: tuple[str, ...],
    follow: bool,
    passed: bool,
    export: str | None,
    as_json: bool,
    **filters: Any,
) -> int:
    """Read or verify a session's record."""
    places, named = _found(session)
    if verify:
        return log_verify.run(places, key, anchor, named=named, as_json=as_json)
    if passed:
        return log_passed.run(places, as_json=as_json)
    wanted = log_filter.wanted(**filters)
    entries = (
        journal.follow(places.journal, _ended(places)) if follow else journal.read(places.journal)
    )
    chosen = (entry for entry in entries if wanted(entry))
    if export:
        first, spell = log_export.FORMATS[export]
        _print([first] if first else [])
        _print(map(spell, chosen))
    elif as_json and not follow:
        document([item.to_json() for item in chosen])
    elif as_json:
        _print(map(log_export.FORMATS["json"][1], chosen))
    else:
        _print(map(_told, chosen))
    return 0


def _print(lines: Iterable[str]) -> None:
    """Each at once: somebody follows."""
    for line in lines:
        print(line, flush=True)


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
    at = clock(entry.t // 1000)
    return f"{at}  {entry.seq:>5}  {visible(entry.type):<10} {_words(entry)}".rstrip()


def _words(entry: Entry) -> str:
    """What happened, on one line."""
    return wrapped(visible(log_export.words(entry)))
