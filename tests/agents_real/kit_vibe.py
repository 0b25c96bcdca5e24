"""Mistral Vibe on the bench."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call

SETTINGS = """active_model = "scripted"
enable_telemetry = false
enable_update_checks = false

[[models]]
name = "scripted"
provider = "local"
alias = "scripted"
"""


def settle(home: Path, _work: Path) -> None:
    """A home in which a model was chosen."""
    (home / ".vibe").mkdir(mode=0o700)
    (home / ".vibe/config.toml").write_text(SETTINGS)


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model."""
    provider = f'[{{"name": "local", "api_base": "{url}/v1", "api_key_env_var": ""}}]'
    return {
        "VIBE_PROVIDERS": provider,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PYTHONDONTWRITEBYTECODE": "1",  # of what the world puts in its way
    }


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        return Call("bash", {"command": given["command"]})
    if act.do == "write":
        return Call("write_file", {"path": given["path"], "content": given["content"]})
    if act.do == "edit":
        names = {"file_path": "path", "old_string": "old", "new_string": "new"}
        return Call("edit", {name: given[source] for name, source in names.items()})
    return Call("read_file", {"path": given["path"]})


VIBE = Kit(
    name="vibe",
    package="mistral-vibe",
    version="3.0.2",
    program="vibe",
    registry="pypi",
    python="python3.12",
    settle=settle,
    environment=environment,
    free=("--auto-approve",),
    spell=spell,
)
