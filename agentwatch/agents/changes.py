"""What a proposed write would change, as a unified diff against the file as it is now.

Owns the reading of that file, within bounds.  What cannot be shown as a diff is said in words,
never left out; nothing is written here.
"""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass

MAX_FILE = 1024 * 1024
"""Bytes of a file that are read to compare; more is said in words."""
MAX_LINES = 4000
"""Lines of either side that are compared: the work grows with their product."""
MAX_DIFF = 200_000
"""Characters of a diff that are shown; a cut is said in words."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one file."""

    verb: str
    """`create`, `overwrite`, `edit`."""
    diff: str


class _Unreadable(Exception):
    """Why a file's present content cannot be shown."""


def of_write(path: str, content: str) -> Change:
    """The change when the whole content is replaced."""
    try:
        before = _read(path)
    except _Unreadable as error:
        return Change("overwrite", f"({error}; no diff, the new content is)\n{_bounded(content)}")
    if before is None:
        return Change("create", _diff(path, "", content, created=True))
    return Change("overwrite", _diff(path, before, content))


def of_edits(path: str, edits: list[tuple[str, str, bool]]) -> Change:
    """The change when (old, new, everywhere) are applied in order."""
    try:
        before = _read(path)
        after = before or ""
        for old, new, everywhere in edits:
            after = _edited(after, old, new, everywhere=everywhere)
    except _Unreadable as error:
        return Change("edit", f"({error}; no diff, the edit is)\n{_bounded(_spelled(edits))}")
    if before is None:
        return Change("create", _diff(path, "", after, created=True))
    return Change("edit", _diff(path, before, after))


def _edited(text: str, old: str, new: str, *, everywhere: bool) -> str:
    """The text with one edit; raises _Unreadable where it does not apply as told."""
    if old == "" and text == "":
        return new
    times = text.count(old) if old else 0
    if times == 0:
        raise _Unreadable("the text to replace is not in the file as it is now")
    if times > 1 and not everywhere:
        raise _Unreadable(f"the text to replace is in the file {times} times")
    return text.replace(old, new)


def _read(path: str) -> str | None:
    """The file's text, None if there is no file; raises _Unreadable with the reason."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _Unreadable(f"the file cannot be read: {_reason(error)}") from error
    try:
        data = _content(handle)
    except OSError as error:
        raise _Unreadable(f"the file cannot be read: {_reason(error)}") from error
    finally:
        os.close(handle)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _Unreadable(f"the file is not text, {len(data)} bytes") from error


def _content(handle: int) -> bytes:
    info = os.fstat(handle)
    if not stat.S_ISREG(info.st_mode):
        raise _Unreadable("it is not a regular file")
    if info.st_size > MAX_FILE:
        raise _Unreadable(f"the file is too long to compare, {info.st_size} bytes")
    data = bytearray()
    while len(data) <= MAX_FILE and (chunk := os.read(handle, 65536)):
        data += chunk
    return bytes(data)


def _diff(path: str, before: str, after: str, *, created: bool = False) -> str:
    """A unified diff; a side too long to compare is quoted instead."""
    if before == after:
        return "(the file already has exactly this content)\n"
    old, new = _lines(before), _lines(after)
    if old and max(len(old), len(new)) > MAX_LINES:
        return (
            f"(too long to compare line by line: {len(old)} lines before, {len(new)} after; "
            f"no diff, the new content is)\n{_bounded(after)}"
        )
    source = "/dev/null" if created else path
    return _bounded("".join(_marked(line) for line in difflib.unified_diff(old, new, source, path)))


def _lines(text: str) -> list[str]:
    """Its lines with their ends; only a newline ends one, as in the file."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _marked(line: str) -> str:
    """A diff line that ends its line, also where the file's last one does not."""
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _spelled(edits: list[tuple[str, str, bool]]) -> str:
    """Edits in words, when the file does not let them be shown in place."""
    return "".join(_each("-", old) + _each("+", new) for old, new, _ in edits)


def _each(sign: str, text: str) -> str:
    return "".join(_marked(f"{sign}{line}") for line in _lines(text))


def _bounded(text: str) -> str:
    if len(text) <= MAX_DIFF:
        return text
    return f"{text[:MAX_DIFF]}\n(cut here: {len(text) - MAX_DIFF} more characters)\n"


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
