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
        ("copilot", ".copilot/mcp-config.json"),
        ("claude", ".claude/local/claude"),
        ("opencode", ".config/opencode/tool/x.ts"),
    ],
)
def test_what_steers_is_not(agent: str, path: str) -> None:
    assert own_folders(agent, home="/h", workspace="/w").steering(f"/h/{path}")


@pytest.mark.parametrize(
    ("path", "cached"),
    [
        ("pip/http/a/b", True),
        ("mine/deeper/x/activate.fish", True),
        ("uv/zsh", True),
        ("uv/archive-v0/x/bin/ruff", False),
        ("uv/archive-v0/x/ruff/__main__.py", False),
        ("uv/archive-v0/x/ruff/__pycache__/a.cpython-311.pyc.1400", True),
        ("uv/environments-v2/x/bin/python", False),
        ("uv/interpreter-v4/a/b.msgpack", False),
        ("uv/simple-v16/pypi/ruff.rkyv", True),
        ("uv/.lock", True),
        ("pnpm/dlx/a/node_modules/x/cli.js", False),
        ("pnpm/metadata/x.json", True),
        ("uv/archive-v0", False),
        ("uv", False),
        ("pip/wheels/a/b.whl", False),
        ("pypoetry/virtualenvs/x/bin/python", False),
        ("pypoetry/cache/x", True),
        ("ms-playwright/chromium-1/chrome", False),
        ("p10k-instant-prompt-me.zsh", False),
        ("p10k-me/x", False),
        ("gitstatus/gitstatusd-linux-x86_64", False),
        ("zsh/zcompdump-5.9", False),
        ("wal/colors.sh", False),
        ("nvim/luac/init.luac", False),
        ("pre-commit/repo1a/hook.py", False),
        ("pre-commit/db.db", True),
    ],
)
def test_what_a_shell_runs_out_of_a_cache_is_no_cache(path: str, *, cached: bool) -> None:
    own = own_folders("claude", home="/h", workspace="/w")
    assert own.cached(f"/h/.cache/{path}") is cached


SKILL = "/h/.codex/skills/.system/imagegen/SKILL.md"
ENABLED = "/h/.qwen/extensions/extension-enablement.json"


def test_what_an_agent_lays_down_once_is_its_own_to_make_and_not_to_change() -> None:
    codex = own_folders("codex", home="/h", workspace="/w")
    assert codex.lays(SKILL, "make")
    assert not codex.lays(SKILL, "change")
    assert not codex.lays(SKILL.replace(".system/", ""), "make")
    qwen = own_folders("qwen", home="/h", workspace="/w")
    assert qwen.lays(ENABLED, "make")
    assert qwen.lays(f"{ENABLED}.90595a17fa33.tmp", "mode")
    assert not qwen.lays(ENABLED, "change")
    assert not qwen.lays(SKILL, "make")
    assert not own_folders("claude", home="/h", workspace="/w").lays(SKILL, "make")
