"""Claude Code: how to start it so that every tool call is asked about.

Owns the command line.  Puts a PreToolUse and a SessionStart hook in with `--settings`, touches no
file, and refuses a command whose flags would switch them off or carry the session elsewhere.

What does not work, each tried with 2.1.330:
- `onFailure: block` closes a hook that crashes, is killed, is missing or times out, but one that
  ends with status 0 and prints nothing, or not JSON, lets the tool run.
- The project's settings defeat a hook, so they are not loaded: `env` reaches the hook (LD_PRELOAD),
  and a hook of the project's that ends after ours replaces the input that was approved.
- The user's settings are read again when they change, `env` too: CLAUDE_CODE_SIMPLE there removes
  every hook in mid-session.  The names that matter are pinned in `--settings`, which wins.
- The user's own hooks can still replace an approved input.
- Skills and slash commands run their `!` lines without any hook: that is switched off.
- One wrong type in `--settings` drops all of it, silently with -p: hence the arm handshake.
- `SessionStart` runs after the first-run and trust dialogs, so it can be as late as a person is;
  `--init-only` runs it before them and ends: hence the probe, left out where the user has Setup
  hooks, which it would run a second time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentwatch.agents import claude_actions
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

ABOUT = About(
    name="claude",
    title="Claude Code",
    programs=("claude",),
    packages=("@anthropic-ai/claude-code",),
    tested="2.1.330",
    channel="hooks (PreToolUse), put in at the start with --settings",
    takes_input=True,
    misses=(
        "what an approved command does once it runs",
        "`@file` mentions in a prompt",
        "a PreToolUse hook of the user's own that replaces an approved input",
    ),
    hosts=("api.anthropic.com", "console.anthropic.com", "platform.claude.com"),
)

DAY = 86400
"""Seconds the hook may wait for a person; past its timeout the call is blocked."""

SWITCHES = {
    "--bare": "it switches hooks off",
    "--safe-mode": "it switches hooks off",
    "--settings": "agentwatch puts its hook in with it",
    "--setting-sources": "agentwatch decides it, so that a project cannot rewrite its hook",
    "--managed-settings": "it can switch hooks off",
    "--managed-settings-in-initialize": "it can switch hooks off",
    "--bg": "the session would run in a daemon outside",
    "--background": "the session would run in a daemon outside",
    "--tmux": "the session would run in a tmux server outside",
    "--cloud": "the session would run on another machine",
    "--desktop": "the session would run in another program",
}
"""Flags under which nothing could be gated, and why."""

ELSEWHERE = frozenset(
    {"agents", "attach", "daemon", "respawn", "remote-control", "rc", "ultrareview"}
)
"""Commands that work in processes outside, or on other machines."""

UNHOOKED = {("mcp", "serve"), ("plugin", "eval"), ("plugins", "eval")}
"""Commands that use tools without the hooks of `--settings`."""

UPKEEP = frozenset(
    {"auth", "auto-mode", "config", "doctor", "gateway", "import", "install", "kill", "logs"}
    | {"mcp", "plugin", "plugins", "project", "purge", "rm", "setup-token", "stop"}
    | {"update", "upgrade", "-h", "--help", "-v", "-V", "--version"}
)
"""First words with which no model runs, so that there is nothing to gate."""

OFF_SWITCHES = ("CLAUDE_CODE_SIMPLE", "CLAUDE_CODE_SAFE_MODE")
LOADER = ("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GCONV_PATH", "LOCPATH", "GLIBC_TUNABLES")
LOADER_MACOS = ("DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH")
"""Variables by which a settings file could put code into the hook's own process."""

SOON = 20.0
"""Seconds to the first hook where no dialog is in the way: 0.3 to 0.8 on an idle machine, 3 more
where -p waits for its standard input."""
PATIENT = 900.0
"""Seconds where a person may first have to answer a dialog."""

PICKERS = ("-r", "--resume", "--from-pr", "--teleport")
"""Flags that may open a list to choose from before the session starts."""

PROJECT_NOTE = (
    "Claude Code loads your own settings but not the project's .claude folder (settings, hooks, "
    "skills, commands, sub-agents): it could replace an approved action; CLAUDE.md is read."
)
SKILL_NOTE = (
    "Commands that a skill or slash command would run while it is being read are not run: no hook "
    "is asked about them."
)
BYPASSES = ("--dangerously-skip-permissions", "bypassPermissions")
BYPASS_NOTE = "Claude Code itself asks nothing in this mode; agentwatch still does."
REWRITE_NOTE = (
    "PreToolUse hooks of your own run beside agentwatch's: one that replaces a tool's input may do "
    "so after the approval."
)


