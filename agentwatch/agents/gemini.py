"""Gemini CLI: how to start it so that every tool call is asked about.

Owns the environment it is started with.  Puts a BeforeTool and a SessionStart hook in with a
system settings file of ours, which is read above the user's and the project's, beside whatever the
machine's own system settings say; touches no file of the user's.

What does not work, each tried with 0.61.0:
- A settings file around which others may write (below /tmp) is ignored with a warning: then
  nothing is started.
- The user's and the project's settings may name a hook to be left out: ours has a name that
  nobody knows beforehand.
- Every failure of a hook but a status of 2 or more lets the tool run: status 1, killed, an answer
  that is not JSON, its timeout, which is in milliseconds.  What replaces or kills our client is
  for the kernel gate.
- No hook is called in ACP mode.
- Its own sandbox runs it in a container, where our hook is not.
- The launcher starts node again as a child; it is told not to, so that a kill of one is the other.
"""

from __future__ import annotations

import secrets
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentwatch.agents import gemini_actions, system_settings
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

ABOUT = About(
    name="gemini",
    title="Gemini CLI",
    programs=("gemini",),
    packages=("@google/gemini-cli",),
    tested="0.61.0",
    channel="hooks (BeforeTool), put in at the start with a system settings file",
    takes_input=True,
    misses=(
        "what an approved command does once it runs",
        "files named with `@` and commands typed with `!` in a prompt",
        "a BeforeTool hook of the user's or the project's that replaces an approved input",
        "anything in ACP mode, which is refused",
    ),
    hosts=(
        "generativelanguage.googleapis.com",
        "cloudcode-pa.googleapis.com",
        "oauth2.googleapis.com",
    ),
)

PLACE = "GEMINI_CLI_SYSTEM_SETTINGS_PATH"
FIXED = {"GEMINI_CLI_NO_RELAUNCH": "true", "GEMINI_SANDBOX": "false"}
"""Variables that are set, because a project's .env may set those that are not."""
MACHINE = Path("/etc/gemini-cli/settings.json")
MACHINE_MACOS = Path("/Library/Application Support/GeminiCli/settings.json")

DAY = 86_400_000
"""Milliseconds the hook may wait for a person; past its timeout the tool would run."""

SWITCHES = {
    "--acp": "no hook is called in ACP mode: use `agentwatch acp -- gemini --acp`",
    "--experimental-acp": "no hook is called in ACP mode: use `agentwatch acp -- gemini --acp`",
    "-s": "its container has no agentwatch in it",
    "--sandbox": "its container has no agentwatch in it",
}
"""Flags under which nothing could be gated, and why."""

UPKEEP = frozenset(
    {"mcp", "extensions", "extension", "skills", "skill", "hooks", "hook", "gemma"}
    | {"-l", "--list-extensions", "--list-sessions", "--delete-session"}
    | {"-h", "--help", "-v", "--version"}
)
"""First words with which no model runs, so that there is nothing to gate."""

SOON = 60.0
"""Seconds to the first hook with a prompt: 1 to 3 on an idle machine."""
PATIENT = 900.0
"""Seconds where a person may first have to log in, or to trust the folder."""

OWN_QUESTIONS = (
    "Gemini CLI asks for itself as well, after agentwatch; `--approval-mode=yolo` leaves the "
    "asking to agentwatch alone."
)
FREE = ("-y", "--yolo", "yolo")
FREE_NOTE = "Gemini CLI itself asks nothing in this mode; agentwatch still does."


@dataclass(frozen=True, slots=True)
class Gemini:
    """Gemini CLI, its own arguments beginning at `first` of the command."""

    first: int = 1

    @property
    def about(self) -> About:
        """What is known of it."""
        return ABOUT

    def prepare(self, start: Start) -> Prepared:
        """The gated form of a start; raises AgentwatchError where it cannot be gated."""
        program, arguments = start.argv[: self.first], start.argv[self.first :]
        _refuse(arguments)
        if arguments and arguments[0] in UPKEEP:
            return Prepared(name=ABOUT.name, argv=start.argv)
        file = start.sealed / "gemini.json"
        if start.hook:
            _check(file)
        headless = any(word.split("=")[0] in ("-p", "--prompt") for word in arguments)
        return Prepared(
            name=ABOUT.name,
            argv=start.argv,
            env_add={PLACE: str(file), **FIXED},
            files={file: system_settings.over(_place(start.env), _settings(start))},
            expects_arm=True,
            arm_within=SOON if headless else PATIENT,
            probe=() if headless else _probe(program),
            notes=_notes(arguments),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
        return gemini_actions.proposal(event, pid=pid, parents=parents)


def _settings(start: Start) -> dict[str, Any]:
    """What our file says."""
    hook = {
        "name": f"agentwatch-{secrets.token_hex(8)}",
        "type": "command",
        "command": shlex.join(start.hook_for(ABOUT.name)),
        "timeout": DAY,
    }
    return {
        "hooksConfig": {"enabled": True},
        "tools": {"sandbox": False},
        "hooks": {
            "BeforeTool": [{"matcher": "*", "hooks": [hook]}],
            "SessionStart": [{"hooks": [hook]}],
        },
    }


def _probe(program: tuple[str, ...]) -> tuple[str, ...]:
    """A session whose model nobody answers for: SessionStart is told before it is asked."""
    nowhere = ("GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9", "GEMINI_API_KEY=none")
    said = "agentwatch looks whether its hook is heard"
    return ("env", *nowhere, *program, "--skip-trust", "-p", said)


def _refuse(arguments: tuple[str, ...]) -> None:
    """Raise for a command that would run ungated."""
    for argument in arguments:
        flag, _, value = argument.partition("=")
        if flag in SWITCHES and value not in ("false", "0"):
            raise AgentwatchError(
                f"gemini cannot be supervised with {flag}: {SWITCHES[flag]}",
                f"leave {flag} out, or run with --ungated for the kill switch alone",
                ExitCode.USAGE,
            )


def _check(file: Path) -> None:
    """Raise where Gemini CLI would ignore our file."""
    shared = system_settings.shared_parent(file)
    if shared is not None:
        raise AgentwatchError(
            f"gemini would ignore agentwatch's settings: others may write to {shared}",
            "set XDG_STATE_HOME to a folder below your home",
            ExitCode.USAGE,
        )


def _place(env: Mapping[str, str]) -> Path:
    """Where this machine's system settings are."""
    named = env.get(PLACE)
    if named:
        return Path(named)
    return MACHINE_MACOS if sys.platform == "darwin" else MACHINE


def _notes(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What a person should know about this start."""
    free = any(word.split("=")[-1] in FREE for word in arguments)
    return (FREE_NOTE if free else OWN_QUESTIONS,)
