"""The quiet rule: when a key may let something through.

Owns the times that matter (card drawn, last key, last disturbance) and the one question asked of
them.  Knows nothing of screens; the clock is given, so that a test is not a matter of luck.
"""

from __future__ import annotations

from collections.abc import Callable

DRAWN_FOR = 0.4
"""Seconds a card must have been on screen."""

KEYS_QUIET_FOR = 0.15
"""Seconds without any other key: a burst of typing cannot approve."""

CALM_FOR = 1.0
"""Seconds since focus came, a paste, an escape or a key that is bound to nothing.

A torn escape sequence arrives as an escape and then letters; a window being focused arrives with
the click or key that focused it.
"""


class Quiet:
    """Whether the person can be taken to have aimed the key at the card."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._drawn: float | None = None
        self._key = float("-inf")
        self._disturbed = float("-inf")

    def drawn(self) -> None:
        """A card, or another content of it, has just come on screen."""
        self._drawn = self._clock()

    def gone(self) -> None:
        """No card is on screen."""
        self._drawn = None

    def key(self) -> bool:
        """A key came; says whether it came out of silence, judged before it counts itself."""
        quiet = self.silent
        self._key = self._clock()
        return quiet

    def disturbed(self) -> None:
        """Something came that a person may not have meant for us."""
        self._disturbed = self._clock()

    @property
    def silent(self) -> bool:
        """Whether neither keys nor disturbances are recent."""
        return self._clock() - self._key >= KEYS_QUIET_FOR and self.calm

    @property
    def calm(self) -> bool:
        """Whether no disturbance is recent, whatever keys came."""
        return self._clock() - self._disturbed >= CALM_FOR

    @property
    def settled(self) -> bool:
        """Whether the card has been on screen long enough to have been seen."""
        return self._drawn is not None and self._clock() - self._drawn >= DRAWN_FOR
