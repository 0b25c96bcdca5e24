"""aider on the bench: its model speaks in edits and suggested commands, not in tool calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.kit import Kit


def settle(home: Path, _work: Path) -> None:
    """A home in which aider has the list of what models cost."""
    folder = home / ".aider/caches"
    folder.mkdir(parents=True)
    (folder / "model_prices_and_context_window.json").write_text('{"none": {}}')


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model, and leaves everybody else alone."""
    return {
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_API_BASE": f"{url}/v1",
        "AIDER_ANALYTICS_DISABLE": "true",
        "AIDER_CHECK_UPDATE": "false",
        "AIDER_SHOW_RELEASE_NOTES": "false",
        "AIDER_SHOW_MODEL_WARNINGS": "false",
        "AIDER_GITIGNORE": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


AIDER = Kit(
    name="aider",
    package="aider-chat",
    version="0.86.2",
    program="aider",
    registry="pypi",
    settle=settle,
    environment=environment,
    prompt=("--model", "openai/scripted", "--edit-format", "diff", "--no-git", "--message"),
)
