"""The screen as a program of its own on a supervisor in memory; its loop can be told to hang."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"

from agentwatch.model import Receipt
from agentwatch.paths import Places
from agentwatch.tui.app import WatchApp
from tests.tui.tui_double import Supervisor, action, killed, places as places_in


def kill(places: Places, *, trigger: str, by: str) -> Receipt:
    """Leave a mark at once."""
    assert places.id
    Path(sys.argv[1]).write_text(f"{trigger} {by}")
    return killed()


def main() -> int:
    """Run; hang the loop where the environment says so."""
    app = WatchApp(places_in(Path(sys.argv[1]).parent), kill, open_wire=Supervisor(action(1)).open)
    until = os.environ.get("AGENTWATCH_TEST_BLOCK")

    def block() -> None:
        os.write(2, b"\x1b]2;blocked now\x07")
        while not Path(str(until)).exists():
            time.sleep(0.02)

    if until:
        app.call_later(lambda: app.set_timer(1.0, block))
    status = app.run()
    return 1 if status is None else status


if __name__ == "__main__":
    raise SystemExit(main())
