"""How much there is to draw of an action, told before it is drawn.

Owns the bound.  A screen that draws for half a minute is one on which nothing can be answered, and
an agent chooses what it asks: megabytes of empty lines, or of characters that must be spelled out.
What is beyond the bound is not cut but not drawn, and so not approved there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from agentwatch.model import Action, Proposal

MOST: Final = 2_000_000
"""What may be drawn, in plain characters' worth: about two seconds of a slow machine."""

SPELLED: Final = 40
"""A line's end, or a control character, takes so many times as long as a letter does."""
FOREIGN: Final = 16
"""A character beyond ASCII, which is looked at by itself and may be spelled out."""

_PRINTED: Final = bytes(range(0x20, 0x7F))


def too_long(action: Action) -> bool:
    """Whether drawing it would take the screen away from everything else."""
    left = MOST
    for text in _texts(action.proposal, (*action.reasons, *action.outside)):
        left -= cost(text) if len(text) <= left else len(text)
        if left < 0:
            return True
    return False


def cost(text: str) -> int:
    """What it takes to draw a text, and the line it begins."""
    plain = text.encode("ascii", "ignore")
    controls = len(plain.translate(None, _PRINTED))
    return SPELLED + len(text) + FOREIGN * (len(text) - len(plain)) + SPELLED * controls


def _texts(said: Proposal, more: tuple[str, ...]) -> Iterator[str]:
    """Everything of an action that is drawn; the parameters laid out only if they are short."""
    one = (said.command, said.url, said.host, said.tool, said.cwd, said.words, said.diff)
    yield from filter(None, one)
    yield said.summary
    for several in (said.argv, said.paths, said.parents, more):
        yield from several
    if len(short := json.dumps(said.params, ensure_ascii=False)) > MOST:
        yield short
        return
    for name, value in said.params.items():
        yield str(name)
        yield value if isinstance(value, str) else json.dumps(value, indent=1)
