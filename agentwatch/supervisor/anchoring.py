"""Keeping the head of the record elsewhere: in a file, or fed to a command.

Owns when and how heads are handed on, and the alarm where that fails.  Never waits on the way of a
decision or of a kill: each place has a thread of its own, and of heads that wait only the newest
is kept.

What does not work: a command that hangs is ended, not what it started itself.  A file that the
agent may write is no elsewhere, unless the floor keeps it; one on the same disk is lost with it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Head
from agentwatch.journal.anchors import spoken

COMMAND = "|"
"""Begins a place that is a command."""
PATIENCE = 10.0
"""Seconds a command may take."""
FINISH = 3.0
"""Seconds the last head may take when the agent is over."""

Alarm = Callable[[str], None]


def named(text: str, path: str | None = None) -> str:
    """A place as a person names it: a command where its first word is a program, else a file.

    Raises AgentwatchError for what can be neither.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    program = bool(words) and shutil.which(words[0], path=path) is not None
    if program:
        return COMMAND + text
    if not text.strip() or (len(words) != 1 and "/" not in text):
        raise AgentwatchError(
            f"{text!r} is neither a file nor a command that is there",
            "--anchor /mnt/other/heads or --anchor 'logger -t agentwatch'",
            ExitCode.USAGE,
        )
    return str(Path(text).absolute())


def files(places: tuple[str, ...]) -> tuple[str, ...]:
    """Those places that are files."""
    return tuple(place for place in places if not place.startswith(COMMAND))


def words(places: tuple[str, ...]) -> tuple[str, ...]:
    """What a person should know of them."""
    return tuple(
        f"The head of the record is fed to: {place[1:]}"
        if place.startswith(COMMAND)
        else f"The head of the record is kept in {place}."
        for place in places
    )


class Anchors:
    """The places of one session."""

    def __init__(
        self,
        places: tuple[str, ...],
        session: str,
        *,
        env: Mapping[str, str],
        cwd: str,
        alarm: Alarm,
    ) -> None:
        """Makes the files; raises AgentwatchError for one that cannot be written."""
        for path in files(places):
            try:
                _append(path, b"")
            except OSError as error:
                raise AgentwatchError(
                    f"the head of the record cannot be kept in {path}: {error.strerror}",
                    "name a file that you may write, or leave --anchor out",
                ) from error
        self._session = session
        self._places = [_Place(place, env, cwd, alarm) for place in places]

    def offer(self, head: Head) -> None:
        """Hand a head on; returns at once."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        line = f"{spoken(self._session, head)} {at}\n".encode()
        for place in self._places:
            place.offer(line)

    def finish(self, within: float = FINISH) -> None:
        """Wait until the last head is everywhere, or the time is over."""
        until = time.monotonic() + within
        for place in self._places:
            place.finish(until)


class _Place:
    """One place and its thread."""

    def __init__(self, place: str, env: Mapping[str, str], cwd: str, alarm: Alarm) -> None:
        self._place = place
        self._env = dict(env)
        self._cwd = cwd
        self._alarm = alarm
        self._state = threading.Condition()
        self._next: bytes | None = None
        self._busy = self._failing = False
        threading.Thread(target=self._run, name="anchor", daemon=True).start()

    def offer(self, line: bytes) -> None:
        with self._state:
            self._next = line
            self._state.notify_all()

    def finish(self, until: float) -> None:
        with self._state:
            while self._next is not None or self._busy:
                left = until - time.monotonic()
                if left <= 0 or not self._state.wait(left):
                    self._say(f"{self._name} has not taken the last head in time")
                    return

    @property
    def _name(self) -> str:
        return self._place.removeprefix(COMMAND)

    def _run(self) -> None:
        while True:
            with self._state:
                self._busy = False
                self._state.notify_all()
                while self._next is None:
                    self._state.wait()
                line, self._next = self._next, None
                self._busy = True
            try:
                self._keep(line)
            except Exception as error:  # noqa: BLE001 - whatever it was, somebody should know
                self._say(f"the head of the record could not be kept by {self._name}: {error}")
            else:
                self._failing = False

    def _keep(self, line: bytes) -> None:
        if not self._place.startswith(COMMAND):
            _append(self._place, line)
            return
        subprocess.run(
            ["/bin/sh", "-c", self._name],
            input=line,
            stdout=2,  # what it says goes to the supervisor's log
            env=self._env,
            cwd=self._cwd,
            timeout=PATIENCE,
            check=True,
            start_new_session=True,
        )

    def _say(self, text: str) -> None:
        """Once, until it works again."""
        if not self._failing:
            self._failing = True
            self._alarm(text)


def _append(path: str, line: bytes) -> None:
    """A line at the end of a file, on disk; never waits for a reader.  Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(path, flags, 0o600)
    try:
        if os.write(file, line) != len(line):
            raise OSError("it was not written whole")
        os.fsync(file)
    finally:
        os.close(file)
