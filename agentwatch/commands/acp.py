"""`agentwatch acp -- AGENT`: speak with an ACP agent on the screen, or from a script.

Owns the choice of the face, and the order of prompts without a screen.  Decides nothing: what the
agent asks waits for a screen or for `approve` in another shell.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import click

from agentwatch.client import Client, NoSupervisor
from agentwatch.commands import foreground, sessions
from agentwatch.commands.conversation import Printer
from agentwatch.commands.options import config_of, label_of, session_options
from agentwatch.commands.output import json_option, say
from agentwatch.commands.run import has_terminal, into_guard, launch
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, SessionState
from agentwatch.paths import Places
from agentwatch.supervisor.config import Config, Speaks

ENDED = ("stuck", "over")
"""States in which the agent is not spoken with any more."""


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="\b\nExample:\n  agentwatch acp -- gemini --acp\n"
    "  agentwatch acp --no-tui -p 'fix the tests' -- npx -y @agentclientprotocol/claude-agent-acp",
)
@session_options
@click.option("-p", "--prompt", "prompts", multiple=True, help="Say this; repeatable.")
@click.option("--no-tui", is_flag=True, help="No screen: the conversation goes to stdout.")
@click.option("--offer-files", is_flag=True, help="Offer the agent to read and write files for it.")
@json_option
@click.argument("argv", nargs=-1, required=True, metavar="-- AGENT [ARG]...")
def command(
    argv: tuple[str, ...],
    prompts: tuple[str, ...],
    no_tui: bool,
    offer_files: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Speak with an ACP agent, gated."""
    config = config_of(argv, label_of(argv), given)
    config = replace(config, speaks=Speaks.ACP, hands=offer_files)
    if has_terminal() and not no_tui and not as_json:
        launch(config)
        with Client(config.places) as client:
            for prompt in prompts:
                client.call("say", text=prompt)
        into_guard(config)
    return _speak(config, prompts or _lines(), as_json=as_json)


def _lines() -> Iterable[str]:
    """Prompts from standard input, one a line."""
    return (line for line in sys.stdin if line.strip())


def _speak(config: Config, prompts: Iterable[str], *, as_json: bool) -> int:
    """Say one prompt after another and print what comes; the exit status."""
    watched, held = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    config = replace(config, lifeline=watched, stdio=(null, null, os.dup(2)))
    launch(config)
    for number in {watched, *(config.stdio or ())}:
        os.close(number)
    say(f"session {config.session}: `agentwatch pending`, `approve ID`, `deny ID`, `kill`")
    places = config.places
    with foreground.killed_by_signals(places):
        try:
            stopped = _converse(places, prompts, Printer(as_json=as_json))
        except NoSupervisor:
            stopped = None
        finally:
            sys.stdout.flush()
    if stopped is None:
        return foreground.follow(places)
    with Client(places) as client:
        client.send("hang-up")
    foreground.follow(places)
    os.close(held)
    receipt = sessions.receipt(places)
    if receipt is not None and receipt.trigger != "client-gone":
        return int(ExitCode.KILLED)
    return int(ExitCode.OK if stopped == "end_turn" else ExitCode.NO)


def _converse(places: Places, prompts: Iterable[str], printer: Printer) -> str | None:
    """Say each prompt when the turn before is over; how the last one ended, None for no more."""
    stopped: str | None = "end_turn"
    with Client(places) as client:
        client.call("watch", screen=True)
        said = client.call("conversation")
        printer.begin(said)
        if said["state"] in ENDED:
            return str(said["state"])
        events = client.events()
        for prompt in prompts:
            try:
                client.call("say", text=prompt)
            except AgentwatchError as error:
                say(error.what)
                return "stuck"
            stopped = _turn(events, printer)
            if stopped is None or stopped in ENDED:
                break
    return stopped


def _turn(events: Iterator[Json], printer: Printer) -> str | None:
    """Print until a turn is over; how it ended, None where the session did."""
    for event in events:
        printer.hear(event)
        if event["event"] == "session" and SessionState(event["session"]["state"]).over:
            return None
        if event["event"] == "spoken" and event["state"] in ENDED:
            return str(event["state"])
        if printer.turn is not None:
            stopped, printer.turn = printer.turn, None
            return stopped
    return None
