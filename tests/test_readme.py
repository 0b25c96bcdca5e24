"""The README cannot lie about what is generated, and its commands are the ones that are tried."""

from __future__ import annotations

import re

import pytest

from agentwatch.cli import COMMANDS, Commands, root
from tests.readme import README, ROOT, renewed, spoken_table

TEXT = README.read_text()


def test_the_generated_parts_are_current() -> None:
    assert renewed(TEXT) == TEXT, "renew them with: python -m tests.readme"


def test_what_was_shown_over_acp_has_a_table_of_its_own_once_there_is_any() -> None:
    record = {"gemini": {"version": "1", "shown": ["the kill"]}}
    assert spoken_table(record) == ""
    record["acp: gemini --acp"] = {"version": "2", "shown": ["denials", "three questions"]}
    (row,) = spoken_table(record).splitlines()[2:]
    assert row.startswith("| `gemini --acp` | 2 | denials; three questions | Gemini CLI tells")


def test_the_pictures_exist() -> None:
    pictures = re.findall(r"\]\((screenshots/[^)]+)\)", TEXT)
    assert pictures
    for name in pictures:
        assert (ROOT / name).exists(), name


def test_the_linked_files_exist() -> None:
    for name in re.findall(r"\]\(((?:agentwatch|\.github|tests)/[^)]+)\)", TEXT):
        assert (ROOT / name).exists(), name


def test_ci_runs_the_readmes_test_command() -> None:
    (command,) = re.findall(r"^python3 -m venv .*pytest$", TEXT, flags=re.MULTILINE)
    assert command in (ROOT / ".ci/run").read_text()


def test_exactly_two_commands_set_a_fresh_machine_up() -> None:
    assert len(re.findall(r"^python3 -m venv ", TEXT, flags=re.MULTILINE)) == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_in_its_help_what_the_list_says(name: str) -> None:
    command = root.get_command(None, name) if isinstance(root, Commands) else None  # type: ignore[arg-type]
    assert command is not None
    said = (command.help or "").partition("\n\n")[0].replace("\n", " ")
    assert said == COMMANDS[name]
    assert command.epilog
    assert "Example:" in command.epilog
