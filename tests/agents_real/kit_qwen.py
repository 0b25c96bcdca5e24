"""Qwen Code on the bench."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call

SETTINGS = {
    "security": {"auth": {"selectedType": "openai"}},
    "general": {
        "enableAutoUpdate": False,
        "preventSystemSleep": False,
        # It would run another commit than the one that was approved, which is asked about again.
        "gitCoAuthor": {"commit": False, "pr": False},
    },
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
}


def settle(home: Path, _work: Path) -> None:
    """A home in which a way to log in was chosen."""
    folder = home / ".qwen"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps(SETTINGS))


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model."""
    return {
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_MODEL": "scripted",
    }


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        said = {"command": given["command"], "description": "a step", "is_background": False}
        return Call("run_shell_command", said)
    if act.do == "write":
        return Call("write_file", {"file_path": given["path"], "content": given["content"]})
    if act.do == "edit":
        names = {"file_path": "path", "old_string": "old", "new_string": "new"}
        return Call("edit", {name: given[source] for name, source in names.items()})
    return Call("read_file", {"file_path": given["path"]})


QWEN = Kit(
    name="qwen",
    package="@qwen-code/qwen-code",
    version="0.24.4",
    program="qwen",
    new_node=True,
    settle=settle,
    environment=environment,
    talk=("-i",),
    free=("--approval-mode=yolo",),
    spell=spell,
    warms_up=True,
    outlives=frozenset({"killed"}),
)
