"""The options of every command that starts a session to speak with an agent.

Owns their names and what they mean for the session's config; `run` has its own, with more.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from agentwatch.commands.run import budgets_of, configure, held, limits_of
from agentwatch.model import Mode
from agentwatch.supervisor.config import Config

_OPTIONS = (
    click.option("--name", help="Session name; made unique."),
    click.option(
        "--mode", type=click.Choice([m.value for m in Mode]), default="ask", show_default=True
    ),
    click.option(
        "--workspace", type=click.Path(exists=True, file_okay=False), help="What is inside."
    ),
    click.option(
        "--rules",
        type=click.Path(exists=True, dir_okay=False),
        multiple=True,
        metavar="FILE",
        help="More rules (TOML).",
    ),
    click.option(
        "--deny-after",
        type=click.FloatRange(min=0),
        default=600.0,
        show_default=True,
        metavar="SECONDS",
        help="Deny an unanswered question; 0 waits for ever.",
    ),
    click.option("--breaker", multiple=True, metavar="NAME=LIMIT", help="As for `run`."),
    click.option(
        "--budget",
        multiple=True,
        metavar="NAME=LIMIT",
        help="As for `run`; also tokens=500000 and cost=5, where the agent tells them.",
    ),
    click.option("--require", type=click.Choice(["A", "B"]), help="Refuse a weaker containment."),
    click.option("--containment", help="Use this means instead of the strongest; see doctor."),
    click.option(
        "--kernel-gate/--no-kernel-gate", default=None, help="Hold its system calls as well."
    ),
)


def session_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a session; they arrive as keywords for `config_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def config_of(
    argv: tuple[str, ...], label: str, given: dict[str, Any], *, reports: bool = True
) -> Config:
    """A session's config from the options as given; `reports` says if it tells what it uses."""
    named = given["name"] or label
    workspace = given["workspace"] or str(Path.cwd())
    return replace(
        configure(argv, name=named, workspace=workspace),
        mode=Mode(given["mode"]),
        rules=tuple(map(os.path.abspath, given["rules"])),
        deny_after=given["deny_after"],
        breaker=limits_of(given["breaker"]),
        budgets=budgets_of(given["budget"], reports=reports),
        require=given["require"],
        containment=given["containment"],
        kernel=held(given["kernel_gate"]),
    )


def label_of(argv: tuple[str, ...]) -> str:
    """A short name for what a command starts: the package, where a fetcher starts one."""
    program = Path(argv[0]).name
    if program in ("npx", "bunx", "pnpx", "uvx", "pipx", "npm", "pnpm", "uv", "python3", "python"):
        verbs = ("exec", "dlx", "run", "tool", "-m")
        words = [w for w in argv[1:] if w in verbs or not w.startswith("-")]
        named = next((word for word in words if word not in verbs), program)
        return named.rstrip("/").rsplit("/", 1)[-1].partition("@")[0] or program
    return program
