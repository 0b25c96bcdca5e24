"""What in an agent's own folder is its own, and what steers what it does by itself."""

from __future__ import annotations

import pytest

from agentwatch.policy.own import own_folders


@pytest.mark.parametrize(
    ("agent", "path"),
    [
        ("openclaw", ".openclaw/agents/main/agent/openclaw-agent.sqlite-wal"),
        ("openclaw", ".openclaw/agents/main/sessions/s1.jsonl"),
        ("openclaw", ".openclaw/agents/main/agent/models.json"),
        ("openclaw", ".openclaw/agents/main/agent/bin/fd.lock"),
        ("openclaw", ".openclaw/tmp/openclaw-0/gateway.state.lock"),
        ("vibe", ".vibe/logs/session/plugins/blobs/60/60ab"),
        ("codex", ".codex/state.sqlite-journal"),
    ],
)
def test_what_only_remembers_is_its_own(agent: str, path: str) -> None:
    own = own_folders(agent, home="/h", workspace="/w")
    assert own.private(f"/h/{path}")
    assert not own.steering(f"/h/{path}")


@pytest.mark.parametrize(
    ("agent", "path"),
    [
        ("openclaw", ".openclaw/openclaw.json/../agents/main/agents.md"),
        ("openclaw", ".openclaw/agents/main/agent/auth.sh"),
        ("openclaw", ".openclaw/agents/main/agent/bin/fd"),
        ("openclaw", ".openclaw/plugins/x.js"),
        ("claude", ".claude/agents/x.md"),
        ("claude", ".claude/hooks/run.dbx"),
        ("vibe", ".vibe/hooks.toml"),
    ],
)
def test_what_steers_is_not(agent: str, path: str) -> None:
    assert own_folders(agent, home="/h", workspace="/w").steering(f"/h/{path}")
