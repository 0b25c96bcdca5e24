"""What is known of the ground below the agent: its places, its processes, the covers.

Owns the reading of a process's descent and of the session's places, for judging what was seen.
Decides nothing: `policy.observed` judges, the gate decides.

What does not work: the descent is read while the process is held, but its ancestors are not; one
that has just gone makes a process an orphan, which is asked about.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from agentwatch import agents, containment
from agentwatch.agents import Prepared
from agentwatch.channels.kernel.acts import Deed, Family, Flag, Observed
from agentwatch.channels.kernel.gatehouse import Hot
from agentwatch.containment.base import Proc, Record
from agentwatch.covers import Covers
from agentwatch.keeping import Settling, Who
from agentwatch.model import Action, Json, Mode, Verdict
from agentwatch.model.plain import plain
from agentwatch.paths import config_base, runtime_bases, state_base
from agentwatch.policy import DRAFT, Judgement
from agentwatch.policy.ground import Ground
from agentwatch.policy.observed import NOT_THE_WORLD, follow, judge_observed
from agentwatch.policy.own import OwnFolders, own_folders
from agentwatch.rules import Denials
from agentwatch.supervisor import clock, listening, standing
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.evidence import Compared, Finding
from agentwatch.supervisor.passed import Passed

GENERATIONS = 256
"""Ancestors that are looked at."""

_MODELS = ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE", "GOOGLE_GEMINI_BASE_URL")


class Heed(Protocol):
    """Whoever counts what passes below approved programs."""

    def __call__(self, event: Observed, ground: Ground, /, *, made: Callable[[str], bool]) -> None:
        """One call; `made` says which files the tree made itself."""


class Below:
    """The covers of one session and the places its agent may be seen in."""

    def __init__(
        self, config: Config, prepared: Prepared, terminal: str | None, heed: Heed
    ) -> None:
        self._ground = ground(config, prepared, terminal)
        self.covers = Covers(own=self._ground.notes)
        self._passed = Passed(config.places.passed)
        self._closed = str(config.places.closed)
        self._keep: Json = {
            "folder": str(config.places.kept),
            "session": config.keep,
            "file": config.keep_file,
        }
        self.settling = Settling(config.places.kept, config.workspace)
        self._record: Record | None = None
        self._compared = Compared()
        self.heed = heed
        """Told of each call that passed as part of an approved action."""

    def anybodys(self, path: str) -> bool:
        """Whether anything in the tree may write a file: the question would never come."""
        return self._ground.notes(path)

    def change_mode(self, mode: Mode) -> None:
        """From here on it is judged by this mode."""
        self._ground = replace(self._ground, mode=mode)

    def begin(self, record: Record) -> None:
        """The agent has started: its first process is the agent itself."""
        self._record = record
        if record.agent is not None:
            self.covers.agent_is([record.agent])

    def judge(self, event: Observed, descent: list[Proc]) -> Judgement:
        """What an event means; raises OSError where what came before it cannot be read."""
        self.catch_up()
        judgement = self._standing(self._judged(event, descent), event, descent)
        if judgement.verdict is not Verdict.ALLOW and self._inside(event):
            return self._judged(event._replace(flags=(*event.flags, Flag.INSIDE)), descent)
        return judgement

    def _judged(self, event: Observed, descent: list[Proc]) -> Judgement:
        return judge_observed(
            event,
            ground=self._ground,
            covers=self.covers,
            ancestry=descent,
            called=event.names,
        )

    def _standing(self, judged: Judgement, event: Observed, descent: list[Proc]) -> Judgement:
        """The judgement; without the cover that begins now, where what it stands on has changed."""
        cover = self.covers.unbegun(judged.cover) if judged.cover is not None else None
        moved = standing.changed(cover.files) if cover is not None else ()
        if cover is None or not moved:
            return judged
        self.covers.close(cover.action)
        anew = self._judged(event, descent)
        what = standing.words(moved, f"{cover.action} was approved")
        return replace(anew, reasons=(what, *anew.reasons))

    def _inside(self, event: Observed) -> bool:
        """Whether it reaches nobody but the agent's own tree."""
        if self._record is None or event.kind not in (Deed.CONNECT, Deed.DATAGRAM):
            return False
        left = event.family is Family.UNIX and self._ground.own.private(event.path)
        pids = [one.pid for one in containment.members(self._record)]
        return listening.inside(event, pids, left=left)

    def passed(
        self, judgement: Judgement, event: Observed, descent: list[Proc], action: Action
    ) -> None:
        """Tell the covers of what was allowed and recorded, before it is let go."""
        follow(
            judgement,
            event,
            covers=self.covers,
            ancestry=descent,
            action=action.id,
            digest=action.digest,
            called=event.names,
        )

    def hot(self, denials: Denials) -> Hot:
        """What the gate process needs to judge by itself what needs nobody."""
        shape = {name: listed(value) for name, value in plain(self._ground).items()}
        passed, path = self._passed, str(self._passed.path)
        return Hot(shape, self._closed, denials.to_json(), self._keep, passed.handle, path)

    def catch_up(self) -> None:
        """Note what passed in the gate process meanwhile; raises OSError."""
        for line in self._passed.new():
            self._touched(line.cover, line.event, line.started)
            if line.cover:
                self.heed(line.event, self._ground, made=self.covers.made)
                self.covers.rejoin(line.cover, line.event, Proc(line.event.pid, line.started))
            if line.rule not in NOT_THE_WORLD:
                self.covers.remember(line.event)

    def _touched(self, group: str, event: Observed, started: int) -> None:
        """An action may have changed these once more."""
        if group and self._ground.mode is Mode.DRAFT:
            paths = [path for path in (event.path, event.path2) if path]
            self.settling.touched(group, paths, Who(event.pid, started))

    def keeping(
        self, judgement: Judgement, waiting: Observed, descent: list[Proc], action: Action
    ) -> Json | None:
        """For which action the gate process keeps aside what an allowed event changes."""
        if self._ground.mode is not Mode.DRAFT or waiting.kind is Deed.EXEC:
            return None
        if not any(self._ground.keeps(path) for path in (waiting.path, waiting.path2)):
            return None
        drafted = action.decision is not None and action.decision.rule == DRAFT
        group = judgement.cover or action.id
        self._touched(group, waiting, descent[0].started)
        return {"group": group, "must": drafted}

    def entries(self) -> list[Json]:
        """What the journal should know of it; raises OSError."""
        self.catch_up()
        return self._passed.entries()

    @property
    def count(self) -> int:
        """How many calls passed without a question, as last looked."""
        return self._passed.count

    def outdated(self) -> list[Json]:
        """Files of it that are in the journal by their digest, and are to go; raises OSError."""
        return self._passed.outdated()

    def drop(self, name: str) -> None:
        """Remove one of them, now that the journal says so; raises OSError."""
        self._passed.drop(name)

    def close(self) -> None:
        """No more will come."""
        self._passed.close()

    def book(self, judgement: Judgement, descent: list[Proc]) -> Json:
        """What the gate process is to note of an event that passes."""
        cover = self.covers.over(descent)
        return {
            "cover": listed(plain(cover)) if cover else None,
            "started": descent[0].started,
            "remember": judgement.rule not in NOT_THE_WORLD,
        }

    def declared(self, action: Action) -> None:
        """An action that the agent declared was allowed: what belongs to it may pass."""
        cwd = action.proposal.cwd
        if self.covers.open(action, cwd=os.path.realpath(cwd) if cwd else None) is not None:
            self._compared.allowed(action, clock.now())

    def reported(self, action: str) -> None:
        """The agent says that an action is over."""
        self._compared.reported(action)

    def compared(self, *, over: bool = False) -> Iterator[Finding]:
        """What was found of declared actions since the last look; `over` where the agent is."""
        return self._compared.news(self.covers, clock.now(), over=over)

    def sweep(self) -> None:
        """Forget processes that are gone; a cover ends with its last one.  Raises OSError."""
        self.catch_up()
        for pid, started in self.covers.processes():
            if _stat(pid)[1] != started:
                self.covers.ended([Proc(pid, started)])


