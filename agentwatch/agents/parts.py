"""What an agent is made of: the program files that it starts as itself.

Owns the finding of them, around the program that a command starts.  Never starts one; a package
that cannot be read has no parts, so that its programs are asked about.

What does not work: a part is known by where it lies.  Whoever may write into the agent's own
package may put another program there; where the agent itself may, that is asked about first.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from agentwatch.agents.base import About

ABOVE = 8
"""Folders above a program in which its package is looked for."""
MOST = 20_000
"""Files of a package that are looked at."""
_SHEBANG = re.compile(rb"#!\s*(?P<program>\S+)(?:\s+(?:-S\s+)?(?P<named>[^\s=-]\S*))?")
_SCRIPTS = (".js", ".mjs", ".cjs", ".py")


def parts(program: str, about: About) -> tuple[str, ...]:
    """The program itself, what interprets it, and the executables of its package."""
    found = shutil.which(program)
    if found is None:
        return ()
    real = Path(os.path.realpath(found))
    known = {str(real), found, *_interpreter(real)}
    if (root := package(program, about)) is not None:
        known |= set(_executables(root, about))
    return tuple(sorted(known))


def package(program: str, about: About) -> Path | None:
    """The folder of the agent's own package around a program."""
    found = shutil.which(program)
    if found is None:
        return None
    for folder in list(Path(os.path.realpath(found)).parents)[:ABOVE]:
        if description(folder).get("name") in about.packages:
            return folder
    return None


def description(folder: Path) -> dict[str, object]:
    """What a package says of itself; empty where it says nothing that can be read."""
    try:
        data = json.loads((folder / "package.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _interpreter(script: Path) -> Iterator[str]:
    """What a script's first line starts, also through env."""
    try:
        with script.open("rb") as file:
            found = _SHEBANG.match(file.read(256))
    except OSError:
        return
    if not found:
        return
    named = found["program"].decode(errors="replace")
    if named.endswith("/env") and found["named"]:
        named = found["named"].decode(errors="replace")
    if path := shutil.which(named):
        yield os.path.realpath(path)


def _executables(root: Path, about: About) -> Iterator[str]:
    """The programs of a package, of the agent's others, and of those for one platform alone."""
    folders = [root]
    for name in about.packages:
        scope, _, bare = name.rpartition("/")
        for around in (root / "node_modules", *root.parents[: 1 + bool(scope)]):
            folders += [around / scope / bare, *sorted((around / scope).glob(f"{bare}-*"))]
    for folder in folders:
        yield from _programs(folder)


def _programs(folder: Path) -> Iterator[str]:
    looked = 0
    for place, _, names in os.walk(folder):
        for name in names:
            looked += 1
            if looked > MOST:
                return
            path = os.path.join(place, name)  # noqa: PTH118 - thousands of them
            if os.access(path, os.X_OK) or name.endswith(_SCRIPTS):
                yield os.path.realpath(path)
