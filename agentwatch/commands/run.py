"""`agentwatch run -- CMD`: start the supervisor, then become the face the person asked for.

Owns the way from a command line to a running session.  Never supervises: the supervisor is a
process of its own and outlives this one.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click

from agentwatch import guard, halt, ourselves, wire
from agentwatch.breaker import REPORTED, Resource, read_budget, read_limits
from agentwatch.commands import foreground
from agentwatch.commands.output import say
from agentwatch.covers import OnUndeclared
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.keeping import Limits
from agentwatch.keeping.values import MIB
from agentwatch.model import Mode, OnDetach
from agentwatch.paths import new_places
from agentwatch.policy import floor
from agentwatch.supervisor import anchoring
from agentwatch.supervisor.config import Config, Hold


@click.command(
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
    epilog="\b\nExample:\n  agentwatch run -- claude\n  agentwatch run --no-tui -- ./nightly.sh",
)
@click.option("--name", help="Session name; made unique.")
@click.option(
    "--mode", type=click.Choice([m.value for m in Mode]), default="ask", show_default=True
)
@click.option("--workspace", type=click.Path(exists=True, file_okay=False), help="What is inside.")
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="More rules (TOML).",
)
@click.option(
    "--deny-after",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Deny an unanswered question; 0 waits for ever.",
)
@click.option(
    "--on-detach",
    type=click.Choice([d.value for d in OnDetach]),
    default="keep",
    show_default=True,
    help="What the loss of the last screen means.",
)
@click.option(
    "--breaker",
    multiple=True,
    metavar="NAME=LIMIT",
    help="When a burst freezes the agent: deletions=20/30s; off counts nothing.",
)
@click.option(
    "--budget",
    multiple=True,
    metavar="NAME=LIMIT",
    help="Freeze and ask at so many actions, processes, or so much time: time=2h.",
)
@click.option("--require", type=click.Choice(["A", "B"]), help="Refuse a weaker containment.")
@click.option("--containment", help="Use this means instead of the strongest; see doctor.")
@click.option(
    "--arm-within",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Freeze an agent whose hook is not seen by then.",
)
@click.option(
    "--reach",
    multiple=True,
    type=click.Choice(floor.names()),
    help="Open a part of the floor to the agent; may be given again.",
)
@click.option("--strict-floor", is_flag=True, help="Start only with a floor; see doctor.")
@click.option("--no-floor", is_flag=True, help="Keep nothing from the agent; see doctor.")
@click.option("--no-tui", is_flag=True, help="No screen: decide from other shells.")
@click.option(
    "--kernel-gate/--no-kernel-gate",
    default=None,
    help="Start only with system calls held, or hold none.  [default: where it can be]",
)
@click.option(
    "--on-undeclared",
    type=click.Choice([o.value for o in OnUndeclared]),
    default="ask",
    show_default=True,
    help="What an agent with a hook gets for what it does without a word.",
)
@click.option("--no-hook", is_flag=True, help="The kernel gate alone: put no hook in.")
@click.option(
    "--record/--no-record", default=True, help="Keep what the agent's terminal shows; see replay."
)
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=Limits().session // MIB,
    show_default=True,
    metavar="MIB",
    help="Draft mode: keep so much aside for undo.",
)
@click.option(
    "--keep-file",
    type=click.IntRange(min=0),
    default=Limits().file // MIB,
    show_default=True,
    metavar="MIB",
    help="Of one file; larger ones are asked about.",
)
@click.option(
    "--anchor",
    multiple=True,
    metavar="FILE|COMMAND",
    help="Keep the head of the record there, too; see log --verify.",
)
@click.option("--ungated", is_flag=True, help="Kill switch only: nothing is asked.")
@click.argument("argv", nargs=-1, required=True, metavar="-- CMD [ARG]...")
def command(
    name: str | None,
    mode: str,
    workspace: str | None,
    rules: tuple[str, ...],
    deny_after: float,
    on_detach: str,
    breaker: tuple[str, ...],
    budget: tuple[str, ...],
    require: str | None,
    containment: str | None,
    arm_within: float | None,
    reach: tuple[str, ...],
    strict_floor: bool,
    no_floor: bool,
    no_tui: bool,
    kernel_gate: bool | None,
    on_undeclared: str,
    no_hook: bool,
    record: bool,
    keep: int,
    keep_file: int,
    anchor: tuple[str, ...],
    ungated: bool,
    argv: tuple[str, ...],
) -> int:
    """Start an agent under supervision."""
    if no_hook and kernel_gate is False:
        raise AgentwatchError(
            "without its hook and without the kernel gate nothing would be asked",
            "leave out --no-kernel-gate, or say --ungated",
            ExitCode.USAGE,
        )
    if on_undeclared != OnUndeclared.ASK and (no_hook or ungated or kernel_gate is False):
        raise AgentwatchError(
            f"--on-undeclared {on_undeclared} needs the agent's hook and the kernel gate",
            "leave --no-kernel-gate, --no-hook and --ungated out",
            ExitCode.USAGE,
        )
    config = configure(argv, name=name, workspace=workspace)
    config = replace(
        config,
        mode=Mode(mode),
        rules=tuple(map(os.path.abspath, rules)),
        deny_after=deny_after,
        on_detach=OnDetach(on_detach),
        breaker=limits_of(breaker),
        budgets=budgets_of(budget, reports=False),
        require=require,
        containment=containment,
        arm_within=arm_within,
        reach=reach,
        floor=not no_floor,
        strict_floor=strict_floor and not no_floor,
        kernel=held(kernel_gate, must=no_hook or on_undeclared != OnUndeclared.ASK),
        on_undeclared=OnUndeclared(on_undeclared),
        hooked=not no_hook,
        record=record,
        keep=keep * MIB,
        keep_file=keep_file * MIB,
        ungated=ungated,
        anchors=tuple(map(anchoring.named, anchor)),
    )
    screen = not no_tui and has_terminal()
    if screen:
        launch(config)
        into_guard(config)
    return foreground.run(config, launch, asked=no_tui)


FETCHERS = frozenset({"npx", "npm", "pnpx", "pnpm", "bunx", "bun", "uvx", "uv", "pipx"})
"""Programs that may install an agent before they start it."""


def limits_of(texts: tuple[str, ...]) -> dict[str, str | bool]:
    """What was said of the breaker; raises AgentwatchError for what it cannot mean."""
    said: dict[str, str | bool] = {}
    for text in texts:
        name, _, limit = text.partition("=")
        said[name] = True if text == "off" else limit
    read_limits(said, "--breaker")
    return said


def budgets_of(texts: tuple[str, ...], *, reports: bool) -> dict[Resource, float]:
    """The budgets that were given; raises AgentwatchError for one that could not be kept."""
    found = read_budget(texts)
    if not reports and (unknown := sorted(REPORTED & set(found))):
        raise AgentwatchError(
            f"no agent started by `run` tells agentwatch its {unknown[0]}: it could not be kept",
            "an agent that speaks ACP may tell: agentwatch acp --budget …",
            ExitCode.USAGE,
        )
    return found


def held(asked: bool | None, *, must: bool = False) -> Hold:
    """What was asked for; where everything rests on the gate, it must be had."""
    if asked is None:
        return Hold.MUST if must else Hold.AUTO
    return Hold.MUST if asked else Hold.NEVER


def configure(
    argv: tuple[str, ...], *, name: str | None = None, workspace: str | None = None
) -> Config:
    """A session's options with everything this process knows; raises 126/127 for no command."""
    _check_runs(argv[0])
    here = str(Path.cwd())
    session = _session_id(name or Path(argv[0]).name)
    places = new_places(session)
    rows, cols = foreground.terminal_size()
    return Config(
        session=session,
        name=name or Path(argv[0]).name,
        runtime=str(places.runtime),
        state=str(places.state),
        argv=argv,
        env=dict(os.environ),
        cwd=here,
        workspace=os.path.realpath(workspace or here),
        rows=max(2, rows - 1),  # the screen keeps one line for itself while attached
        cols=cols,
    )


