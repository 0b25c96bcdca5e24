"""What only Claude Code's tests need: its settings files, and `--settings` broken on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.scenario import call, play

TOUCH = play(call("Bash", command="touch ran", description="a harmless thing"))
(NO_QUESTIONS,) = CLAUDE.free
"""Claude Code then asks nothing itself: whatever holds a tool back is our hook."""

FILES = {
    "project": Path("work/.claude/settings.json"),
    "local": Path("work/.claude/settings.local.json"),
    "user": Path("home/.claude/settings.json"),
}


def put(bench: Bench, which: str, settings: Json) -> None:
    """Write one of the settings files that Claude Code knows."""
    path = bench.home.parent / FILES[which]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(settings))


def in_settings(change: Callable[[Json], None]) -> Callable[[list[str]], list[str]]:
    """The command line with its `--settings` changed."""

    def changed(argv: list[str]) -> list[str]:
        at = argv.index("--settings") + 1
        data = json.loads(argv[at])
        change(data)
        return [*argv[:at], json.dumps(data), *argv[at + 1 :]]

    return changed


def hook_of(data: Json) -> Json:
    """The tool hook in what `--settings` says."""
    hook: Json = data["hooks"]["PreToolUse"][0]["hooks"][0]
    return hook
