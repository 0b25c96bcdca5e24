"""Keeping aside what a held call is about to change, by the handles that were judged.

Owns which of a call's objects are kept, and the store's writer in the gate process.  The caller is
held meanwhile, and every other call that changes files waits behind it.

What does not work: who has the file open for writing already, or lies outside the tree, may write
while it is copied.  A folder that is moved into the workspace from elsewhere is not kept track of,
so moving one there is asked.
"""

# names in a folder that is held by a handle

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agentwatch.keeping import Keeper, Limits, Place, Unkept, Who

from .acts import Deed, Flag, Observed
from .files import Held
from .resolve import Spot


class Aside:
    """What one session keeps."""

    def __init__(self, data: Mapping[str, Any], keeps: Callable[[str], bool]) -> None:
        """`keeps` says of a path whether it lies where things are kept."""
        self._folder = Path(data["folder"])
        self._limits = Limits(int(data["session"]), int(data["file"]))
        self._keeps = keeps
        self._keeper: Keeper | None = None

    def concerns(self, event: Observed) -> bool:
        """Whether an event changes anything that is kept."""
        if event.kind in (Deed.EXEC, Deed.CONNECT, Deed.DATAGRAM, Deed.SIGNAL):
            return False
        return any(self._keeps(path) for path in (event.path, event.path2) if path)

    def keep(self, held: Held, group: str, *, must: bool) -> bool:
        """Keep what it is about to change, for one action; False where it must be and cannot.

        Then the event says why.
        """
        who = Who(held.event.pid, held.caller.descent[0].started)
        try:
            found = [one for one in self._places(held) if self._keeps(one.path)]
            held.kept = self._writer().keep(found, group, who) if found else []
        except (OSError, Unkept) as error:
            why = str(error) or type(error).__name__
            if must:
                held.event = held.event._replace(unkept=why)
                return False
            # A person said yes to more than this: it happens, and the store says what is lost.
            with contextlib.suppress(OSError, Unkept):
                self._writer().lost(held.event.path2 or held.event.path, group, who, why)
        return True

    def retract(self, held: Held) -> None:
        """It did not happen."""
        kept, held.kept = held.kept, []
        if kept and self._keeper is not None:
            self._keeper.retract(kept)

    def _writer(self) -> Keeper:
        if self._keeper is None:
            self._keeper = Keeper(self._folder, self._limits)
        return self._keeper

    def _places(self, held: Held) -> Iterator[Place]:
        """What changes; raises Unkept, OSError."""
        event, spots = held.event, held.spots
        if Flag.TEMPORARY in event.flags:
            return  # a file without a name changes nothing that is there
        first = spots[0]
        nameless = first.handle >= 0 and os.fstat(first.handle).st_nlink == 0
        if Flag.PRIVATE in event.flags and not nameless:
            raise Unkept("it lies on a mount of the agent's own, or has no name")
        if event.kind is Deed.RENAME:
            yield from self._moved(event, *spots)
        elif event.kind is Deed.LINK:
            if Flag.SYMBOLIC not in event.flags and not nameless:
                yield Place(event.path, first.handle)  # it may be written by its new name
            yield Place(event.path2, -1)
        elif event.kind is Deed.DELETE:
            yield Place(event.path, _still(first))
        elif not nameless:
            yield Place(event.path, first.handle, meta=event.kind is Deed.MODE)

    def _moved(self, event: Observed, old: Spot, new: Spot) -> Iterator[Place]:
        folders = [
            stat.S_ISDIR(os.fstat(one.handle).st_mode) for one in (old, new) if one.handle >= 0
        ]
        exchange = Flag.EXCHANGE in event.flags
        if any(folders) and not self._keeps(event.path):
            raise Unkept("a folder comes into the workspace from elsewhere")
        if exchange and any(folders):
            raise Unkept("a folder changes places with something")
        to = event.path2 if self._keeps(event.path2) else ""
        yield Place(event.path, _still(old), below=folders[0], to=to)
        yield Place(event.path2, _still(new))


def _still(spot: Spot) -> int:
    """The object that was judged; raises Unkept where its name leads elsewhere by now."""
    if spot.handle < 0:
        return -1
    here, there = os.fstat(spot.handle), None
    with contextlib.suppress(FileNotFoundError):
        there = os.stat(spot.last, dir_fd=spot.folder, follow_symlinks=False)
    if there is None or (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
        raise Unkept("it was changed while it was looked at")
    return spot.handle
