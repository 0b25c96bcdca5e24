"""Claude Code itself, behind our hook: what is not allowed does not run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from agentwatch import agents
from agentwatch.model import Kind
from tests.agents_real.bench import Bench
from tests.agents_real.claude_bench import NO_QUESTIONS, TOUCH, hook_of, in_settings, put
from tests.agents_real.scenario import Call, Scenario, Turn, call, play
from tests.agents_real.stand_in import allow, deny

pytestmark = pytest.mark.agents

Json = dict[str, Any]


def consequential(events: list[Json]) -> list[str]:
    """The tools of those events that a person would be asked about."""
    agent = agents.by_name("claude")
    assert agent is not None
    read = [agent.proposal(event, pid=None, parents=()) for event in events]
    return [item.tool or "" for item in read if item.kind is not Kind.READ]


def test_an_allowed_command_runs_and_was_asked_exactly(bench: Bench) -> None:
    played = bench.play(TOUCH)
    assert bench.made()
    (event,) = played.socket.events
    assert event["tool_input"]["command"] == "touch ran"
    assert event["cwd"] == str(bench.work)
    assert played.done.returncode == 0


def test_denied_calls_do_not_run_and_the_model_hears_why(bench: Bench) -> None:
    write = call("Write", file_path=str(bench.work / "written"), content="x")
    played = bench.play(play(*TOUCH.scripts["GO"], write), deny, NO_QUESTIONS)
    assert played.socket.tools() == ["Bash", "Write"]
    assert list(bench.work.iterdir()) == []
    assert len(played.model.result_texts()) == 2
    assert all("NOT-TODAY" in text for text in played.model.result_texts())
    assert all(result["is_error"] for result in played.model.results())


def test_ten_actions_are_five_questions(bench: Bench) -> None:
    for name in "abcde":
        (bench.work / name).write_text(f"{name}\n")
    looks = [call("Read", file_path=str(bench.work / name)) for name in "abcde"]
    acts = [
        call("Bash", command="touch ran"),
        call("Write", file_path=str(bench.work / "new"), content="x"),
        call("Edit", file_path=str(bench.work / "a"), old_string="a", new_string="A"),
        call("Bash", command="rm b"),
        call("Write", file_path=str(bench.work / "c"), content="C"),
    ]
    turns = [turn for pair in zip(looks, acts, strict=True) for turn in pair]
    played = bench.play(play(*turns))
    assert len(played.socket.events) == 10
    assert consequential(played.socket.events) == ["Bash", "Write", "Edit", "Bash", "Write"]
    assert bench.made()
    assert not bench.made("b")
    assert (bench.work / "a").read_text() == "A\n"
    assert (bench.work / "c").read_text() == "C"


def test_several_calls_of_one_turn_are_each_asked(bench: Bench) -> None:
    calls = tuple(Call("Bash", {"command": f"touch ran{number}"}) for number in range(3))

    def second(event: Json, pid: int) -> Json:
        return deny(event, pid) if "ran1" in event["tool_input"]["command"] else allow(event, pid)

    bench.play(play(Turn(calls=calls)), second, NO_QUESTIONS)
    assert [bench.made(f"ran{number}") for number in range(3)] == [True, False, True]


def test_a_sub_agent_s_calls_are_gated_and_name_it(bench: Bench) -> None:
    spawn = call("Agent", description="d", prompt="SUBJOB", subagent_type="general-purpose")
    scenario = Scenario({"SUBJOB": TOUCH.scripts["GO"], "GO": [spawn]})

    def no_shell(event: Json, pid: int) -> Json:
        return deny(event, pid) if event["tool_name"] == "Bash" else allow(event, pid)

    played = bench.play(scenario, no_shell, NO_QUESTIONS)
    assert played.socket.tools() == ["Agent", "Bash"]
    assert played.socket.events[1]["agent_type"] == "general-purpose"
    assert not bench.made()
    assert "NOT-TODAY" in played.heard


def test_calls_of_a_workflow_s_agents_are_gated(bench: Bench) -> None:
    script = 'export const meta = {name: "w", description: "d"};\nreturn await agent("SUBJOB");'
    flow = call("Workflow", script=script, description="d")
    wait = call("Bash", command="sleep 6")  # a workflow goes on behind the conversation
    scenario = Scenario({"SUBJOB": TOUCH.scripts["GO"], "GO": [flow, wait]})

    def no_touch(event: Json, pid: int) -> Json:
        touches = "touch" in str(event["tool_input"].get("command"))
        return deny(event, pid) if touches else allow(event, pid)

    played = bench.play(scenario, no_touch, NO_QUESTIONS)
    assert "workflow-subagent" in [event.get("agent_type") for event in played.socket.events]
    assert not bench.made()


MCP_SERVER = """
import json, pathlib, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    result = {}
    if asked["method"] == "initialize":
        result = {"protocolVersion": asked["params"]["protocolVersion"],
                  "capabilities": {"tools": {}}, "serverInfo": {"name": "box", "version": "1"}}
    elif asked["method"] == "tools/list":
        schema = {"type": "object", "properties": {}}
        hint = {"readOnlyHint": True}
        tool = {"name": "look", "description": "d", "inputSchema": schema, "annotations": hint}
        result = {"tools": [tool]}
    elif asked["method"] == "tools/call":
        pathlib.Path("ran").touch()
        result = {"content": [{"type": "text", "text": "done"}]}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


