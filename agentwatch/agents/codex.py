"""Codex CLI: how to start it so that every tool call is asked about.

Owns the command line.  Puts a PreToolUse and a SessionStart hook in with `-c`, as part of the
session's own flags, with the hash by which Codex trusts them; touches no file, and refuses a
command whose flags would switch them off or carry the session elsewhere.

What does not work, each tried with 0.169.0:
- A hook whose `trusted_hash` is missing or wrong is skipped without a word: hence the probe.
- Every failure of a hook lets the tool run: status 1, no status because it was killed, a missing
  program, an answer that is not JSON, its timeout.  Only status 2 and a proper denial block.  Our
  client ends in one of those two; what replaces or kills it is for the kernel gate.
- `write_stdin` types into a program that was approved before, and no hook is asked about it.
  `unified_exec_tty` is switched off, so that no program waits for typing at a terminal; a
  session without one has its input closed.
- The project's and the user's configuration may switch hooks off; what `-c` says wins over both.
- `app-server` and what talks to one (`--remote`, the ACP adapters, `agents`, `remote-control`) do
  not take hooks from `-c`.
- In its terminal Codex asks once more, after our yes, for commands that it takes for dangerous
  (`rm -f`) and for those that want out of its own sandbox; not for what we deny.  Its
  PermissionRequest hook could answer that, but tells nothing beside the command: an `rm -f` that
  stays in the sandbox and one that leaves it are told alike.  A yes given for the person would lift
  a wall that nobody was asked about; so Codex asks them itself.  With `-a never`, and in `codex
  exec` always, it asks nothing, and refuses such commands after our yes.
- It asks so for patches too (elsewhere, or where it may only read).  There the event holds all that
  happens, and our hook answers with the yes that a person gave to that very patch, once; a yes of a
  rule or a grant, a path through a link, or a shell line that could itself be a patch leave the
  question to Codex.  See `codex_again`.
- There is no command that arms the hook and ends: the probe is a session whose model cannot be
  reached.  SessionStart is told before the model would be asked, and then the probe is ended.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentwatch.agents import codex_actions, codex_again
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

ABOUT = About(
    name="codex",
    title="Codex CLI",
    programs=("codex",),
    packages=("@openai/codex",),
    tested="0.169.0",
    channel="hooks (PreToolUse), put in at the start with -c and trusted by their hash",
    takes_input=True,
    misses=(
        "what an approved command does once it runs",
        "typing into a program that was approved before (write_stdin): terminals are switched off",
        "looking at an image, searching the web through the model's own service",
    ),
    hosts=("api.openai.com", "chatgpt.com", "auth.openai.com"),
    plainly=("-c", "features.shell_snapshot=false"),
)

DAY = 86400
"""Seconds the hook may wait for a person; past its timeout the tool would run."""

EVENTS = {
    "PreToolUse": ("pre_tool_use", None),
    "SessionStart": ("session_start", None),
    codex_again.EVENT: ("permission_request", codex_again.TOOL),
}
"""The hooks put in, their names in Codex's own state, and the one tool they are told of."""

PINNED = {
    "features.hooks": "true",
    "features.unified_exec_tty": "false",
    "features.shell_snapshot": "false",
}
"""What must hold for the hook to see everything, and for the kernel gate to follow a command."""

SWITCHES = {
    "--remote": "the tools would run in another process, which does not have its hook",
    "--remote-auth-token-env": "the tools would run in another process",
}
ELSEWHERE = frozenset(
    {"agents", "app-server", "remote-control", "cloud", "exec-server", "mcp-server", "queue"}
)
"""Commands that work in other processes, or whose tools no hook of ours sees."""
UPKEEP = frozenset(
    {"login", "logout", "mcp", "plugin", "completion", "update", "doctor", "sandbox", "debug"}
    | {"apply", "a", "archive", "delete", "migrate-rollouts", "migrate-nfs-db", "unarchive"}
    | {"features", "help", "-h", "--help", "-V", "--version"}
)
"""First words with which no model runs, so that there is nothing to gate."""
VALUED = frozenset(
    {"-c", "--config", "--enable", "--disable", "-i", "--image", "-m", "--model", "-p", "--profile"}
    | {"--local-provider", "-s", "--sandbox", "-C", "--cd", "--add-dir", "-a", "--ask-for-approval"}
)
"""Flags that take a value, so that the next word is no command."""

SOON = 20.0
"""Seconds to the first hook of a session with a prompt: 0.1 on an idle machine."""
PATIENT = 900.0
"""Seconds where a person first has to answer a dialog, or to type a prompt."""

SANDBOX_NOTE = (
    "Codex asks once more in its own terminal for commands that it takes for dangerous (rm -f) or "
    "that want out of its own sandbox; with `-a never` it refuses these."
)
TERMINAL_NOTE = (
    "Commands run without a terminal of their own: what Codex would type into one that is already "
    "running is asked about nowhere."
)
BYPASS = "--dangerously-bypass-approvals-and-sandbox"
BYPASS_NOTE = "Codex itself asks nothing in this mode; agentwatch still does."
REWRITE_NOTE = (
    "Hooks of your own run beside agentwatch's: one that replaces a tool's input may do so after "
    "the approval."
)


