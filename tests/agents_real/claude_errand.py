"""A working session of Claude Code, and what a person would call its actions.

Owns the scripted session and the names of what is consequential in it, with the hook on and with
the hook off.  What is not named is reading, or Claude's own housekeeping.
"""

from __future__ import annotations

import subprocess

from tests.agents_real.claude_bench import NO_QUESTIONS
from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.model_server import model_server
from tests.agents_real.scenario import Call, Scenario, Turn, call, play
from tests.e2e.tally import PATIENCE, Tally, said_yes, tally
from tests.e2e.world import World

HOOKLESS = """
import dataclasses
from agentwatch.agents.claude import ClaudeCode
hooked = ClaudeCode.prepare
def prepare(self, start):
    bare = {"argv": start.argv, "expects_arm": False, "probe": ()}
    return dataclasses.replace(hooked(self, start), **bare)
ClaudeCode.prepare = prepare
"""
"""Put behind what every Python of this user starts with: Claude is known, and its hook is off."""

COMMIT = "git add -A && git commit -q -m 'two' && git log -1 --oneline"


def session(world: World) -> Scenario:
    """Ten readings and seven actions."""
    work = world.work
    return play(
        call("Bash", command="ls -la && git status --short"),
        call("Read", file_path=str(work / "notes.md")),
        call("Bash", command="git log --oneline -5 | cat; git diff --stat"),
        call("Bash", command='for f in $(git ls-files); do echo "== $f"; head -3 "$f"; done'),
        call("Grep", pattern="two", path=str(work)),
        call("Glob", pattern="**/*.md"),
        call("Edit", file_path=str(work / "notes.md"), old_string="two", new_string="2"),
        call("Write", file_path=str(work / "new.py"), content="print('new')\n"),
        call("Write", file_path=str(work / "test_new.py"), content="def test(): pass\n"),
        call("Bash", command="python3 new.py"),
        call("Bash", command="rm -r build && mkdir -p dist"),
        call("Bash", command="grep -rn print . --include='*.py' | wc -l"),
        call("Bash", command="cat > dist/a.txt <<'E'\none\nE\nsed -i s/one/1/ dist/a.txt"),
        Turn(
            calls=(
                Call("Bash", {"command": "cat dist/a.txt; python3 --version"}),
                Call("Read", {"file_path": str(work / "new.py")}),
            )
        ),
        call("Bash", command=COMMIT),
        call("Bash", command="git show --stat HEAD | tail -3; pwd"),
    )


DECLARED = (
    ("edit notes.md", "notes.md"),
    ("write new.py", "new.py"),
    ("write test_new.py", "test_new.py"),
    ("run new.py", "python3 new.py"),
    ("delete the build", "rm -r build"),
    ("write dist/a.txt", "dist/a.txt"),
    ("commit", "git commit"),
)


def run_claude(world: World, claude: str, *, hook: bool) -> Tally:
    """Let Claude Code work through the session below the gate, each question allowed once."""
    CLAUDE.settle(world.folder, world.work)
    _project(world)
    if not hook:
        site = world.folder / "alone" / "sitecustomize.py"
        site.write_text(site.read_text() + HOOKLESS)
    with model_server(session(world)) as model, said_yes(world) as person:
        world.env |= {**CLAUDE.scrubbed(world.folder, model.url), "TMPDIR": "/tmp"}
        options = () if hook else (NO_QUESTIONS,)
        process = world.start(
            "run", "--no-tui", "--kernel-gate", "--", claude, "-p", "GO", *options
        )
        person.begin()
        code = process.wait(PATIENCE)
    name = "Claude Code, hook and gate" if hook else "Claude Code, hook off"
    return tally(world, name, DECLARED, code, world.output(process))


def _project(world: World) -> None:
    (world.work / "notes.md").write_text("one\ntwo\n")
    (world.work / "build").mkdir()
    (world.work / "build" / "x").write_text("x")
    (world.folder / ".gitconfig").write_text("[user]\n\temail = a@b.example\n\tname = A\n")
    git = ["git", "-C", str(world.work), "-c", "user.email=a@b.example", "-c", "user.name=A"]
    (world.work / ".gitignore").write_text("build/\n")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
