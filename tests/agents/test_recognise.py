"""Which commands start a known agent: by name, path, link, fetcher or interpreter."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentwatch.agents.base import About, Prepared
from agentwatch.agents.recognise import first_argument

NODE = About("codex", ("codex",), ("@openai/codex",), "1.0", "hooks")
PYTHON = About("mini", ("mini", "mini-swe-agent"), ("mini-swe-agent",), "1.0", "hooks")


@pytest.mark.parametrize(
    ("argv", "first"),
    [
        (["codex", "x"], 1),
        (["/opt/bin/codex", "x"], 1),
        (["npx", "-y", "@openai/codex", "x"], 3),
        (["npx", "--registry", "http://r", "@openai/codex@1.2.3", "--", "x"], 5),
        (["npx", "-p", "@openai/codex", "--", "codex", "x"], 5),
        (["npm", "x", "@openai/codex", "x"], 3),
        (["yarn", "dlx", "@openai/codex", "x"], 3),
        (["pnpm", "dlx", "@openai/codex", "x"], 3),
        (["bun", "x", "@openai/codex", "x"], 3),
        (["node", "/lib/node_modules/@openai/codex/bin/codex.js", "x"], 2),
        (["node", "/usr/bin/codex", "x"], 2),
        (["npx", "-p", "other", "codex"], None),
        (["npx", "-y", "other", "@openai/codex"], None),
        (["npx", "-p", "@openai/codex", "-c", "codex x"], None),
        (["npm", "run", "codex"], None),
        (["node", "codex"], None),
        (["codex-monitor"], None),
        ([], None),
    ],
)
def test_a_node_agent(argv: list[str], first: int | None) -> None:
    assert first_argument(NODE, tuple(argv)) == first


@pytest.mark.parametrize(
    ("argv", "first"),
    [
        (["mini", "x"], 1),
        (["uvx", "mini-swe-agent", "x"], 2),
        (["uvx", "mini-swe-agent[full]@2.4", "x"], 2),
        (["uvx", "--from", "mini-swe-agent==2.4.6", "mini", "x"], 4),
        (["uvx", "--python", "3.12", "mini-swe-agent", "x"], 4),
        (["uv", "tool", "run", "mini-swe-agent", "x"], 4),
        (["pipx", "run", "--spec", "mini-swe-agent", "mini", "x"], 5),
        (["python3", "-m", "mini_swe_agent", "x"], 3),
        (["/v/bin/python3.12", "/v/bin/mini", "x"], 2),
        (["uvx", "--from", "other", "mini", "x"], None),
        (["python3", "mini.py"], None),
        (["python3", "-c", "mini"], None),
    ],
)
def test_a_python_agent(argv: list[str], first: int | None) -> None:
    assert first_argument(PYTHON, tuple(argv)) == first


def test_files_are_private_and_links_lead_to_the_user_s_own(tmp_path: Path) -> None:
    real = tmp_path / "auth.json"
    real.write_text("secret")
    home = tmp_path / "home"
    prepared = Prepared(
        "x", ("x",), files={home / "a/hooks": "hook"}, links={home / "auth.json": real}
    )
    prepared.lay()
    assert (home / "a/hooks").read_text() == "hook"
    assert (home / "a/hooks").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o77 == 0
    assert (home / "auth.json").read_text() == "secret"
