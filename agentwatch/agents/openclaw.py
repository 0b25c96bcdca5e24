"""OpenClaw: how to start it so that every tool call is asked about.

Owns the configuration it is started with: one of ours that includes the user's, and adds our
plugin.  Touches no file of theirs, and refuses a command whose work is done by a gateway that runs
elsewhere, with the command that starts the gateway under agentwatch instead.

What does not work, each tried with 2026.9.6:
- `openclaw agent exec` never calls a plugin's `before_tool_call`: refused.  `openclaw tui --local`
  does not either; the kernel gate holds what it does, and without the gate only the kill covers it.
- `openclaw agent` without --local, `tui` and the like only speak to the gateway, whose process does
  the work: it has to be the gateway that is supervised.
- Settings written by OpenClaw itself fail while the configuration includes another.
- Where the user lists the plugins that may be loaded, ours has to be added to the list; where they
  do not, a list of ours would leave theirs out.
- A list of what may not be loaded (plugins.deny) wins over ours: refused where the user's settings
  say it, not where a file that they include does.  Then no hook is seen alive.
- A gateway takes up its settings anew when they change, and from the next message on a plugin that
  was taken out is asked nothing.  Ours lie where the agent cannot write; so do the user's in their
  usual place, but not elsewhere (OPENCLAW_CONFIG_PATH): what then happens is for the kernel gate.
- Another plugin runs in the same process and may answer in our place: likewise.
- A hook is given ten minutes at most; then the call is blocked, as it is where a hook fails.
- Its file library locks with openat2, which the kernel gate does not let pass: its flags lie behind
  a pointer.  It falls back to nothing, and no lock is had; so it is told to do without that library
  (FS_SAFE_NATIVE_MODE=off), and then opens files as everybody does.
- The exec approvals of OpenClaw cover commands, not writes, and nothing where they are set to full.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import agentwatch
from agentwatch.agents import openclaw_actions
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.agents.openclaw_place import Place, place
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

PLAINLY = {"FS_SAFE_NATIVE_MODE": "off", "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0"}
"""How it locks its state, and starts commands, in a way that the kernel gate can follow."""

ABOUT = About(
    name="openclaw",
    title="OpenClaw",
    programs=("openclaw",),
    packages=("openclaw",),
    tested="2026.9.6",
    channel="a plugin (before_tool_call), put in at the start with OPENCLAW_CONFIG_PATH",
    takes_input=True,
    plainly_env=PLAINLY,
    misses=(
        "what an approved command does once it runs",
        "agent harnesses that are programs of their own (Codex, Claude Code): only the kernel gate",
        "its own screen (tui --local), and another plugin that answers in our place: likewise",
        "a gateway that runs as a service already: it is outside",
        "replies sent to the conversation that asked",
    ),
)

PLUGIN = Path(agentwatch.__file__).parent / "channels" / "hooks" / "openclaw"

SOON = 120.0
"""Seconds until the gateway has loaded its plugins: 5 to 14 on an idle machine."""

TALKS = frozenset({"agent", "tui", "chat", "terminal", "acp", "message", "system", "tasks"})
"""Commands that leave the work to the gateway."""

SERVICE = frozenset({"install", "start", "restart"})
"""Words after `gateway` and `daemon` that have a service manager start it."""

SETTINGS_NOTE = (
    "OpenClaw cannot change its own settings in this session: they are included in ours, for "
    "agentwatch's plugin; change them with an `openclaw` outside."
)
LOCAL_NOTE = (
    "OpenClaw's own screen runs tools that no plugin is asked about: the kernel gate alone holds "
    "what it does."
)
PATIENCE_NOTE = "OpenClaw waits ten minutes for an answer; then the call is blocked."


@dataclass(frozen=True, slots=True)
class OpenClaw:
    """OpenClaw, its own arguments beginning at `first` of the command."""

    first: int = 1

    @property
    def about(self) -> About:
        """What is known of it."""
        return ABOUT

    def prepare(self, start: Start) -> Prepared:
        """The gated form of a start; raises AgentwatchError where it cannot be gated."""
        words = _words(start.argv[self.first :])
        here = place(start.env)
        works = _works(words, start.argv, here)
        if not works:
            bare = Prepared(name=ABOUT.name, argv=start.argv)
            if words[:1] != ("chat",) and "--local" not in words:
                return bare
            own = (str(here.state),)
            return replace(bare, env_add=PLAINLY, own=own, notes=(LOCAL_NOTE,))
        _refuse_denied(here)
        config = start.sealed / "openclaw.json"
        roots = [str(here.config.parent), *start.env.get("OPENCLAW_INCLUDE_ROOTS", "").split(":")]
        return Prepared(
            name=ABOUT.name,
            argv=start.argv,
            env_add={
                "OPENCLAW_CONFIG_PATH": str(config),
                **PLAINLY,
                "OPENCLAW_STATE_DIR": str(here.state),
                "OPENCLAW_INCLUDE_ROOTS": os.pathsep.join(filter(None, roots)),
            },
            files={config: json.dumps(_configuration(start, here))},
            own=(str(here.state),),
            models=here.models,
            expects_arm=True,
            arm_within=SOON,
            notes=(SETTINGS_NOTE, PATIENCE_NOTE),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a plugin's event proposes; raises WireError for one that cannot be read."""
        return openclaw_actions.proposal(event, pid=pid, parents=parents)


