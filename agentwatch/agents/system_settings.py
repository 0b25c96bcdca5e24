"""A system settings file of ours, in the place of the one that an agent reads above all others.

Owns the putting together: whatever stood in that place stays, ours on top.  What cannot be read
is not left out silently: the agent is not started.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentwatch.errors import AgentwatchError, ExitCode

Settings = Mapping[str, Any]


def over(place: Path, ours: Settings) -> str:
    """The text of a settings file that says what the one in this place says, and ours above it."""
    try:
        text = place.read_text()
    except FileNotFoundError:
        return json.dumps(ours)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(place, str(error)) from error
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(place, f"it is not plain JSON ({error})") from error
    if not isinstance(data, dict):
        raise _unreadable(place, "it is not an object")
    return json.dumps(_merged(data, ours))


def shared_parent(path: Path) -> Path | None:
    """The first folder around a file that others may write to; None where there is none."""
    for folder in path.parents:
        try:
            mode = folder.stat().st_mode
        except OSError:
            continue  # it is made by us, for the user alone
        if stat.S_IMODE(mode) & 0o022:
            return folder
    return None


def _merged(data: Settings, ours: Settings) -> dict[str, Any]:
    """Ours over theirs, member by member; lists are put together, ours first."""
    result = dict(data)
    for name, value in ours.items():
        before = result.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            result[name] = _merged(before, value)
        elif isinstance(value, list) and isinstance(before, list):
            result[name] = [*value, *before]
        else:
            result[name] = value
    return result


def _unreadable(place: Path, why: str) -> AgentwatchError:
    return AgentwatchError(
        f"the agent's system settings cannot be kept beside agentwatch's hook: {place}: {why}",
        "mend that file, or run with --ungated for the kill switch alone",
        ExitCode.USAGE,
    )
