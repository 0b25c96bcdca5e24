"""What a program start is by its file and its arguments.

Owns the program's name, whether its file is one that the agent cannot have written, and whether
it is a part of the agent or of ours.  Does no I/O, lets nothing pass by itself.

A program is what its file is, never what its arguments call it; a script is its own file, not its
interpreter, also where the interpreter is started with it.  Only programs that name themselves by
their first argument (busybox) are believed, because they are then that.
"""

from __future__ import annotations

import hashlib
import itertools
import posixpath
import re
import shlex
from dataclasses import dataclass

from agentwatch.covers import Event, hands_on, prepares, prepares_only, shell_line
from agentwatch.policy.ground import Ground, Zone
from agentwatch.policy.reasons import quoted
from agentwatch.policy.sandboxes import keeps_names
from agentwatch.reading import Reading, git_command, held_argv

_MANY_IN_ONE = frozenset({"busybox", "coreutils", "toybox"})
_CALLED = {
    **dict.fromkeys(("dash", "bash", "sh", "ash"), "sh"),
    **dict.fromkeys(("gawk", "mawk", "original-awk"), "awk"),
    "nodejs": "node",
    "npm-cli.js": "npm",
    "npx-cli.js": "npx",
}
_VERSIONED = re.compile(r"(python|pip|perl|ruby|node|lua|gcc|g\+\+|clang|java)-?[\d.]+")
_SNAPSHOT = re.compile(r"\s*SNAPSHOT_FILE=[\"']?(/[\w./-]+/shell-snapshots/[\w.-]+\.sh)[\"']?\s")
_ENVIRONMENT = re.compile(
    r"printf %s '__copilot_login_env_snapshot_\w+__'; if ! command env -0 2>/dev/null; then "
    r"for __copilot_k in \$\(compgen -e\); do "
    r"printf '%s=%s\\0' \"\$__copilot_k\" \"\$\{!__copilot_k\}\"; done; fi"
)
"""How Copilot CLI asks a login shell for the user's environment."""
_SETTINGS = re.compile(
    r"printf '%s' (?P<mark>mistralai-vibe-login-env-\w+); "
    r"\{ shopt -q extglob && printf '%s\\n' 'shopt -s extglob'; declare -f; alias -p; \} 2>&-; "
    r"printf '%s' (?P=mark); \[ -x /usr/bin/env \] && exec /usr/bin/env -0; "
    r"\[ -x /bin/env \] && exec /bin/env -0; exec env -0"
)
"""How Mistral Vibe asks it for the user's environment, functions and aliases."""
_CODEX = "cafe24bd503e1a3279dcf40a350301715c32bb5b2c33df143dbbb44bd0656896"
"""The SHA-256 of the line by which Codex asks a login shell for the same; it prints them."""
_GIVEN = re.compile(r" [\w-]+(?: '?[\w./@+#-]+'?)?")
"""What our hook client is given: the agent's name, and the address of its socket."""
_TUNES = re.compile(
    r"--(?:max-old-space-size=\d+|max-semi-space-size=\d+|expose-gc|no-warnings"
    r"|disable-warning=\w+|enable-source-maps)"
)
"""What node is told that changes nothing of what it runs."""
_INTERPRETER = re.compile(r"(?:node(?:js)?|bun|deno|python|ruby|perl|java)[\d.]*")


_FILES_ONLY = {
    **dict.fromkeys(("mkdir", "touch", "rm", "rmdir", "mv", "tee", "mktemp"), 0),
    **dict.fromkeys(("cp", "ln"), -1),
    "chmod": 1,
}
"""Tools that act on the files they are given and nothing else, and the first that they change."""
_LETTERS = re.compile(r"-[a-su-zA-RU-Z]+")
"""Options that name no other place."""
_STORES = frozenset({"write-tree", "commit-tree", "update-index", "hash-object"})
"""Git's commands that put files into a store or an index of the agent's own, as judged by what
they then write."""


