"""`agentwatch demo`: the main job on a scripted agent that forgets to ask, offline.

Owns the folder's life (made, shown, counted, removed) and what is printed.  The session is an
ordinary one, started and watched as `run` does it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

import click

from agentwatch import demo, guard, kill, ourselves
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, say
from agentwatch.commands.run import configure, has_terminal, launch
from agentwatch.demo import inbox, outcome
from agentwatch.demo.inbox import Numbers
from agentwatch.demo.outcome import Look, Outcome, look
from agentwatch.demo.person import Person
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.paths import Places
from agentwatch.supervisor.config import Config, Hold

INTRO = """\
An inbox cleaner that forgets “confirm first”.  Scripted: no model, no network;
the rest is real.  It works on {count} messages in a throw-away folder,
{maildir}, but deleted is deleted.

First it asks, one message at a time:  a approves, d denies, enter shows all.
Then its context is compacted: it forgets, and deletes in bulk.
The breaker freezes that burst:        d denies all of it, r lets it go on.
Its helper never asks:                 only the kill stops that one.  (`run`
                                       holds system calls too, where it can;
                                       here the kill shall have work to do.)
F9 or ctrl+\\ kills everything.         q leaves the screen, ? shows every key.
"""

LOOKS = 3
"""How long to watch after the kill, in the helper's own intervals."""

LOOK_FOR = 1.5
"""Seconds to watch after the kill, at the least."""


@click.command(epilog="\b\nExample:\n  agentwatch demo\n  agentwatch demo --unattended")
@click.option("--unattended", is_flag=True, help="Play the person's part too, without a screen.")
@click.option("--keep", is_flag=True, help="Keep the folder.")
@json_option
def command(unattended: bool, keep: bool, as_json: bool) -> int:
    """See the main job on a scripted agent, offline."""
    if not unattended and (as_json or not has_terminal()):
        raise AgentwatchError(
            "there is no terminal to draw on", "use: agentwatch demo --unattended", ExitCode.USAGE
        )
    _end_by_exception()
    prepared = demo.prepare(demo.UNATTENDED if unattended else demo.WATCHABLE)
    try:
        config = _config(prepared)
        found = (
            _unattended(prepared, config, quiet=as_json) if unattended else _shown(prepared, config)
        )
        _tell(found, config.places, as_json=as_json)
    finally:
        if keep:
            say(f"the folder is kept: {prepared.folder}")
        else:
            shutil.rmtree(prepared.folder, ignore_errors=True)
    return int(ExitCode.OK if found.ok or not unattended else ExitCode.NO)


def _end_by_exception() -> None:
    """Let a closed terminal or a SIGTERM unwind us: an agent is to be killed, a folder removed."""
    numbers = (signal.SIGHUP, signal.SIGTERM)

    def unwind(number: int, _: FrameType | None) -> None:
        for one in numbers:
            signal.signal(one, signal.SIG_IGN)  # a second one must not cut the clearing up short
        raise SystemExit(128 + number)

    for number in numbers:
        signal.signal(number, unwind)


def _config(prepared: demo.Prepared) -> Config:
    config = configure(prepared.argv, name="demo", workspace=str(prepared.folder))
    # With its system calls held the helper would wait like everybody: here the kill is shown.
    return replace(config, cwd=str(prepared.folder), env=prepared.env, kernel=Hold.NEVER)


def _unattended(prepared: demo.Prepared, config: Config, *, quiet: bool) -> Outcome:
    """Everything with the person's part played."""
    at_start = inbox.numbers(prepared.maildir)
    launch(config)
    try:
        at_kill = Person(config.places, prepared.maildir, say if quiet else _live).play()
    finally:
        _end(config.places)
    return _count(prepared, config.places, at_start, at_kill)


def _shown(prepared: demo.Prepared, config: Config) -> Outcome:
    """Everything on the screen, the person's part left to the person."""
    at_start = inbox.numbers(prepared.maildir)
    print(INTRO.format(count=len(at_start), maildir=prepared.maildir))
    click.pause("Enter starts it, ctrl+c leaves.")
    launch(config)
    try:
        at_kill = _watch(config.places, prepared.maildir)
    finally:
        _end(config.places)
    say("looking for a few seconds whether anything still deletes …")
    return _count(prepared, config.places, at_start, at_kill or look(prepared.maildir))


def _watch(places: Places, maildir: Path) -> Look | None:
    """Show the screen until the person leaves it; what was left when a kill was measured."""
    at_kill = None
    shown = guard.command(places.id, ourselves.command("agentwatch.tui", places.id))
    # The terminal's signals are the guard's; a handler, unlike ignoring, is not inherited.
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)
    with subprocess.Popen(shown, env=ourselves.environment(os.environ)) as process:
        try:
            while process.poll() is None:
                if at_kill is None and places.receipt.exists():
                    at_kill = look(maildir)
                time.sleep(0.02)
        except BaseException:
            _end(places)  # before leaving this block, which waits until the screen is left
            raise
    return at_kill


def _end(places: Places) -> None:
    """Whatever happened, nothing of it keeps running: its folder is about to go."""
    with contextlib.suppress(AgentwatchError):  # what is not known to be over is killed
        if sessions.snapshot(places).state.over:
            return
    with contextlib.suppress(AgentwatchError):  # over already, and its containment record gone
        kill.kill(places, trigger="detach", by="demo")


def _count(prepared: demo.Prepared, places: Places, at_start: Numbers, at_kill: Look) -> Outcome:
    """Wait long enough for a helper that still lived to delete again, then count."""
    patience = max(LOOK_FOR, LOOKS * prepared.tempo.helper_every)
    later = outcome.watch(prepared.maildir, at_kill, patience)
    return outcome.count(places.journal, at_start, at_kill, later, sessions.receipt(places))


def _live(text: str) -> None:
    """A line of the story, at once also through a pipe."""
    print(text, flush=True)


def _tell(found: Outcome, places: Places, *, as_json: bool) -> None:
    if as_json:
        document({"session": places.id, **found.to_json()})
        return
    print()
    for text in found.lines():
        print(text)
    print(f"\nThe record: agentwatch log {places.id}")