def listed(value: Any) -> Any:
    """Sets as lists."""
    if isinstance(value, dict):
        return {name: listed(item) for name, item in value.items()}
    return sorted(value) if isinstance(value, frozenset) else value


def descent(pid: int) -> list[Proc]:
    """A process and its ancestors, nearest first, as far as they can be read."""
    found: list[Proc] = []
    while pid > 1 and len(found) < GENERATIONS:
        parent, started = _stat(pid)
        if started < 0:
            break
        found.append(Proc(pid, started))
        pid = parent
    return found


def _stat(pid: int) -> tuple[int, int]:
    """A process's parent and start time; (0, -1) where it cannot be read."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0, -1
    fields = text[text.rindex(b")") + 2 :].split()
    return int(fields[1]), int(fields[19])


def ground(config: Config, prepared: Prepared, terminal: str | None) -> Ground:
    """The places of a session, links followed; `terminal` is the agent's own, if it has one."""
    env = config.env
    home = os.path.realpath(env.get("HOME") or "/")
    temp = {"/tmp", "/var/tmp", "/dev/shm", env.get("TMPDIR") or "/tmp"}
    ours = (*runtime_bases(), state_base(), config_base())
    program = os.path.realpath(prepared.argv[0])
    return Ground(
        workspace=config.workspace,
        home=home,
        temp=tuple(sorted(os.path.realpath(item) for item in temp)),
        own=_own(config, prepared, home),
        ours=tuple(os.path.realpath(item) for item in ours),
        agent_socket=str(config.places.agent_socket),
        mode=config.mode,
        expects_hook=prepared.expects_arm,
        agent_programs=frozenset({program, *prepared.parts}),
        hook=(sys.executable, "-I", "-S", "-E", str(agents.HOOK)),
        hook_exe=os.path.realpath(sys.executable),
        resolvers=frozenset(_resolvers()),
        model_hosts=frozenset(
            (
                *prepared.hosts,
                *_models([*(env.get(name, "") for name in _MODELS), *prepared.models]),
            )
        ),
        terminals=frozenset({terminal} if terminal else ()),
        env=frozenset(f"{name}={value}" for name, value in env.items()),
    )


def _own(config: Config, prepared: Prepared, home: str) -> OwnFolders:
    """The agent's own folders, with those it has in this session alone."""
    runtime = config.env.get("XDG_RUNTIME_DIR")
    own = own_folders(
        prepared.name,
        home=home,
        workspace=config.workspace,
        runtime=os.path.realpath(runtime) if runtime else "",
    )
    return replace(own, folders=(*own.folders, *map(os.path.realpath, prepared.own)))


def _resolvers() -> list[str]:
    try:
        lines = Path("/etc/resolv.conf").read_text().splitlines()
    except OSError:
        return []
    return [words[1] for line in lines if (words := line.split())[:1] == ["nameserver"]]


def _models(addresses: Iterable[str]) -> list[str]:
    found = []
    for address in addresses:
        parts = urlsplit(address)
        if parts.hostname in ("127.0.0.1", "localhost", "::1") and parts.port:
            found.append(f"port {parts.port}")
        elif parts.hostname:
            found.append(parts.hostname)
    return found
