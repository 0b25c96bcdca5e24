"""Claude Code on the bench."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.agents_real.api import Heard
from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Call


def settle(home: Path, work: Path) -> None:
    """A home in which Claude Code has been through its first run and trusts the workspace."""
    (home / ".claude").mkdir(parents=True)
    known = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    state = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": ["sk-test"], "rejected": []},
        "projects": {str(work): known},
    }
    (home / ".claude.json").write_text(json.dumps(state))


def environment(url: str) -> Mapping[str, str]:
    """Variables by which it finds the model, and leaves everybody else alone."""
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-test",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_UPDATES": "1",
        "IS_SANDBOX": "1",
    }


def spell(act: Act, _heard: Heard) -> Call:
    """Its own tool for an act."""
    given = act.details
    if act.do == "shell":
        return Call("Bash", {"command": given["command"], "description": "a step"})
    if act.do == "write":
        return Call("Write", {"file_path": given["path"], "content": given["content"]})
    if act.do == "edit":
        names = {"file_path": "path", "old_string": "old", "new_string": "new"}
        return Call("Edit", {name: given[source] for name, source in names.items()})
    return Call("Read", {"file_path": given["path"]})


CLAUDE = Kit(
    name="claude",
    package="@anthropic-ai/claude-code",
    version="2.1.330",
    program="claude",
    settle=settle,
    environment=environment,
    free=("--dangerously-skip-permissions",),
    besides=lambda summary: "cc-socks" in summary,  # its own socket: another one may listen there
    spell=spell,
)