def _words(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments from the command on: the flags before it with their values left out."""
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] not in ("-h", "--help", "-V", "--version"):
        flag = rest.pop(0)
        if flag in ("--profile", "--log-level", "--container") and rest:
            rest.pop(0)
    return tuple(rest)


def _works(words: tuple[str, ...], argv: tuple[str, ...], here: Place) -> bool:
    """Whether this command does an agent's work; raises where that work is done elsewhere."""
    first, inner = (*words, "", "")[:2]
    if "--profile" in argv or "--dev" in argv:
        raise _refused(
            "a profile has a configuration of its own, which agentwatch would replace",
            "name it with OPENCLAW_STATE_DIR and OPENCLAW_CONFIG_PATH instead",
        )
    if first in ("gateway", "daemon") and inner in SERVICE:
        raise _refused("a service manager would start it outside", _instead(argv))
    if first == "agent" and inner == "exec":
        raise _refused(
            "`openclaw agent exec` loads no plugin, so nothing could be asked",
            "use `openclaw agent --local`, or the gateway: agentwatch run -- openclaw gateway",
        )
    if first == "gateway":
        if inner not in ("", "run") and not inner.startswith("-"):
            return False
        if (pid := here.gateway()) is not None:
            raise _refused(
                f"its gateway runs already, outside (process {pid})",
                "stop it first: openclaw gateway stop",
            )
        return True
    if first == "agent" and "--local" in words:
        return True
    if first in TALKS:
        _refuse_elsewhere(argv, here)
        return first == "agent"
    return False


def _refuse_denied(here: Place) -> None:
    """Raise where the user's settings leave our plugin out: such a list wins over ours."""
    if here.denies:
        raise _refused(
            "its settings leave agentwatch's plugin out (plugins.deny)",
            f"take agentwatch out of plugins.deny in {here.config}",
        )


def _refuse_elsewhere(argv: tuple[str, ...], here: Place) -> None:
    """Raise where the gateway that would do the work is outside already."""
    pid = here.gateway()
    if pid is None and not here.remote and "--url" not in argv:
        return
    where = f" (process {pid})" if pid else ", on another machine"
    raise AgentwatchError(
        f"this agent works through a service started elsewhere{where}; agentwatch cannot hold it",
        _instead(argv),
        ExitCode.USAGE,
    )


def _instead(argv: tuple[str, ...]) -> str:
    return (
        "start the gateway under agentwatch instead: openclaw gateway stop; "
        f"agentwatch run -- {argv[0]} gateway"
    )


def _refused(why: str, hint: str) -> AgentwatchError:
    return AgentwatchError(f"openclaw cannot be supervised this way: {why}", hint, ExitCode.USAGE)


def _configuration(start: Start, here: Place) -> dict[str, Any]:
    """The user's configuration, with our plugin added to theirs."""
    ours: dict[str, Any] = {
        "enabled": True,
        "load": {"paths": [str(PLUGIN)]},
        "entries": {
            "agentwatch": {
                "enabled": True,
                "hooks": {"timeouts": {"before_tool_call": 600_000}},
                "config": {"socket": start.socket or start.env.get("AGENTWATCH_SOCKET", "")},
            }
        },
    }
    if here.allows:
        ours["allow"] = ["agentwatch"]
    included = {"$include": str(here.config)} if here.config.exists() else {}
    return {**included, "plugins": ours}
