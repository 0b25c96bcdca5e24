"""Putting a rule into the user's own file, whole or not at all.

Owns the write: what stands there is kept to the byte, the new file is tried before it takes the
old one's place, and a file that changed since it was shown is left alone.  Never touches a
project's file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.rules.examples import faults
from agentwatch.rules.read import read
from agentwatch.rules.shelf import user_file


def now() -> tuple[str, str]:
    """The user's file as it is, and its digest; empty where there is none."""
    try:
        text = user_file().read_bytes().decode()
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise AgentwatchError(f"{user_file()} cannot be read: {error}") from error
    return text, hashlib.sha256(text.encode()).hexdigest()


def tried(rule: str) -> str:
    """The whole file with this rule at its end; raises AgentwatchError where that is not right."""
    before, _ = now()
    head = before if before.endswith("\n") or not before else before + "\n"
    text = f"{head}\n{rule}" if head else f"version = 1\n\n{rule}"
    rules = read(text, str(user_file()))
    wrong = faults(rules)
    if wrong:
        raise AgentwatchError(wrong[0].words, f"try it with: agentwatch rules check {user_file()}")
    return text


def add(rule: str, shown: str) -> Path:
    """Write it; `shown` is the digest of the file that a person saw it against."""
    _, digest = now()
    if digest != shown:
        raise AgentwatchError(
            f"{user_file()} has changed since you were shown the rule",
            "look at it again",
            ExitCode.NO,
        )
    text = tried(rule)
    try:
        # a link stays a link: people keep such files elsewhere
        path = Path(os.path.realpath(user_file()))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, text.encode())
    except OSError as error:
        raise AgentwatchError(f"{user_file()} cannot be written: {error}") from error
    return path


def _replace(path: Path, data: bytes) -> None:
    """Put a whole file in another's place, on disk before it is there; raises OSError."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a handle, not a path
            file.write(data)
            os.fchmod(handle, mode)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
