"""mini-swe-agent on the bench: all it does is commands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model, and leaves everybody else alone."""
    return {
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_API_BASE": f"{url}/v1",
        "OPENAI_BASE_URL": f"{url}/v1",
        "MSWEA_CONFIGURED": "true",
        "MSWEA_COST_TRACKING": "ignore_errors",
        "MSWEA_MODEL_NAME": "openai/scripted",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


def spell(act: Act, _heard: Heard) -> Call:
    """Every act as a command."""
    given = act.details
    if act.do == "shell":
        return Call("bash", {"command": given["command"]})
    path = shlex.quote(given["path"])
    if act.do == "write":
        return Call("bash", {"command": f"printf %s {shlex.quote(given['content'])} > {path}"})
    if act.do == "edit":
        swap = shlex.quote(f"s/{given['old']}/{given['new']}/")
        return Call("bash", {"command": f"sed -i {swap} {path}"})
    return Call("bash", {"command": f"cat {path}"})


MINI = Kit(
    name="mini",
    package="mini-swe-agent",
    version="2.4.6",
    program="mini",
    registry="pypi",
    extra=("mcp",),
    environment=environment,
    prompt=("-y", "--exit-immediately", "-t"),
    spell=spell,
)
