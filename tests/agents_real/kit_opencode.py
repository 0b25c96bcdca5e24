"""OpenCode on the bench."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call

VERSION = "1.18.33"


def settle(home: Path, _work: Path) -> None:
    """A home in which OpenCode has fetched the packages of its plugin folder."""
    folder = home / ".config/opencode"
    (folder / "node_modules").mkdir(parents=True)
    wanted = {"dependencies": {"@opencode-ai/plugin": VERSION}}
    (folder / "package.json").write_text(json.dumps(wanted))
    (folder / "package-lock.json").write_text(json.dumps({"packages": {"": wanted}}))


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model, and leaves everybody else alone."""
    model = {"tool_call": True, "limit": {"context": 100_000, "output": 8000}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": "sk-test"},
        "models": {"scripted": model},
    }
    own = {
        "provider": {"local": provider},
        "model": "local/scripted",
        "small_model": "local/scripted",
    }
    return {
        "OPENCODE_CONFIG_CONTENT": json.dumps(own),
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "npm_config_fetch_retries": "0",
    }


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        return Call("bash", {"command": given["command"], "description": "a step"})
    if act.do == "write":
        return Call("write", {"filePath": given["path"], "content": given["content"]})
    if act.do == "edit":
        names = {"filePath": "path", "oldString": "old", "newString": "new"}
        return Call("edit", {name: given[source] for name, source in names.items()})
    return Call("read", {"filePath": given["path"]})


OPENCODE = Kit(
    name="opencode",
    package="opencode-ai",
    version=VERSION,
    program="opencode",
    settle=settle,
    environment=environment,
    prompt=("run",),
    spell=spell,
)
