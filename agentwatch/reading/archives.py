"""Which arguments of archivers and compressors only list, test or print.

Owns their part of the table.  Tar starts the compressor itself, and a program of the caller's
choice by several options; a name with a colon is an archive on another machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from agentwatch.reading.options import Options, Unclear, words

_TAR = Options(
    "tvzjJaf",
    "",
    words("list verbose gzip bzip2 xz zstd auto-compress wildcards no-wildcards anchored utc")
    | words("full-time numeric-owner exclude file"),
)
_GZIP = Options("cdtlvqnkf123456789", "", words("stdout decompress test list verbose quiet keep"))
_PRINTS = frozenset("ctl")
_PRINTS_LONG = words("--stdout --test --list")
_UNZIP = Options("lvZptzqCM12shm", "", frozenset())
_UNZIP_LOOKS = frozenset("lvZptz")


def _tar(args: Sequence[str]) -> None:
    """A listing, of a file that is on this machine."""
    old = bool(args) and not args[0].startswith("-")
    given = [f"-{args[0]}", *args[1:]] if old else list(args)
    operands = _TAR.operands(given)
    bundles = _bundles(given)
    if "t" not in "".join(bundles) and "--list" not in given:
        raise Unclear("tar that does more than list")
    # Behind a dash, the letters after this one are the archive's name.
    if any("f" in bundle[:-1] for bundle in bundles[1 if old else 0 :]):
        raise Unclear("tar with its archive's name inside of an option")
    if any(":" in arg for arg in (*operands, *given)):
        raise Unclear("tar may ask another machine")


def _gzip(args: Sequence[str]) -> None:
    """A filter, or one that prints, tests or lists."""
    looks = _PRINTS & set("".join(_bundles(args))) or _PRINTS_LONG & set(args)
    if _GZIP.operands(args) and not looks:
        raise Unclear("a compressor that replaces its files")


def _unzip(args: Sequence[str]) -> None:
    """A listing, a test, or printing: options count only in front of the archive."""
    _UNZIP.operands(args)
    leading = itertools.takewhile(lambda arg: arg.startswith("-"), args)
    if not _UNZIP_LOOKS & set("".join(leading)):
        raise Unclear("unzip that unpacks")


def _bundles(args: Sequence[str]) -> list[str]:
    """The letters of each word of short options."""
    return [arg[1:] for arg in args if arg.startswith("-") and not arg.startswith("--")]


CHECKS: Mapping[str, Callable[[Sequence[str]], object]] = {
    **dict.fromkeys(("gzip", "bzip2", "xz", "zstd"), _gzip),
    **dict.fromkeys(("zcat", "bzcat", "xzcat"), _GZIP.operands),
    "tar": _tar,
    "unzip": _unzip,
    "zipinfo": _UNZIP.operands,
}
