"""Gemini CLI on the bench."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call

SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "ide": {"hasSeenNudge": True},
}


def settle(home: Path, work: Path) -> None:
    """A home in which a key was chosen for logging in, and the workspace is trusted."""
    folder = home / ".gemini"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    (folder / "trustedFolders.json").write_text(json.dumps({str(work): "TRUST_FOLDER"}))


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model, and does not first ask another which to take."""
    return {
        "GEMINI_API_KEY": "sk-test",
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_MODEL": "gemini-2.5-pro",
    }


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        return Call("run_shell_command", {"command": given["command"], "description": "a step"})
    if act.do == "write":
        return Call("write_file", {"file_path": given["path"], "content": given["content"]})
    if act.do == "edit":
        names = {"file_path": "path", "old_string": "old", "new_string": "new"}
        edit = {name: given[source] for name, source in names.items()}
        return Call("replace", {**edit, "instruction": "a step"})
    return Call("read_file", {"file_path": given["path"]})


GEMINI = Kit(
    name="gemini",
    package="@google/gemini-cli",
    version="0.61.0",
    program="gemini",
    settle=settle,
    environment=environment,
    talk=("-i",),
    free=("--approval-mode=yolo",),
    spell=spell,
    outlives=frozenset({"killed"}),
)
