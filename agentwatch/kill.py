"""The kill: shut the gate, kill the tree, look again, say what was measured.

Owns the order of these steps and the receipt.  Synchronous, standard library only; needs no
supervisor, socket, queue or event loop, only the containment record.  Never asks, never waits
for anything but the kernel.

What does not work: a process that a daemon outside started for the agent is found only when it
inherited the session's cookie.  A full disk leaves no receipt file; the kill happens all the
same and the receipt is returned.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from agentwatch import containment
from agentwatch.containment import Proc, Record, proc
from agentwatch.containment.base import write_private
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Receipt, Survivor
from agentwatch.paths import Places
from agentwatch.regular import document

PATIENCE = 5.0
"""Seconds to wait for the kernel's proof before what is left is reported."""


def kill(places: Places, *, trigger: str, by: str, record: Record | None = None) -> Receipt:
    """Kill everything of one session and prove it; raises AgentwatchError without a record.

    Whoever holds the record already hands it in; all others read the session's own.
    """
    began = time.monotonic()
    ms: dict[str, float] = {}
    if shut(places.closed):
        ms["gate"] = _since(began)
    record = record or Record.read(places.containment)
    _refuse_from_inside(record)
    blow = containment.kill(record, began + PATIENCE)
    ms["signal"] = _since(began, blow.signalled)
    if blow.empty is not None:
        ms["empty"] = _since(began, blow.empty)
    stray = _strays(record, began + PATIENCE)
    left = {one.pid: one for one in (*blow.left, *stray.left)}
    if stray.found and blow.empty is not None:
        ms["empty"] = _since(began)
    if left:
        ms.pop("empty", None)
    ms["look"] = _since(began)
    _dismiss(record)
    receipt = Receipt(
        session=record.session,
        trigger=trigger,
        by=by,
        containment=record.means,
        before=blow.before + stray.found,
        left=tuple(_named(left.values())),
        ms=ms,
    )
    receipt = _keep(places.receipt, receipt)
    if not left:  # a stopped supervisor goes on, to its own end: nobody is left to let pass
        proc.send(record.supervisor, signal.SIGCONT)
    return receipt


def armed(places: Places) -> str | None:
    """Why `kill` would not work on this session now, None where it would; nothing is killed."""
    from agentwatch.containment import readiness  # noqa: PLC0415  # a kill does not need it

    try:
        record = Record.read(places.containment)
    except AgentwatchError as error:
        return error.what
    if record.session != places.id:
        return f"its containment record is another session's ({record.session})"
    return readiness.why_not(record)


def shut(closed: Path) -> bool:
    """Shut the gate for ever; whether that could be written, which a kill does not wait for."""
    # Not to wait for a pipe's reader, nor to follow a link: the agent may have put one there.
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    for _ in range(2):
        try:
            os.close(os.open(closed, flags, 0o600))
        except OSError:
            if closed.exists():
                return False  # somebody else's: that it is there is what counts
            with contextlib.suppress(OSError):
                closed.unlink()
        else:
            return True
    return False


def _refuse_from_inside(record: Record) -> None:
    """A look from inside the namespace sees other numbers and would prove nothing."""
    inside = os.environ.get(containment.COOKIE)
    if inside is not None and inside != record.cookie:
        _refuse_unseen(record)
    if inside == record.cookie:
        raise AgentwatchError(
            "this process is inside the session it would kill",
            "run `agentwatch kill` from another shell",
            ExitCode.NO,
        )


def _refuse_unseen(record: Record) -> None:
    """Inside one session, another may be out of sight: that is not the same as dead."""
    if proc.identify(record.supervisor.pid) != record.supervisor:
        raise AgentwatchError(
            "this process is inside another session and cannot see this one's processes",
            "run `agentwatch kill` from another shell",
            ExitCode.NO,
        )


class _Strays:
    """What the second look saw: processes that carry the session's cookie."""

    def __init__(self) -> None:
        self.found = 0
        self.left: tuple[Proc, ...] = ()


def _strays(record: Record, until: float) -> _Strays:
    """Look through the whole machine for the cookie, and kill who has it until nobody does."""
    ours = [record.supervisor, *record.helpers, *([record.root] if record.root else [])]
    seen: set[Proc] = set()
    strays = _Strays()
    while found := proc.carriers(record.cookie, ours):
        seen.update(found)
        for one in found:
            proc.send(one, signal.SIGKILL)
        if time.monotonic() > until:
            break
        time.sleep(0.001)
    strays.found, strays.left = len(seen), found
    return strays


def _dismiss(record: Record) -> None:
    """End our own helpers; a stopped one would stay for ever."""
    for one in (*record.helpers, *([record.root] if record.root else [])):
        proc.send(one, signal.SIGKILL)


def _named(left: Iterable[Proc]) -> Iterable[Survivor]:
    for one in left:
        yield Survivor(one.pid, one.started, proc.command(one.pid))


def _since(began: float, now: float | None = None) -> float:
    return round(((time.monotonic() if now is None else now) - began) * 1000, 3)


def _keep(path: Path, receipt: Receipt) -> Receipt:
    """Write the receipt, unless an earlier kill of this session already has the fuller one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        earlier = Receipt.from_json(document(path))
        if earlier.clean and receipt.clean and earlier.before >= receipt.before:
            return earlier
    with contextlib.suppress(OSError):
        write_private(path, json.dumps(receipt.to_json()).encode())
    return receipt
