"""Whether system calls can be held here: tried on a process of our own, never read from settings.

Owns the trial and its words.  What it cannot try is whether the agent's memory may be read, which
some systems (Yama) forbid outside a namespace: the gate process tries that before the agent runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agentwatch.channels.kernel import bpf

PATIENCE = 20.0
"""Seconds a trial may take on a machine under load."""

_TRY = """\
import sys
sys.path.append(sys.argv[1])
from helpers import linux
try:
    linux.install_filter(bytes.fromhex(sys.argv[2]))
except OSError as error:
    print(error.errno, error.strerror)
else:
    print("held")
"""
_HELPERS = Path(__file__).parents[2] / "containment"
_WORDS = {
    "16": "another supervisor or sandbox holds this process's system calls already",
    "1": "this system forbids it (EPERM): a container's own filter may be the reason",
    "22": "this kernel is too old for it: Linux 5.5 or newer is needed",
    "38": "this kernel was built without it",
}


def why_not() -> str | None:
    """The reason why system calls cannot be held here; None where they can."""
    if sys.platform != "linux":
        return "only Linux has a way to hold another program's system calls"
    try:
        program = bpf.program(signals=False)
    except OSError as error:
        return f"this processor's calls are not known here ({error.strerror})"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _TRY, str(_HELPERS), program.hex()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            cwd="/",
            env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the trial failed ({error})"
    said = done.stdout.decode(errors="replace").strip()
    if said == "held":
        return None
    number, _, words = said.partition(" ")
    return _WORDS.get(number, words) or f"the trial ended with status {done.returncode}"
