"""Where an OpenClaw keeps its settings and state, and whether its gateway runs already.

Owns the reading of its configuration (JSON5) and of its gateway's lock.  Writes nothing.

What does not work: a gateway on another machine, or one of another state folder, is not seen here;
a configuration that includes others is read for what stands in its first file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_TOKENS = re.compile(
    r"""(?P<double>"(?:\\.|[^"\\])*")|(?P<single>'(?:\\.|[^'\\])*')"""
    r"""|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<name>[A-Za-z_$][\w$]*)(?=\s*:)"""
    r"""|(?P<comma>,)(?=(?:\s|//[^\n]*|/\*.*?\*/)*[\]}])""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Place:
    """One user's OpenClaw."""

    state: Path
    config: Path
    settings: Mapping[str, Any]
    """What the configuration says; empty where it cannot be read."""

    @property
    def remote(self) -> bool:
        """Whether its gateway is another machine's."""
        return _member(self.settings, "gateway").get("mode") == "remote"

    @property
    def allows(self) -> bool:
        """Whether the user lists the plugins that may be loaded."""
        return bool(_member(self.settings, "plugins").get("allow"))

    @property
    def denies(self) -> bool:
        """Whether the user lists our plugin among those that may not be loaded."""
        listed = _member(self.settings, "plugins").get("deny")
        return isinstance(listed, list) and "agentwatch" in listed

    @property
    def models(self) -> tuple[str, ...]:
        """The addresses of its models."""
        known = _member(_member(self.settings, "models"), "providers")
        found = [_member(known, name).get("baseUrl") for name in known]
        return tuple(item for item in found if isinstance(item, str))

    def gateway(self) -> int | None:
        """The process of a gateway that runs for this state folder."""
        for lock in sorted(self.state.glob("tmp/openclaw*/gateway*.lock")):
            try:
                owner, _ = json.JSONDecoder().raw_decode(lock.read_text(errors="replace"))
                pid, began = int(owner["pid"]), owner.get("startTime")
            except (OSError, ValueError, TypeError, KeyError):
                continue
            if _runs(pid, began):
                return pid
        return None


def place(env: Mapping[str, str]) -> Place:
    """The OpenClaw that a command with this environment would use."""
    home = Path(env.get("OPENCLAW_HOME") or env.get("HOME") or Path.home())
    state = Path(env.get("OPENCLAW_STATE_DIR") or home / ".openclaw")
    config = Path(env.get("OPENCLAW_CONFIG_PATH") or state / "openclaw.json")
    try:
        settings = json.loads(_TOKENS.sub(_plain, config.read_text()))
    except (OSError, ValueError, RecursionError):
        settings = {}
    return Place(state, config, settings if isinstance(settings, dict) else {})


def _plain(found: re.Match[str]) -> str:
    """A piece of JSON5 as JSON has it."""
    if text := found["double"]:
        return text
    if text := found["single"]:
        return json.dumps(re.sub(r"\\(.)", r"\1", text[1:-1]))
    return f'"{found["name"]}"' if found["name"] else ""


def _member(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _runs(pid: int, began: object) -> bool:
    """Whether this very process still runs, by its start where the kernel tells it."""
    if pid <= 0 or not psutil.pid_exists(pid):
        return False
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    started = int(text.rsplit(")", 1)[1].split()[19])
    return not isinstance(began, int) or started == began