@dataclass(frozen=True, slots=True)
class ClaudeCode:
    """Claude Code, its own arguments beginning at `first` of the command."""

    first: int = 1

    @property
    def about(self) -> About:
        """What is known of it."""
        return ABOUT

    def prepare(self, start: Start) -> Prepared:
        """The gated form of a start; raises AgentwatchError where it cannot be gated."""
        program, arguments = start.argv[: self.first], start.argv[self.first :]
        _refuse(arguments)
        own = _own_hooks(start.env)
        if arguments and arguments[0] in UPKEEP:
            return Prepared(name=ABOUT.name, argv=start.argv)
        settings = json.dumps(_settings(start), separators=(",", ":"))
        gated = ("--settings", settings, "--setting-sources", "user", f"--add-dir={start.cwd}")
        return Prepared(
            name=ABOUT.name,
            argv=(*program, *gated, *arguments),
            env_add={"CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1"},
            env_drop=OFF_SWITCHES,
            expects_arm=True,
            arm_within=_arm_within(arguments, start),
            probe=() if own.get("Setup") else (*program, *gated, "--init-only"),
            notes=_notes(arguments, own),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
        return claude_actions.proposal(event, pid=pid, parents=parents)


def _refuse(arguments: tuple[str, ...]) -> None:
    """Raise for a command that would run ungated."""
    for argument in arguments:
        flag = argument.split("=", 1)[0]
        if flag in SWITCHES:
            raise AgentwatchError(
                f"claude cannot be supervised with {flag}: {SWITCHES[flag]}",
                f"leave {flag} out, or run with --ungated for the kill switch alone",
                ExitCode.USAGE,
            )
    outside = next((word for word in arguments if word in ELSEWHERE), None)
    if arguments[:2] in UNHOOKED:
        outside = " ".join(arguments[:2])
    if outside is not None:
        raise AgentwatchError(
            f"`claude {outside}` cannot be supervised: its work is done where no hook is asked",
            "start `claude` or `claude -p` instead; a one-word prompt needs a second word",
            ExitCode.USAGE,
        )


def _settings(start: Start) -> dict[str, Any]:
    """What goes in with --settings: hooks without a shell in between, and pinned variables."""
    command, *arguments = start.hook_for(ABOUT.name)
    hook = {
        "type": "command",
        "command": command,
        "args": arguments,
        "timeout": DAY,
        "onFailure": "block",
        "statusMessage": "waiting for agentwatch",
    }
    pinned = {variable: start.env.get(variable, "") for variable in (*LOADER, *LOADER_MACOS)}
    return {
        "disableAllHooks": False,
        "disableSkillShellExecution": True,
        "env": pinned | dict.fromkeys(OFF_SWITCHES, ""),
        "hooks": {
            "PreToolUse": [{"matcher": "*", "hooks": [hook]}],
            "SessionStart": [{"hooks": [hook]}],
        },
    }


def _own_hooks(env: Mapping[str, str]) -> dict[str, Any]:
    """The user's own hooks, by event."""
    own = _read(_folder(env) / "settings.json").get("hooks")
    return own if isinstance(own, dict) else {}


def _notes(arguments: tuple[str, ...], own: Mapping[str, Any]) -> tuple[str, ...]:
    """What a person should know about this start."""
    notes = [PROJECT_NOTE, SKILL_NOTE]
    if any(word.split("=")[-1] in BYPASSES for word in arguments):
        notes.append(BYPASS_NOTE)
    if own.get("PreToolUse"):
        notes.append(REWRITE_NOTE)
    return tuple(notes)


def _arm_within(arguments: tuple[str, ...], start: Start) -> float:
    """How long the first hook may take: a dialog needs a person, who may be away."""
    if "-p" in arguments or "--print" in arguments:
        return SOON
    if any(word.split("=")[0] in PICKERS for word in arguments):
        return PATIENT
    folder = _folder(start.env)
    beside = folder if start.env.get("CLAUDE_CONFIG_DIR") else folder.parent
    state = _read(beside / ".claude.json")
    projects = state.get("projects")
    known = projects.get(start.cwd) if isinstance(projects, dict) else None
    trusted = isinstance(known, dict) and known.get("hasTrustDialogAccepted") is True
    return SOON if trusted and state.get("hasCompletedOnboarding") is True else PATIENT


def _folder(env: Mapping[str, str]) -> Path:
    """Where this user's Claude Code keeps its settings."""
    named = env.get("CLAUDE_CONFIG_DIR")
    return Path(named) if named else Path(env.get("HOME") or Path.home()) / ".claude"


def _read(path: Path) -> dict[str, Any]:
    """A JSON object from a file of the user's; empty where there is none to read."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
