"""Starting a process of our own: always this package, never one that lies in the current folder.

Owns the command line and the environment of our interpreters.  The current folder is the agent's
workspace: a `textual.py` planted there must not become our screen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_BOOT = """\
import sys
sys.path.append(sys.argv.pop(1))
from runpy import run_module
run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def command(module: str, *args: str) -> list[str]:
    """The argv that runs one of our modules, this package found last on the path."""
    here = str(Path(__file__).resolve().parent.parent)
    return [sys.executable, "-P", "-c", _BOOT, here, module, *args]


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """An environment for our own process: nothing on its path depends on the current folder."""
    kept = dict(env)
    folders = [item for item in kept.pop("PYTHONPATH", "").split(os.pathsep) if item]
    if absolute := [item for item in folders if Path(item).is_absolute()]:
        kept["PYTHONPATH"] = os.pathsep.join(absolute)
    return kept
