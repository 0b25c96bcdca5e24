"""What an action is for the breaker: whether it deletes, whom it reaches, what it can destroy.

Owns the way from a proposal, and from what was seen to pass, to what is counted.  Looks at files
only for their size and whether they are there; counts nothing itself.

What does not work: how much a program will delete is not known before it runs.  Where system calls
are held its deletions are counted as they come, elsewhere only the program is.
"""

from __future__ import annotations

import os
import posixpath
import re

from agentwatch.breaker import Act
from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from agentwatch.model import Kind, Origin, Proposal
from agentwatch.policy import DRAFT, Judgement
from agentwatch.policy.ground import Ground, Zone
from agentwatch.shell import parse, parse_argv

LOOKED_AT = 64
"""Paths of one proposal that are looked at."""

DELETERS = frozenset({"rm", "unlink", "rmdir", "shred", "srm", "trash", "trash-put", "wipe"})
"""Programs that do nothing else."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DELETES = frozenset({"delete", "remove", "trash", "purge", "erase", "destroy", "wipe", "unlink"})
_SENDS = frozenset({"send", "reply", "forward", "publish", "tweet"})

_FILES = frozenset({Kind.WRITE, Kind.DELETE, Kind.RENAME})
_CHANGING = frozenset({Deed.DELETE, Deed.RENAME, Deed.TRUNCATE, Deed.WRITE})
_REACH = frozenset({Zone.OUTSIDE, Zone.PROTECTED, Zone.TERMINAL, Zone.OURS})


def act_of(proposal: Proposal, judgement: Judgement) -> Act:
    """A proposal as it is counted."""
    kind = proposal.kind
    words = {word.lower() for word in _WORD.findall(proposal.tool or "")}
    touched = proposal.paths[:LOOKED_AT] if kind in _FILES else ()
    outside = [path for path in judgement.outside[:LOOKED_AT] if kind in _FILES]
    # What flows in a draft is kept aside: it can be put back.
    covered = judgement.cover is not None or judgement.rule == DRAFT
    return Act(
        kind=kind.value,
        summary=proposal.summary,
        deletes=kind is Kind.DELETE or bool(words & _DELETES) or _runs_deleter(proposal),
        sends=kind is Kind.MESSAGE or bool(words & _SENDS),
        tool=(proposal.tool or "") if kind is Kind.TOOL else "",
        host=proposal.host or "",
        folder=posixpath.dirname(touched[0]) if touched else "",
        outside=sum(os.path.lexists(path) for path in outside),
        size=_size(proposal, touched),
        covered=covered,
        asks=judgement.verdict is None,
    )


def seen(event: Observed, ground: Ground, *, made: bool) -> Act | None:
    """What passed below the agent as part of an approved action; None for what destroys nothing.

    `made` says whether the agent's own tree made the file: to tidy up after itself is no harm.
    """
    if event.kind not in _CHANGING:
        return None
    paths = _hit(event, made=made)
    if not paths:
        return None
    room = ground.workspace.rstrip("/") + "/"  # most of it lies there, and zones take their time
    beyond = [path for path in paths if not path.startswith(room)]
    outside = sum(ground.zone(path, event.pid)[0] in _REACH for path in beyond)
    deletes = event.kind is Deed.DELETE
    if not outside and not deletes:
        return None
    return Act(
        kind=Kind.DELETE.value if deletes else Kind.WRITE.value,
        summary=f"{event.kind} {paths[0]}",
        deletes=deletes,
        outside=outside,
        size=event.size,
        covered=True,
    )


def _hit(event: Observed, *, made: bool) -> list[str]:
    """The existing files that it takes away or changes."""
    if event.kind is Deed.WRITE and {Flag.CREATE, Flag.TEMPORARY} & set(event.flags):
        return []
    hit = [] if made else [event.path]
    if event.kind is Deed.RENAME and {Flag.REPLACE, Flag.EXCHANGE} & set(event.flags):
        hit.append(event.path2)
    return hit


def _runs_deleter(proposal: Proposal) -> bool:
    """Whether one of the programs that it starts does nothing but delete."""
    if proposal.kind is not Kind.EXEC:
        return False
    found = [*(parse(proposal.command).commands if proposal.command else ())]
    found += parse_argv(proposal.argv).commands if proposal.argv else ()
    return any(simple.name in DELETERS for simple in found)


def _size(proposal: Proposal, touched: tuple[str, ...]) -> int:
    """Bytes that are lost by it, as far as can be told."""
    if proposal.origin is Origin.OBSERVED:
        said = proposal.params.get("size", 0)
        return said if isinstance(said, int) else 0
    if proposal.kind is Kind.RENAME:
        touched = touched[1:]
    return sum(_length(path) for path in touched)


def _length(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except (OSError, ValueError):
        return 0
