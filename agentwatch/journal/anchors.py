"""Heads of a record that are kept elsewhere: their one form, and finding them again.

Owns `SESSION:SEQ:HASH`, as it is printed at the end of a run, appended to a file or fed to a
command.  Never sends one anywhere; the supervisor does.
"""

from __future__ import annotations

import re
from pathlib import Path

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal.record import Head

_MOST = 256 * 1024 * 1024
"""Bytes of a file that are searched."""


def spoken(session: str, head: Head) -> str:
    """One head, for a line of its own or among other words."""
    return f"{session}:{head.seq}:{head.hash}"


def found(session: str, where: str) -> tuple[Head, ...]:
    """Every head of a session in a file, whatever stands around it, or in the text itself.

    Raises AgentwatchError where there is none.
    """
    pattern = re.compile(rf"(?<![\w.-]){re.escape(session)}:(\d{{1,19}}):([0-9a-f]{{64}})(?!\w)")
    text = where if pattern.fullmatch(where) else _text(Path(where))
    heads = {Head(int(match[1]), match[2]) for match in pattern.finditer(text)}
    if not heads:
        raise AgentwatchError(
            f"{where} names no head of {session}",
            "a head looks like SESSION:NUMBER:HASH",
            ExitCode.USAGE,
        )
    return tuple(sorted(heads, key=lambda head: (head.seq, head.hash)))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode(errors="replace")
    except OSError as error:
        raise AgentwatchError(
            f"cannot read {path}: {error.strerror}", code=ExitCode.USAGE
        ) from error
