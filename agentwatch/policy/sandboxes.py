"""What an agent's own sandbox does before the program inside of it is judged.

Owns the list of bwrap's options that leave every name as it is outside: those that show a file by
its own name, show less, or take rights away.  What runs inside is then judged like everybody's, by
names that mean there what they mean to a person.

What does not work: mounts that the agent makes without bwrap go through none of this.  Other
options of bwrap's (files from a descriptor, links, variables, another folder) are asked about,
though many of them are harmless.
"""

from __future__ import annotations

from collections.abc import Callable

from agentwatch.covers import Event

_SAME = frozenset({"--ro-bind", "--bind", "--ro-bind-try", "--bind-try"})
"""Binds; they keep a name where both of their paths are one."""
_LESS = frozenset({"--tmpfs", "--remount-ro", "--perms", "--cap-drop"})
"""Take a value, and hide what was there or forbid more."""
_PLACES = {"--dev": "/dev", "--proc": "/proc"}
"""Mounts that are what they are called in one place alone."""
_BARE = frozenset(
    {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts"}
    | {"--unshare-cgroup", "--unshare-user-try", "--unshare-cgroup-try", "--unshare-all"}
    | {"--as-pid-1", "--new-session", "--die-with-parent", "--clearenv", "--disable-userns"}
)


def keeps_names(arguments: tuple[str, ...]) -> bool:
    """Whether bwrap, given these, starts a program for which no name means another file."""
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--" or not word.startswith("-"):
            return word != "--" or bool(left)
        if word in _SAME:
            if len(left) < 2 or left[0] != left[1] or not left[0].startswith("/"):
                return False
            del left[:2]
        elif word in _LESS or word in _PLACES:
            if not left or _PLACES.get(word, left[0]) != left[0]:
                return False
            del left[:1]
        elif word not in _BARE:
            return False
    return False


def comes_and_goes(event: Event, made: Callable[[str], bool]) -> str:
    """Why something may be made or removed that is nothing to anybody; empty where it may not.

    A sandbox lays out its root in memory that only the tree's own mounts show, and removes the
    empty folders that it made to mount something there; `made` says which files the tree made.
    """
    flags = event.flags
    makes = event.kind == "write" and "create" in flags and "device" not in flags
    link = event.kind == "link" and "symbolic" in flags
    if (makes or link) and "private" in flags and "lost" not in flags:
        return "nobody sees it but the agent's tree"
    empty = event.kind == "delete" and "folder" in flags and made(event.path)
    return "an empty folder, made by the agent's tree" if empty else ""