def launch(config: Config) -> None:
    """Start the session's supervisor; returns once the agent runs, raises AgentwatchError if not.

    The config goes through a pipe, because a command line and an environment can be read by
    others.
    """
    halt.refuse()
    _tell_of_installing(config)
    config.places.create()
    handed = (*(config.stdio or ()), config.near, config.lifeline)
    keep = {number for number in handed if number is not None}
    with foreground.ended_by_signals(config.places):
        answer = _answer_of(config, keep)
    if not answer:
        raise AgentwatchError(
            "the supervisor ended before it started the agent", f"see {config.places.log}"
        )
    wire.raise_failure(json.loads(answer))


def _answer_of(config: Config, keep: set[int]) -> bytes:
    """Start the supervisor; what it says once the agent runs, nothing if it ended before."""
    log = os.open(config.places.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(
            ourselves.command("agentwatch.supervisor"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            pass_fds=tuple(keep),
            cwd="/",
            env=ourselves.environment(os.environ),
        )
    finally:
        os.close(log)
    if process.stdin is None or process.stdout is None:
        raise AgentwatchError("the supervisor has no pipes")
    with process.stdin, process.stdout:
        process.stdin.write(config.dump().encode() + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline()
    process.returncode = 0  # it lives on by itself: nothing to wait for, nothing to warn about
    return answer


def _tell_of_installing(config: Config) -> None:
    """Say what takes its time, where the agent is installed before it starts."""
    if Path(config.argv[0]).name in FETCHERS:
        from agentwatch.supervisor import installing  # noqa: PLC0415  # slow, and seldom needed

        if words := installing.told(config):
            say(words)


def into_guard(config: Config) -> None:
    """Become the process that owns the terminal and the kill key."""
    screen = ourselves.command("agentwatch.tui", config.session)
    argv = guard.command(config.session, screen)
    sys.stdout.flush()
    os.execve(argv[0], argv, ourselves.environment(os.environ))  # noqa: S606 - the same process goes on as the guard


def has_terminal() -> bool:
    """Whether there is a terminal a screen could be drawn on."""
    dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


def _session_id(name: str) -> str:
    """A short id from a name, unique by chance: socket paths must stay short."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:16] or "agent"
    return f"{plain}-{secrets.token_hex(3)}"


def _check_runs(name: str) -> None:
    """Raise what a shell would answer: 127 for not found, 126 for cannot be run."""
    if shutil.which(name):
        return
    path = Path(name)
    if "/" in name and path.exists():
        what = f"{name} is a folder" if path.is_dir() else f"{name} cannot be run"
        raise AgentwatchError(what, "is it executable?", ExitCode.CANNOT_RUN)
    raise AgentwatchError(f"{name}: command not found", code=ExitCode.NO_COMMAND)
