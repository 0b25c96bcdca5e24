"""The folders that known agents keep for themselves, and what in them still steers.

Owns the table.  A file here passes silently because of what it is; those that switch a gate off,
start programs or hold another session's rules are listed as protected inside the same folders.

What does not work: `.claude.json` and the agents' own databases are written all the time and can
name programs to start in the next session; only the agent's own process may write them silently,
never what it starts.  In caches, compiled Python (a package of uv's is compiled when it first
runs), Bun's and Go's packages and builds pass: what is put there may run later.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_CACHES = (
    *(".cache", ".npm/_cacache", ".npm/_logs", ".npm/_locks", ".npm/_update-notifier-last-checked"),
    *(".bun/install/cache", ".config/configstore", ".yarn/cache"),
    *("Library/Caches",),
)
"""What anything may fill: nothing in it runs by itself, but what `_RUNS` names."""
_ROOTS = ("/.cache", "/Library/Caches")
"""Where every program has a folder of its own."""
_RUNS = re.compile(
    r"(?:[^/]+/)?[^/]+\.(?:zsh|zwc|bash|sh|fish|nu)|(?:.*/)?\.?zcompdump[^/]*"
    r"|(?:p10k|gitstatus|oh-my-zsh|prezto|zsh|wal|zinit|antidote|antigen)(?:[-/].*)?"
    r"|uv/(?:archive|environments|builds|built-wheels|wheels|sdists|git|interpreter)-v[^/]*"
    r"(?:/(?!(?:.*/)?[^/]*(?:\.pyc(?:\.\d+)?|\.lock)$).*)?"
    r"|(?:nvim/luac|pre-commit/repo[^/]*|node/corepack|uv/python|pnpm/dlx[^/]*|pip/wheels|yarn/v\d[^/]*"
    r"|pipx|pypoetry/virtualenvs|virtualenv|deno|bazelisk|huggingface/modules|torch/hub"
    r"|torch_extensions|ms-playwright(?:-go)?|puppeteer|cypress|selenium|electron)(?:/.*)?"
    r"|nvim|pre-commit|node|uv|pnpm|pip|yarn|pypoetry|huggingface|torch"
)
"""What runs out of the user's `.cache`: by a prompt, a shell, an editor or git's hooks, or as the
programs and packages that a later `uvx`, `pnpm dlx`, `pip install` or test run starts; and the
folders around it, in whose place another could be put."""

_STEERING = re.compile(
    r"(?:settings(?:\.\w+)*\.(?:json|toml|yaml)|(?:managed-)?settings[^/]*\.json|hooks?(?:\.\w+)?"
    r"|config(?:\.\w+)*\.(?:toml|json|jsonc|yaml|yml)|opencode\.jsonc?|\.env|agents\.md|claude\.md"
    r"|gemini\.md|qwen\.md|requirements\.toml|trustedfolders\.json|keybindings\.json"
    r"|mcp\.json|(?:mcp|lsp)[-_]config\.json|plugins?|skills?|commands?|agents?|rules|extensions|output-styles|bin"
    r"|prompts|policies|tools)"
)
"""Names, at any depth of an agent's own folder, that change what an agent does by itself."""
_FIRST = frozenset({"local", "tool", "mode", "modes"})
"""Folders directly in an agent's own, that hold its program or what it runs."""
_DATA = frozenset({"snapshot", "snapshots", "shell-snapshots", "log", "logs", "tmp", "cache"})
"""Folders directly in an agent's own, where names are data and steer nothing."""

_DATABASE = re.compile(r"[\w.-]+\.(?:sqlite|sqlite3|db)(?:-(?:wal|shm|journal))?")
"""An agent's own database, wherever it keeps it."""
_SESSION = re.compile(
    r"agents/[\w-]+/(?:sessions/[\w./-]+\.(?:jsonl?|lock|tmp)"
    r"|agent(?:/models\.json|/\.fs-safe-[\w-]+\.tmp|/bin/[\w-]+\.lock)?)"
)
"""What OpenClaw keeps of its conversations and its models, agent by agent."""


@functools.lru_cache
def below(folders: tuple[str, ...]) -> tuple[str, ...]:
    """How the paths below these folders begin."""
    return tuple(folder.rstrip("/") + "/" for folder in folders)


