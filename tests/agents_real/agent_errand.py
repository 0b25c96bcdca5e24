"""A working session of a real agent, and what a person would call its actions.

Owns the scripted session and the names of what is consequential in it, with the agent's hook and
without.  What is not named is reading, or the agent's own housekeeping.
"""

from __future__ import annotations

import subprocess

from tests.agents_real.kit import Kit
from tests.agents_real.scenario import Act, Scenario, Turn, act, play
from tests.agents_real.supervised import KERNEL, UNHOOKED, running
from tests.e2e.tally import Tally, tally
from tests.e2e.world import World

COMMIT = "git add -A && git commit -q -m 'two' && git log -1 --oneline"


def session(world: World) -> Scenario:
    """Nine readings and seven actions."""
    work = world.work
    return play(
        act("shell", command="ls -la && git status --short"),
        act("read", path=str(work / "notes.md")),
        act("shell", command="git log --oneline -5 | cat; git diff --stat"),
        act("shell", command='for f in $(git ls-files); do echo "== $f"; head -3 "$f"; done'),
        act("shell", command="find . -name '*.md' -not -path './.git/*' | xargs grep -n two"),
        act("edit", path=str(work / "notes.md"), old="two", new="2"),
        act("write", path=str(work / "new.py"), content="print('new')\n"),
        act("write", path=str(work / "test_new.py"), content="def test(): pass\n"),
        act("shell", command="python3 new.py"),
        act("shell", command="rm -r build && mkdir -p dist"),
        act("shell", command="grep -rn print . --include='*.py' | wc -l"),
        act("shell", command="cat > dist/a.txt <<'E'\none\nE\nsed -i s/one/1/ dist/a.txt"),
        Turn(
            calls=(
                Act("shell", {"command": "cat dist/a.txt; python3 --version"}),
                Act("read", {"path": str(work / "new.py")}),
            )
        ),
        act("shell", command=COMMIT),
        act("shell", command="git show --stat HEAD | tail -3; pwd"),
    )


ACTIONS = (
    ("edit notes.md", "notes.md"),
    ("write new.py", r"new\.py(?!\w)(?<!test_new\.py)"),
    ("write test_new.py", "test_new.py"),
    ("run new.py", "python3 new.py"),
    ("delete the build", "rm -r build"),
    ("write dist/a.txt", "dist/a.txt"),
    ("commit", "git commit"),
)


def run_agent(world: World, kit: Kit, *, hook: bool) -> Tally:
    """Let an agent work through the session below the gate, each question allowed once."""
    _project(world)
    options = KERNEL if hook else UNHOOKED
    with running(world, kit, session(world), *kit.free, options=options) as run:
        run.decide(within=100)
    name = f"{kit.name}, {'hook and gate' if hook else 'gate alone'}"
    return tally(world, name, ACTIONS, run.process.wait(), world.output(run.process))


def _project(world: World) -> None:
    work = world.work
    (work / "notes.md").write_text("one\ntwo\n")
    (work / "build").mkdir()
    (work / "build" / "x").write_text("x")
    (work / ".gitignore").write_text("build/\n")
    (world.folder / ".gitconfig").write_text("[user]\n\temail = a@b.example\n\tname = A\n")
    git = ["git", "-C", str(work), "-c", "user.email=a@b.example", "-c", "user.name=A"]
    # in the project itself: an agent may hide the user's own settings from git
    own = (["config", "user.email", "a@b.example"], ["config", "user.name", "A"])
    for words in (["init", "-q", "-b", "main"], *own, ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
