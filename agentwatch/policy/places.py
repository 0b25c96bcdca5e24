"""Where the paths of a proposal lie, and which of them act on their own.

Owns "inside the workspace" and the list of files that steer an agent, a shell, git or a login.
Does no I/O: whoever calls brings the function that follows links.  A path that cannot be followed
is outside.
"""

from __future__ import annotations

import itertools
import os.path
import re
from collections.abc import Callable

from agentwatch.model import Proposal

_AGENT = "the agent's own settings"
OURS = "agentwatch's own files"
_SECRETS = "keys and logins"
_SHELL = "what a shell runs by itself"
_GIT = "what git runs by itself"
_LOGIN = "what starts at login"
_CLOCK = "what runs on a schedule"
RECORDS = "git's own records"
_SYSTEM = "a part of the system"

_NAMES: dict[str, tuple[str, ...]] = {
    _AGENT: (
        *(".claude", ".claude.json", "claude.md", ".codex", "agents.md", ".gemini", "gemini.md"),
        *(".qwen", ".vibe", ".opencode", ".config/opencode", "opencode.json", ".mcp.json"),
        *(".aider.conf.yml", ".copilot", ".cursor", ".openclaw"),
    ),
    OURS: (".agentwatch.toml", ".config/agentwatch", ".local/state/agentwatch"),
    _SECRETS: (
        *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config/gh", ".config/gcloud"),
        *(".netrc", ".npmrc", ".pypirc", ".git-credentials", ".password-store"),
    ),
    _SHELL: (
        *(".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile"),
        *(".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".envrc", ".inputrc"),
        *(".config/fish", ".direnv"),
    ),
    _GIT: (
        *(".git/hooks", ".git/config", ".gitconfig", ".config/git", ".gitattributes"),
        *(".gitmodules", ".husky", ".pre-commit-config.yaml"),
    ),
    _LOGIN: (".config/autostart", ".config/systemd", "launchagents", "launchdaemons"),
    _CLOCK: ("crontabs", "cron.d", "crontab"),
    RECORDS: (".git",),
    "what a server runs by itself": (".github/workflows", ".gitlab-ci.yml"),
    "what an editor runs by itself": (".vscode", ".idea"),
}
"""Names, wherever they lie, in lower case, because some file systems do not tell the difference."""

_FOLDERS = {
    "/etc/": _SYSTEM,
    "/private/etc/": _SYSTEM,
    "/boot/": _SYSTEM,
    "/usr/": _SYSTEM,
    "/bin/": _SYSTEM,
    "/sbin/": _SYSTEM,
    "/lib/": _SYSTEM,
    "/library/": _SYSTEM,
    "/system/": _SYSTEM,
    "/dev/": _SYSTEM,
    "/proc/": _SYSTEM,
    "/sys/": _SYSTEM,
    "/run/": "running services",
    "/tmp/agentwatch-": OURS,
}
_ANY = re.compile(
    "|".join(re.escape(f"/{name}/") for names in _NAMES.values() for name in names)
    + "|^(?:"
    + "|".join(map(re.escape, _FOLDERS))
    + ")"
)
"""One look for all of them, because nearly every path is none."""
_HARMLESS = frozenset({"/dev/null/", "/dev/stdout/", "/dev/stderr/", "/dev/tty/"})


LONGEST = 4096
"""Characters of a path that can be followed at all."""
BUDGET = 262_144
"""Characters of all paths that are looked at: an agent must not keep us busy with its lists."""
_EACH = 64
"""What any path costs, however short it is."""


class Places:
    """The paths of one proposal, as named and where they lead."""

    def __init__(self, proposal: Proposal, workspace: str, resolve: Callable[[str], str]) -> None:
        self._resolve = resolve
        self._followed: dict[str, str | None] = {}
        self._base = proposal.cwd or workspace
        self._root = self._follow(workspace)
        known = self._affordable(proposal.paths)
        self.outside = (
            *(path for path in known if not self.inside(path)),
            *proposal.paths[len(known) :],
        )
        """Those that do not lie in the workspace, links followed, or were too many to tell."""
        self.steering = {path: why for path in known if (why := self._steers(path))}
        """Those that act on their own, and how."""

    def inside(self, path: str) -> bool:
        """Whether a path lies in the workspace; no, where that cannot be told."""
        real = self._follow(self._absolute(path))
        if real is None or self._root is None:
            return False
        return real == self._root or real.startswith(self._root.rstrip("/") + "/")

    def _affordable(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """As many of the paths as the budget has room for."""
        costs = (
            len(path) + _EACH + (0 if path.startswith("/") else len(self._base)) for path in paths
        )
        within = itertools.takewhile(lambda cost: cost <= BUDGET, itertools.accumulate(costs))
        return paths[: sum(1 for _ in within)]

    def _absolute(self, path: str) -> str:
        return os.path.join(self._base, path)  # noqa: PTH118 - a text, not a file

    def _follow(self, path: str) -> str | None:
        """Where a path leads, or None."""
        if not path.startswith("/") or "\0" in path or len(path) > LONGEST:
            return None
        if path not in self._followed:
            try:
                self._followed[path] = os.path.normpath(self._resolve(path))
            except (OSError, ValueError):
                self._followed[path] = None
        return self._followed[path]

    def _steers(self, path: str) -> str | None:
        """What it acts upon, by the name given or by the one it leads to."""
        named = self._absolute(path)
        if len(named) > LONGEST:
            return None
        return steers(os.path.normpath(named)) or steers(self._follow(named) or "")


def steers(path: str) -> str | None:
    """What a file at this path acts upon by itself."""
    text = f"/{path.strip('/')}/".casefold()
    if text in _HARMLESS or not _ANY.search(text):
        return None
    for what, names in _NAMES.items():
        if any(f"/{name}/" in text for name in names):
            return what
    return next((what for start, what in _FOLDERS.items() if text.startswith(start)), None)
