"""The loop between the user's terminal and the screen.

Owns the moment of the kill: it reads every key before anything else and calls the switch itself.
It never blocks on output and never stops reading keys, whatever the screen or the terminal do; a
screen that dies or hangs is started again, and after too many times done without.
"""

from __future__ import annotations

import select
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence

from agentwatch.errors import AgentwatchError
from agentwatch.guard.keys import KeyFilter
from agentwatch.guard.modes import Modes
from agentwatch.guard.screen import Pulse, Screen, reap
from agentwatch.guard.signals import Signals
from agentwatch.guard.terminal import Terminal
from agentwatch.model import Receipt

OUTPUT_LIMIT = 1 << 16
"""Bytes waiting for the terminal, above which the screen's output is left where it is."""
INPUT_LIMIT = 1 << 20
"""Bytes waiting for a screen that does not read; what is typed beyond is dropped."""
READS = 8
"""Reads from the screen before keys are looked at again."""
FULL_READ = 2048
"""Bytes of one read, below which there is nothing more at the moment."""
TICK = 0.5
RESTARTS = 3
RESTARTS_WITHIN = 30.0
LEAVE = (b"q", b"\x03", b"\x11")
"""q, ctrl+c, ctrl+q: what leaves when there is no screen to ask."""
KEYS = "F9 and ctrl+\\ still kill"


