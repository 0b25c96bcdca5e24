"""`agentwatch replay`: what the agent's terminal showed, played again with the decisions.

Owns the choice between the player, plain text and an export.  The recorded bytes never reach this
terminal: they are drawn in the emulator, and only what it shows is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, say
from agentwatch.commands.run import has_terminal
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json
from agentwatch.recording import Code, Tape
from agentwatch.visible import clock, shown


@click.command(
    epilog="\b\nExample:\n  agentwatch replay claude-3f2a91\n"
    "  agentwatch replay claude-3f2a91 --export v2 > session.cast"
)
@click.argument("session", required=False)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 100),
    default=1.0,
    show_default=True,
    metavar="N",
    help="So many times as fast.",
)
@click.option(
    "--idle-limit",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Wait no longer than this where nothing happens.",
)
@click.option("--step", is_flag=True, help="Pause at every decision.")
@click.option("--plain", is_flag=True, help="Print the screen at every decision, as text.")
@click.option(
    "--export", type=click.Choice(["v2", "v3"]), help="Print an asciicast for other players."
)
@json_option
def command(
    session: str | None,
    speed: float,
    idle_limit: float | None,
    step: bool,
    plain: bool,
    export: str | None,
    as_json: bool,
) -> int:
    """Play what the agent's terminal showed."""
    if sum((plain, export is not None, as_json)) > 1:
        raise AgentwatchError(
            "--plain, --export and --json are three ways to print", code=ExitCode.USAGE
        )
    tape = Tape(sessions.any_or_newest(session).recording)
    if export is not None:
        _export(tape, export)
    elif as_json:
        document(_told(tape))
    elif plain or not has_terminal():
        for line in _screens(tape):
            print(line)
    else:
        from agentwatch.tui.replay import play  # noqa: PLC0415 - only the player needs a toolkit

        return play(tape, speed=speed, idle_limit=idle_limit, step=step)
    return 0


def _export(tape: Tape, version: str) -> None:
    say("other players hand what the agent printed to their terminal as it is")
    for line in tape.v2() if version == "v2" else tape.v3():
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _told(tape: Tape) -> Json:
    return {
        "session": tape.header.session,
        "command": tape.header.command,
        "started_at": tape.header.timestamp,
        "seconds": tape.length / 1_000_000,
        "exit": tape.status,
        "marks": [{"seconds": mark.seconds, "label": mark.label} for mark in tape.marks],
    }


def _screens(tape: Tape) -> Iterator[str]:
    """The screen at every mark and at the end, each under a line that says when and why."""
    from agentwatch.tui.terminal import AgentScreen  # noqa: PLC0415 - see above

    screen = AgentScreen(tape.header.rows, tape.header.cols)
    began = clock(tape.header.timestamp, "%Y-%m-%d %H:%M:%S")
    yield f"== {began}  {shown(tape.header.command)}"
    for event in tape.events():
        if event.code is Code.OUTPUT:
            screen.offer(event.data.encode())
            while screen.pump():
                continue
            screen.replies()
        elif size := event.size:
            screen.resize(*size)
        elif event.code is Code.MARK:
            yield from _drawn(screen.text())
            yield f"== {event.seconds:.3f} s  {shown(event.data)}"
    yield from _drawn(screen.text())
    ended = f"exit status {shown(tape.status)}" if tape.status is not None else "no end is recorded"
    yield f"== {tape.length / 1_000_000:.3f} s  {ended}"


def _drawn(rows: list[str]) -> Iterator[str]:
    yield from (f"  {row}" for row in rows)
