"""`agentwatch halt`: everything stops, and nothing starts until `agentwatch release`.

Owns the printing.  The mark and the kills are `agentwatch.halt`'s; no supervisor is asked.
"""

from __future__ import annotations

import getpass
import os

import click

from agentwatch import halt
from agentwatch.commands.kill import settle, tell
from agentwatch.commands.output import document, json_option, say, visible
from agentwatch.errors import ExitCode


@click.command(epilog='\b\nExample:\n  agentwatch halt --because "it sends mail"')
@click.option("--because", default="", metavar="TEXT", help="Why, for whoever is refused.")
@json_option
def command(because: str, as_json: bool) -> int:
    """Kill every session and refuse new ones."""
    found = halt.halt(_person(), because)
    settle(found.receipts)
    if as_json:
        document(
            {
                "halted": found.mark.to_json(),
                "unmarked": list(found.unmarked),
                "receipts": [item.to_json() for item in found.receipts],
                "failed": list(found.failed),
            }
        )
    else:
        tell(list(found.receipts), everything=True)
        print(f"{visible(found.mark.sentence())}. New sessions are refused.")
        print("`agentwatch release` allows them again.")
    for why in found.unmarked:
        say(f"no mark could be left in {why}")
    for why in found.failed:
        say(f"error: {why}")
    return int(ExitCode.OK if found.clean else ExitCode.NO)


def _person() -> str:
    """Who is at the keyboard, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
