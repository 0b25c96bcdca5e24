"""Mistral Vibe: how to start it so that every tool call is asked about.

Owns the command line and our hooks file.  Puts a strict pre_tool hook in with `--add-dir`: Vibe
reads `.vibe/hooks.toml` of every folder given that way, so that no file of the user's is touched.

What does not work, each tried with 3.0.2:
- Only a `strict` hook blocks when it fails: then a status other than 0, being killed, a missing
  program, an answer that is not JSON and its timeout all deny.  A hooks file that cannot be read
  is left out silently; ours lies where nothing in the tree may write.
- Of two hooks of one name the project's wins: a project that has one of our name is refused.
- A hook of the user's own runs after ours and may replace an approved input.
- It tells nobody that a session opens.  Hence the trial start, with a model of ours that calls one
  tool; the session's own hook is first heard with its first tool call.
- With Vibe's own questions on, its pre_tool hook runs before them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import agentwatch
from agentwatch.agents import vibe_actions
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

ABOUT = About(
    name="vibe",
    title="Mistral Vibe",
    programs=("vibe",),
    packages=("mistral-vibe",),
    tested="3.0.2",
    channel="hooks (a strict pre_tool), put in at the start with --add-dir",
    takes_input=True,
    misses=(
        "what an approved command does once it runs",
        "files named with `@` and commands typed with `!` in a prompt",
        "work sent to the cloud with `&` or /teleport",
        "its own note of the folders it trusts",
        "a pre_tool hook of the user's own that replaces an approved input",
    ),
    hosts=("api.mistral.ai",),
)

NAME = "agentwatch"
"""Of our hook: the same in every session, because a session that is taken up again looks for it."""
TRIAL = Path(agentwatch.__file__).parent / "channels" / "hooks" / "trial.py"

DAY = 86400.0
"""Seconds the hook may wait for a person; past its timeout the call is denied."""

UPKEEP = frozenset(
    {"mcp", "update", "help", "--setup", "--check-upgrade", "-h", "--help", "-v", "--version"}
)
"""First words with which no tool runs, so that there is nothing to gate."""

_ADDRESS = re.compile(r'api_base"?\s*[=:]\s*"([^"]+)"')
FREE = ("--auto-approve", "--yolo")
FREE_NOTE = "Vibe itself asks nothing in this mode; agentwatch still does."
OWN_QUESTIONS = (
    "Vibe asks for itself as well; `--auto-approve` leaves the asking to agentwatch alone."
)
REWRITE_NOTE = (
    "Hooks of your own run after agentwatch's: one that replaces a tool's input does so after the "
    "approval."
)


@dataclass(frozen=True, slots=True)
class Vibe:
    """Mistral Vibe, its own arguments beginning at `first` of the command."""

    first: int = 1

    @property
    def about(self) -> About:
        """What is known of it."""
        return ABOUT

    def prepare(self, start: Start) -> Prepared:
        """The gated form of a start; raises AgentwatchError where it cannot be gated."""
        program, arguments = start.argv[: self.first], start.argv[self.first :]
        if arguments and arguments[0] in UPKEEP:
            return Prepared(name=ABOUT.name, argv=start.argv)
        _refuse_project(Path(start.cwd))
        home = _home(start.env)
        gated = (*program, f"--add-dir={start.sealed / 'vibe'}")
        asks = OWN_QUESTIONS if set(FREE).isdisjoint(arguments) else FREE_NOTE
        hooked = (home / "hooks.toml").exists()
        return Prepared(
            name=ABOUT.name,
            argv=(*gated, *arguments),
            files={start.sealed / "vibe/.vibe/hooks.toml": _hooks(start)},
            own=(str(home),),
            parts=_parts(start.argv[0]),
            models=_models(home, start.env),
            expects_arm=True,
            arm_within=DAY,  # a session without a tool call has nothing to hold
            probe=_probe(start, gated),
            notes=(asks, *((REWRITE_NOTE,) if hooked else ())),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
        return vibe_actions.proposal(event, pid=pid, parents=parents)


def _hooks(start: Start) -> str:
    """Our hooks file; JSON's texts are TOML's."""
    command = json.dumps(shlex.join(start.hook_for(ABOUT.name)))
    said = {"name": f'"{NAME}"', "type": '"pre_tool"', "command": command, "strict": "true"}
    lines = [f"{name} = {value}" for name, value in said.items()]
    return "\n".join(["[[hooks]]", *lines, f"timeout = {DAY}", ""])


def _refuse_project(cwd: Path) -> None:
    """Raise where the project has a hook of our name, or one that cannot be ruled out."""
    path = cwd / ".vibe/hooks.toml"
    try:
        text = path.read_text(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    if NAME in text or "\\u" in text.casefold() or "\\x" in text.casefold():
        raise AgentwatchError(
            f"{path} has a hook named {NAME}, which would stand in for agentwatch's own",
            "take it out, or let the kernel gate alone hold vibe: "
            "agentwatch run --kernel-gate --no-hook -- vibe",
            ExitCode.USAGE,
        )


def _probe(start: Start, gated: tuple[str, ...]) -> tuple[str, ...]:
    """A session with a model of ours, in a home of its own: its one call makes the hook arm."""
    home = str(start.home / "trial")
    served = (sys.executable, "-I", "-S", "-E", str(TRIAL), home)
    return ("env", f"VIBE_HOME={home}", *served, *gated, "--auto-approve", "-p", "GO")


def _parts(program: str) -> tuple[str, ...]:
    """What the launcher puts in its own place, and what that starts to do the work."""
    found = shutil.which(program)
    if found is None:
        return ()
    launcher = Path(os.path.realpath(found))
    bundled = launcher.parents[1].glob("lib/python*/site-packages/vibe/_bin/vibe-rs*")
    return (*map(str, bundled), str(launcher.with_name("vibe-app-server")))


def _models(home: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    """Addresses of models in the user's settings; what cannot be read names none."""
    try:
        settings = (home / "config.toml").read_text()
    except (OSError, UnicodeDecodeError):
        settings = ""
    return tuple(_ADDRESS.findall(settings) + _ADDRESS.findall(env.get("VIBE_PROVIDERS", "")))


def _home(env: Mapping[str, str]) -> Path:
    """Where this user's Vibe keeps its settings and its sessions."""
    return Path(env.get("VIBE_HOME") or Path(env.get("HOME") or Path.home()) / ".vibe")
