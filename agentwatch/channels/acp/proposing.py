"""What a tool call proposes.

Owns the reading of a call's arguments into a proposal.  The title is the agent's own words and
goes nowhere else.  A call whose arguments are missing or not understood is asked as what it is: a
tool of unknown effect.  What calls itself reading is taken for reading only where its arguments
can be nothing else.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from agentwatch.channels.acp.calls import Call
from agentwatch.model import Json, Kind, Proposal

READING = frozenset({"read", "search"})
READING_MEMBERS = frozenset(
    {"path", "paths", "file_path", "filePath", "absolute_path", "file", "files", "offset", "limit"}
    | {"line", "pattern", "glob", "query", "include", "exclude", "dir_path", "dirPath", "pages"}
    | {"head_limit", "output_mode", "start_line", "end_line", "case_sensitive", "recursive"}
    | {"ignore", "respect_git_ignore", "file_filtering_options", "max_results", "-n", "-i", "-A"}
    | {"-B", "-C", "type", "multiline", "description"}
)
"""Arguments that say where and what to look at, and can order nothing."""

COMMANDS = ("command", "cmd", "script")
PATHS = ("file_path", "filePath", "absolute_path", "path", "notebook_path", "target_file")
WHERE = ("cwd", "workdir", "working_directory", "directory", "dir_path")
URLS = ("url", "uri")

UNSAID = "the agent does not say exactly what it would do: only its title, below"


class Change(Protocol):
    """What would happen to one file."""

    @property
    def verb(self) -> str:
        """Its verb."""

    @property
    def diff(self) -> str:
        """Its diff."""


class Changes(Protocol):
    """How changes to files are shown."""

    def of_write(self, path: str, content: str) -> Change:
        """When the whole content is replaced."""

    def of_edits(self, path: str, edits: list[tuple[str, str, bool]]) -> Change:
        """When (old, new, everywhere) are applied."""


def of_call(call: Call, cwd: str, changes: Changes) -> tuple[Proposal, tuple[str, ...]]:
    """The proposal in a tool call, and what is to be thought about besides."""
    given = call.given or {}
    command, argv = _command(given)
    where = next((str(given[name]) for name in WHERE if isinstance(given.get(name), str)), "")
    bare = Proposal(
        kind=Kind.TOOL,
        summary="use a tool",
        channel="acp",
        cwd=posixpath.join(cwd, where) if where else cwd,
        paths=_paths(call, given, cwd),
        argv=argv,
        command=command,
        tool=call.text("name") or call.text("kind") or None,
        params=given,
        words=call.text("title") or None,
    )
    edits = _diffs(call)
    if call.steps:
        return replace(bare, kind=Kind.READ, summary="keep its own list of steps", paths=()), ()
    if command is not None or argv:
        line = command or shlex.join(argv)
        return replace(bare, kind=Kind.EXEC, summary=f"run {line}", paths=()), ()
    if edits:
        return _changed(bare, edits, changes), ()
    return _other(call, bare, given)


def _other(call: Call, bare: Proposal, given: Json) -> tuple[Proposal, tuple[str, ...]]:
    """A call that runs no command and shows no change."""
    kind, named = call.text("kind"), ", ".join(bare.paths)
    url = next((str(given[name]) for name in URLS if isinstance(given.get(name), str)), None)
    if kind in READING and set(given) <= READING_MEMBERS:
        what = named or ", ".join(f"{key} {value}" for key, value in given.items())
        return replace(bare, kind=Kind.READ, summary=f"read {what}".rstrip()), ()
    if kind == "think" and not given:
        return replace(bare, kind=Kind.READ, summary="think"), ()
    if url is not None:
        return replace(
            bare, kind=Kind.NETWORK, url=url, host=_host(url), summary=f"fetch {url}", paths=()
        ), ()
    reasons = () if given else (UNSAID,)
    if kind in ("delete", "edit", "move") and bare.paths:
        kinds = {"delete": Kind.DELETE, "edit": Kind.WRITE, "move": Kind.RENAME}
        return replace(bare, kind=kinds[kind], summary=f"{kind} {named}"), reasons
    said = {
        "execute": "run something",
        "fetch": "fetch something",
        "switch_mode": "change its mode",
    }
    summary = said.get(kind, f"use the tool {bare.tool or '(unnamed)'}")
    kinds = {"execute": Kind.EXEC, "fetch": Kind.NETWORK}
    return replace(bare, kind=kinds.get(kind, Kind.TOOL), summary=summary), reasons


def consequential(proposal: Proposal) -> bool:
    """Whether a call is more than reading as it tells of itself."""
    return proposal.kind is not Kind.READ


def same(now: Proposal, allowed: Proposal) -> bool:
    """Whether a call still is what it was when it was allowed."""
    return (now.command, now.argv, now.url, now.kind) == (
        allowed.command,
        allowed.argv,
        allowed.url,
        allowed.kind,
    ) and (now.diff is None or now.paths == allowed.paths)


def acting(call: Call, proposal: Proposal) -> tuple[object, ...]:
    """What of a call says what would happen: while it is asked about, this must stay as it is."""
    only_named = proposal.kind in (Kind.WRITE, Kind.DELETE, Kind.RENAME) and not _diffs(call)
    named = proposal.paths if only_named else ()
    what = (proposal.kind, proposal.command, proposal.argv, proposal.url, proposal.cwd)
    return (*what, named, _weighed(call.given or {}, proposal), _diffs(call))


def _weighed(given: Json, proposal: Proposal) -> Json:
    """Its arguments, without those of a command that are words or the folder it has anyway.

    OpenCode tells both only once it has asked.
    """
    cwd = proposal.cwd
    if cwd is None or proposal.kind is not Kind.EXEC or not (proposal.command or proposal.argv):
        return given

    def adds(name: str, value: object) -> bool:
        here = isinstance(value, str) and posixpath.join(cwd, value) == cwd
        return name != "description" and not (name in WHERE and here)

    return {name: value for name, value in given.items() if adds(name, value)}


def hunks(diff: str | None) -> str | None:
    """A diff without the names of its file."""
    if diff is None or not diff.startswith("--- "):
        return diff
    _, _, after = diff.partition("\n+++ ")
    return after.partition("\n")[2]


def _command(given: Json) -> tuple[str | None, tuple[str, ...]]:
    """A shell line, or the words of a command."""
    for name in COMMANDS:
        value = given.get(name)
        if isinstance(value, str) and value:
            args = given.get("args")
            if isinstance(args, list) and all(isinstance(item, str) for item in args):
                return None, (value, *args)
            return value, ()
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return None, tuple(value)
    return None, ()


def _paths(call: Call, given: Json, cwd: str) -> tuple[str, ...]:
    """Every path that the call names."""
    found = [given[name] for name in PATHS if isinstance(given.get(name), str)]
    locations = call.told.get("locations")
    found += [
        item["path"]
        for item in (locations if isinstance(locations, list) else [])
        if isinstance(item, dict) and isinstance(item.get("path"), str)
    ]
    found += [path for path, _, _ in _diffs(call)]
    return tuple(dict.fromkeys(posixpath.join(cwd, path) for path in found))


def _diffs(call: Call) -> list[tuple[str, str, str]]:
    """The changes that the call shows: path, old text, new text."""
    content = call.told.get("content")
    found = []
    for item in content if isinstance(content, list) else []:
        if isinstance(item, dict) and item.get("type") == "diff":
            path, old, new = item.get("path"), item.get("oldText"), item.get("newText")
            if isinstance(path, str) and isinstance(new, str):
                found.append((path, old if isinstance(old, str) else "", new))
    return found


def _changed(bare: Proposal, edits: Sequence[tuple[str, str, str]], changes: Changes) -> Proposal:
    """The change against the files as they are now, not as the agent says they were."""
    shown = []
    for path, old, new in edits:
        whole = posixpath.join(bare.cwd or "/", path)
        replaced = changes.of_edits(whole, [(old, new, False)]) if old else None
        change = changes.of_write(whole, new) if replaced is None else replaced
        shown.append((change.verb, whole, change.diff))
    verb, first, _ = shown[0]
    more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
    return replace(
        bare,
        kind=Kind.WRITE,
        summary=f"{verb} {first}{more}",
        diff="".join(diff for _, _, diff in shown),
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
