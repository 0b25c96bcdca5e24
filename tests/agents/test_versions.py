"""What is said of an agent at another version than the one its gate was tried with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentwatch import agents
from agentwatch.agents import versions
from agentwatch.agents.base import About

ABOUT = About("codex", ("codex",), ("@openai/codex",), "1.10.2", "hooks")


@pytest.mark.parametrize(
    ("version", "said"),
    [("1.10.2", ""), ("1.9.9", "older"), ("1.10.3", "newer"), ("2", "newer"), ("?", "not known")],
)
def test_the_difference_is_said(version: str, said: str) -> None:
    remark = versions.remark(version, ABOUT)
    assert (said in remark) if said else remark == ""


def package(folder: Path, name: str, version: str) -> str:
    """A program as npm installs it."""
    program = folder / "node_modules" / name / "bin" / "run.js"
    program.parent.mkdir(parents=True)
    program.write_text("#!/usr/bin/env node\n")
    program.chmod(0o755)
    (program.parents[1] / "package.json").write_text(json.dumps({"name": name, "version": version}))
    link = folder / "node_modules" / ".bin" / name.rpartition("/")[2]
    link.parent.mkdir(parents=True)
    link.symlink_to(program)
    return str(link)


def test_a_version_is_read_beside_the_program_without_starting_it(tmp_path: Path) -> None:
    assert versions.described(package(tmp_path, "@openai/codex", "1.2.3"), ABOUT) == "1.2.3"
    assert versions.described(package(tmp_path / "b", "other", "1.2.3"), ABOUT) == ""
    assert versions.described("no-such-program", ABOUT) == ""


def test_a_newer_version_is_said_at_the_start(tmp_path: Path) -> None:
    program = package(tmp_path, "@anthropic-ai/claude-code", "99.0.0")
    prepared = agents.prepare((program, "-p", "x"), {"HOME": str(tmp_path)}, cwd="/w")
    assert any("99.0.0 is newer than" in note for note in prepared.notes)
    assert prepared.expects_arm


def test_without_its_hook_a_command_stays_as_it_is(tmp_path: Path) -> None:
    prepared = agents.prepare(("claude", "--bare"), {"HOME": str(tmp_path)}, hooked=False)
    assert prepared.argv == ("claude", "--bare")
    assert prepared.name == "claude"
    assert not prepared.expects_arm


@pytest.mark.parametrize("said", ["version 2.4.6.", "2.4.6", "v2.4.6 (x)"])
def test_a_version_that_is_told_is_read_out_of_a_sentence(tmp_path: Path, said: str) -> None:
    program = tmp_path / "mini"
    program.write_text(f"#!/bin/sh\necho 'This is {said}'\n")
    program.chmod(0o755)
    assert versions.told(str(program)) == "2.4.6"
