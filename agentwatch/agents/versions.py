"""Which version of an agent is installed, and what it means that it is another than we tried.

Owns the comparison.  Reads the package's own description where it lies beside the program, and
starts the program only for `doctor`.
"""

from __future__ import annotations

import re
import subprocess

from agentwatch.agents.base import About
from agentwatch.agents.parts import description, package

UNKNOWN = "(version not told)"


def described(program: str, about: About) -> str:
    """The version by the package around a program, without starting it; empty if none is told."""
    root = package(program, about)
    return str(description(root).get("version") or "") if root else ""


def told(program: str) -> str:
    """The version that a program tells when asked."""
    command = [program, "--version"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=False, errors="replace",
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    found = re.search(r"\d+(?:\.\d+)+[\w.+-]*", done.stdout)
    return found[0].rstrip(".+-") if found else UNKNOWN


def remark(version: str, about: About) -> str:
    """What it means that this version is installed; empty where it is the one we tried."""
    mine, tried = _numbers(version), _numbers(about.tested)
    if not mine:
        return f"its version is not known; tried with {about.tested}"
    if mine == tried:
        return ""
    newer = "newer" if mine > tried else "older"
    return f"{version} is {newer} than {about.tested}, with which its gate was tried"


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
