"""An agent that npx installs is installed first, and then held from its first instruction."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

import pytest

from agentwatch.channels.kernel import probe
from tests.e2e.world import DEFAULT, World
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(probe.why_not() is not None, reason="system calls cannot be held")

NPX = """#!{python}
import json, os, pathlib, subprocess, sys, time
home, words = pathlib.Path(os.environ["HOME"]), sys.argv[1:]
package = home / ".npm/_npx/0/node_modules/aider-chat"
bin = package.parent / ".bin"
if "--package" not in words:
    (home / "as-typed").write_text(" ".join(words))
    time.sleep(60)
if not {works}:
    sys.exit("no such package")
bin.mkdir(parents=True, exist_ok=True)
package.mkdir(exist_ok=True)
(package / "package.json").write_text(json.dumps({{"name": "aider-chat"}}))
program = package / "aider"
program.write_text({agent!r})
program.chmod(0o755)
if not (bin / "aider").exists():
    (bin / "aider").symlink_to("../aider-chat/aider")
daemon = [sys.executable, "-c", "import time; time.sleep(600)", str(home / "left")]
subprocess.Popen(daemon, start_new_session=True)
(home / "script").write_text(" ".join(sorted(n for n in os.environ if "AGENTWATCH" in n)))
if {stays}:
    time.sleep(600)
os.environ["PATH"] = str(bin) + ":" + os.environ["PATH"]
behind = words[words.index("--") + 1:]
os.execv(behind[0], behind)
"""
"""Installs like npx does: files outside every cache, an install script that leaves a process."""

AGENT = f"""#!{sys.executable}
import os, pathlib, shutil, sys, time
home = pathlib.Path.home()
said = [shutil.which("aider"), *sys.argv[1:]]
pathlib.Path("/tmp", sys.argv[1]).write_text(" ".join(said))
(home / "work/kept").write_text("new")
time.sleep(60)
"""


def npx(world: World, *, works: bool = True, stays: bool = False) -> str:
    """A fetcher of that name, first on the search path."""
    folder = world.folder / "bin"
    folder.mkdir()
    path = folder / "npx"
    path.write_text(NPX.format(python=sys.executable, works=works, stays=stays, agent=AGENT))
    path.chmod(0o755)
    world.env["PATH"] = f"{folder}:{world.env['PATH']}"
    return str(path)


def running(word: str) -> list[str]:
    """Processes with this word on their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and word.encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
    return found


def test_it_is_asked_for_the_agents_own_and_nothing_of_the_installer(world: World) -> None:
    npx(world)
    mark = f"{world.folder.name}-said"
    process = world.run_agent("npx", "-y", "aider-chat", mark, options=(DEFAULT,))
    (asked,) = world.pending()
    assert asked["channel"] == "kernel"
    assert asked["paths"] == [str(world.work / "kept")]
    said = Path("/tmp", mark)
    bin_ = world.folder / ".npm/_npx/0/node_modules/.bin"
    assert said.read_text().split() == [str(bin_ / "aider"), mark]
    said.unlink()
    session = world.session()
    assert "kernel gate" in session["coverage"]["exec"]
    assert any("npx installed aider before the start" in note for note in session["notes"])
    assert "npx installs aider first" in world.output(process)
    kinds = [entry["type"] for entry in world.journal(session["id"])]
    assert kinds.index("installing") < kinds.index("started")
    # Nothing by which it could speak as the agent.
    assert (world.folder / "script").read_text() == "AGENTWATCH_COOKIE AGENTWATCH_SESSION"
    wait_for(lambda: not running(str(world.folder / "left")), "the script's process to be gone")


def test_what_cannot_be_installed_is_started_as_typed_and_that_is_said(world: World) -> None:
    npx(world, works=False)
    world.run_agent("npx", "aider-chat", options=(DEFAULT,))
    wait_for(world.pending, "the first thing that it is asked about")
    (note,) = [one for one in world.session()["notes"] if "npx was to install aider" in one]
    assert "without -y it asks" in note


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_who_ends_us_while_it_installs_ends_it(world: World, number: signal.Signals) -> None:
    npx(world, stays=True)
    process = world.start("run", "--no-tui", DEFAULT, "--", "npx", "-y", "aider-chat", "never")
    wait_for((world.folder / "script").exists, "the installation")
    process.send_signal(number)
    assert process.wait(60) != 0
    wait_for(lambda: not running(str(world.folder / "left")), "the script's process to be gone")
    wait_for(lambda: not list((world.runtime / "agentwatch").iterdir()), "the supervisor to go")
    assert not Path("/tmp/never").exists()


def test_a_kill_while_it_installs_leaves_nothing_and_starts_nothing(world: World) -> None:
    npx(world, stays=True)
    process = world.start("run", "--no-tui", DEFAULT, "--", "npx", "-y", "aider-chat", "never")
    wait_for((world.folder / "script").exists, "the installation")
    world.call("kill", "--all")
    assert process.wait(60) == 137
    assert "before the agent was started" in world.output(process)
    (folder,) = (world.state / "agentwatch/sessions").iterdir()
    (ended,) = [one for one in world.journal(folder.name) if one["type"] == "ended"]
    assert ended["data"]["state"] == "killed"
    assert not Path("/tmp/never").exists()