_NOTHING = "(?!)"


@dataclass(frozen=True, slots=True)
class OwnFolders:
    """Where one agent writes for itself, all absolute and resolved."""

    folders: tuple[str, ...] = ()
    """Its own processes may write below these."""
    beginnings: tuple[str, ...] = ()
    """And to files whose path begins like this: state with its locks and copies."""
    caches: tuple[str, ...] = ()
    """Anything in the tree may write below these."""
    laid: str = _NOTHING
    """What it lays down in them at its first start."""

    def private(self, path: str) -> bool:
        """Whether a path is the agent's own, and steers nothing."""
        if any(path.startswith(it) and "/" not in path[len(it) :] for it in self.beginnings):
            return True
        for folder in self.folders:
            if path == folder:
                return True
            if path.startswith(folder + "/"):
                return not _steers(path[len(folder) + 1 :])
        return False

    def lays(self, path: str, effect: str) -> bool:
        """Whether the agent makes this file once, out of its own package; changes are asked."""
        makes = effect == "make" or path.endswith(".tmp")
        return makes and any(
            path.startswith(folder + "/") and re.fullmatch(self.laid, path[len(folder) + 1 :])
            for folder in self.folders
        )

    def steering(self, path: str) -> bool:
        """Whether a path lies in the agent's own folders and does steer."""
        return not self.private(path) and any(
            path.startswith(folder + "/") and _steers(path[len(folder) + 1 :])
            for folder in self.folders
        )

    def cached(self, path: str) -> bool:
        """Whether a path is in a cache, and runs nothing by itself."""
        for folder in self.caches:
            if path.startswith(folder + "/"):
                inside = path[len(folder) + 1 :].casefold()
                return not (folder.endswith(_ROOTS) and _RUNS.fullmatch(inside))
        return False


@dataclass(frozen=True, slots=True)
class _Known:
    home: tuple[str, ...] = ()
    home_files: tuple[str, ...] = ()
    workspace: tuple[str, ...] = ()
    """Beginnings of names in the workspace."""
    laid: str = _NOTHING
    runtime: tuple[str, ...] = ()
    """Folders among the user's run-time files."""


_AGENTS = {
    "claude": _Known((".claude",), (".claude.json", ".claude.lock"), runtime=("cc-socks",)),
    "codex": _Known((".codex",), laid=r"skills/\.system/[\w./-]+"),
    "gemini": _Known((".gemini",)),
    "qwen": _Known((".qwen",), laid=r"extensions/extension-enablement\.json(?:\.[0-9a-f]+\.tmp)?"),
    "opencode": _Known((".local/share/opencode", ".local/state/opencode", ".config/opencode")),
    "copilot": _Known((".copilot",), (".copilot/config.json",)),
    "openclaw": _Known((".openclaw",)),
    "vibe": _Known((".vibe",)),
    "aider": _Known((".aider",), (), (".aider.chat.", ".aider.input.", ".aider.tags")),
    "mini": _Known((".config/mini-swe-agent", ".local/share/mini-swe-agent")),
}


def own_folders(agent: str, *, home: str, workspace: str, runtime: str = "") -> OwnFolders:
    """The folders of a known agent; of an unknown one, only the caches."""
    known = _AGENTS.get(agent, _Known())
    beginnings = [f"{home}/{name}" for name in known.home_files]
    beginnings += [f"{workspace}/{name}" for name in known.workspace]
    return OwnFolders(
        folders=(
            *(f"{home}/{name}" for name in known.home),
            *(f"{runtime}/{name}" for name in known.runtime if runtime),
        ),
        beginnings=tuple(beginnings),
        caches=tuple(f"{home}/{name}" for name in _CACHES),
        laid=known.laid,
    )


def _steers(inside: str) -> bool:
    """Whether a path, seen from an agent's own folder, changes what it does by itself."""
    parts = inside.casefold().split("/")
    if (parts[0] in _DATA or parts[:2] == ["plugins", "store"]) and len(parts) > 1:
        return False
    if parts[0] in _FIRST and len(parts) > 1:
        return True
    if _DATABASE.fullmatch(parts[-1]) or _SESSION.fullmatch("/".join(parts)):
        return False
    return any(_STEERING.fullmatch(part) for part in parts)
