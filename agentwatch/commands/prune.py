"""`agentwatch prune`: make room by removing old recordings and kept copies.

Owns what is printed, and that a record goes only where a person names its session.
"""

from __future__ import annotations

import time

import click

from agentwatch import pruning
from agentwatch.commands import log_filter
from agentwatch.commands.output import document, json_option, say, table, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.keeping.values import MIB
from agentwatch.model import Json
from agentwatch.paths import state_base
from agentwatch.pruning import Left

BY = "person:cli"
HEADS = ["SESSION", "LAST RECORD", "RECORDING", "COPIES", "RECORD"]


@click.command(
    epilog="\b\nExample:\n  agentwatch prune --dry-run\n  agentwatch prune --older 7d\n"
    "  agentwatch prune claude-3f2a91 --records"
)
@click.argument("names", nargs=-1, metavar="[SESSION]...")
@click.option(
    "--older", default="30d", show_default=True, metavar="TIME", help="Of sessions over for longer."
)
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=pruning.MOST // MIB,
    show_default=True,
    metavar="MIB",
    help="And the oldest until no more than this is left.",
)
@click.option("--records", is_flag=True, help="The named sessions with their records, for good.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
@json_option
def command(
    names: tuple[str, ...], older: str, most: int, records: bool, dry_run: bool, as_json: bool
) -> int:
    """Remove old recordings and undo copies; records stay."""
    found = pruning.left()
    if names:
        gone = [_named(name, found) for name in dict.fromkeys(names)]
    elif records:
        raise AgentwatchError(
            "a record is removed only for a session that is named",
            "agentwatch prune SESSION --records; list them with: agentwatch ls --all",
            ExitCode.USAGE,
        )
    else:
        before = log_filter.moment(older)
        gone = pruning.chosen(found, before=before, most=most * MIB)
    failed = {} if dry_run else _removed(gone, records=records)
    gone = [one for one in gone if one.places.id not in failed]
    told = [_told(one, gone, records=records) for one in found]
    if as_json:
        document({"dry_run": dry_run, "sessions": told, "failed": list(failed.values())})
    else:
        _tell(found, gone, records=records, dry_run=dry_run)
    for why in failed.values():
        say(f"error: {visible(why)}")
    return int(ExitCode.NO if failed else ExitCode.OK)


def _named(name: str, found: list[Left]) -> Left:
    hits = [one for one in found if one.places.id == name]
    hits = hits or [one for one in found if one.places.id.startswith(name)]
    if len(hits) == 1:
        return hits[0]
    what = f"{name} is ambiguous" if hits else f"no such session that is over: {name}"
    raise AgentwatchError(what, "list them with: agentwatch ls --all", ExitCode.NOT_FOUND)


def _removed(gone: list[Left], *, records: bool) -> dict[str, str]:
    """Do it; whose could not be removed, and why."""
    tried = {one.places.id: _remove(one, records=records) for one in gone}
    return {name: why for name, why in tried.items() if why}


def _remove(one: Left, *, records: bool) -> str:
    """Why it could not be removed; empty where it was."""
    try:
        if records:
            pruning.forget(one, BY)
        elif one.spare:
            pruning.prune(one, BY)
    except AgentwatchError as error:
        return f"nothing of {one.places.id} was removed: {error.what}"
    except OSError as error:
        return f"{one.places.id} is not removed whole: {error}"
    return ""


def _told(one: Left, gone: list[Left], *, records: bool) -> Json:
    what = "record" if records else "recording and copies"
    return {**one.to_json(), "removed": what if one in gone else ""}


def _tell(found: list[Left], gone: list[Left], *, records: bool, dry_run: bool) -> None:
    if gone:
        table([_row(one) for one in gone], HEADS)
    size = size_of(sum(one.spare + (one.record if records else 0) for one in gone))
    done = "would be removed" if dry_run else "removed"
    if records:
        print(f"{done}, with the record: {len(gone)} of {len(found)} sessions, {size}")
        print(f"the ends of their records: {state_base() / pruning.REMOVED}")
        return
    print(f"{done}: recordings and copies of {len(gone)} of {len(found)} sessions, {size}")
    stays = sum(one.spare for one in found if one not in gone)
    kept = sum(one.record for one in found)
    print(f"left: {size_of(stays)} of recordings and copies, {size_of(kept)} of records")


def _row(one: Left) -> list[str]:
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at))
    sizes = map(size_of, (one.recording, one.kept, one.record))
    return [one.places.id, at, *sizes]


def size_of(count: int) -> str:
    """Bytes, for people."""
    if count >= 1024 * MIB:
        return f"{count / MIB / 1024:.1f} GiB"
    if count >= 1024 * MIB:
        return f"{count / 1024 / MIB:.1f} GiB"
    return f"{count / MIB:.1f} MiB" if count >= MIB else f"{count // 1024} KiB"
