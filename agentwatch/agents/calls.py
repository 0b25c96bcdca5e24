"""A tool call of any agent's, read into a proposal: the parts that agents have in common.

Owns the reading of single arguments and the proposals they make.  Each agent's own file says which
of its tools is which.  Whatever is not of the expected shape is a WireError, which is a denial;
what the agent says about its own call goes into `words` and nowhere else.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from agentwatch.agents import changes
from agentwatch.model import Json, Kind, Proposal
from agentwatch.wire import WireError

Input = Mapping[str, Any]
Reader = Callable[[Proposal, Input], Proposal]

_WORDS = ("description", "title", "explanation", "intention", "instruction")
_PATCHED = re.compile(r"\*\*\* (Add File|Update File|Delete File|Move to): (.+)")


def begun(
    tool: str,
    given: object,
    cwd: object,
    *,
    proposer: str,
    pid: int | None,
    parents: tuple[str, ...],
) -> Proposal:
    """A call of a tool that is not known yet: asked, with all its arguments."""
    if not isinstance(given, dict):
        raise WireError("the tool's input is not an object")
    if not isinstance(cwd, str) or not posixpath.isabs(cwd):
        raise WireError("the event's cwd is not an absolute path")
    words = next((given[name] for name in _WORDS if isinstance(given.get(name), str)), None)
    return Proposal(
        kind=Kind.TOOL,
        summary=f"use the tool {tool}",
        channel="hooks",
        proposer=proposer,
        cwd=cwd,
        pid=pid,
        parents=parents,
        tool=tool,
        params=given,
        words=words,
    )


def opened(
    event: Json, name: str, *, pid: int | None, parents: tuple[str, ...]
) -> tuple[Proposal, Input]:
    """The call in a hook's event of this name, not read yet, and what the tool is given."""
    if event.get("hook_event_name") != name:
        raise WireError(f"not a tool call: the event is {event.get('hook_event_name')!r}")
    tool, given = text(event, "tool_name"), member(event, "tool_input")
    who = event.get("agent_id")
    proposer = f"{event.get('agent_type') or 'sub-agent'} {who}" if who else ""
    bare = begun(tool, given, event.get("cwd"), proposer=proposer, pid=pid, parents=parents)
    return bare, given


def unknown(bare: Proposal, given: Input) -> Proposal:
    """A tool we do not know: asked, with whatever it holds."""
    command = given.get("command")
    return replace(bare, command=command) if isinstance(command, str) and command else bare


def shell(bare: Proposal, command: str, *, cwd: object = None, behind: bool = False) -> Proposal:
    """A shell line, run in the folder that the call names."""
    where = bare.cwd
    if cwd is not None and cwd != "":
        if not isinstance(cwd, str):
            raise WireError("the folder to run in is not a text")
        where = posixpath.join(bare.cwd or "/", cwd)
    aside = " in the background" if behind else ""
    summary = f"run{aside} {command}"
    return replace(bare, kind=Kind.EXEC, command=command, cwd=where, summary=summary)


def reading(bare: Proposal, path: object = None) -> Proposal:
    """A tool that only looks, or only keeps the agent's own notes."""
    if not isinstance(path, str) or not path:
        return replace(bare, kind=Kind.READ)
    return replace(bare, kind=Kind.READ, paths=(absolute(bare, path),), summary=f"read {path}")


def write(bare: Proposal, path: str, content: str) -> Proposal:
    """A file's whole new content."""
    named = absolute(bare, path)
    return _changed(bare, named, changes.of_write(named, content))


def edits(bare: Proposal, path: str, given: list[tuple[str, str, bool]]) -> Proposal:
    """Replacements in one file: (old, new, everywhere), in order."""
    named = absolute(bare, path)
    return _changed(bare, named, changes.of_edits(named, given))


def patch(bare: Proposal, text: str) -> Proposal:
    """A patch in the `*** Begin Patch` form: every file it names."""
    found = _PATCHED.findall(text)
    if not found:
        raise WireError("the patch names no file")
    paths = tuple(dict.fromkeys(absolute(bare, name.strip()) for _, name in found))
    deletes = [name.strip() for verb, name in found if verb == "Delete File"]
    summary = f"patch {', '.join(paths)}"
    if deletes:
        summary += f"; deletes {', '.join(deletes)}"
    kind = Kind.DELETE if len(deletes) == len(found) else Kind.WRITE
    return replace(bare, kind=kind, paths=paths, diff=text, summary=summary)


def reach(bare: Proposal, url: str) -> Proposal:
    """A request to an address."""
    try:
        host = urlsplit(url).hostname
    except ValueError as error:
        raise WireError("the event's url cannot be read") from error
    return replace(bare, kind=Kind.NETWORK, url=url, host=host, summary=f"fetch {url}")


def search(bare: Proposal, query: str) -> Proposal:
    """A search of the web: what is looked for leaves the machine."""
    return replace(bare, kind=Kind.NETWORK, summary=f"search the web for {query}")


def spawned(bare: Proposal, sort: str) -> Proposal:
    """A sub-agent started."""
    return replace(bare, summary=f"start the sub-agent {sort}; its own calls are asked about")


def of_server(bare: Proposal, server: str, name: str) -> Proposal:
    """A tool of an MCP server's."""
    return replace(bare, summary=f"use the tool {name or '(unnamed)'} of the MCP server {server}")


def text(data: Input, *names: str, empty: bool = False) -> str:
    """The first of these members that is there; raises where it is no text, or none is there."""
    for name in names:
        value = data.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or not (value or empty):
            break
        return value
    raise WireError(f"the event's {names[0]} is not a text")


def member(event: Json, name: str) -> Input:
    """A member of an event that must be an object."""
    value = event.get(name)
    if not isinstance(value, dict):
        raise WireError(f"the event's {name} is not an object")
    return value


def absolute(bare: Proposal, path: str) -> str:
    """The path as it stands, made absolute from the folder of the call."""
    return posixpath.join(bare.cwd or "/", path)


def _changed(bare: Proposal, path: str, change: changes.Change) -> Proposal:
    summary = f"{change.verb} {path}"
    return replace(bare, kind=Kind.WRITE, paths=(path,), diff=change.diff, summary=summary)
