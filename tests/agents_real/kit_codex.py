"""Codex CLI on the bench."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call

MODEL = "gpt-5.5"
"""A model that Codex knows, which therefore is given the tool for patches."""
MODEL_IN_CODE = "gpt-6-sol"
"""A model that writes programs which call the tools."""

CONFIG = """
model = "{model}"
model_provider = "scripted"
check_for_update_on_startup = false

[analytics]
enabled = false

[features]
plugins = false

[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"

[projects."{work}"]
trust_level = "trusted"
"""


def settle(home: Path, work: Path) -> None:
    """A home in which the workspace is trusted; the model's address is filled in by flags."""
    (home / ".codex").mkdir(parents=True)
    text = CONFIG.format(model=MODEL, url="http://127.0.0.1:9", work=work)
    (home / ".codex" / "config.toml").write_text(text)


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it may reach the model."""
    return {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": f"{url}/v1"}


def address(url: str) -> tuple[str, ...]:
    """Flags by which it finds the model."""
    return ("-c", f'model_providers.scripted.base_url="{url}/v1"')


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        return Call("exec_command", {"cmd": given["command"]})
    if act.do == "read":
        return Call("exec_command", {"cmd": f"cat {given['path']}"})
    if act.do == "write":
        lines = "\n".join(f"+{line}" for line in given["content"].splitlines())
        return _patch(f"*** Add File: {given['path']}\n{lines}")
    return _patch(f"*** Update File: {given['path']}\n@@\n-{given['old']}\n+{given['new']}")


def _patch(hunks: str) -> Call:
    return Call("apply_patch", {"input": f"*** Begin Patch\n{hunks}\n*** End Patch\n"})


CODEX = Kit(
    name="codex",
    package="@openai/codex",
    version="0.169.0",
    program="codex",
    settle=settle,
    environment=environment,
    address=address,
    prompt=("exec", "--skip-git-repo-check"),
    dialog=("Use existing model", "2"),
    free=("--dangerously-bypass-approvals-and-sandbox",),
    spell=spell,
    leaves=3,
    warms_up=True,
    outlives=frozenset({"killed"}),
)
