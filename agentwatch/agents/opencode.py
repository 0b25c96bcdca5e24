"""OpenCode: how to start it so that every tool call is asked about.

Owns the environment it is started with.  Puts a plugin in with `OPENCODE_CONFIG_CONTENT`, beside
whatever the user has there, touches no file, and refuses a command whose work is done elsewhere.

What does not work, each tried with 1.18.33:
- A plugin that cannot be loaded, or throws in its start, is left out with a line in a log: hence
  the arm handshake, from `config`, which is called once all hooks are in place.
- The project's configuration is not loaded: its plugins run inside the process of the gate, and
  its permissions win over injected ones.  Its AGENTS.md goes with it, so it is named again.
- That switch does not reach everything: `run` and the screen still import `.opencode/plugin/*` and
  what `plugins` in a project's opencode.json names.  With such files nothing is started.
- `--pure` and OPENCODE_PURE leave every plugin out.
- OpenCode waits for the packages of its own plugin folder before it loads a plugin; npm retries
  for more than a minute where its registry cannot be reached, so the trial start does not retry.
- The hook `permission.ask` is never called; permission rules ask nothing of what they allow.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import agentwatch
from agentwatch.agents import opencode_actions
from agentwatch.agents.base import About, Prepared, Start
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Proposal

ABOUT = About(
    name="opencode",
    title="OpenCode",
    programs=("opencode",),
    packages=("opencode-ai",),
    tested="1.18.33",
    channel="a plugin (tool.execute.before), put in at the start with OPENCODE_CONFIG_CONTENT",
    takes_input=True,
    misses=(
        "what an approved command does once it runs",
        "commands typed with `!`, and the `!` lines of the user's own slash commands",
        "files named with `@` in a prompt",
        "language servers and formatters that it starts by itself",
        "requests to the port it may open with --port, serve or web",
    ),
)

PLUGIN = Path(agentwatch.__file__).parent / "channels" / "hooks" / "opencode.mjs"

UPKEEP = frozenset(
    {"agent", "auth", "completion", "db", "debug", "export", "import", "mcp", "models", "plug"}
    | {"plugin", "providers", "session", "stats", "uninstall", "upgrade"}
    | {"-h", "--help", "-v", "--version"}
)
"""First words with which no tool runs, so that there is nothing to gate."""

SOON = 100.0
"""Seconds to the plugin's start: 1 to 3 on an idle machine, 73 where npm tries in vain."""

PROJECT_NOTE = (
    "OpenCode loads your own configuration but not the project's (opencode.json, .opencode): its "
    "plugins would run inside the gate; AGENTS.md and CLAUDE.md are read."
)
PORT_NOTE = (
    "Whoever reaches OpenCode's port can start shells in it that no hook is asked about; the "
    "kernel gate holds them."
)
_ADDRESS = re.compile(r'"baseURL"\s*:\s*"([^"]+)"')
SERVERS = ("serve", "web", "--port", "--hostname", "--mdns")


@dataclass(frozen=True, slots=True)
class OpenCode:
    """OpenCode, its own arguments beginning at `first` of the command."""

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
        if start.hook:
            _refuse_plugins(start)
        serves = any(word.split("=")[0] in SERVERS for word in arguments)
        return Prepared(
            name=ABOUT.name,
            argv=start.argv,
            env_add={
                "OPENCODE_CONFIG_CONTENT": json.dumps(_configuration(start)),
                "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
            },
            env_drop=("OPENCODE_PURE", "OPENCODE_EXPERIMENTAL_CODE_MODE"),
            expects_arm=True,
            arm_within=SOON,
            own=tuple(str(item) for item in _folders(start.env)),
            models=_models(start.env),
            probe=("env", "npm_config_fetch_retries=0", *program, "debug", "config"),
            notes=(PROJECT_NOTE, *((PORT_NOTE,) if serves else ())),
        )

    def proposal(self, event: Json, *, pid: int | None, parents: tuple[str, ...]) -> Proposal:
        """What a plugin's event proposes; raises WireError for one that cannot be read."""
        return opencode_actions.proposal(event, pid=pid, parents=parents)


