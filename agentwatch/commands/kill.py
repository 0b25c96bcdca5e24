"""`agentwatch kill`: the third road to the kill, with or without a supervisor.

Owns the printing of receipts.  Kills by itself, from the containment record: asking the
supervisor to do it would wait for a thing that may be hung.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import click

from agentwatch import kill, lost
from agentwatch.client import ask_to_kill
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, say, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Receipt
from agentwatch.paths import Places, live_places

WAIT_FOR_DETAILS = 0.5
"""Seconds to wait until the supervisor, if it lives, has added what was pending."""


@click.command(epilog="\b\nExample:\n  agentwatch kill\n  agentwatch kill --all --json")
@click.argument("session", required=False)
@click.option("--all", "everything", is_flag=True, help="Every session of this user.")
@json_option
def command(session: str | None, everything: bool, as_json: bool) -> int:
    """Kill a session's whole process tree."""
    if session and everything:
        raise AgentwatchError("name a session or say --all, not both", code=ExitCode.USAGE)
    if (killed := _killed_already(session)) is not None:
        document(killed.to_json()) if as_json else tell([killed], everything=False)
        say(f"{killed.session} was killed before, and is over")
        return int(ExitCode.OK)
    places = live_places() if everything else [sessions.live(session)]
    receipts: list[Receipt] = []
    failed: list[AgentwatchError] = []
    for item in places:  # all of them first: the telling can wait
        try:
            receipts.append(strike(item))
        except AgentwatchError as error:
            failed.append(error)
    receipts = [_detailed(item, places) for item in receipts]
    if as_json:
        shown = [item.to_json() for item in receipts]
        document(shown if everything else (shown[0] if shown else None))
    else:
        tell(receipts, everything=everything)
    for failure in failed:
        say(f"error: {failure.what}")
    clean = all(item.clean for item in receipts) and not failed
    return int(ExitCode.OK if clean else ExitCode.NO)


def _killed_already(session: str | None) -> Receipt | None:
    """What the kill of a session that is over measured: asked for twice, a kill is no error."""
    if session is None or any(item.id.startswith(session) for item in live_places()):
        return None
    try:
        receipt = sessions.receipt(sessions.any_session(session))
    except AgentwatchError:
        return None
    return receipt if receipt is not None and receipt.clean else None


def strike(places: Places) -> Receipt:
    """Kill one session ourselves; without a record that can be read, by its supervisor's thread."""
    try:
        return kill.kill(places, trigger="cli", by="cli")
    except AgentwatchError as error:
        if error.code is not ExitCode.NOT_FOUND:
            raise
        return ask_to_kill(places)


def _detailed(receipt: Receipt, places: list[Places]) -> Receipt:
    """The receipt with what the supervisor knows besides, if it says so in time.

    A supervisor that is gone says nothing, and what it would have done is done here.
    """
    where = next(item for item in places if item.id == receipt.session)
    if lost.lost(where):
        settle([receipt])
        return receipt
    end = time.monotonic() + WAIT_FOR_DETAILS
    while time.monotonic() < end:
        known = sessions.receipt(where)
        if known is not None and known.complete:
            return known
        time.sleep(0.01)
    return receipt


def settle(receipts: Iterable[Receipt]) -> None:
    """Bring to their end those whose supervisor is gone."""
    where = {item.id: item for item in live_places()}
    for receipt in receipts:
        if receipt.session in where and (why := lost.settle(where[receipt.session], receipt)):
            said = f"the kill of {receipt.session} could not be put into its record"
            say(f"{said}: {visible(why)}")


def tell(receipts: list[Receipt], *, everything: bool) -> None:
    """Every receipt in words."""
    if everything and not receipts:
        print("No session is running.")
    for receipt in receipts:
        print(f"{visible(receipt.session)}: {receipt.sentence()}")
        for item in receipt.left:
            print(f"  STILL ALIVE  {item.pid}  {visible(item.command)}")
        if receipt.denied_pending:
            some = "question" if receipt.denied_pending == 1 else "questions"
            print(f"  {receipt.denied_pending} waiting {some} denied")
        gone = [item for item in receipt.recent if item.get("may_have_left")]
        for action in gone:
            print(f"  may have left this machine: {visible(str(action['summary']))}")
