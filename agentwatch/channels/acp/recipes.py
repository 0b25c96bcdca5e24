"""How each agent is started as an ACP agent so that it asks.

Owns the table: what is put into the start and into the session, which mode asks most, and what
even then is not asked.  Starts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from agentwatch.channels.acp import titles
from agentwatch.channels.acp.calls import Call
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json

_ADMIN = """\
[[rule]]
toolName = "*"
decision = "ask_user"
priority = 999
"""
_CLAUDE: Json = {
    "settingSources": ["user"],
    "settings": {
        "disableAllHooks": False,
        "permissions": {
            "defaultMode": "default",
            "ask": ["Bash", "Write", "Edit", "MultiEdit", "NotebookEdit", "WebFetch", "WebSearch"],
        },
    },
}
_SWITCHES = (
    *("--yolo", "-y", "--dangerously-skip-permissions", "--allow-all", "--allow-all-tools"),
    *("--dangerously-bypass-approvals-and-sandbox", "--approval-mode=yolo", "--bare"),
    "yolo",
    *("--allow-all-paths", "--allow-all-urls", "--full-auto", "--safe-mode"),
)
"""Flags, and a flag's value, with which an agent would not ask."""
_FETCHERS = frozenset({"npx", "bunx", "pnpx", "uvx", "npm", "pnpm", "yarn", "bun", "uv", "pipx"})
"""Programs with flags of their own before the agent's name: there, -y is no yolo."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to start one agent."""

    name: str
    names: tuple[str, ...] = ()
    """Words of a command by which it is known: programs, packages."""
    env_add: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, Mapping[str, Json]] | None = None
    """A variable that holds settings as JSON, and what is put into its sections."""
    env_drop: tuple[str, ...] = ()
    policy: tuple[str, str] | None = None
    """A flag, and the text of a file whose folder the flag names."""
    meta: Mapping[str, Json] = field(default_factory=dict)
    """What goes into the session's `_meta`."""
    mode: str = ""
    """The mode in which it asks most, where that is not the one it starts in."""
    notes: tuple[str, ...] = ()
    """What it does not ask even so."""
    packages: tuple[str, ...] = ()
    """Packages whose programs are the agent itself, beside those of its own command."""
    tells_mode: str = ""
    """How a message of the agent's begins in which its program tells its mode."""
    complete: Callable[[Call], None] = titles.said
    """Puts into a call the arguments that the agent's program tells elsewhere."""

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """What is added to the user's environment; raises AgentwatchError for broken settings."""
        if self.settings is None:
            return dict(self.env_add)
        name, ours = self.settings
        try:
            theirs = json.loads(given.get(name) or "{}")
            sections = {key: {**theirs.get(key, {}), **ours[key]} for key in ours}
            whole = json.dumps({**theirs, **sections})
        except (ValueError, TypeError, AttributeError, RecursionError):
            what = f"{name} holds no settings that can be read"
            raise AgentwatchError(what, "make it a JSON object", ExitCode.USAGE) from None
        return {**self.env_add, name: whole}


RECIPES = (
    Recipe(
        "claude",
        ("claude-agent-acp", "claude-code-acp"),
        env_drop=("CLAUDE_CODE_SIMPLE", "CLAUDE_CODE_SAFE_MODE"),
        meta={"claudeCode": {"options": _CLAUDE}},
        mode="default",
        notes=("Claude Code does not ask before it reads a file.",),
        packages=("@agentclientprotocol/claude-agent-acp", "@anthropic-ai/claude-agent-sdk"),
    ),
    Recipe(
        "codex",
        ("codex-acp",),
        env_add={"INITIAL_AGENT_MODE": "read-only"},
        # What it puts around a command from a snapshot could not be told from another command.
        settings=("CODEX_CONFIG", {"features": {"shell_snapshot": False}}),
        mode="read-only",
        notes=("Codex does not ask for what its own sandbox lets pass: the kernel gate does.",),
        packages=("@agentclientprotocol/codex-acp",),
    ),
    Recipe(
        "gemini",
        ("gemini", "gemini-cli"),
        policy=("--admin-policy", _ADMIN),
        mode="default",
        tells_mode="[MODE_UPDATE] ",
        complete=titles.gemini,
        notes=(
            "Gemini CLI tells a command as its call's title, which is read as the command.",
            "Gemini CLI does not ask before reading commands such as ls.",
        ),
    ),
    Recipe(
        "opencode",
        ("opencode", "opencode-ai"),
        env_add={
            "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
            "OPENCODE_PERMISSION": '{"*":"ask","todowrite":"allow","todoread":"allow"}',
        },
        complete=titles.opencode,
        env_drop=("OPENCODE_PURE",),
        notes=("A denial ends OpenCode's turn.",),
    ),
    Recipe(
        "qwen",
        ("qwen", "qwen-code"),
        mode="default",
        notes=(
            "Qwen Code's background sub-agents do not ask: --kernel-gate holds what they do.",
            "A denial ends Qwen Code's turn.",
        ),
    ),
    Recipe(
        "copilot",
        ("copilot",),
        env_drop=("COPILOT_ALLOW_ALL",),
        notes=("A denial ends Copilot's turn.",),
    ),
    Recipe("vibe", ("vibe-acp",), mode="ask"),
)


@dataclass(frozen=True, slots=True)
class Start:
    """One agent's start, with what was put in."""

    recipe: Recipe
    argv: tuple[str, ...]
    files: Mapping[Path, str] = field(default_factory=dict)

    @property
    def unheld(self) -> str:
        """Why its system calls are not held unless a person insists; empty where they are."""
        known = self.recipe
        if not known.name or PurePath(self.argv[0]).name in known.names:
            return ""
        return THROUGH.format(PurePath(self.argv[0]).name)


THROUGH = "it is started through {}: its own program, found only then, is not known beforehand"

UNKNOWN = Recipe(
    "",
    notes=("This agent is not known here: whether it asks before it acts is up to it.",),
)


def start(argv: tuple[str, ...], sealed: Path) -> Start:
    """How to start this command; raises AgentwatchError where it would not ask."""
    found, behind = _found(argv)
    switch = next((word for word in argv[behind:] if word in _SWITCHES), None)
    if switch is not None:
        raise AgentwatchError(
            f"with {switch} the agent would not ask",
            f"leave {switch} out: what may pass unasked belongs into a rule of agentwatch",
            ExitCode.USAGE,
        )
    if found.policy is None:
        return Start(found, argv)
    flag, text = found.policy
    if any(word == flag or word.startswith(f"{flag}=") for word in argv):
        raise AgentwatchError(f"{flag} is agentwatch's own here", "leave it out", ExitCode.USAGE)
    folder = sealed / found.name
    return Start(found, (*argv, flag, str(folder)), {folder / "agentwatch.toml": text})


def recipe_of(argv: tuple[str, ...]) -> Recipe:
    """The recipe for what a command starts."""
    return _found(argv)[0]


def _found(argv: tuple[str, ...]) -> tuple[Recipe, int]:
    """The recipe for what a command starts, and where the agent's own arguments begin."""
    for at, word in enumerate(argv[:6]):
        name = PurePath(word).name
        plain = name.rpartition("@")[0] or name
        for recipe in RECIPES:
            if plain in recipe.names:
                return recipe, at + 1
    fetched = PurePath(argv[0]).name in _FETCHERS
    words = (at for at, word in enumerate(argv[1:], 1) if not word.startswith("-"))
    return UNKNOWN, next(words, 0) + 1 if fetched else 1