@dataclass(frozen=True, slots=True)
class Codex:
    """Codex CLI, its own arguments beginning at `first` of the command."""

    first: int = 1

    @property
    def about(self) -> About:
        """What is known of it."""
        return ABOUT

    def prepare(self, start: Start) -> Prepared:
        """The gated form of a start; raises AgentwatchError where it cannot be gated."""
        program, arguments = start.argv[: self.first], start.argv[self.first :]
        word = _command(arguments)
        _refuse(arguments, word)
        if word in UPKEEP:
            return Prepared(name=ABOUT.name, argv=start.argv)
        gated = (*program, *_flags(start))
        return Prepared(
            name=ABOUT.name,
            argv=(*gated, *arguments),
            own=_home(start.env),
            expects_arm=True,
            arm_within=SOON if word in ("exec", "e", "review") else PATIENT,
            probe=(*gated, *PROBE),
            notes=_notes(arguments, word, start.env),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
        return codex_actions.proposal(event, pid=pid, parents=parents)


PROBE = (
    "-c",
    (
        'model_providers.agentwatch={name="agentwatch",base_url="http://127.0.0.1:9/v1",'
        "request_max_retries=0,stream_max_retries=0}"
    ),
    "-c",
    'model_provider="agentwatch"',
    "exec",
    "--ephemeral",
    "--skip-git-repo-check",
    "-s",
    "read-only",
    "agentwatch looks whether its hook is heard",
)
"""A session that waits for its model, until it is ended: nobody listens on the discard port."""


def _flags(start: Start) -> tuple[str, ...]:
    """What goes in before the user's own arguments."""
    hook = {"type": "command", "command": shlex.join(start.hook_for(ABOUT.name)), "timeout": DAY}
    groups = ",".join(
        f"{event}=[{{{_matcher(tool)}hooks=[{_toml(hook)}]}}]"
        for event, (_, tool) in EVENTS.items()
    )
    known = ",".join(
        f'"/<session-flags>/config.toml:{name}:0:0"={{trusted_hash="{_hash(name, hook, tool)}"}}'
        for name, tool in EVENTS.values()
    )
    pinned = {**PINNED, "hooks": f"{{{groups},state={{{known}}}}}"}
    return tuple(word for name, value in pinned.items() for word in ("-c", f"{name}={value}"))


def _matcher(tool: str | None) -> str:
    return f"matcher={json.dumps(tool)}," if tool else ""


def _toml(hook: Mapping[str, Any]) -> str:
    """An inline table; JSON's strings and numbers are TOML's."""
    return "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in hook.items()) + "}"


def _hash(event: str, hook: Mapping[str, Any], tool: str | None) -> str:
    """What Codex compares a hook with before it trusts it."""
    whole = {"event_name": event, "hooks": [{"async": False, **hook}]}
    whole |= {"matcher": tool} if tool else {}
    spelled = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(spelled.encode()).hexdigest()}"


def _command(arguments: tuple[str, ...]) -> str:
    """The first word that is no flag and no flag's value; a flag that ends it all counts too."""
    before = ""
    for word in arguments:
        if word in ("-h", "--help", "-V", "--version"):
            return word
        if not word.startswith("-") and before not in VALUED:
            return word
        before = word
    return ""


def _refuse(arguments: tuple[str, ...], word: str) -> None:
    """Raise for a command that would run ungated."""
    for argument in arguments:
        flag = argument.split("=", 1)[0]
        if flag in SWITCHES:
            raise _cannot(f"with {flag}: {SWITCHES[flag]}", f"leave {flag} out")
    for setting in _settings(arguments):
        raise _cannot(
            f"with the setting {setting}: agentwatch sets it, so that its hook is heard",
            "leave it out",
        )
    if word in ELSEWHERE:
        raise _cannot(
            f"as `codex {word}`: its work is done where no hook of ours is asked",
            "start `codex` or `codex exec` instead",
        )


def _cannot(why: str, hint: str) -> AgentwatchError:
    return AgentwatchError(
        f"codex cannot be supervised {why}",
        f"{hint}, or run with --ungated for the kill switch alone",
        ExitCode.USAGE,
    )


def _settings(arguments: tuple[str, ...]) -> list[str]:
    """Settings in the arguments that are ours to make."""
    found = []
    for at, argument in enumerate(arguments):
        flag, _, value = argument.partition("=")
        if flag not in ("-c", "--config", "--enable", "--disable") and not flag.startswith("-c"):
            continue
        given = value if value and flag.startswith("--") else "".join(arguments[at + 1 : at + 2])
        if flag.startswith("-c") and len(argument) > 2 and not flag.startswith("--"):
            given = argument[2:].lstrip("=")
        name = given.partition("=")[0].strip().replace('"', "").replace("'", "")
        name = f"features.{name}" if flag in ("--enable", "--disable") else name
        ours = ("features", "hooks", *PINNED)
        if name in ours or name.startswith(("hooks.", *(f"{item}." for item in PINNED))):
            found.append(name)
    return found


def _notes(arguments: tuple[str, ...], word: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """What a person should know about this start."""
    notes = [TERMINAL_NOTE]
    if BYPASS in arguments:
        notes.append(BYPASS_NOTE)
    elif word not in ("exec", "e", "review"):
        notes.append(SANDBOX_NOTE)
    if _own_hooks(env):
        notes.append(REWRITE_NOTE)
    return tuple(notes)


def _own_hooks(env: Mapping[str, str]) -> bool:
    """Whether the user has hooks; a file that cannot be read counts as one that has."""
    folder = Path(_home(env)[0])
    if (folder / "hooks.json").exists():
        return True
    try:
        settings = tomllib.loads((folder / "config.toml").read_text())
    except FileNotFoundError:
        return False
    except (OSError, ValueError, RecursionError):
        return True
    hooks = settings.get("hooks")
    return isinstance(hooks, dict) and "PreToolUse" in hooks


def _home(env: Mapping[str, str]) -> tuple[str, ...]:
    """Where this user's Codex keeps its settings."""
    return (env.get("CODEX_HOME") or str(Path(env.get("HOME") or Path.home()) / ".codex"),)
