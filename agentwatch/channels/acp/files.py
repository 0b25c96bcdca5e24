"""Our hands for an agent that asks its client to read or write a file.

Owns the reading, within bounds, and the writing of exactly what was approved: into the folder
that was judged, over the content that was compared, following no link that was put there since.
Whoever asks about a file asks about where its name leads (`resolved`): what a link says may be
another a moment later.

What does not work: a file that changes in the moment between the last look and the write is
overwritten; a write replaces the file, so other names of it (hard links) keep the old content.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from agentwatch.errors import AgentwatchError, ExitCode

MAX_READ = 8 * 1024 * 1024
"""Bytes of a file that are handed over."""


class NoFile(AgentwatchError):
    """There is no such file; worded as agents look for it."""

    def __init__(self, path: str) -> None:
        super().__init__(f"Resource not found: no such file or directory: {path}", code=ExitCode.NO)


@dataclass(frozen=True, slots=True)
class Target:
    """A file as it was when a write to it was judged."""

    path: str
    """Links followed."""
    digest: str | None
    """Of its content; None where there was no file."""


def resolved(path: str) -> str:
    """Where a path leads; raises AgentwatchError where that cannot be told."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError) as error:
        raise AgentwatchError(f"{path} cannot be followed: {error}", code=ExitCode.NO) from error


def text(path: str, line: int | None, limit: int | None) -> str:
    """The text of a file at a path without links, from a line (the first is 1) on, so many lines.

    Raises AgentwatchError.
    """
    data = _content(path, follow=False)
    if data is None:
        raise NoFile(path)
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise AgentwatchError(f"{path} is not text", code=ExitCode.NO) from error
    if line is None and limit is None:
        return whole
    lines = whole.splitlines(keepends=True)
    first = max(0, (line or 1) - 1)
    return "".join(lines[first : first + limit] if limit is not None else lines[first:])


def has(path: str, content: str) -> bool:
    """Whether a file is just so already, so that writing it would change nothing."""
    try:
        return _content(path) == content.encode()
    except (AgentwatchError, ValueError):
        return False


def target(path: str) -> Target:
    """A file as it is now; raises AgentwatchError for what cannot be written to."""
    real = resolved(path)
    data = _content(real)
    return Target(real, None if data is None else hashlib.sha256(data).hexdigest())


def write(judged: Target, content: str) -> None:
    """Put this content there; raises AgentwatchError where it is not what was judged any more."""
    if target(judged.path) != judged:
        raise AgentwatchError(f"{judged.path} is not what was approved any more", code=ExitCode.NO)
    name = posixpath.basename(judged.path)
    fresh = f".{name}.{os.getpid()}.agentwatch"
    try:
        with _folder(posixpath.dirname(judged.path), make=judged.digest is None) as folder:
            mode = _mode(folder, name)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(fresh, flags, mode, dir_fd=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content.encode())
                os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=folder)
                raise
    except OSError as error:
        raise AgentwatchError(
            f"{judged.path} cannot be written: {error.strerror}", code=ExitCode.NO
        ) from error


def _mode(folder: int, name: str) -> int:
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return 0o666


@contextmanager
def _folder(path: str, *, make: bool) -> Iterator[int]:
    """A folder held open, reached without following a link at any step."""
    only_through = getattr(os, "O_PATH", os.O_RDONLY)  # a folder that cannot be listed, too
    flags = only_through | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    held = os.open("/", flags)
    try:
        for part in (part for part in path.split("/") if part):
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=held)
            further = os.open(part, flags, dir_fd=held)
            os.close(held)
            held = further
        yield held
    finally:
        os.close(held)


def _opened(path: str, *, follow: bool) -> int:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    if follow:
        return os.open(path, flags)
    with _folder(posixpath.dirname(path), make=False) as folder:
        return os.open(posixpath.basename(path) or ".", flags | os.O_NOFOLLOW, dir_fd=folder)


def _content(path: str, *, follow: bool = True) -> bytes | None:
    """A regular file's bytes, None where there is none; raises AgentwatchError."""
    try:
        handle = _opened(path, follow=follow)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise AgentwatchError(f"{path} cannot be read: {error}", code=ExitCode.NO) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise AgentwatchError(f"{path} is not a regular file", code=ExitCode.NO)
    with os.fdopen(handle, "rb") as file:
        data = file.read(MAX_READ + 1)
    if len(data) > MAX_READ:
        raise AgentwatchError(f"{path} is too long", code=ExitCode.NO)
    return data
