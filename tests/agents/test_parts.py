"""The programs an agent is made of: they are the agent, and nothing else is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from agentwatch.agents.base import About
from agentwatch.agents.parts import package, parts

ABOUT = About("codex", ("codex",), ("@openai/codex",), "1.0", "hooks")


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def installed(folder: Path) -> Path:
    """As npm lays it out: a script, and a package beside it with the program for a platform."""
    modules = folder / "node_modules"
    script = program(modules / "@openai/codex/bin/codex.js", "#!/usr/bin/env python3\n")
    (modules / "@openai/codex/package.json").write_text(json.dumps({"name": "@openai/codex"}))
    program(modules / "@openai/codex-linux-x64/vendor/bin/codex")
    program(modules / "@openai/other/bin/other")
    program(modules / "other/bin/other")
    link = modules / ".bin/codex"
    link.parent.mkdir()
    link.symlink_to(script)
    return link


def test_a_package_s_programs_are_its_parts(tmp_path: Path) -> None:
    link = installed(tmp_path)
    found = parts(str(link), ABOUT)
    modules = tmp_path / "node_modules"
    assert str(link) in found
    assert str(modules / "@openai/codex/bin/codex.js") in found
    assert str(modules / "@openai/codex-linux-x64/vendor/bin/codex") in found
    assert os.path.realpath(shutil.which("python3") or "") in found
    assert not any("other" in item for item in found)


def test_a_program_without_a_package_has_only_itself(tmp_path: Path) -> None:
    alone = program(tmp_path / "codex", "no script")
    assert parts(str(alone), ABOUT) == (str(alone),)
    assert parts(str(tmp_path / "none"), ABOUT) == ()
    (tmp_path / "package.json").write_text(json.dumps({"name": "mine"}))
    assert package(str(alone), ABOUT) is None
    (tmp_path / "package.json").write_text("[")
    assert package(str(alone), ABOUT) is None