@dataclass(frozen=True, slots=True)
class Start:
    """One program start on the ground of its session."""

    event: Event
    ground: Ground

    @property
    def script(self) -> str:
        """The script that is started; empty where the program's file is the program."""
        if "script" in self.event.flags:
            return self.event.path
        argv = self.event.argv
        named = len(argv) > 1 and not argv[1].startswith("-") and _runs_scripts(self.event.exe)
        return posixpath.normpath(posixpath.join(self.event.cwd or "/", argv[1])) if named else ""

    @property
    def argv(self) -> tuple[str, ...]:
        """The program's name, by its file, and what it is given."""
        inline = bool(self.script) and "script" not in self.event.flags
        return (self.name, *self.event.argv[2 if inline else 1 :])

    @property
    def name(self) -> str:
        """The program's name, by its file."""
        name = posixpath.basename(self.script or self.event.exe)
        several = name in _MANY_IN_ONE or self.event.exe in self.ground.agent_programs
        if several and not self.script and self.event.argv:
            name = posixpath.basename(self.event.argv[0])
        return called(name)

    @property
    def loose(self) -> str:
        """The file of it that the agent may have written; empty where it has none such."""
        if "private" in self.event.flags:  # a name on a mount of the agent's own
            return self.event.exe
        for file in (self.script, self.event.exe):
            if file and self.ground.loose(file) and file not in self.ground.agent_programs:
                return file
        return ""

    def inside(self, path: str) -> bool:
        """Whether a folder lies in the workspace."""
        named = posixpath.normpath(posixpath.join(self.event.cwd or "/", path))
        root = self.ground.workspace
        return bool(path) and (named == root or named.startswith(root + "/"))

    def reading(self) -> Reading:
        """Whether its arguments only read, or may be held to reading."""
        notes = self.ground.notes
        if self.name == "git" and stores(self.event.argv):
            return Reading(yes=True, why="keeps a copy of files, and is held to it: git")
        return held_argv(self.argv, notes, lambda simple: prepares(simple, notes))

    def stays_temporary(self) -> bool:
        """Whether a small tool is pointed at temporary files alone; what else it does is held."""
        if self.name not in _FILES_ONLY or self.loose:
            return False
        args = self.argv[1:]
        operands = [arg for arg in args if not arg.startswith("-")][_FILES_ONLY[self.name] :]
        if any(arg.startswith("-") and not _LETTERS.fullmatch(arg) for arg in args):
            return False
        ground, base = self.ground, self.event.cwd or "/"
        paths = [posixpath.normpath(posixpath.join(base, one)) for one in operands]
        # Whoever removes these removes more than what is temporary.
        roots = (*ground.temp, ground.workspace, ground.home)
        if any(f"{root}/".startswith(f"{path}/") for root in roots for path in paths):
            return False
        zones = {ground.zone(path)[0] for path in paths}
        return zones == {Zone.TEMP} or (self.name == "mktemp" and not zones)

    def spoilt(self) -> str | None:
        """A variable that changes what runs, and that the agent was not started with."""
        for item in getattr(self.event, "env", ()):
            name = item.partition("=")[0]
            if name != "PATH" and item not in self.ground.env:
                return f"a variable changes what it runs: {quoted(name)}"
        return None

    def is_agent_itself(self) -> bool:
        """Whether the agent starts one of its own programs, or itself again."""
        event, parts = self.event, self.ground.agent_programs
        if "private" in event.flags:  # a name on a mount of the agent's own
            return False
        if self.script or event.exe not in parts:
            return self.script in parts
        given = list(itertools.dropwhile(_TUNES.fullmatch, event.argv[1:]))
        return not given or not _runs_scripts(event.exe) or given[0] in parts

    def is_hook(self) -> bool:
        """Whether it is our own hook client, started as we told the agent to."""
        hook, event = self.ground.hook, self.event
        line = shell_line(event.argv) if self.name == "sh" and not self.loose else None
        if line is not None:
            given = line.removeprefix(shlex.join(hook))
            return bool(hook) and given != line and bool(_GIVEN.fullmatch(given))
        own = bool(hook) and not self.script and event.exe == self.ground.hook_exe
        return own and event.argv[: len(hook)] == hook

    def makes_snapshot(self) -> bool:
        """Whether it is the shell that notes down the user's settings, into its own folder."""
        line = shell_line(self.event.argv) if self.name == "sh" else None
        if line is None or self.loose:
            return False
        known = hashlib.sha256(line.strip().encode(errors="surrogateescape")).hexdigest() == _CODEX
        if known or _ENVIRONMENT.fullmatch(line) or _SETTINGS.fullmatch(line):
            return True
        found = _SNAPSHOT.match(line)
        return bool(found and self.ground.own.private(found[1])) or prepares_only(
            line, self.ground.notes
        )

    def hands_on(self) -> bool:
        """Whether it only starts what it is given, which is then judged itself."""
        if self.name == "bwrap":
            taken = "traced" in self.event.flags
            return not taken and not self.loose and keeps_names(self.event.argv[1:])
        line = shell_line(self.event.argv) if self.name == "sh" and not self.loose else None
        return line is not None and hands_on(line, self.ground.notes)


def stores(argv: tuple[str, ...]) -> bool:
    """Whether git, started so, puts files into a store."""
    return not _STORES.isdisjoint(git_command(argv[1:])[:1])


def snapshot(event: Event) -> str:
    """The file that a shell which notes down settings is told to write; empty for any other."""
    found = _SNAPSHOT.match(shell_line(event.argv) or "")
    return found[1] if found else ""


def called(name: str) -> str:
    """A program's usual name."""
    if found := _VERSIONED.fullmatch(name):
        name = "python3" if found[1] == "python" else found[1]
    return _CALLED.get(name, name)


def _runs_scripts(exe: str) -> bool:
    """Whether a program runs the script that its first argument names."""
    name = posixpath.basename(exe)
    return bool(_INTERPRETER.fullmatch(name)) or called(name) == "sh"