def _refuse(arguments: tuple[str, ...]) -> None:
    """Raise for a command that would run ungated."""
    words = [argument.split("=", 1)[0] for argument in arguments]
    if "--pure" in words:
        raise AgentwatchError(
            "opencode cannot be supervised with --pure: it leaves the gate's plugin out",
            "leave --pure out, or run with --ungated for the kill switch alone",
            ExitCode.USAGE,
        )
    if "attach" in words[:1] or "--attach" in words:
        raise AgentwatchError(
            "this opencode works through a server started elsewhere; agentwatch cannot hold it",
            "start the server under agentwatch instead: agentwatch run -- opencode serve",
            ExitCode.USAGE,
        )


def _refuse_plugins(start: Start) -> None:
    """Raise where the project brings plugins: they would run beside ours, in its process."""
    home = Path(start.env.get("HOME") or Path.home())
    for folder in _project(Path(start.cwd)):
        found = None if folder == home else _plugin_in(folder)
        if found is not None:
            raise AgentwatchError(
                f"this project brings a plugin for opencode, {found}: it would run inside the gate",
                "put it into ~/.config/opencode/plugin if you trust it, or let the kernel gate "
                "hold what it does: agentwatch run --kernel-gate --no-hook -- opencode",
                ExitCode.USAGE,
            )


def _plugin_in(folder: Path) -> Path | None:
    """A plugin that OpenCode would load for this folder of the project."""
    for name in ("plugin", "plugins"):
        for found in sorted((folder / ".opencode" / name).glob("*.[tj]s")):
            return found
    for inner in (folder, folder / ".opencode"):
        for name in ("opencode.json", "opencode.jsonc"):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                text = (inner / name).read_text(errors="replace")
                if '"plugins"' in text or "\\u" in text:
                    return inner / name
    return None


def _project(cwd: Path) -> list[Path]:
    """The folders from here up to the project's root; all of them where there is none."""
    folders = [cwd, *cwd.parents]
    root = next((item for item in folders if (item / ".git").exists()), folders[-1])
    return folders[: folders.index(root) + 1]


def _configuration(start: Start) -> dict[str, Any]:
    """The user's own inline configuration with our plugin last, so that it sees what runs."""
    own = _own(start.env)
    plugins, instructions = own.get("plugin") or [], own.get("instructions") or []
    if not isinstance(plugins, list) or not isinstance(instructions, list):
        raise _unreadable("its plugin or instructions is no list")
    gate = [PLUGIN.as_uri(), {"socket": start.socket or start.env.get("AGENTWATCH_SOCKET", "")}]
    said = [item for item in _project_files(Path(start.cwd)) if item not in instructions]
    return {**own, "plugin": [*plugins, gate], "instructions": [*instructions, *said]}


def _own(env: Mapping[str, str]) -> dict[str, Any]:
    """What the user has in OPENCODE_CONFIG_CONTENT."""
    text = env.get("OPENCODE_CONFIG_CONTENT")
    if not text:
        return {}
    try:
        own = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable("it is not plain JSON") from error
    if not isinstance(own, dict):
        raise _unreadable("it is not an object")
    return own


def _folders(env: Mapping[str, str]) -> tuple[Path, ...]:
    """Where it keeps its state, caches and configuration."""
    home = Path(env.get("HOME") or Path.home())
    places = {
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
        "XDG_CONFIG_HOME": ".config",
    }
    named = [Path(env.get(name) or home / usual) for name, usual in places.items()]
    return tuple(item / "opencode" for item in named)


def _models(env: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses of the models that the user has configured."""
    texts = [env.get("OPENCODE_CONFIG_CONTENT") or ""]
    for name in ("opencode.json", "opencode.jsonc", "config.json"):
        with contextlib.suppress(OSError, ValueError):
            texts.append((_folders(env)[-1] / name).read_text())
    return tuple(found for text in texts for found in _ADDRESS.findall(text))


def _unreadable(why: str) -> AgentwatchError:
    return AgentwatchError(
        f"the gate's plugin cannot be put into OPENCODE_CONFIG_CONTENT: {why}",
        "unset it, or run with --ungated for the kill switch alone",
        ExitCode.USAGE,
    )


def _project_files(cwd: Path) -> list[str]:
    """The instructions that OpenCode would find by itself: the nearest of the first name."""
    folders = _project(cwd)
    inside = folders if (folders[-1] / ".git").exists() else folders[:1]
    for name in ("AGENTS.md", "CLAUDE.md", "CONTEXT.md"):
        found = [str(item / name) for item in inside if (item / name).is_file()]
        if found:
            return found
    return []
