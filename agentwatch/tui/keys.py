"""THE key table: every key of the screen, what it does, where it works, how it is shown.

Owns the table and what is derived from it: bindings, the footer, the help, the palette.  A key
that is not here does nothing.  Runs no action itself.

What a key here may be: stopping keys are one press, anywhere, never asked back.  Keys that let
something through (`a`, `r`) are lower-case letters that end no terminal reply and no torn escape
sequence, and obey the quiet rule.  Enter, space, escape, tab, digits and the mouse let nothing
through.  The kill keys may be given other names, never taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from textual.binding import Binding

from agentwatch.tui.key import Key, Where

__all__ = [
    "KEPT_FROM_AGENT",
    "KILL_KEYS",
    "TABLE",
    "Key",
    "Where",
    "bindings",
    "bound",
    "footer",
    "footer_words",
    "palette",
]

KILL_KEYS: Final = ("f9", "ctrl+backslash")
"""What both the guard and the input thread of this program look for."""

KEPT_FROM_AGENT: Final = frozenset({*KILL_KEYS, "f8", "ctrl+right_square_bracket"})
"""The only keys an attached agent does not get."""

TABLE: Final = (
    Key(
        ("a",),
        "approve",
        "a",
        "approve the one action on the card, as it is drawn",
        Where.CARD,
        "approve",
        0,
        aimed=True,
    ),
    Key(
        ("s",),
        "similar",
        "s",
        "approve it and what is like it, for a while: opens a panel",
        Where.CARD,
        "similar…",
        4,
    ),
    Key(
        ("a",),
        "grant",
        "a",
        "approve the action, and grant what the panel says",
        Where.SIMILAR,
        "approve and grant",
        0,
        aimed=True,
    ),
    Key(
        ("w",),
        "write",
        "w",
        "write what is marked down as a rule of yours: shows it first",
        Where.SIMILAR,
        "always…",
        2,
    ),
    Key(
        ("a",),
        "write_rule",
        "a",
        "approve the action, and write the rule as shown",
        Where.WRITING,
        "approve and write",
        0,
        aimed=True,
    ),
    Key(("x",), "revoke", "x", "revoke the chosen grant", Where.GRANTS, "revoke", 0),
    Key(("d",), "deny", "d", "deny it", Where.CARD, "deny", 1, spoken="Deny the chosen action"),
    Key(
        ("n",),
        "because",
        "n",
        "deny it and tell the agent why",
        Where.CARD,
        "no, because…",
        2,
        spoken="Deny the chosen action, because…",
    ),
    Key(
        ("e",),
        "edit",
        "e",
        "change what it is given; the change is a new card",
        Where.CARD,
        "edit…",
        7,
    ),
    Key(("ctrl+s",), "changed", "ctrl+s", "show its new card", Where.EDIT, "show it", 0),
    Key(("ctrl+n",), "member", "ctrl+n", "the next part of it", Where.EDIT, "next part", 2),
    Key(
        ("enter",),
        "open",
        "enter",
        "show the card full size; decides nothing",
        Where.MAIN,
        "open",
        7,
        spoken="Show the card full size",
    ),
    Key(
        ("t",),
        "attach",
        "t",
        "take the agent's terminal, or speak with it",
        Where.MAIN,
        "attach",
        5,
        spoken="Take the agent's terminal, or speak with it",
    ),
    Key(
        ("l",),
        "log",
        "l",
        "what was proposed and decided lately",
        Where.MAIN,
        "log",
        6,
        spoken="Recent actions",
    ),
    Key(
        ("g",),
        "grants",
        "g",
        "what is granted; x there revokes",
        Where.MAIN,
        "grants",
        8,
        spoken="What is granted",
    ),
    Key(
        ("b",),
        "breaker",
        "b",
        "what the breaker counts, and what it has stopped",
        Where.MAIN,
        "breaker",
        8,
        spoken="The breaker",
    ),
    Key(
        ("d",),
        "deny_all",
        "d",
        "deny everything that waits because the breaker tripped",
        Where.BREAKER,
        "deny all",
        0,
    ),
    Key(
        ("e",),
        "extend",
        "e",
        "raise the budget that is used up, by as much as was given first",
        Where.BREAKER,
        "extend the budget",
        2,
        aimed=True,
    ),
    Key(("m",), "mode", "m", "the session's mode", Where.MAIN, "mode", 8, spoken="The mode"),
    Key(("u",), "undo", "u", "what drafts changed", Where.MAIN, "undo", 8, spoken="Undo drafts"),
    Key(("a",), "put_back", "a", "put it back as it was", Where.UNDO, "put back", 0, aimed=True),
    Key(("enter",), "tighten", "enter", "take a stricter mode", Where.MODE, "take stricter", 0),
    Key(("a",), "loosen", "a", "take a looser mode", Where.MODE, "take looser", 1, aimed=True),
    Key(
        ("slash",),
        "filter",
        "/",
        "show only actions that contain a text",
        Where.MAIN | Where.LOG,
        "filter",
        8,
        spoken="Filter the queue",
    ),
    Key(
        ("p",),
        "freeze",
        "p",
        "freeze the agent's whole tree",
        Where.CARD,
        "freeze",
        3,
        spoken="Freeze the agent's tree",
    ),
    Key(
        ("r",),
        "resume",
        "r",
        "let a frozen tree run again",
        Where.MAIN | Where.BREAKER,
        "resume",
        3,
        aimed=True,
    ),
    Key(
        ("q", "ctrl+q"),
        "leave",
        "q",
        "leave the screen; what is pending stays held",
        Where.MAIN,
        "leave",
        8,
        also="ctrl+q",
        spoken="Leave the screen",
    ),
    Key((), "send", "enter", "send the reason to the agent and deny", Where.BECAUSE, "send it", 0),
    Key((), "say", "enter", "say what you typed to the agent", Where.TALK, "say it", 0),
    Key(("f7",), "interrupt", "F7", "ask the agent to end its turn", Where.TALK, "end its turn", 4),
    Key(
        ("escape",),
        "back",
        "esc",
        "back; decides nothing",
        Where.FULL | Where.BECAUSE | Where.PAGES | Where.MAIN | Where.TALK | Where.EDIT,
        "back",
        1,
    ),
    Key(
        ("ctrl+right_square_bracket",),
        "detach",
        "ctrl+]",
        "leave the agent's terminal",
        Where.ATTACH,
        "back",
        1,
    ),
    Key(
        ("f9",),
        "kill",
        "F9",
        "KILL the agent's whole tree",
        Where.EVERYWHERE,
        "KILL",
        -2,
        spoken="KILL the agent's whole tree",
    ),
    Key(("ctrl+backslash",), "kill", "ctrl+\\", "the same", Where.EVERYWHERE),
    Key(("f8",), "freeze", "F8", "freeze, from any screen", Where.EVERYWHERE),
    Key(
        ("question_mark", "f1"),
        "help",
        "?",
        "this page",
        Where.CARD,
        "help",
        -1,
        also="F1",
        spoken="Help",
    ),
    Key(
        ("down", "j"),
        "choose(1)",
        "↓ j",
        "choose the next one",
        Where.MAIN | Where.SIMILAR | Where.GRANTS | Where.MODE | Where.UNDO | Where.LOG,
    ),
    Key(
        ("up", "k"),
        "choose(-1)",
        "↑ k",
        "choose the one before",
        Where.MAIN | Where.SIMILAR | Where.GRANTS | Where.MODE | Where.UNDO | Where.LOG,
    ),
    Key(("right",), "longer(1)", "→", "grant it for longer", Where.SIMILAR),
    Key(("left",), "longer(-1)", "←", "grant it for less", Where.SIMILAR),
    Key(("pagedown",), "page(1)", "PgDn", "read on", Where.LISTS | Where.TALK),
    Key(("pageup",), "page(-1)", "PgUp", "read back", Where.LISTS | Where.TALK),
    Key(("w",), "report", "w", "one page about this session", Where.MAIN, spoken="The report"),
    Key(("home",), "first", "Home", "the beginning of the record", Where.LOG, "first", 5),
    Key(("end",), "last", "End", "the newest of the record", Where.LOG, "newest", 4),
    Key(("colon",), "jump", ":", "go to a time or a record's number", Where.LOG, "go to", 3),
    Key(("tab",), "pane(1)", "tab", "next pane", Where.MAIN),
    Key(("shift+tab",), "pane(-1)", "shift+tab", "pane before", Where.MAIN),
    Key(("1",), "go('queue')", "1", "go to the queue", Where.MAIN),
    Key(("2",), "go('card')", "2", "go to the card", Where.MAIN),
    Key(("3",), "go('output')", "3", "go to the agent's output", Where.MAIN),
    Key(("colon", "ctrl+p"), "palette", ":", "command palette", Where.MAIN, also="ctrl+p"),
    Key(("space",), "pause", "space", "in a replay: pause, go on", Where.REPLAY, "pause", 0),
    Key(("n",), "next", "n", "in a replay: to the next decision", Where.REPLAY, "next", 1),
    Key(("p",), "previous", "p", "in a replay: to the one before", Where.REPLAY, "previous", 2),
    Key(("plus", "equals_sign"), "faster(1)", "+", "play faster", Where.REPLAY, "faster", 3),
    Key(("minus",), "faster(-1)", "-", "play slower", Where.REPLAY, "slower", 4),
    Key(
        ("q", "escape", "ctrl+q", "ctrl+c"),
        "leave",
        "q",
        "end the replay",
        Where.REPLAY,
        "leave",
        0,
    ),
    Key(
        ("ctrl+c",),
        "copy",
        "ctrl+c",
        "copy what is marked; kills nothing, leaves nothing",
        Where.LISTS | Where.BECAUSE | Where.TALK,
    ),
)


def bindings(where: Where) -> list[Binding]:
    """The table as the toolkit wants it, for one screen.

    Stopping keys come first in line (`priority`), before any text box sees them.
    """
    return [
        Binding(name, key.action, key.does, show=False, priority=_comes_first(key))
        for key in TABLE
        if key.where & where
        for name in key.keys
    ]


def bound(where: Where) -> frozenset[str]:
    """Every key that means something on one screen."""
    return frozenset(name for key in TABLE if key.where & where for name in key.keys)


def footer(where: Where, width: int, hidden: Iterable[str] = ()) -> list[Key]:
    """The keys for the bottom line: as many as fit, KILL and help always last."""
    left_out = frozenset(hidden)
    wanted = [
        key for key in TABLE if key.where & where and key.label and key.action not in left_out
    ]
    if where is Where.MAIN:
        wanted = [key for key in wanted if key.action != "back"]
    room = width - 2
    chosen: list[Key] = []
    for key in sorted(wanted, key=lambda item: item.rank):
        need = len(footer_words(key)) + (2 if chosen else 0)
        if need <= room:
            chosen.append(key)
            room -= need
    return sorted(chosen, key=wanted.index)


def footer_words(key: Key) -> str:
    """The key and its word."""
    return f"{key.shown} {key.label}"


def palette() -> Iterator[Key]:
    """What the palette offers: never a key that lets something through."""
    return (key for key in TABLE if key.spoken and not key.aimed)


def _comes_first(key: Key) -> bool:
    return key.action == "kill" or "f8" in key.keys
