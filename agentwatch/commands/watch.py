"""`agentwatch watch`: open the screen on a session that is already running."""

from __future__ import annotations

import os

import click

from agentwatch import guard, ourselves
from agentwatch.commands import sessions
from agentwatch.commands.run import has_terminal
from agentwatch.errors import AgentwatchError, ExitCode


@click.command(epilog="\b\nExample:\n  agentwatch watch\n  agentwatch watch claude-3f2a91")
@click.argument("session", required=False)
def command(session: str | None) -> None:
    """Open the screen on a running session."""
    places = sessions.live(session)
    if not has_terminal():
        raise AgentwatchError(
            "there is no terminal to draw on",
            "use: agentwatch pending --follow",
            ExitCode.USAGE,
        )
    argv = guard.command(places.id, ourselves.command("agentwatch.tui", places.id))
    os.execve(argv[0], argv, ourselves.environment(os.environ))  # noqa: S606 - the same process goes on as the guard
