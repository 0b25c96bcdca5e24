"""Real ACP agents under `agentwatch acp`: what they ask, what they are told, what dies."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.agents_real import kit_codex, proofs
from tests.agents_real.acp_kits import CLAUDE, CODEX, GEMINI, OPENCODE, Speaks, params
from tests.agents_real.api import Json
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import Scenario, Turn, act, play, scenario_file
from tests.agents_real.supervised import Run, agent_world, no, yes
from tests.e2e.world import DEFAULT, World

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900)]


@contextmanager
def speaking(
    world: World, agent: Speaks, scenario: Scenario, *more: str, gate: str = DEFAULT
) -> Iterator[Run]:
    """A conversation of these prompts, as a person starts it."""
    with model_server(scenario, agent.kit.spell) as model:
        world.env |= agent.kit.scrubbed(world.folder, model.url)
        agent.ready(world.folder, world.work, model.url)
        prompts = [word for prompt in ("GO now", *more) for word in ("-p", prompt)]
        process = world.start("acp", gate, "--json", *prompts, "--", *agent.command)
        yield Run(world, agent.kit, model, process)


def events(run: Run) -> list[Json]:
    """What was said to whoever watched."""
    lines = run.world.output(run.process).splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"v"')]


@pytest.mark.parametrize("agent", params(GEMINI, OPENCODE))
def test_three_actions_are_three_questions_and_reading_is_none(agent: Speaks) -> None:
    with agent_world(agent.kit) as world:
        proofs.lay(world)
        with speaking(world, agent, scenario_file("three", work=world.work)) as run:
            run.decide(yes, within=proofs.LONG)
        kept = [item for item in run.asked.values() if not beside(agent, item)]
        assert [(item["channel"], item["kind"]) for item in kept] == [
            ("acp", "exec"),
            ("acp", "write"),
            ("acp", "write"),
        ], run.questions
        run_it, edit, write = kept
        assert run_it["command"] == "rmdir build"
        assert (edit["paths"], write["paths"]) == (
            [str(world.work / "notes.md")],
            [str(world.work / "new.txt")],
        )
        assert "-two\n+2\n" in edit["diff"]
        assert "+new\n" in write["diff"]
        assert proofs.left(world.work) == {"notes.md": "one\n2\n", "new.txt": "new\n"}
        assert run.process.returncode == 0, world.output(run.process)
        told = events(run)
        assert [item["text"] for item in told if item["event"] == "alarm"] == []
        kinds = {item["entry"]["kind"] for item in told if "entry" in item}
        assert {"person", "agent", "tool", "turn"} <= kinds
    agent.shown("three questions")


@pytest.mark.more_agents
def test_what_stays_in_the_agents_own_sandbox_is_asked_about_by_the_gate_alone() -> None:
    """Codex tells nobody of it: the sandbox starts unasked, the command inside does not."""
    agent = replace(CODEX, kit=replace(CODEX.kit, spell=kit_codex.spell))
    with agent_world(agent.kit) as world:
        proofs.lay(world)
        with speaking(world, agent, scenario_file("three", work=world.work)) as run:
            run.decide(lambda action: action["channel"] == "acp", within=proofs.LONG)
        assert [(item["channel"], item["kind"]) for item in run.asked.values()] == [
            ("kernel", "exec"),
            ("acp", "write"),
            ("acp", "write"),
        ], run.questions
        assert next(iter(run.asked.values()))["argv"][-1] == "rmdir build"
        assert (world.work / "build").is_dir()
        assert "notes.md" in "".join(run.model.result_texts())


def beside(agent: Speaks, action: Json) -> bool:
    """A question that is right beside those of the session."""
    if action["channel"] != "kernel":
        return False
    steers = "/.qwen/extensions/" in action["summary"]
    # Claude Code may outlive its adapter for a moment, and is then nobody's whom we know.
    orphaned = "/.claude" in action["summary"]
    return steers or orphaned or "-socks" in action["summary"]


@pytest.mark.parametrize("agent", params(GEMINI))
def test_a_denial_holds_the_agent_hears_why_and_the_kill_leaves_nobody(agent: Speaks) -> None:
    mark = f"87654{os.getpid()}"
    scenario = play(
        act("shell", command="touch denied"),
        Turn(text="Then not."),  # some agents go on after a denial, some end their turn
        act("shell", command=f"(setsid sleep {mark} >/dev/null 2>&1 < /dev/null &); echo started"),
        act("shell", command=f"sh -c 'tail -f /dev/null; :' 'waits {mark}'"),
    )
    with agent_world(agent.kit) as world, speaking(world, agent, scenario, "go on") as run:
        run.decide(
            lambda action: "touch" not in action["summary"],
            until=lambda: proofs.marked(f"waits {mark}"),
            within=proofs.LONG,
        )
        assert not (world.work / "denied").exists()
        assert "NOT-TODAY" in json.dumps(run.model.requests)
        receipt = world.json("kill")
        assert receipt["left"] == []
        assert run.process.wait(30) == 137
        assert proofs.marked(mark) == 0
    agent.shown("denials")
    agent.shown("the kill")


def alarms(run: Run) -> list[str]:
    """The alarms that whoever watched heard."""
    return [item["text"] for item in events(run) if item["event"] == "alarm"]


@pytest.mark.more_agents
@pytest.mark.parametrize("agent", [CLAUDE, GEMINI], ids=lambda agent: str(agent.kit.name))
def test_a_mode_that_the_agent_takes_by_itself_is_an_alarm(agent: Speaks) -> None:
    assert agent.plans is not None
    scenario = play(Turn(calls=(agent.plans,)), act("read", path="notes.md"))
    with agent_world(agent.kit) as world, speaking(world, agent, scenario) as run:
        proofs.lay(world)
        run.decide(yes, within=proofs.LONG)
        assert [text for text in alarms(run) if "changed its own mode to 'plan'" in text]
    agent.shown("an alarm for a mode it took itself")


@pytest.mark.more_agents
def test_a_call_that_no_gate_saw_is_an_alarm() -> None:
    """The user's own settings let OpenCode run commands unasked, whatever it was started with."""
    agent = OPENCODE
    own = {"agent": {"build": {"permission": {"bash": "allow"}}}}
    with agent_world(agent.kit) as world:
        (world.folder / ".config/opencode/opencode.json").write_text(json.dumps(own))
        scenario = play(act("shell", command="touch unasked"))
        with speaking(world, agent, scenario, gate="--no-kernel-gate") as run:
            run.decide(no, within=proofs.LONG)
        assert run.questions == []
        assert alarms(run) == ["a tool call was not asked about by the agent: run touch unasked"]
        assert (world.work / "unasked").exists()
    agent.shown("an alarm for a call that it did not ask about")
