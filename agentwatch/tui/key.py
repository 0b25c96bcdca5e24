"""What a key of the screen is, and where one can work.

Owns the fields of a line of the key table, and the names of the screens.  Knows no key.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto


class Where(Flag):
    """The screens a key works on."""

    MAIN = auto()
    FULL = auto()
    BECAUSE = auto()
    ATTACH = auto()
    READING = auto()
    """Help and report: text to read, nothing to decide."""

    SIMILAR = auto()
    """The panel of what to grant."""
    GRANTS = auto()
    WRITING = auto()
    """A rule that may be written."""
    BREAKER = auto()
    TALK = auto()
    """The conversation: a line to type into, nothing to decide."""
    EDIT = auto()
    """An editor for what a call is given; nothing to decide."""
    UNDO = auto()
    """What drafts changed."""
    MODE = auto()
    """The panel of the session's mode."""
    LOG = auto()
    REPLAY = auto()
    """A recording: there is no session to stop or to decide in."""

    CARD = MAIN | FULL
    PAGES = READING | MODE | UNDO | SIMILAR | GRANTS | WRITING | BREAKER | LOG
    LISTS = MAIN | FULL | PAGES
    EVERYWHERE = MAIN | FULL | BECAUSE | ATTACH | PAGES | TALK | EDIT


NAMES = (
    (Where.EVERYWHERE, "everywhere"),
    (Where.LISTS, "lists and pages"),
    (Where.CARD, "a card"),
    (Where.PAGES, "pages"),
    (Where.MAIN, "the main screen"),
    (Where.FULL, "the full card"),
    (Where.BECAUSE, "the reason"),
    (Where.SIMILAR, "the grant panel"),
    (Where.WRITING, "the new rule"),
    (Where.EDIT, "the editor"),
    (Where.GRANTS, "the grants"),
    (Where.BREAKER, "the breaker"),
    (Where.MODE, "the mode panel"),
    (Where.UNDO, "drafts"),
    (Where.ATTACH, "the agent's terminal"),
    (Where.TALK, "the conversation"),
    (Where.LOG, "the log"),
    (Where.READING, "help and report"),
    (Where.REPLAY, "a replay"),
)
"""What a person calls the screens, wider words first."""


def named(where: Where) -> str:
    """The screens in words."""
    words = []
    for screens, name in NAMES:
        if screens in where:
            words.append(name)
            where &= ~screens
    return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Key:
    """One line of the table."""

    keys: tuple[str, ...]
    """As the toolkit names them; the first is the one shown."""
    action: str
    shown: str
    does: str
    where: Where
    label: str = ""
    """Its word in the footer; empty keeps it out."""
    rank: int = 9
    """Footer order where room is short: lower stays."""
    aimed: bool = False
    """Lets something through: under the quiet rule, never in the palette."""
    also: str = ""
    """Its other names, for the help."""
    spoken: str = ""
    """Its name in the palette; empty keeps it out."""