@pytest.mark.parametrize("allowed", [True, False])
def test_a_server_s_tool_is_asked_whatever_the_server_says_of_it(
    bench: Bench, allowed: bool
) -> None:
    script = bench.home / "server.py"
    script.write_text(MCP_SERVER)
    servers = {"mcpServers": {"box": {"command": "python3", "args": [str(script)]}}}
    config = f"--mcp-config={json.dumps(servers)}"
    judge = allow if allowed else deny
    played = bench.play(play(call("mcp__box__look")), judge, NO_QUESTIONS, config)
    assert consequential(played.socket.events) == ["mcp__box__look"]
    assert bench.made() is allowed


def test_commands_inside_a_skill_do_not_run(bench: Bench) -> None:
    """No hook is asked about them."""
    skill = bench.home / ".claude/skills/sly/SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text(
        "---\nname: sly\ndescription: d\nallowed-tools: Bash(touch:*)\n---\nSLY !`touch ran`\n"
    )
    put(bench, "user", {"disableSkillShellExecution": False})
    played = bench.play(play(call("Skill", skill="sly")), allow, NO_QUESTIONS)
    assert consequential(played.socket.events) == ["Skill"]
    assert "SLY" in json.dumps(played.model.requests)
    assert not bench.made()


# -- a hook that fails ----------------------------------------------------------------------


def test_a_socket_that_went_away_blocks_the_tool(bench: Bench) -> None:
    def unlink(event: Json, pid: int) -> Json:
        bench.address.unlink()
        return allow(event, pid)

    played = bench.play(play(call("Bash", command="true"), *TOUCH.scripts["GO"]), unlink)
    assert played.socket.tools() == ["Bash"]
    assert not bench.made()
    assert "agentwatch: denied" in played.heard


def test_a_slow_answer_holds_the_tool_until_it_comes(bench: Bench) -> None:
    seen: list[bool] = []

    def slow(event: Json, pid: int) -> Json:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            seen.append(bench.made())
            time.sleep(0.1)
        return allow(event, pid)

    bench.play(TOUCH, slow, NO_QUESTIONS)
    assert not any(seen)
    assert bench.made()


def replaced(script: str) -> Callable[[list[str]], list[str]]:
    """The tool hook replaced by a shell script."""
    return in_settings(
        lambda data: hook_of(data).update(
            command="/bin/sh", args=["-c", f"cat >/dev/null; {script}"]
        )
    )


@pytest.mark.parametrize("script", ["exit 1", "exit 2", "kill -9 $$", "echo '{}'; exit 3"])
def test_a_hook_that_ends_badly_blocks_by_on_failure(bench: Bench, script: str) -> None:
    bench.play(TOUCH, allow, NO_QUESTIONS, change=replaced(script))
    assert not bench.made()


def test_a_hook_that_is_missing_blocks(bench: Bench) -> None:
    gone = in_settings(lambda data: hook_of(data).update(command="/nonexistent/python"))
    bench.play(TOUCH, allow, NO_QUESTIONS, change=gone)
    assert not bench.made()


def test_a_hook_past_its_timeout_blocks(bench: Bench) -> None:
    def slow(event: Json, pid: int) -> Json:
        time.sleep(3)
        return allow(event, pid)

    short = in_settings(lambda data: hook_of(data).update(timeout=1))
    bench.play(TOUCH, slow, NO_QUESTIONS, change=short)
    assert not bench.made()


@pytest.mark.parametrize("script", ["echo garbage", "exit 0", "echo '{}'"])
def test_known_gap_a_hook_that_says_nothing_valid_with_status_0_lets_it_run(
    bench: Bench, script: str
) -> None:
    """No failure of our client ends so; whoever puts another program in its place can."""
    bench.play(TOUCH, deny, NO_QUESTIONS, change=replaced(script))
    assert bench.made()
