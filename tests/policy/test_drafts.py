"""Draft mode: what flows because it can be taken back, and what waits all the same."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, replace

import pytest

from agentwatch.covers import Scope
from agentwatch.model import Evidence, Kind, Mode, Origin, Proposal, Reversibility, Verdict
from agentwatch.policy import DRAFT, Judgement, judge
from agentwatch.policy.drafts import waits
from agentwatch.rules import Decide, Ruling
from tests.policy.seen import WORK, Proc, Seen, World, run

CHILD = Proc(200)


@dataclass(frozen=True)
class Tried(Seen):
    """An event whose object was tried to be kept."""

    unkept: str = ""


def proposal(kind: Kind = Kind.EXEC, **given: object) -> Proposal:
    said = Proposal(kind, "it", channel="hooks", origin=Origin.DECLARED, cwd=WORK)
    return replace(said, **given)  # type: ignore[arg-type]


def judged(
    said: Proposal, *, held: bool, armed: bool | None = True, decide: Decide | None = None
) -> Judgement:
    ruling = Ruling(decide, ()) if decide else None
    return judge(
        said,
        workspace=WORK,
        mode=Mode.DRAFT,
        armed=armed,
        resolve=os.path.normpath,
        rules=lambda *_: ruling,
        anybodys=(lambda _: False) if held else None,
    )


FLOWS = {
    "a file": proposal(Kind.WRITE, paths=(f"{WORK}/a.py",)),
    "a file by its name": proposal(Kind.WRITE, paths=("a.py",)),
    "a deletion": proposal(Kind.DELETE, paths=(f"{WORK}/a.py",)),
}
RUNS = {
    "a line": proposal(command="rm -r build && make all"),
    "a program": proposal(argv=("python3", "build.py")),
    "a commit": proposal(command="git commit -m 'look at what we fetch and push'"),
}
WAITS = {
    "outside": proposal(Kind.WRITE, paths=("/home/u/other/a",)),
    "steering": proposal(Kind.WRITE, paths=(f"{WORK}/CLAUDE.md",)),
    "a push": proposal(command="make && git push"),
    "through a wrapper": proposal(command="env X=1 nice curl http://x.example"),
    "what cannot be read": proposal(command="make " + "x" * 40_000),
    "another's act": proposal(command="sudo make"),
    "git's settings": proposal(command="git init -q x && make"),
    "a setting": proposal(command="git -C x config core.pager less"),
    "an installation": proposal(command="npm install left-pad"),
    "a fetch": proposal(Kind.NETWORK, host="x.example"),
    "a message": proposal(Kind.MESSAGE),
    "a tool": proposal(Kind.TOOL, tool="mcp__mail__send"),
}


@pytest.mark.parametrize("said", [*FLOWS.values(), *RUNS.values()], ids=[*FLOWS, *RUNS])
def test_what_can_be_taken_back_flows_where_calls_are_held(said: Proposal) -> None:
    found = judged(said, held=True)
    assert (found.verdict, found.rule) == (Verdict.ALLOW, DRAFT)
    assert found.reversibility is Reversibility.REVERSIBLE
    assert judged(said, held=True, armed=False).verdict is None
    assert judged(said, held=True, decide=Decide.ASK).verdict is None
    assert judged(said, held=True, decide=Decide.DENY).verdict is Verdict.DENY


@pytest.mark.parametrize("said", FLOWS.values(), ids=FLOWS)
def test_without_the_gate_exactly_known_files_flow(said: Proposal) -> None:
    assert judged(said, held=False).rule == DRAFT


@pytest.mark.parametrize("said", RUNS.values(), ids=RUNS)
def test_without_the_gate_no_program_is_known_to_be_reversible(said: Proposal) -> None:
    assert judged(said, held=False).verdict is None


@pytest.mark.parametrize("said", WAITS.values(), ids=WAITS)
def test_what_leaves_or_acts_by_itself_waits(said: Proposal) -> None:
    assert judged(said, held=True).verdict is None


@pytest.mark.parametrize(
    "argv", [("curl", "x"), ("/usr/bin/ssh", "h"), ("git", "-C", "x", "push"), ("npm", "publish")]
)
def test_a_start_that_is_made_to_reach_others_waits(argv: tuple[str, ...]) -> None:
    assert waits(argv)
    assert (
        World(mode=Mode.DRAFT)
        .see(Seen("exec", f"/usr/bin/{argv[0]}", argv=argv, exe=f"/usr/bin/{argv[0]}"))
        .verdict
        is None
    )


EFFECTS = {
    "a deletion": Seen("delete", f"{WORK}/a"),
    "an overwriting": Seen("write", f"{WORK}/a", flags=("truncate",)),
    "a renaming": Seen("rename", f"{WORK}/a", f"{WORK}/b", flags=("replace",)),
    "a mode": Seen("mode", f"{WORK}/a"),
    "git's records": Seen("delete", f"{WORK}/.git/objects/aa/bb"),
    "out to a temporary folder": Seen("rename", f"{WORK}/a", "/tmp/b"),
}
REMAINS = {
    "outside": Seen("delete", "/home/u/other/a"),
    "out of the workspace": Seen("rename", f"{WORK}/a", "/home/u/b"),
    "an outside file's other name": Seen("link", "/home/u/b", f"{WORK}/a"),
    "what git runs": Seen("write", f"{WORK}/.git/hooks/pre-commit", flags=("create",)),
    "what an agent obeys": Seen("write", f"{WORK}/AGENTS.md", flags=("create",)),
    "owner's rights": Seen("mode", f"{WORK}/a", flags=("setid",)),
    "the world": Seen("connect", address="203.0.113.9", port=443, family="inet"),
    "a daemon": Seen("connect", "/run/docker.sock", family="unix"),
    "a signal": Seen("signal"),
}


@pytest.mark.parametrize("event", EFFECTS.values(), ids=EFFECTS)
def test_effects_in_the_workspace_flow_and_must_be_kept(event: Seen) -> None:
    found = World(mode=Mode.DRAFT).see(event)
    assert (found.verdict, found.rule) == (Verdict.ALLOW, DRAFT)
    assert World().see(event).verdict is None
    tried = Tried(**{**vars(event), "unkept": "it is too large"})
    lost = World(mode=Mode.DRAFT).see(tried)
    assert lost.verdict is None
    assert any("it is too large" in why for why in lost.reasons)


@pytest.mark.parametrize("event", REMAINS.values(), ids=REMAINS)
def test_effects_that_cannot_be_taken_back_wait(event: Seen) -> None:
    assert World(mode=Mode.DRAFT).see(event).verdict is None


def test_a_program_that_flows_is_held_to_it() -> None:
    """Its start passes; what it reaches is asked, and once locked nothing of it passes."""
    world = World(mode=Mode.DRAFT)
    assert world.see(run("make"), CHILD).rule == DRAFT
    cover = world.covers.over([CHILD])
    assert cover is not None
    assert cover.scope is Scope.DRAFT
    assert world.see(EFFECTS["a deletion"], CHILD).cover == cover.action
    assert world.see(REMAINS["the world"], CHILD).verdict is None
    world.ground = replace(world.ground, mode=Mode.ASK)
    assert world.see(EFFECTS["a deletion"], CHILD).verdict is None


def test_a_declared_file_that_flowed_is_kept_or_asked() -> None:
    """Nobody was asked about it, so nothing passes that could not be taken back."""
    write = Seen("write", f"{WORK}/a", flags=("truncate",))
    tried = Tried(**{**vars(write), "unkept": "it is too large"})
    for rule, then in ((DRAFT, None), (None, "cover")):
        world = World(mode=Mode.DRAFT)
        world.declare(kind=Kind.WRITE, paths=(f"{WORK}/a",), rule=rule)
        assert world.see(tried).rule == then
    world = World(mode=Mode.DRAFT)
    action = world.declare(kind=Kind.WRITE, paths=(f"{WORK}/a",), rule=DRAFT)
    found = world.see(write)
    assert (found.rule, found.cover) == (DRAFT, action.id)


def test_what_an_agent_with_a_hook_drafts_without_a_word_is_said_to_be_so() -> None:
    found = World(mode=Mode.DRAFT).see(EFFECTS["a deletion"])
    assert found.evidence is Evidence.UNDECLARED
