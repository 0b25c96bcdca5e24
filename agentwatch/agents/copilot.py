"""GitHub Copilot CLI: how to start it so that every tool call is asked about.

Owns the command line and our plugin's files.  Puts a plugin with a PreToolUse and a SessionStart
hook in with `--plugin-dir`, touches no file of the user's, and refuses what would switch hooks off.

What does not work, each tried with 1.0.102:
- A hook that prints no JSON and ends with status 0 lets the tool run; one that crashes or is
  missing blocks it; one that is late lets it run, hence a day to answer in.
- `disableAllHooks` in the settings of a project that the user trusts removes our hook at the start:
  such a project is refused.  Written in mid-session it changes nothing before the next start.
- Hooks of the user's and of a trusted project run before ours; what they make of a tool's input is
  what we are asked about.
- A hook's yes skips Copilot's own question for commands, not for writes: these are let through
  with `--allow-tool=write`, as ours has asked by then.
- `SessionStart` runs with the first prompt, however late that is: hence the probe, which has a home
  of its own and a model address where nobody listens.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentwatch.agents import copilot_actions
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

ABOUT = About(
    name="copilot",
    title="Copilot CLI",
    programs=("copilot",),
    packages=("@github/copilot",),
    tested="1.0.102",
    channel="hooks (PreToolUse) of a plugin, put in at the start with --plugin-dir",
    takes_input=True,
    misses=(
        "what an approved command does once it runs",
        "commands typed with `!`, and files named with `@` in a prompt",
        "MCP servers and language servers that it starts by itself",
    ),
)

DAY = 86400
"""Seconds the hook may wait for a person; past its timeout the call would run."""
SOON = 60.0
"""Seconds to the first hook where a prompt is given: about one on an idle machine."""

OUTSIDE = {
    "--connect": "the session runs on another machine",
    "--remote": "the session can be steered from another machine",
    "--environment-host": "the session runs on another machine",
    "--environment-compute-id": "the session runs on another machine",
}
"""Flags under which the work is done, or decided, where no hook of ours is."""

UPKEEP = frozenset(
    {"login", "logout", "help", "init", "config", "update", "version", "sessions", "memories"}
    | {"plugin", "mcp", "skill", "instruction", "lsp", "sandbox", "completion"}
    | {"-h", "--help", "-v", "--version"}
)
"""First words with which no tool runs, so that there is nothing to gate."""

PROMPTS = ("-p", "--prompt")
"""Flags with which nobody is asked first whether the folder is trusted."""
PROJECT_NOTE = (
    "Copilot's own question before a write is answered for it: agentwatch has asked by then."
)


@dataclass(frozen=True, slots=True)
class Copilot:
    """Copilot CLI, its own arguments beginning at `first` of the command."""

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
        _refuse_project(Path(start.cwd))
        plugin = start.sealed / "copilot"
        gated = (f"--plugin-dir={plugin}", "--allow-tool=write")
        prompted = any(word.split("=")[0] in PROMPTS for word in arguments)
        return Prepared(
            name=ABOUT.name,
            argv=(*program, *gated, *arguments),
            env_drop=("COPILOT_ALLOW_ALL",),
            files=_plugin(plugin, start.hook_for(ABOUT.name)),
            own=_own(start.env),
            models=tuple(filter(None, [start.env.get("COPILOT_PROVIDER_BASE_URL")])),
            expects_arm=True,
            arm_within=SOON if prompted else DAY,
            probe=_probe(start, (*program, *gated)),
            notes=(PROJECT_NOTE,),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a hook's event proposes; raises WireError for one that cannot be read."""
        return copilot_actions.proposal(event, pid=pid, parents=parents)


def _refuse(arguments: tuple[str, ...]) -> None:
    """Raise for a command that would run ungated."""
    words = [argument.split("=", 1)[0] for argument in arguments]
    for word in words:
        if word in OUTSIDE:
            raise AgentwatchError(
                f"copilot cannot be supervised with {word}: {OUTSIDE[word]}",
                f"leave {word} out, or run with --ungated for the kill switch alone",
                ExitCode.USAGE,
            )
    if words[:1] in (["app"], ["workflow"]):
        raise AgentwatchError(
            f"`copilot {words[0]}` cannot be supervised: its work is done where no hook is asked",
            "start `copilot` or `copilot -p` instead",
            ExitCode.USAGE,
        )


def _refuse_project(cwd: Path) -> None:
    """Raise where a project's settings switch hooks off, or might."""
    for folder in (cwd, *cwd.parents):
        for name in ("settings.json", "settings.local.json"):
            path = folder / ".github/copilot" / name
            try:
                text = path.read_text(errors="replace")
            except (FileNotFoundError, NotADirectoryError):
                continue
            if "disableAllHooks" in text or "\\u" in text:
                raise AgentwatchError(
                    f"{path} switches hooks off, agentwatch's with them",
                    "take disableAllHooks out of it, or let the kernel gate alone hold copilot: "
                    "agentwatch run --kernel-gate --no-hook -- copilot",
                    ExitCode.USAGE,
                )


def _plugin(folder: Path, hook: tuple[str, ...]) -> Mapping[Path, str]:
    """Our plugin: a name of its own, and the two hooks."""
    entry = {"type": "command", "bash": shlex.join(hook), "timeoutSec": DAY}
    hooks = {"version": 1, "hooks": {"PreToolUse": [entry], "SessionStart": [entry]}}
    about = {
        "name": "agentwatch",
        "version": "1.0.0",
        "description": "asks agentwatch before every tool call",
        "hooks": "hooks.json",
    }
    return {folder / "plugin.json": json.dumps(about), folder / "hooks.json": json.dumps(hooks)}


def _probe(start: Start, gated: tuple[str, ...]) -> tuple[str, ...]:
    """A session with nobody for a model, in a home of its own: it opens, and its hook arms."""
    alone = {
        "COPILOT_HOME": str(start.home / "trial"),
        "COPILOT_OFFLINE": "true",
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:9/v1",
        "COPILOT_MODEL": "none",
    }
    return ("env", *(f"{name}={value}" for name, value in alone.items()), *gated, "-p", "-")


def _own(env: Mapping[str, str]) -> tuple[str, ...]:
    """Where it keeps its state."""
    return (env.get("COPILOT_HOME") or str(Path(env.get("HOME") or Path.home()) / ".copilot"),)
