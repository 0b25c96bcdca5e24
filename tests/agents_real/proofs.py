"""What every agent must show under `agentwatch run`, whichever it is: one function a proof.

Owns the everyday session of three consequential actions among three that only look
(`scenarios/three.json`), and the counting of processes by a mark in their command line.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Scenario, act, play, scenario_file
from tests.agents_real.supervised import Run, Verdict, agent_world, no, running, yes
from tests.e2e.world import World, alive
from tests.waiting import wait_for

LONG = 150.0
"""Seconds a session may take on a busy machine."""


def lay(world: World) -> None:
    """What the everyday session works on."""
    (world.work / "notes.md").write_text("one\ntwo\n")
    (world.work / "build").mkdir()


def everyday(
    kit: Kit, verdict: Verdict, *options: str, arguments: tuple[str, ...] = ()
) -> tuple[Run, dict[str, str]]:
    """The everyday session played to its end, and the files it left."""
    with agent_world(kit) as world:
        lay(world)
        script = scenario_file("three", work=world.work)
        given = (*kit.free, *arguments)
        with running(world, kit, script, *given, options=options) as run:
            run.decide(verdict, within=LONG)
        return run, left(world.work)


def left(work: Path) -> dict[str, str]:
    """The agent's work: names, with the text of files."""
    return {
        item.name: item.read_text() if item.is_file() else "(folder)"
        for item in sorted(work.iterdir())
        if not item.name.startswith(".")
    }


HOOKLESS = ("aider", "mini")


def way(kit: Kit, options: tuple[str, ...]) -> str:
    """What asks, by the agent and the options of `agentwatch run`."""
    if "--no-hook" in options or kit.name in HOOKLESS:
        return "the kernel gate alone"
    return "its hook and the kernel gate" if "--kernel-gate" in options else "its hook alone"


ACP = "acp: "
"""How the name begins of an agent that was spoken with; the command follows."""

SHOWN: list[tuple[str, str, str]] = []
"""What was shown since anybody looked: agent, version, proof."""


def shown(kit: Kit, what: str) -> None:
    """Note that a proof held; the table in the README is made from these."""
    SHOWN.append((kit.name, kit.version, what))


def three_questions(kit: Kit, *options: str, channels: set[str]) -> None:
    """All of it is done, and a person was asked three times."""
    run, files = everyday(kit, yes, *options)
    asked = [item for item in run.asked.values() if not kit.besides(item["summary"])]
    assert len(asked) == 3, run.questions
    assert {item["channel"] for item in asked} == channels
    assert files == {"notes.md": "one\n2\n", "new.txt": "new\n"}
    heard = "\n".join(run.model.result_texts())
    assert all(
        item.hears in heard for turns in run.model.scenario.scripts.values() for item in turns
    )
    assert run.process.returncode == 0
    shown(kit, f"three questions by {way(kit, options)}")


def nothing_denied_runs(kit: Kit, *options: str, told: bool = True) -> None:
    """None of it is done; the model hears why, where a hook can tell it."""
    run, files = everyday(kit, no, *options)
    assert len(run.questions) >= 3, run.questions
    assert files == {"notes.md": "one\ntwo\n", "build": "(folder)"}
    assert run.model.finished()
    if told:
        assert sum("NOT-TODAY" in text for text in run.model.result_texts()) == 3
    shown(kit, f"denials by {way(kit, options)}")


def marked(mark: str) -> int:
    """Live processes with this word in their command line."""
    return sum(
        alive(int(item.name)) and mark in _line(item)
        for item in Path("/proc").iterdir()
        if item.name.isdigit() and int(item.name) != os.getpid()
    )


def _line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def runaways(mark: str) -> Scenario:
    """A session that leaves processes in sessions of their own, then one that it waits for."""
    aside = f"setsid sleep {mark} >/dev/null 2>&1 < /dev/null &"
    behind = f"(nohup sleep {mark} >/dev/null 2>&1 < /dev/null &)"
    clean = f"(env -i setsid sleep {mark} >/dev/null 2>&1 < /dev/null &)"
    return play(
        act("shell", command=f"{aside} {behind}; {clean}; echo started"),
        act("shell", command=f"sh -c 'tail -f /dev/null; :' 'sleep {mark}'"),
    )


def all_die(kit: Kit, *options: str) -> None:
    """Everything that the agent left in the background is gone after the kill."""
    mark = f"98765{os.getpid()}"
    with (
        agent_world(kit) as world,
        running(world, kit, runaways(mark), *kit.free, options=options) as run,
    ):
        run.decide(yes, until=lambda: marked(f"sleep {mark}") >= kit.leaves, within=LONG)
        receipt = world.json("kill")
        assert receipt["left"] == []
        assert receipt["before"] >= kit.leaves
        wait_for(lambda: run.process.poll() is not None, "the supervisor to say it is over")
        assert run.process.returncode == 137
        assert marked(f"sleep {mark}") == 0
    shown(kit, "the kill")
