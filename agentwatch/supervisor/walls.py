"""The floor of one session, looked up: what is there, where links lead, what a person opened.

Owns making the containment's walls and the gate's tables from `policy.floor`, and the sentences
about what is walled off and what is not.  Builds no wall.

What does not work: a file that is not there cannot be held by a mount, so it can be made where the
kernel gate is off; `Lookout` sees it appear.  Sockets that come later are not masked.
"""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentwatch.containment.base import Running, Walls
from agentwatch.paths import config_base, runtime_bases, signing_base, state_base
from agentwatch.policy import floor
from agentwatch.supervisor.anchoring import files
from agentwatch.supervisor.config import Config

HELD = (
    "Your shell, ssh, git, login, key and agent settings cannot be written inside; "
    "`run --reach NAME` opens a part."
)
BESIDE_WORK = (
    "agentwatch is installed in the workspace: the agent can put code beside it that runs when you "
    "use it. Install it elsewhere."
)
NOTHING = "all of it"
NO_FLOOR = "No floor: --no-floor lets the agent write and reach what you can."
NOT_HELD = (
    "No floor in the containment {}: what no gate holds can write your shell's start-up files "
    "and agents' settings, write on your terminal, and ask tmux, ssh-agent, D-Bus or docker to "
    "act, tmux also to type your answer."
)


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor as it is for one session."""

    kept: tuple[str, ...] = ()
    """Nobody in the tree may change these; some may not be there yet."""
    walls: Walls = field(default_factory=Walls)
    notes: tuple[str, ...] = ()
    living: tuple[str, ...] = ()
    """Files of the kept ones that we write ourselves."""

    @property
    def forbidden(self) -> list[str]:
        """For the gate: paths nobody may change, as named and where they lead."""
        return sorted({*self.kept, *map(os.path.realpath, self.kept)})

    @property
    def watched(self) -> list[str]:
        """What should look the same at the end as at the start; our own folders live."""
        ours = {*_ours(), *self.living}
        return [path for path in self.kept if os.path.realpath(path) not in ours]

    @property
    def unreachable(self) -> list[str]:
        """For the gate: sockets nobody may connect to."""
        return sorted({*_ours(), *self.walls.emptied, *self.walls.shut})


def look_up(config: Config, *, gated: bool) -> Floor:
    """The floor of a session, from what is there now; `gated`: whether its calls are held."""
    work = os.path.realpath(config.workspace)
    program, beside_work = _program(work, config.env)
    held = _held(config, program)
    in_use = [path for part in held for path in part.kept if _within(work, os.path.realpath(path))]
    kept = tuple(path for part in held for path in part.kept if path not in in_use)
    masked = [part for part in held if part.types or not gated]
    emptied = _there((path for part in masked for path in part.emptied), folders=True)
    homes = _lived_in(config)
    lived_in = [path for path in emptied if any(_within(one, path) for one in homes)]
    emptied = tuple(path for path in emptied if path not in lived_in)
    shut = _there((path for part in masked for path in part.shut), folders=False)
    shut = tuple(path for path in shut if not any(_within(path, one) for one in emptied))
    names = {part.name for part in held}
    walls = Walls(
        kept=tuple(path for path in kept if os.path.lexists(path)),
        emptied=emptied,
        shut=(*shut, *(_consoles(os.getuid()) if "terminals" in names else ())),
        terminals="terminals" in names,
        desktop="display" in names,
        strict=config.strict_floor,
    )
    notes = (
        *_notes(masked, walls, config, [*in_use, *lived_in]),
        *((BESIDE_WORK,) if beside_work else ()),
    )
    return Floor(kept, walls, notes, tuple(map(os.path.realpath, files(config.anchors))))


def _lived_in(config: Config) -> list[str]:
    """Without these nothing could be started."""
    folders = (config.workspace, config.cwd, config.env.get("HOME"), sys.prefix)
    return [os.path.realpath(one) for one in folders if one]


def _held(config: Config, program: tuple[str, ...]) -> list[floor.Part]:
    """The parts that are not opened; makes the folders without which they could not be held."""
    user = os.getuid()
    try:
        known = pwd.getpwuid(user)
        login, at_home = known.pw_name, known.pw_dir
    except KeyError:
        login, at_home = str(user), "/"
    whose = floor.Whose(config.env.get("HOME") or at_home, user, login, config.env)
    with contextlib.suppress(OSError):
        config_base().mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = (*_ours(), *map(os.path.realpath, (*config.rules, *files(config.anchors))))
    opened = config.reach if config.floor else floor.names()
    listed = floor.parts(whose, ours=ours, program=program, signing=(str(signing_base()),))
    held = [part for part in listed if part.name not in opened]
    for part in held:
        if part.name == "tmux":  # a server that is started later must not be met there
            with contextlib.suppress(OSError):
                Path(part.emptied[0]).mkdir(mode=0o700)
    return held


def in_force(floor_: Floor, running: Running) -> tuple[str, ...]:
    """What of the floor stands and what does not, now that the agent is contained."""
    if not running.unwalled:
        return floor_.notes
    missing = ", ".join(running.unwalled)
    if missing.startswith(NOTHING):
        detail = missing.removeprefix(NOTHING)
        return (NOT_HELD.format(f"{running.record.means!r}{detail}"), *floor_.notes[1:])
    return (*floor_.notes, f"Could not be walled off: {missing}.")


def _notes(
    masked: Iterable[floor.Part], walls: Walls, config: Config, in_use: list[str]
) -> Iterable[str]:
    """What a person should know about it at the start; the first about what is masked."""
    gone = {*walls.emptied, *walls.shut}
    names = [
        f"{part.what} (`{part.name}`)"
        for part in masked
        if part.name and gone.intersection(_gone(part))
    ]
    out = f"Out of the agent's reach: {', '.join(names)}. " if names else ""
    yield f"{out}{HELD}" if config.floor else NO_FLOOR
    if config.reach:
        yield f"Opened to the agent by --reach: {', '.join(config.reach)}."
    if in_use:
        yield f"Not held, because your home or the workspace lies in it: {', '.join(in_use)}."


def _gone(part: floor.Part) -> tuple[str, ...]:
    return (*_there(part.emptied, folders=True), *_there(part.shut, folders=False))


def _program(work: str, env: Mapping[str, str]) -> tuple[tuple[str, ...], bool]:
    """Where agentwatch is installed; and whether some of it lies where the agent works."""
    package = str(Path(__file__).resolve().parents[1])
    venv = os.path.realpath(sys.prefix) if sys.prefix != sys.base_prefix else None
    places = [place for place in (shutil.which("agentwatch", path=env.get("PATH")), venv) if place]
    held = [place for place in places if not _within(place, work)]
    beside_work = _within(package, work) or len(held) < len(places)
    if (
        not _within(package, work) or "site-packages" in package
    ):  # else it is what is being worked on
        held.append(package)
    return tuple(held), beside_work


def _ours() -> tuple[str, ...]:
    """Our own folders, links followed."""
    return tuple(os.path.realpath(p) for p in (*runtime_bases(), state_base(), config_base()))


def _there(patterns: Iterable[str], *, folders: bool) -> tuple[str, ...]:
    """What is there of these, links followed, and is not somebody else's alone."""
    found = (os.path.realpath(path) for pattern in patterns for path in glob.glob(pattern))  # noqa: PTH207 - absolute patterns
    fitting = (path for path in found if os.path.isdir(path) == folders)  # noqa: PTH112 - a name
    return tuple(dict.fromkeys(path for path in fitting if os.access(path, os.W_OK)))


def _consoles(user: int) -> tuple[str, ...]:
    """Consoles that are this user's: they are no ptys, so the tree's own ptys do not hide them."""
    if user == 0:
        return ()
    found = []
    for path in Path("/dev").glob("tty[0-9]*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == user:
                found.append(str(path))
    return tuple(found)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