class Relay:
    """Everything the guard knows while it runs."""

    def __init__(
        self,
        terminal: Terminal,
        signals: Signals,
        argv: Sequence[str],
        switch: Callable[[], Receipt],
        over: Callable[[], bool],
        session: str,
    ) -> None:
        self._terminal = terminal
        self._signals = signals
        self._argv = argv
        self._switch = switch
        self._over = over
        self._session = session
        self._keys = KeyFilter()
        self._modes = Modes()
        self._screen: Screen | None = None
        self._pulse = Pulse(time.monotonic())
        self._speaking = False
        """Whether the screen may still write."""
        self._busy = False
        """Whether it wrote something this turn: then it may be too busy writing to beat."""
        self._restarts: deque[float] = deque()
        self._to_terminal = bytearray()
        self._to_screen = bytearray()
        self._dropping = False
        """Keys go nowhere until the screen has read what it has: a gap, not a torn sequence."""
        self._left: int | None = None
        """Set when it is over: 0, or 128 and the signal that ended us."""
        self.receipt: Receipt | None = None
        self._unsaid = ""
        """A receipt's sentence that the screen shows, if it is alive; ours to say if it is not."""

    def run(self) -> int:
        """Relay until the user leaves; 0, or 128 and the number of the signal that ended it."""
        self._start()
        while self._left is None:
            try:
                self._turn()
            except Exception as error:  # a fault of ours must not take the kill key along
                if not self._screen:
                    raise
                self._bury(self._screen)
                self._failed(f"the guard met {error!r}")
        return self._left

    def close(self, farewell: str) -> None:
        """End the screen, bring the terminal's modes back, say one last line."""
        if self._screen:
            self._drain(self._screen)
            self._bury(self._screen)
        self._to_terminal += self._modes.undo()
        if farewell:
            self._say(farewell)
        self._terminal.flush(self._to_terminal)

    # one turn of the loop

    def _turn(self) -> None:
        """Wait for news and pass it on; keys first."""
        readable, writable = self._wait()
        self._busy = False
        if self._terminal.fd in readable:
            self._typed()
        if self._signals.fd in readable:
            self._signalled(self._signals.take())
        if self._screen:
            self._relay(self._screen, readable, writable)
        self._look_after()
        if self._to_terminal:
            self._show()

    def _wait(self) -> tuple[list[int], list[int]]:
        """Sleep until something can be read or written, half a second at most."""
        reading, writing = [self._terminal.fd, self._signals.fd], []
        if self._to_terminal:
            writing.append(self._terminal.fd)
        if self._screen:
            reading.append(self._screen.beats)
            if self._speaking and not self._stalled:
                reading.append(self._screen.master)
            if self._to_screen:
                writing.append(self._screen.master)
        readable, writable, _ = select.select(reading, writing, [], TICK)
        return readable, writable

    def _relay(self, screen: Screen, readable: list[int], writable: list[int]) -> None:
        """Carry bytes between the screen and our buffers."""
        if screen.master in writable:
            del self._to_screen[: screen.write(self._to_screen)]
            self._dropping = self._dropping and bool(self._to_screen)
        if screen.beats in readable and screen.take_beats():
            self._pulse.beat()
            self._unsaid = ""
        for _ in range(READS if screen.master in readable else 0):
            output = screen.read()
            self._speaking = self._heard(output)
            if not output or len(output) < FULL_READ:
                return

    def _heard(self, output: bytes | None) -> bool:
        """Queue what the screen wrote; whether it may write more."""
        if output:
            self._modes.feed(output)
            self._to_terminal += output
            self._busy = True
        return output is not None

    def _show(self) -> None:
        """Give the terminal what it takes."""
        count = self._terminal.write(self._to_terminal)
        if count is None:
            self._left = 128 + signal.SIGHUP
        else:
            del self._to_terminal[:count]

    @property
    def _stalled(self) -> bool:
        """Whether the terminal does not take what it is given."""
        return len(self._to_terminal) >= OUTPUT_LIMIT

    def _signalled(self, signals: frozenset[int]) -> None:
        """React to the signals that mean something here."""
        for number in (signal.SIGHUP, signal.SIGTERM):
            if number in signals:
                self._left = 128 + number
        if signal.SIGCONT in signals and self._terminal.alive():
            self._terminal.raw()
        if self._screen and signals & {signal.SIGWINCH, signal.SIGCONT}:
            self._screen.resize(self._terminal.size())

    # keys and the kill

    def _typed(self) -> None:
        """Read keys: kill, or pass them on."""
        typed = self._terminal.read()
        if typed is None:
            self._left = 128 + signal.SIGHUP
            return
        passed, kill = self._keys.feed(typed)
        if kill:
            self._kill()
        if self._screen:
            self._dropping = self._dropping or len(self._to_screen) + len(passed) > INPUT_LIMIT
            if not self._dropping:
                self._to_screen += passed
        elif any(key in passed for key in LEAVE):
            self._left = 0

    def _kill(self) -> None:
        """Throw the switch, here and now, and say what it measured where no screen does."""
        try:
            receipt = self._switch()
        except Exception as error:  # noqa: BLE001  whatever it was, the key must work again
            what = error.what if isinstance(error, AgentwatchError) else repr(error)
            self._tell(f"THE KILL FAILED: {what}; try `agentwatch kill {self._session}`")
            return
        if self.receipt is None or receipt.before or not receipt.clean:
            self.receipt = receipt
        self._unsaid = self.receipt.sentence()
        if self._screen:
            # Sent before there was anything to show: they prove a life, not that it is shown.
            if self._screen.take_beats():
                self._pulse.beat()
        elif receipt.clean:
            self._left = 0

    # the screen's life

    def _start(self) -> None:
        """Start the screen; one that cannot be started has failed like one that died."""
        self._to_screen.clear()
        self._dropping = False
        try:
            self._screen = Screen(self._argv, self._terminal.size())
        except OSError as error:
            self._failed(f"the screen cannot be started ({error.strerror})")
        else:
            self._speaking = True

    def _look_after(self) -> None:
        """Notice a screen that ended or hangs, and without one the end of the session."""
        ended = reap()
        self._pulse.pass_time(time.monotonic(), excused=self._busy or bool(self._to_terminal))
        if self._screen is None:
            if self._over():
                self._left = 0
        elif self._screen.pid in ended:
            self._ended(self._screen, ended[self._screen.pid])
        elif self._pulse.stuck:
            self._bury(self._screen)
            self._failed("the screen stopped answering")
        self._catch_up()

    def _catch_up(self) -> None:
        """Say what a kill measured where the screen does not live to show it."""
        if self._unsaid and not self._pulse.healthy:
            self._tell(self._unsaid)
            self._unsaid = ""

    def _ended(self, screen: Screen, status: int) -> None:
        """The screen is gone: the user left, or it died."""
        self._drain(screen)
        self._close(screen)
        if status == 0:
            self._left = 0
        else:
            self._failed(f"the screen ended (status {status})")

    def _drain(self, screen: Screen) -> None:
        """Take what it wrote before it ended."""
        while len(self._to_terminal) < 4 * OUTPUT_LIMIT and (output := screen.read()):
            self._heard(output)

    def _bury(self, screen: Screen) -> None:
        """Kill a screen without waiting for it; it is reaped when it is gone."""
        screen.kill()
        self._close(screen)

    def _close(self, screen: Screen) -> None:
        """Be without a screen: what beat before beats no more."""
        screen.close()
        self._screen = None
        self._pulse = Pulse(time.monotonic())

    def _failed(self, what: str) -> None:
        """Say so in one line and start the screen again, unless that has not helped."""
        self._to_terminal += self._modes.undo()
        if self._over():
            self._left = 0
            return
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] > RESTARTS_WITHIN:
            self._restarts.popleft()
        if len(self._restarts) < RESTARTS:
            self._restarts.append(now)
            self._tell(f"{what}; {KEYS}; starting it again")
            self._start()
        else:
            self._tell(
                f"{what} again and again; {KEYS}; q leaves, then `agentwatch watch "
                f"{self._session}` tries anew and `agentwatch pending` lists what waits"
            )

    # words of our own

    def _tell(self, line: str) -> None:
        """One line of ours, unless a stalled terminal has too many waiting already."""
        if len(self._to_terminal) < 2 * OUTPUT_LIMIT:
            self._say(line)

    def _say(self, line: str) -> None:
        """Queue one line: at the bottom of a screen that is drawn, below the text otherwise."""
        # A survivor's name is the agent's own words.
        text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line)
        shown = f"agentwatch: {text}".encode(errors="replace")
        if self._modes.alternate:  # CAN ends a sequence the screen may be stuck in
            self._to_terminal += b"\x18\x1b7\x1b[999;1H\x1b[2K\x1b[m" + shown + b"\x1b8"
        else:
            self._to_terminal += b"\r\x1b[K" + shown + b"\r\n"
