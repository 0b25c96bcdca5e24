"""OpenClaw on the bench."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call


def settle(home: Path, work: Path) -> None:
    """A home in which OpenClaw is set up for a workspace, with a model by an address to be told."""
    model = {
        "id": "scripted",
        "name": "scripted",
        "reasoning": False,
        "input": ["text"],
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
        "contextWindow": 100_000,
        "maxTokens": 8000,
    }
    provider = {
        "baseUrl": "${SCRIPTED_MODEL}/v1",
        "apiKey": "sk-test",
        "api": "openai-completions",
        "models": [model],
    }
    settings = {
        "gateway": {"mode": "local", "auth": {"mode": "token", "token": "bench"}},
        "agents": {
            "defaults": {
                "workspace": str(work),
                "model": {"primary": "local/scripted"},
                "skipBootstrap": True,
            }
        },
        "models": {"mode": "replace", "providers": {"local": provider}},
    }
    (home / ".openclaw").mkdir(mode=0o700)
    (home / ".openclaw/openclaw.json").write_text(json.dumps(settings))


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model, and leaves everybody else alone."""
    return {"SCRIPTED_MODEL": url, "OPENAI_BASE_URL": url}


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        return Call("exec", {"command": given["command"]})
    if act.do == "write":
        return Call("write", {"path": given["path"], "content": given["content"]})
    if act.do == "edit":
        edits = [{"oldText": given["old"], "newText": given["new"]}]
        return Call("edit", {"path": given["path"], "edits": edits})
    return Call("read", {"path": given["path"]})


OPENCLAW = Kit(
    name="openclaw",
    package="openclaw",
    version="2026.9.6",
    program="openclaw",
    new_node=True,
    settle=settle,
    environment=environment,
    prompt=("agent", "--local", "--session-id", "s1", "--message"),
    spell=spell,
    leaves=3,
)
