"""The screen: a client of one session's supervisor, with the second line of the kill.

Owns the way in: finding the session, refusing where no screen can be.  Never
owns the agent, and decides nothing that the supervisor does not check again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from agentwatch import paths
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.paths import Places


def main(argv: Sequence[str]) -> int:
    """Show one session until the person leaves."""
    try:
        places = _find(argv)
        _check_terminal()
    except AgentwatchError as error:
        print(f"agentwatch: error: {error.what}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return int(error.code)
    # One byte (0x1c) is the kill key at its most robust; the Kitty protocol would make it many.
    os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"
    return _show(places)


def _show(places: Places) -> int:
    from agentwatch.kill import kill  # noqa: PLC0415  after the environment is set
    from agentwatch.tui.app import WatchApp  # noqa: PLC0415  likewise

    beat = os.environ.get("AGENTWATCH_BEAT", "")
    app = WatchApp(places, kill, beat=_pipe(beat))
    status = app.run()
    if status != 0:
        return app.return_code or 1
    return 0


def _pipe(named: str) -> int | None:
    """The descriptor to beat into, made one that never blocks; None where there is none."""
    if not named.isdecimal():
        return None
    try:
        os.set_blocking(int(named), False)
    except OSError:
        return None
    return int(named)


def _find(argv: Sequence[str]) -> Places:
    if len(argv) != 1:
        raise AgentwatchError("one session is shown at a time", "agentwatch ls", ExitCode.USAGE)
    for places in paths.live_places():
        if places.id == argv[0]:
            return places
    over = paths.new_places(argv[0])
    if os.sep not in argv[0] and over.session.is_file():
        return over
    raise AgentwatchError(f"no session {argv[0]}", "agentwatch ls", ExitCode.NOT_FOUND)


def _check_terminal() -> None:
    if os.environ.get("TERM", "dumb") == "dumb" or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise AgentwatchError(
            "this terminal cannot show the screen",
            "use `agentwatch pending`, `agentwatch approve ID` and `agentwatch deny ID`",
            ExitCode.USAGE,
        )
