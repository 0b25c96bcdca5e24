"""Covers, with real processes: one answer for what belongs together, and no further."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.world import World
from tests.waiting import wait_for

RUNS = """
import subprocess, sys
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""

MANY = """\
all: $(addprefix out/,$(shell seq 1 40))
out/%: source
	@mkdir -p out && cp source $@.part && mv $@.part $@ && rm -f $@.none
"""

FURTHER = """\
rm -f "$HOME/outside.txt"
echo x > "$HOME/over.txt"
mkdir -p .git/hooks
echo x > .git/hooks/pre-commit
{python} -I -S -c 'import socket; socket.create_connection(("127.0.0.1", {port}))'
{python} -I -S -c 'import socket; socket.socket(socket.AF_UNIX).connect("{path}")'
echo made > inside.txt
"""


def asked(world: World, process: subprocess.Popen[bytes], allow: str) -> list[dict[str, Any]]:
    """What was asked until the agent was over; only the command named was allowed."""
    found: dict[str, dict[str, Any]] = {}

    def answers() -> bool:
        for action in world.json("pending", check=False) if world.sessions() else ():
            if action["id"] not in found:
                found[action["id"]] = action
                verb = "approve" if action["argv"][:2] == allow.split() else "deny"
                world.call(verb, action["id"], check=False)
        return process.poll() is not None

    wait_for(answers, "the agent to be over", within=60)
    return list(found.values())


def test_one_question_for_a_make_of_forty_targets(world: World) -> None:
    if shutil.which("make") is None:
        pytest.skip("no make here")
    (world.work / "Makefile").write_text(MANY)
    (world.work / "source").write_text("x\n")
    command = (sys.executable, str(world.script("agent.py", RUNS)), "make", "all")
    process = world.run_agent(*command, options=("--kernel-gate",))
    (question,) = asked(world, process, "make all")
    assert question["argv"] == ["make", "all"]
    assert process.returncode == 0
    assert len(list((world.work / "out").iterdir())) == 40


def test_what_was_allowed_reaches_no_further(world: World) -> None:
    """Outside the workspace, what git runs by itself, other programs here: each is asked."""
    for name in ("outside.txt", "over.txt"):
        (world.folder / name).write_text("keep")
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket(socket.AF_UNIX) as other,
    ):
        path, port = str(world.folder / "other.sock"), listening.getsockname()[1]
        other.bind(path)
        other.listen()
        further = FURTHER.format(python=sys.executable, port=port, path=path)
        (world.work / "build.sh").write_text(further)
        command = (sys.executable, str(world.script("agent.py", RUNS)), "sh", "build.sh")
        process = world.run_agent(*command, options=("--kernel-gate",))
        first, *rest = asked(world, process, "sh build.sh")
    assert first["argv"] == ["sh", "build.sh"]
    assert [(item["kind"], item["path"] or item["host"]) for item in rest] == [
        ("delete", str(world.folder / "outside.txt")),
        ("write", str(world.folder / "over.txt")),
        ("write", str(world.work / ".git/hooks/pre-commit")),
        ("network", f"127.0.0.1:{port}"),
        ("ask-daemon", path),
    ]
    for name in ("outside.txt", "over.txt"):
        assert (world.folder / name).read_text() == "keep"
    assert (world.work / "inside.txt").read_text() == "made\n"
