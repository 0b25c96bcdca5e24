"""An MCP server that an agent starts by itself: what is asked of it under `agentwatch run`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.scenario import act, call, play
from tests.agents_real.supervised import KERNEL, agent_world, running, yes

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900)]
SERVER = Path(__file__).resolve().parents[1] / "agents_scripts/mcp_server.py"


def test_its_start_is_one_action_and_each_call_of_a_tool_another() -> None:
    with agent_world(CLAUDE) as world:
        effects = world.work / "effects"
        server = {"command": sys.executable, "args": [str(SERVER), str(effects)]}
        settings = world.folder / "mcp.json"
        settings.write_text(json.dumps({"mcpServers": {"letters": server}}))
        scenario = play(
            call("mcp__letters__send", to="everybody"),
            act("shell", command="ls"),
        )
        given = ("--mcp-config", str(settings), *CLAUDE.free)
        with running(world, CLAUDE, scenario, *given, options=KERNEL) as run:
            run.decide(yes)
        asked = [item for item in run.asked.values() if not CLAUDE.besides(item["summary"])]
        start, used = asked
        assert (start["channel"], start["kind"]) == ("kernel", "exec")
        assert str(SERVER) in start["summary"]
        assert (used["channel"], used["tool"]) == ("hooks", "mcp__letters__send")
        assert used["params"] == {"to": "everybody"}
        assert '"to": "everybody"' in effects.read_text()
