"""Signals as readable bytes, so that one select loop sees everything.

Owns the handlers while the guard runs.  A handler does nothing itself: the signal's number lands
in a pipe.  They are caught rather than ignored, because what is ignored stays so in the programs
we start.
"""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType

CAUGHT = (
    signal.SIGCHLD,
    signal.SIGCONT,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGTSTP,
    signal.SIGWINCH,
)


class Signals:
    """Catches signals inside `with`; `fd` is readable when there are any."""

    def __enter__(self) -> Signals:
        self.fd, self._write = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._write, False)
        self._woken = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _noted) for number in CAUGHT}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._woken)
        os.close(self.fd)
        os.close(self._write)

    def take(self) -> frozenset[int]:
        """The signals that came since the last look."""
        try:
            return frozenset(os.read(self.fd, 4096))
        except BlockingIOError:
            return frozenset()


def _noted(number: int, frame: FrameType | None) -> None:
    """Nothing to do: the number is in the pipe."""
