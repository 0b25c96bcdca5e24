"""Nothing that is used on macOS may need what macOS lacks.

No Mac is at hand: the names it lacks are taken away and the platform is renamed.  That shows
imports and attribute look-ups at import time, and the choice of means; it shows no behaviour.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

AS_A_MAC = """
import os, select, signal, socket, resource, sys, time
import psutil  # loaded as what it is here, before the platform gets another name
import urllib.request  # likewise: on a Mac it asks a module that only a Mac has
sys.platform = "darwin"
os.uname = lambda: os.uname_result(("Darwin", "mac", "24.0", "", "arm64"))
LACKS = {
    os: ["pidfd_open", "sched_getaffinity", "memfd_create", "eventfd", "unshare", "setns",
         "pipe2", "splice", "getrandom", "posix_fadvise"],
    select: ["epoll"],
    signal: ["pidfd_send_signal", "sigtimedwait", "sigwaitinfo"],
    socket: ["SO_PEERCRED", "AF_NETLINK", "SOCK_CLOEXEC"],
    resource: ["prlimit", "RLIMIT_SIGPENDING"],
    time: ["CLOCK_BOOTTIME"],
}
for module, names in LACKS.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""

IMPORTS = """
import importlib, json, pkgutil, agentwatch
failed = {}
for found in pkgutil.walk_packages(agentwatch.__path__, "agentwatch."):
    if ".helpers" in found.name or found.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(found.name)
    except Exception as error:
        failed[found.name] = repr(error)
print(json.dumps(failed))
"""


def on_a_mac(code: str) -> str:
    """What the code prints where the names are missing."""
    done = subprocess.run(
        [sys.executable, "-c", AS_A_MAC + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_every_module_can_be_imported() -> None:
    assert json.loads(on_a_mac(IMPORTS)) == {}


def test_the_portable_means_is_what_is_left() -> None:
    code = "from agentwatch import containment\nprint(containment.best().name)"
    assert on_a_mac(code) == "portable"


def test_the_other_means_say_why_they_are_missing() -> None:
    code = (
        "import json\nfrom agentwatch import containment\n"
        "print(json.dumps({f.name: [f.available, f.why_not] for f in containment.survey()}))"
    )
    found = json.loads(on_a_mac(code))
    for name in ("pidns", "subreaper"):
        available, why = found[name]
        assert not available
        assert why


def test_the_platforms_own_places_are_used() -> None:
    code = (
        "import os\nos.environ.pop('XDG_STATE_HOME', None)\nos.environ['HOME'] = '/Users/me'\n"
        "from agentwatch.paths import state_base\nprint(state_base())"
    )
    assert on_a_mac(code) == "/Users/me/Library/Application Support/agentwatch"
