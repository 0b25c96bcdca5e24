"""`agentwatch undo ID`: put back what an action changed in draft mode.

Owns the finding of the session, live or over, and what is printed.
"""

from __future__ import annotations

from pathlib import Path

import click

from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.keeping.values import MIB
from agentwatch.model import Json
from agentwatch.paths import Places, live_places
from agentwatch.undoing import listing, undo
from agentwatch.visible import clock

SHOWN = 8
"""Paths named for each action in the list."""


@click.command(
    epilog="\b\nExample:\n  agentwatch undo --list\n  agentwatch undo 3f2a91-4\n"
    "  agentwatch undo 3f2a91-4 --force"
)
@click.argument("target", required=False, metavar="ID")
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List what can be undone, of the session ID; undo nothing.",
)
@click.option("--force", is_flag=True, help="Overwrite what was changed since.")
@json_option
def command(target: str | None, listing: bool, force: bool, as_json: bool) -> int:
    """Put back what an action changed in draft mode."""
    if listing:
        _list(sessions.any_session(target), as_json=as_json)
        return 0
    if target is None:
        raise AgentwatchError(
            "which action?", "list them with: agentwatch undo --list", ExitCode.USAGE
        )
    told = undo(_holding(target), target, force=force, face="cli")
    if as_json:
        document(told)
    else:
        _say(told)
    return ExitCode.NO if told["conflicts"] or told["left"] else 0


def _holding(action: str) -> Places:
    """The session that an action's id belongs to, live or over."""
    prefix = action.rsplit("-", 1)[0]
    known = {places.id: places for places in (*sessions.kept(), *live_places())}
    hits = [one for one in known.values() if one.id.rsplit("-", 1)[-1] == prefix]
    if len(hits) != 1:
        raise AgentwatchError(
            f"no such action: {action}",
            "list them with: agentwatch undo --list [SESSION]",
            ExitCode.NOT_FOUND,
        )
    return hits[0]


def _say(told: Json) -> None:
    for line in told["conflicts"]:
        print(f"not undone: {visible(line)}")
    if told["conflicts"]:
        print("nothing was put back; --force overwrites what stands there now")
        return
    for path in told["restored"]:
        print(f"put back: {visible(path)}")
    for line in (*told["left"], *told["unkept"]):
        print(f"NOT put back: {visible(line)}")
    if not told["restored"] and not told["left"]:
        print("everything is as it was already")


def _list(places: Places, *, as_json: bool) -> None:
    found = listing(places)
    if as_json:
        document(found)
        return
    for one in found:
        state = "  undone" if one["undone"] else ""
        lost = f", {one['unkept']} not kept" if one["unkept"] else ""
        at = clock(one["at"])
        size = f"{one['bytes'] / MIB:.1f} MiB" if one["bytes"] > MIB else f"{one['bytes']} bytes"
        count = f"{len(one['paths'])} {'path' if len(one['paths']) == 1 else 'paths'}"
        print(f"{one['id']}  {at}  {visible(one['summary'])}")
        print(f"    {count}, {size}{lost}{state}: {_names(one['paths'])}")
    if not found:
        print("nothing is kept: only what flows in draft mode is, until it is pruned")


def _names(paths: list[str]) -> str:
    names = [visible(Path(path).name) for path in paths[:SHOWN]]
    more = len(paths) - SHOWN
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
