"""Qwen Code: how to start it so that every tool call is asked about.

Owns the environment it is started with.  Puts a PreToolUse and a SessionStart hook in with a
system settings file of ours, which is read above the user's and the project's, beside whatever the
machine's own system settings say; touches no file of the user's.

What does not work, each tried with 0.24.4 where no other version is said:
- The user's and the project's `disableAllHooks` is overruled by ours; `--bare`, `--safe-mode` and
  their variables are not.
- Every failure of a hook but a status of 2 lets the tool run: status 1, killed, a missing program,
  an answer that is not JSON, its timeout, which is in milliseconds (a day's worth of seconds would
  be a minute and a half).  What replaces or kills our client is for the kernel gate.
- What a PreToolUse hook hands back as another input is left out: the call runs as it was.
- Its PreToolUse is called after its own question, if it asks one.
- In ACP mode a sub-agent wrote without a question (0.15.10); `serve`, `channel` and `board` work
  in daemons and for other programs.
- The launcher starts node again as a child; it is told not to, so that a kill of one is the other.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentwatch.agents import qwen_actions, system_settings
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

ABOUT = About(
    name="qwen",
    title="Qwen Code",
    programs=("qwen",),
    packages=("@qwen-code/qwen-code",),
    tested="0.24.4",
    channel="hooks (PreToolUse), put in at the start with a system settings file",
    misses=(
        "what an approved command does once it runs",
        "files named with `@` and commands typed with `!` in a prompt",
        "a PreToolUse hook of the user's or the project's that replaces an approved input",
        "anything in ACP mode, which is refused",
    ),
    hosts=("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "portal.qwen.ai"),
)

PLACE = "QWEN_CODE_SYSTEM_SETTINGS_PATH"
MACHINE = Path("/etc/qwen-code/settings.json")
MACHINE_MACOS = Path("/Library/Application Support/QwenCode/settings.json")
FIXED = {
    "QWEN_CODE_NO_RELAUNCH": "true",
    "QWEN_SANDBOX": "false",
    "QWEN_CODE_SIMPLE": "0",
    "QWEN_CODE_SAFE_MODE": "0",
}
"""Variables that are set, because a project's .env may set those that are not."""

DAY = 86_400_000
"""Milliseconds the hook may wait for a person; past its timeout the tool would run."""

SWITCHES = {
    "--bare": "it switches hooks off",
    "--safe-mode": "it switches hooks off",
    "--acp": "not every tool call is told in ACP mode: use `agentwatch acp -- qwen --acp`",
    "--experimental-acp": "not every tool call is told in ACP mode",
    "-s": "its container has no agentwatch in it",
    "--sandbox": "its container has no agentwatch in it",
}
"""Flags under which nothing could be gated, and why."""

ELSEWHERE = frozenset({"serve", "channel", "board"})
"""Commands that work in daemons, or for other programs."""
UPKEEP = frozenset(
    {"auth", "extensions", "hooks", "mcp", "sandbox", "sessions", "update"}
    | {"-l", "--list-extensions", "-h", "--help", "-v", "--version"}
)
"""First words with which no model runs, so that there is nothing to gate."""

SOON = 60.0
"""Seconds to the first hook with a prompt: 2 to 4 on an idle machine."""
PATIENT = 900.0
"""Seconds where a person may first have to log in, or to trust the folder."""

TALKS = ("-i", "--prompt-interactive", "-c", "--continue", "-r", "--resume")
AWAKE_NOTE = (
    "Qwen Code does not keep the machine awake: it would ask the system's own daemon at every step."
)
OWN_QUESTIONS = (
    "Qwen Code asks for itself as well, or has a model judge; `--approval-mode=yolo` leaves the "
    "asking to agentwatch alone."
)
FREE = ("-y", "--yolo", "yolo")
FREE_NOTE = "Qwen Code itself asks nothing in this mode; agentwatch still does."


@dataclass(frozen=True, slots=True)
class Qwen:
    """Qwen Code, its own arguments beginning at `first` of the command."""

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
        file = start.sealed / "qwen.json"
        talks = not arguments or any(word.split("=")[0] in TALKS for word in arguments)
        free = any(word.split("=")[-1] in FREE for word in arguments)
        return Prepared(
            name=ABOUT.name,
            argv=start.argv,
            env_add={PLACE: str(file), **FIXED},
            files={file: system_settings.over(_place(start.env), _settings(start))},
            expects_arm=True,
            arm_within=PATIENT if talks else SOON,
            probe=_probe(program) if talks else (),
            notes=(FREE_NOTE if free else OWN_QUESTIONS, AWAKE_NOTE),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
        return qwen_actions.proposal(event, pid=pid, parents=parents)


def _settings(start: Start) -> dict[str, Any]:
    """What our file says."""
    hook = {"type": "command", "command": shlex.join(start.hook_for(ABOUT.name)), "timeout": DAY}
    return {
        "disableAllHooks": False,
        "general": {"preventSystemSleep": False},
        "hooks": {
            "PreToolUse": [{"matcher": "*", "hooks": [hook]}],
            "SessionStart": [{"hooks": [hook]}],
        },
    }


def _probe(program: tuple[str, ...]) -> tuple[str, ...]:
    """A session whose model nobody answers for: SessionStart is told before it is asked."""
    nowhere = ("OPENAI_BASE_URL=http://127.0.0.1:9/v1", "OPENAI_API_KEY=none")
    model = ("--auth-type", "openai", "-m", "none")
    return ("env", *nowhere, *program, *model, "agentwatch looks whether its hook is heard")


def _refuse(arguments: tuple[str, ...]) -> None:
    """Raise for a command that would run ungated."""
    for argument in arguments:
        flag, _, value = argument.partition("=")
        if flag in SWITCHES and value not in ("false", "0"):
            raise _cannot(f"with {flag}: {SWITCHES[flag]}", f"leave {flag} out")
    if arguments and arguments[0] in ELSEWHERE:
        raise _cannot(
            f"as `qwen {arguments[0]}`: its work is done in a daemon or for other programs",
            "start `qwen` instead",
        )


def _cannot(why: str, hint: str) -> AgentwatchError:
    return AgentwatchError(
        f"qwen cannot be supervised {why}",
        f"{hint}, or run with --ungated for the kill switch alone",
        ExitCode.USAGE,
    )


def _place(env: Mapping[str, str]) -> Path:
    """Where this machine's system settings are."""
    named = env.get(PLACE)
    if named:
        return Path(named)
    return MACHINE_MACOS if sys.platform == "darwin" else MACHINE
