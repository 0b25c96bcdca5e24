"""The files that an action stands on: the script it runs, the file it writes over.

Owns the look at them when the action is shown and again when it is used; a change in between
voids the answer.  Decides nothing.

What does not work:
- Between the last look and the moment a program opens its script there is no hold: whoever has
  that file open for writing already may still change it.
- Where system calls are not held, the last look is when the answer is given.
- A file beyond 256 KiB is known by its number, size and times, not by its content.
- A grant or a rule is about words: files may change under it, but not under one action it lets
  pass.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from agentwatch.channels.kernel.acts import Observed
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Action, ActionState, FileState, Kind, Origin, Proposal
from agentwatch.policy.reasons import quoted
from agentwatch.shell import parse, parse_argv
from agentwatch.shell.scripts import overwritten, scripts

LARGEST = 1 << 18
"""Bytes of a file whose content is looked at."""
MOST = 16
"""Files of one action."""


def look(path: str) -> FileState:
    """A file as it is now; one that is no plain file, or cannot be read, is as good as absent."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return FileState(path)
    try:
        return _state(path, handle)
    except OSError:
        return FileState(path)
    finally:
        os.close(handle)


def _state(path: str, handle: int) -> FileState:
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        return FileState(path)
    digest = ""
    if found.st_size <= LARGEST:
        content = b""
        while len(content) <= LARGEST and (part := os.read(handle, LARGEST + 1)):
            content += part
        digest = hashlib.sha256(content).hexdigest()
    return FileState(
        path,
        found.st_size,
        found.st_dev,
        found.st_ino,
        found.st_mtime_ns,
        found.st_ctime_ns,
        digest,
    )


def standing_on(said: Proposal, workspace: str, event: Observed | None = None) -> Proposal:
    """The same proposal with the files that it stands on, as they are now.

    What was seen is looked at with its event, once it is to be asked.
    """
    seen = said.origin is Origin.OBSERVED and event is None
    if seen or said.kind not in (Kind.EXEC, Kind.WRITE):
        return said
    base = said.cwd or workspace
    paths = dict.fromkeys(posixpath.normpath(posixpath.join(base, path)) for path in said.paths)
    found = {path: look(path) for path in islice(paths, MOST)} if said.kind is Kind.WRITE else {}
    for state in _named(said, base):
        found.setdefault(state.path, state)
    if event is not None and event.flags and "script" in event.flags:
        found.setdefault(event.path, look(event.path))
    return replace(said, files=tuple(islice(found.values(), MOST)))


def _named(said: Proposal, base: str) -> Iterator[FileState]:
    """The files that a command names."""
    line = parse(said.command) if said.command is not None else parse_argv(said.argv)
    for words in scripts(line):
        states = (look(posixpath.normpath(posixpath.join(base, word))) for word in words[:MOST])
        if (state := next((one for one in states if one.size >= 0), None)) is not None:
            yield state
    for target in overwritten(line):
        state = look(posixpath.normpath(posixpath.join(base, target)))
        if state.size >= 0:
            yield state


def changed(files: tuple[FileState, ...]) -> tuple[str, ...]:
    """Those that are not as they were."""
    return tuple(state.path for state in files if not state.same(look(state.path)))


def anew(action: Action) -> tuple[Proposal, str] | None:
    """What waits, with its files as they are now, and what changed; None where nothing did."""
    said = action.proposal
    if action.state is not ActionState.PENDING or not (paths := changed(said.files)):
        return None
    now = replace(said, files=tuple(look(state.path) for state in said.files))
    return now, words(paths, "you were shown it")


def moved(action: Action, what: str) -> AgentwatchError:
    """Why a yes to what was shown is none."""
    hint = f"look at it again: agentwatch show {action.id}"
    return AgentwatchError(f"not approved: {what}", hint, ExitCode.NO)


def words(paths: tuple[str, ...], since: str) -> str:
    """What has changed, as a person reads it."""
    named = ", ".join(quoted(path) for path in paths[:3])
    return f"changed since {since}: {named}"
