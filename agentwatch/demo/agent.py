"""The demo's agent: asks as it was told, forgets that, deletes in bulk.  No model, no network.

Owns the script it plays and what it prints.  Every deletion of its own goes through `propose`;
its helper's do not, and that is the point: nothing but the kill stops that one.  Started outside
a session, or on a folder that the demo did not make, it deletes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentwatch.channels.propose import Denied, NotSupervised, gated
from agentwatch.demo import helper, inbox
from agentwatch.demo.inbox import Message
from agentwatch.errors import AgentwatchError, ExitCode

ASKED_FIRST = 3
"""So many messages it asks about one at a time, before its context is compacted."""


@gated(
    "delete",
    path=lambda message, _: message.path,
    words=lambda message, why: f"{message.letter.subject}: {why}",
)
def delete(message: Message, why: str) -> None:  # noqa: ARG001 - the question is made from it
    """Delete one message, once a person has said yes."""
    message.path.unlink()


def attempt(message: Message, why: str) -> bool:
    """Propose one deletion and print what came of it."""
    try:
        delete(message, why)
    except NotSupervised:
        raise
    except Denied as denied:
        say(f"  {message.number:2}  not allowed: {denied.reason}")
        return False
    except FileNotFoundError:
        say(f"  {message.number:2}  already gone")
        return False
    say(f"  {message.number:2}  deleted “{message.letter.subject}”")
    return True


def ask_as_told(maildir: Path, pace: float) -> None:
    """The first messages, one question at a time."""
    for message in inbox.messages(maildir)[:ASKED_FIRST]:
        think(pace)
        say(f"{message.number:4}  “{message.letter.subject}”: I suggest to delete it. May I?")
        attempt(message, "I suggest to delete this one. May I?")


def forget(pace: float) -> None:
    """What happened to the instruction."""
    think(pace)
    say("Context window 98 % full. Compacting the conversation …")
    think(pace)
    say("Compacted. Kept: “cleaning up the inbox”. Dropped: “confirm with me before you act”.")
    think(pace)


def delete_in_bulk(maildir: Path) -> None:
    """Everything that is left at once, a thread and a question each."""
    left = inbox.messages(maildir)
    say(f"Cleaning up: deleting {len(left)} messages at once.")
    with ThreadPoolExecutor(max_workers=max(1, len(left))) as pool:
        gone = sum(pool.map(lambda message: attempt(message, "cleaning up the inbox"), left))
    say(f"Bulk clean-up over: {gone} of {len(left)} deleted.")


def play(maildir: Path, pace: float, helper_every: float) -> None:
    """The whole script, to the empty inbox."""
    say(f"My instruction: {inbox.INSTRUCTION.strip()}")
    say(f"{len(inbox.messages(maildir))} messages. I ask before I delete.")
    ask_as_told(maildir, pace)
    forget(pace)
    say("This is slow. Starting a helper that does not ask.")
    working = helper.start(maildir, helper_every)
    delete_in_bulk(maildir)
    say("My helper goes on without me.")
    os.read(working, 1)  # its end of the pipe closes when it ends
    say("The inbox is empty. Done!")


def think(seconds: float) -> None:
    """The pause a model would make."""
    time.sleep(seconds)


def say(text: str) -> None:
    """One line of its log."""
    print(text, flush=True)


def main(args: Sequence[str] | None = None) -> int:
    """Play on the folder the command line names."""
    parser = argparse.ArgumentParser(prog="agentwatch.demo.agent", description=__doc__)
    parser.add_argument("maildir", type=Path)
    parser.add_argument("--pace", type=float, default=0.15, help="seconds between two steps")
    parser.add_argument("--helper-every", type=float, default=0.4, help="seconds per message")
    options = parser.parse_args(args)
    try:
        play(inbox.opened(options.maildir.absolute()), options.pace, options.helper_every)
    except AgentwatchError as error:
        print(f"{error.what}\n{error.hint}", file=sys.stderr)
        return int(ExitCode.NO)
    return int(ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main())
