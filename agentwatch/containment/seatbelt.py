"""The floor on macOS: a sandbox-exec profile that forbids it, and everything else stays allowed.

Owns the profile's text and trying it.  Of the rules about one thing the last one counts, and
paths are judged where links lead, so every path stands there as named and as resolved; what is not
there yet is forbidden as well.

What does not work: it was written from Apple's own profiles and manual page, and never tried on a
Mac.  A program that is in a sandbox cannot enter another: agents that call sandbox-exec themselves
(Codex, Claude Code's own sandbox) need `run --no-floor`.  The tree's own ptys cannot be told from
others', so other terminals of this user can be written.  Asking launchd by its own port is
forbidden only as `job-creation`.  A folder that is emptied elsewhere only takes no connections
here, which the tree's own tmux meets as well.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Iterable

from agentwatch.containment.base import Walls

PROGRAM = "/usr/bin/sandbox-exec"
TRIAL = 10.0
"""Seconds a program that does nothing may take under a profile."""

UNTRIED = "the sandbox-exec profile that keeps the floor is untried on a real Mac"
"""A sentence for the user."""


def profile(walls: Walls, *, home: str, desktop: bool = True) -> str:
    """The profile's text; `desktop` forbids opening programs and steering them as well."""
    kept = _both(walls.kept)
    above = _both(_above(kept, home))
    sockets = _both((*walls.emptied, *walls.shut))
    lines = ["(version 1)", "(allow default)"]
    lines += [f"(deny file-write* (subpath {_quoted(path)}))" for path in kept]
    # A folder above could be renamed away with all that is in it.
    lines += [f"(deny file-write-unlink (literal {_quoted(path)}))" for path in above]
    lines += [f"(deny network-outbound (subpath {_quoted(path)}))" for path in sockets]
    lines += ["(deny signal)", "(allow signal (target self))"]
    lines += ["(allow signal (target same-sandbox))", "(deny job-creation)"]
    if desktop:
        lines += ["(deny appleevent-send)", "(deny lsopen)"]
    return "\n".join(lines) + "\n"


def wrapped(argv: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The command that runs another one under a profile."""
    return (PROGRAM, "-p", text, *argv)


def refusal(text: str, program: str = PROGRAM) -> str:
    """Why a profile cannot be used here, found by using it; empty where it can."""
    try:
        done = subprocess.run(
            [program, "-p", text, "/usr/bin/true"],
            capture_output=True,
            text=True,
            timeout=TRIAL,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return (done.stderr.strip() or f"status {done.returncode}") if done.returncode else ""


def _both(paths: Iterable[str]) -> list[str]:
    """Every path as named and as resolved."""
    return list(dict.fromkeys(one for path in paths for one in (path, os.path.realpath(path))))


def _above(paths: Iterable[str], home: str) -> list[str]:
    """The folders above them, up to the home folder's own."""
    found: dict[str, None] = {}
    for path in paths:
        parent = posixpath.dirname(path)
        while parent not in ("", "/") and _within(parent, home):
            found[parent] = None
            parent = posixpath.dirname(parent)
    return list(found)


def _within(path: str, home: str) -> bool:
    roots = {home, os.path.realpath(home)}
    return any(path == root or path.startswith(f"{root.rstrip('/')}/") for root in roots)


def _quoted(path: str) -> str:
    """A path as a string of the profile's language."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
