"""A small world for events: an agent, its children, and a session's ground."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agentwatch.covers import Covers
from agentwatch.model import Action, ActionState, Decision, Kind, Proposal, Reversibility, Verdict
from agentwatch.policy import Judgement
from agentwatch.policy.ground import Ground
from agentwatch.policy.observed import follow, judge_observed
from agentwatch.policy.own import own_folders

HOME = "/home/u"
WORK = "/home/u/project"


@dataclass(frozen=True)
class Seen:
    """The gate's event, as far as it is judged."""

    kind: str
    path: str = ""
    path2: str = ""
    argv: tuple[str, ...] = ()
    exe: str = "/usr/bin/node"
    flags: tuple[str, ...] = ()
    address: str = ""
    port: int = 0
    family: str | None = None
    cwd: str = WORK
    pid: int = 100
    env: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proc:
    pid: int
    started: int = 7


AGENT = Proc(100)
INIT = Proc(1)


class World:
    """One session: events go in, judgements come out, and what passes is followed."""

    def __init__(self, agent: str = "claude", **changes: object) -> None:
        own = own_folders(agent, home=HOME, workspace=WORK)
        ground = Ground(
            workspace=WORK,
            home=HOME,
            own=own,
            ours=("/run/user/7/agentwatch/s1", "/home/u/.local/state/agentwatch"),
            agent_socket="/run/user/7/agentwatch/s1/agent/agent.sock",
            expects_hook=True,
            agent_programs=frozenset({"/opt/claude/claude"}),
            model_hosts=frozenset({"api.model.example", "port 4141"}),
            resolvers=frozenset({"10.0.0.2"}),
        )
        self.ground = replace(ground, **changes)  # type: ignore[arg-type]
        self.covers = Covers(own=self.ground.notes)
        self.covers.agent_is([AGENT, INIT])
        self.count = 0

    def see(
        self, event: Seen, *line: Proc, called: tuple[str, ...] = (), allow: bool = True
    ) -> Judgement:
        """Judge an event of the first process of the line, the agent's where none is named."""
        ancestry = [*line, AGENT, INIT]
        event = replace(event, pid=ancestry[0].pid)
        found = judge_observed(
            event, ground=self.ground, covers=self.covers, ancestry=ancestry, called=called
        )
        self.count += 1
        if allow:
            follow(
                found,
                event,
                covers=self.covers,
                ancestry=ancestry,
                action=f"o{self.count}",
                digest="d",
                called=called,
            )
        return found

    def declare(self, **said: object) -> Action:
        """An action that the agent declared, allowed by a person or by the rule that is named."""
        self.count += 1
        rule = said.pop("rule", None)
        given = {"kind": Kind.EXEC, "summary": "", "channel": "hooks", "cwd": WORK} | said
        action = Action(
            id=f"d{self.count}",
            session="s1",
            seq=self.count,
            proposal=Proposal(**given),  # type: ignore[arg-type]
            reversibility=Reversibility.IRREVERSIBLE,
            reasons=(),
            outside=(),
            seen_at=0,
            deadline=None,
            state=ActionState.ALLOWED,
            decision=Decision(Verdict.ALLOW, "policy", "", str(rule), 0) if rule else None,
        )
        self.covers.open(action)
        return action


def run(*argv: str, exe: str = "", **more: object) -> Seen:
    """A program start."""
    return Seen("exec", argv=argv, exe=exe or f"/usr/bin/{argv[0]}", **more)  # type: ignore[arg-type]


def shell(line: str, exe: str = "/usr/bin/bash") -> Seen:
    """A shell with a line."""
    return run("bash", "-c", line, exe=exe)
