"""Copilot CLI on the bench."""

from __future__ import annotations

from collections.abc import Mapping

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model, and leaves everybody else alone."""
    return {
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        "COPILOT_PROVIDER_API_KEY": "sk-test",
        "COPILOT_MODEL": "scripted",
        "COPILOT_AUTO_UPDATE": "false",
    }


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        return Call("bash", {"command": given["command"], "description": "a step"})
    if act.do == "write":
        return Call("create", {"path": given["path"], "file_text": given["content"]})
    if act.do == "edit":
        names = {"path": "path", "old_str": "old", "new_str": "new"}
        return Call("edit", {name: given[source] for name, source in names.items()})
    return Call("view", {"path": given["path"]})


COPILOT = Kit(
    name="copilot",
    package="@github/copilot",
    version="1.0.102",
    program="copilot",
    environment=environment,
    dialog=("Do you trust the files in this folder", "\r"),
    free=("--allow-all-tools",),
    spell=spell,
)
