"""What drafts change, as the supervisor sees to it: kept where no gate does, seen at rest, undone.

Owns the keeping of what an agent declared where its system calls are not held, the looks at how
actions left what they changed, and what is recorded around an undo.  The undoing itself is done
by the person's own program, outside the containment; the tree stands still meanwhile.

What does not work: without the kernel gate only what was declared is kept, as the agent named it;
what it does otherwise, or after its answer to another file, is not known here.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from agentwatch.keeping import Keeper, Limits, Place, Settling, Unkept, Who
from agentwatch.keeping.looking import HANDLE
from agentwatch.model import Kind, Proposal, Reversibility
from agentwatch.policy import DRAFT, Judgement
from agentwatch.supervisor.config import Config

EVERY = 1.0
"""Seconds between two looks."""
_ITSELF = ("hooks", "propose")
"""Channels by which an agent says what its own processes will do."""


class Drafts:
    """The store of one session."""

    def __init__(self, config: Config) -> None:
        self._root = config.workspace
        self._folder = config.places.kept
        self._limits = Limits(config.keep, config.keep_file)
        self._keeper: Keeper | None = None
        self._looked = 0.0
        self.settling = Settling(self._folder, self._root)

    def keep(self, said: Proposal, group: str) -> None:
        """Keep what a declared action will change; raises Unkept."""
        try:
            with ExitStack() as handles:
                places = list(self._places(said, handles))
                if self._keeper is None:
                    self._keeper = Keeper(self._folder, self._limits)
                self._keeper.keep(places, group, Who())
        except OSError as error:
            raise Unkept(error.strerror or str(error)) from error

    def kept(
        self, said: Proposal, found: Judgement, group: str, *, held: bool = False
    ) -> Judgement:
        """What flows as a draft, kept first; what cannot be kept is asked about.

        Where its calls are `held`, what the agent's own processes do is kept by the gate process,
        as it comes; what is done for it by us or by its editor is not.
        """
        if found.rule != DRAFT or (held and said.channel in _ITSELF):
            return found
        try:
            if held:
                raise Unkept("it is not one of the agent's own processes that does it")  # noqa: TRY301
            self.keep(said, group)
        except Unkept as error:
            why = f"it cannot be kept aside, and so not be taken back: {error}"
            worst = Reversibility.IRREVERSIBLE
            return replace(found, verdict=None, rule=None, reversibility=worst, reasons=(why,))
        return found

    def look(self, *, now: bool = False) -> None:
        """See at rest what was changed; what cannot be written down is not undone unasked."""
        if now or time.monotonic() - self._looked >= EVERY:
            self._looked = time.monotonic()
            with contextlib.suppress(OSError):
                self.settling.look(all_of_it=now)

    def _places(self, said: Proposal, handles: ExitStack) -> Iterator[Place]:
        for named in said.paths:
            path = Path(said.cwd or self._root, named)
            folder = Path(os.path.realpath(path.parent))
            real = Path(os.path.realpath(path)) if said.kind is Kind.WRITE else folder / path.name
            if not real.is_relative_to(self._root) or str(real) == self._root:
                raise Unkept(f"{named} does not lie in the workspace")
            # Whoever writes a file makes the folders that it needs.
            missing = [one for one in real.parents if not one.exists()]
            yield from (Place(str(one), -1) for one in reversed(missing))
            try:
                handle = os.open(real, HANDLE | os.O_NOFOLLOW)
            except FileNotFoundError:
                yield Place(str(real), -1)
                continue
            handles.callback(os.close, handle)
            yield Place(str(real), handle, below=real.is_dir())
