"""What makes a fetcher install an agent and no more, and what its look is believed."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from agentwatch import agents
from agentwatch.agents import Installation
from agentwatch.agents.installing import LOOK, LOOK_BESIDE, installation, installed
from agentwatch.agents.look import BESIDE
from agentwatch.supervisor import installing
from agentwatch.supervisor.config import Config, Hold, Speaks


def asked(*argv: str) -> Installation | None:
    known = agents.recognise(argv)
    return installation(argv, known.about) if known else None


def plain(found: Installation) -> list[str]:
    """The command, with the look as one word."""
    at = found.argv.index(LOOK[0])
    assert found.argv[at : at + len(LOOK)] == LOOK
    return [*found.argv[:at], "LOOK", *found.argv[at + len(LOOK) + 1 :]]


@pytest.mark.parametrize(
    ("typed", "made", "rest"),
    [
        ("npx -y @openai/codex x y", "npx -y --package @openai/codex -- LOOK codex", "x y"),
        (
            "npx --yes @openai/codex@1 -- x",
            "npx --yes --package @openai/codex@1 -- LOOK codex",
            "x",
        ),
        ("npx @openai/codex", "npx --package @openai/codex --no -- LOOK codex", ""),
        ("npx -y -p @openai/codex -- codex x", "npx -y -p @openai/codex -- LOOK codex", "x"),
        (
            "npm exec -y --package=@openai/codex -- codex x",
            "npm exec -y --package=@openai/codex -- LOOK codex",
            "x",
        ),
        ("pnpm dlx @openai/codex x", "pnpm dlx --package @openai/codex LOOK codex", "x"),
        ("pnpx @openai/codex -y", "pnpx --package @openai/codex LOOK codex", "-y"),
        ("uvx --from aider-chat aider x", "uvx --from aider-chat LOOK aider", "x"),
        ("uvx mini-swe-agent@2 x", "uvx --from mini-swe-agent@2 LOOK mini-swe-agent", "x"),
        ("bunx @openai/codex x", "bunx --package=@openai/codex LOOK codex", "x"),
        ("bun x -p @openai/codex codex x", "bun x --package=@openai/codex LOOK codex", "x"),
        ("bunx -p=@openai/codex@1 codex", "bunx --package=@openai/codex@1 LOOK codex", ""),
        (
            "bunx --silent --package @openai/codex codex",
            "bunx --silent --package=@openai/codex LOOK codex",
            "",
        ),
        ("uv tool run mini-swe-agent", "uv tool run --from mini-swe-agent LOOK mini-swe-agent", ""),
    ],
)
def test_what_is_typed_becomes_an_installation(typed: str, made: str, rest: str) -> None:
    found = asked(*typed.split())
    assert found is not None
    assert plain(found) == made.split()
    assert list(found.rest) == rest.split()


@pytest.mark.parametrize(
    ("typed", "made", "rest"),
    [
        ("pipx run mini-swe-agent==2 x", "--spec mini-swe-agent==2 LOOK mini-swe-agent", "x"),
        ("pipx run --spec aider-chat aider x", "--spec aider-chat LOOK aider", "x"),
        (
            "pipx run --backend uv --spec=aider-chat aider",
            "--backend uv --spec=aider-chat LOOK aider",
            "",
        ),
    ],
)
def test_pipx_runs_its_own_interpreter_from_a_folder_that_holds_no_other(
    typed: str, made: str, rest: str
) -> None:
    found = asked(*typed.split())
    assert found is not None
    shell, flag, line, *words = found.argv
    assert (shell, flag, line) == ("/bin/sh", "-c", 'cd / && exec "$0" "$@"')
    at = words.index("python")
    assert tuple(words[at:-1]) == (*LOOK_BESIDE, found.mark, BESIDE)
    assert [*words[2:at], "LOOK", words[-1]] == made.split()
    assert words[:2] == ["pipx", "run"]
    assert list(found.rest) == rest.split()


@pytest.mark.parametrize(
    "typed",
    [
        *("codex", "npx -y cowsay", "yarn dlx @openai/codex", "bunx --bun @openai/codex"),
        *("bun x --env-file=x @openai/codex", "bun run @openai/codex", "pipx run --no-cache mini"),
        *("pipx run --path mini-swe-agent", "pipx install aider-chat"),
        *("uv run aider-chat", "npm run x", "node /x/@openai/codex/cli.js"),
    ],
)
def test_what_installs_nothing_that_is_known_is_left_as_it_is(typed: str) -> None:
    assert asked(*typed.split()) is None


def lay(folder: Path, name: str = "@openai/codex", *, shim: bool = False) -> Path:
    """A folder of packages, as npx leaves it, or with a shell line as pnpm does."""
    package = folder / "node_modules" / name
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": name, "bin": {"codex": "cli.js"}}))
    (package / "cli.js").write_text("")
    (package / "cli.js").chmod(0o755)
    bin_ = folder / "node_modules/.bin/codex"
    bin_.parent.mkdir()
    if shim:
        bin_.write_text("#!/bin/sh\nexec node ../@openai/codex/cli.js")
        bin_.chmod(0o755)
    else:
        bin_.symlink_to(f"../{name}/cli.js")
    return bin_


def said(wanted: Installation, *programs: Path, path: str = "/p") -> bytes:
    line = wanted.mark + json.dumps({"path": path, "found": [str(one) for one in programs]})
    return f"added 1 package\n{line}\nnpm notice\n".encode()


def test_the_program_of_the_package_is_what_is_started(tmp_path: Path) -> None:
    wanted = asked("npx", "-y", "@openai/codex")
    assert wanted is not None
    program = lay(tmp_path)
    found = installed(said(wanted, program), wanted)
    assert found is not None
    assert (found.program, found.path) == (str(program), "/p")


def test_behind_a_shell_line_is_the_program_of_the_package(tmp_path: Path) -> None:
    wanted = asked("pnpm", "dlx", "@openai/codex")
    assert wanted is not None
    found = installed(said(wanted, lay(tmp_path, shim=True)), wanted)
    assert found is not None
    assert found.program == str(tmp_path / "node_modules/@openai/codex/cli.js")


def test_somebody_elses_program_is_not_taken_for_the_agents(tmp_path: Path) -> None:
    wanted = asked("npx", "-y", "@openai/codex")
    assert wanted is not None
    assert installed(said(wanted, lay(tmp_path, "other")), wanted) is None


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff\n", b"[]", b"{}", b'{"path": "", "found": 1}', b'{"found": []}', b"{" * 9999],
)
def test_what_cannot_be_read_finds_nothing(text: bytes) -> None:
    wanted = asked("npx", "-y", "@openai/codex")
    assert wanted is not None
    assert installed(wanted.mark.encode() + text, wanted) is None
    assert installed(text, wanted) is None


def test_a_program_that_is_gone_again_is_not_started(tmp_path: Path) -> None:
    wanted = asked("npx", "-y", "@openai/codex")
    assert wanted is not None
    program = lay(tmp_path)
    Path(os.path.realpath(program)).unlink()
    assert installed(said(wanted, program), wanted) is None


def test_the_look_says_where_programs_lie(tmp_path: Path) -> None:
    program = tmp_path / "codex"
    program.write_text("")
    program.chmod(0o755)
    done = subprocess.run(
        [*LOOK, "mark:", "codex", "nobody"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.removeprefix("mark:")) == {
        "path": str(tmp_path),
        "found": [str(program)],
    }


def test_beside_its_interpreter_it_looks_nowhere_else(tmp_path: Path) -> None:
    venv.create(tmp_path / "own")
    for folder, program in (("own/bin", "mini"), ("other", "mini"), ("other", "aider")):
        path = tmp_path / folder / program
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        path.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "own/bin/python", *LOOK_BESIDE[1:], "mark:", BESIDE, "mini", "aider"],
        env={"PATH": str(tmp_path / "other")},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout.removeprefix("mark:"))
    assert said == {"path": str(tmp_path / "other"), "found": [str(tmp_path / "own/bin/mini")]}


CONFIG = Config("s", "npx", "/r", "/s", ("npx", "-y", "@openai/codex"), {}, "/", "/")


@pytest.mark.parametrize(
    ("config", "first"),
    [
        (CONFIG, True),
        (replace(CONFIG, kernel=Hold.NEVER), False),
        (replace(CONFIG, ungated=True), False),
        (replace(CONFIG, speaks=Speaks.MCP), False),
        (replace(CONFIG, argv=("npx", "-y", "cowsay")), False),
        (replace(CONFIG, speaks=Speaks.ACP, argv=("npx", "-y", "cowsay")), False),
        (replace(CONFIG, speaks=Speaks.ACP, argv=("npx", "-y", "@google/gemini-cli")), True),
        (
            replace(
                CONFIG,
                speaks=Speaks.ACP_PROXY,
                argv=("npx", "-y", "@agentclientprotocol/claude-agent-acp"),
            ),
            True,
        ),
        (
            replace(CONFIG, speaks=Speaks.ACP, argv=("npx", "@agentclientprotocol/codex-acp")),
            True,
        ),
    ],
)
def test_who_is_installed_first(config: Config, first: bool) -> None:
    assert (installing.asked(config) is not None) is first
    assert bool(installing.told(config)) is first
