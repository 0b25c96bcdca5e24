"""What an MCP message proposes, and which messages pass without a question.

Owns the reading of requests into proposals.  A request that is not known here is asked; one that
cannot be read raises Malformed, which is a no.
"""

from __future__ import annotations

from agentwatch.channels import rpc
from agentwatch.channels.mcp.pins import Pins, hints
from agentwatch.channels.rpc import Malformed, Message
from agentwatch.model import Json, Kind, Proposal

CALL = "tools/call"
LIST = "tools/list"
READ = "resources/read"
SAMPLE = "sampling/createMessage"

PASSES = frozenset(
    {"initialize", "ping", "server/discover", LIST, "resources/list", "prompts/list"}
    | {"resources/templates/list", "prompts/get", "completion/complete", "logging/setLevel"}
    | {"resources/subscribe", "resources/unsubscribe", "subscriptions/listen"}
    | {"tasks/list", "tasks/get", "tasks/result", "tasks/cancel"}
)
"""A client's requests that only look, or stop something."""

NEWS = frozenset(
    {"notifications/initialized", "notifications/cancelled", "notifications/progress"}
    | {"notifications/roots/list_changed"}
)
"""A client's notifications that order nothing new."""

SERVER_PASSES = frozenset({"ping", "roots/list", "elicitation/create"})
"""A server's requests that ask for nothing but an answer; elicitation asks the person itself."""

_ENVELOPE = frozenset({"name", "arguments", "_meta"})
_CALL_MEMBERS = _ENVELOPE | {"task", "inputResponses", "requestState"}
_VERSION = "io.modelcontextprotocol/protocolVersion"
"""What a request says in protocols without a handshake."""
_PROTOCOL = frozenset(
    f"io.modelcontextprotocol/{name}"
    for name in ("protocolVersion", "clientInfo", "clientCapabilities", "logLevel", "related-task")
)
"""What a protocol's own members say of the client; any other may say something to the server."""
DESCRIBED = 2000
"""Characters of a server's description that go onto the card."""


def of_call(message: Message, server: str, pins: Pins) -> tuple[Proposal, tuple[str, ...]]:
    """The proposal in a tool call, and what its server gives to think about."""
    params = message.params
    rpc.exact(params, _CALL_MEMBERS, "a tool call")
    name, given = params.get("name"), params.get("arguments")
    if not isinstance(name, str) or not name:
        raise Malformed("a tool call names no tool", message.id)
    if given is not None and not isinstance(given, dict):
        raise Malformed("a tool call's arguments are not an object", message.id)
    change, tool = pins.change(name), pins.told(name) or {}
    reasons = (*((change[0],) if change else ()), *hints(tool))
    proposal = Proposal(
        kind=Kind.TOOL,
        summary=f"use the tool {name} of the MCP server {server}",
        channel="mcp",
        tool=f"{server}: {name}",
        params=_arguments(params),
        diff=(change[1] or None) if change else None,
        words=_described(tool),
    )
    return proposal, reasons


def of_read(message: Message, server: str) -> Proposal:
    """The proposal in the reading of a resource."""
    rpc.exact(message.params, frozenset({"uri", "_meta"}), "the reading of a resource")
    uri = message.params.get("uri")
    if not isinstance(uri, str):
        raise Malformed("a resource is read without saying which", message.id)
    return Proposal(
        kind=Kind.READ,
        summary=f"read {uri} of the MCP server {server}",
        channel="mcp",
        tool=f"{server}: {READ}",
        params=message.params,
    )


def of_unknown(message: Message, server: str) -> Proposal:
    """The proposal in a message of the client's that is not known here."""
    return Proposal(
        kind=Kind.TOOL,
        summary=f"send {message.method} to the MCP server {server}",
        channel="mcp",
        tool=f"{server}: {message.method}",
        params=message.params,
    )


def of_server(message: Message, server: str) -> Proposal:
    """The proposal in a request of the server's to its client."""
    asks = "ask this agent's model" if message.method == SAMPLE else f"be answered {message.method}"
    return Proposal(
        kind=Kind.TOOL,
        summary=f"let the MCP server {server} {asks}",
        channel="mcp",
        proposer=f"the MCP server {server}",
        tool=f"{server}: {message.method}",
        params=message.params,
    )


def with_input(message: Message, given: Json) -> Message:
    """A tool call with other arguments, everything else as it was; raises Malformed."""
    shown = _arguments(message.params)
    bare = shown == dict(message.params.get("arguments") or {})
    arguments = given if bare else given.get("arguments")
    kept = bare or {**given, "arguments": None} == {**shown, "arguments": None}
    if not isinstance(arguments, dict) or not kept:
        raise Malformed("only the arguments of a tool call can be changed", message.id)
    params = {**message.params, "arguments": arguments}
    changed = rpc.read(rpc.line_of({**message.data, "params": params}))
    if _arguments(changed.params) != given:
        raise Malformed("the changed call is not what was shown", message.id)
    return changed


def denied(message: Message, why: str) -> Json:
    """How a tool call is told no: as a tool's error, which the model reads."""
    text = f"agentwatch: denied: {why}"
    result: Json = {"content": [{"type": "text", "text": text}], "isError": True}
    meta = message.params.get("_meta")
    if isinstance(meta, dict) and _VERSION in meta:
        result["resultType"] = "complete"  # since 2026-07-28; older clients may take it ill
    return rpc.result(message.id, result)


def _arguments(params: Json) -> Json:
    """All that the server would act on; the call's bare arguments where there is nothing else."""
    meta = params.get("_meta")
    kept = {
        key: value
        for key, value in (meta.items() if isinstance(meta, dict) else ())
        if key not in _PROTOCOL and not (key == "progressToken" and isinstance(value, str | int))
    }
    rest = {key: value for key, value in params.items() if key not in _ENVELOPE}
    if kept:
        rest["_meta"] = kept
    given = dict(params.get("arguments") or {})
    return {"arguments": given, **rest} if rest else given


def _described(tool: Json) -> str | None:
    text = tool.get("description")
    if not isinstance(text, str) or not text:
        return None
    short = text if len(text) <= DESCRIBED else f"{text[:DESCRIBED]}…"
    return f"the server describes the tool so: {short}"
