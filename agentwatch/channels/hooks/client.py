"""The program an agent's hook starts: asks the supervisor, waits, answers the agent.

Owns one question, and how each agent words its events and its answers.  Run as
`PYTHON -I -S -E client.py AGENT [SOCKET]`, a single file of the standard library, because it
starts before every tool call and must not depend on an installation the agent could change from
its workspace.  SOCKET on the command line beats AGENTWATCH_SOCKET: an agent's settings may rewrite
its environment, not the arguments we wrote.  It may end in `#PID`: then only the process of that
number, or one outside our pid namespace, is believed.

Never decides, and never lets anything pass by failing: exit 0 with an allow follows one complete
answer of the supervisor that says allow.  Everything else is exit 2, which blocks the tool.

What does not work: whoever may trace this process or replace the interpreter answers in its place;
a process of the same user can, unless its containment stops it.
"""

from __future__ import annotations

import sys

BLOCK = 2
"""The exit status by which a hook blocks the tool call; 1 would let it run."""

try:
    import json
    import os
    import signal
    import socket
except BaseException as broken:  # noqa: BLE001 - whatever broke, status 1 would let the tool run
    print(f"agentwatch: denied, the hook cannot start: {broken!r}", file=sys.stderr)
    sys.exit(BLOCK)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

VERSION = 1
MAX_MESSAGE = 1024 * 1024
"""The same limits as `wire`, which this file cannot import."""

TRIAL = "agentwatch-trial"
"""The id of the one call of a trial start (`trial.py`): it shows the hook, and is blocked."""

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Denied(Exception):
    """Why the tool must not run."""


def main(argv: list[str] | None = None) -> int:
    """Answer one hook call; the exit status is the answer as far as the agent is concerned."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        for number in STOPS:
            signal.signal(number, _stopped)
        answer = _ask(arguments)
        _write(1, answer)
    except BaseException as error:  # noqa: BLE001 - no failure of ours may let the tool run
        return _block(error)
    return 0


def _ask(arguments: list[str]) -> bytes:
    """What to print for the agent; raises unless there is a valid answer."""
    if not arguments or arguments[0] not in DIALECTS:
        raise Denied("the hook was started for an agent it does not know")
    opens, calls, says = DIALECTS[arguments[0]]
    event = _event()
    op, name = _op(event, opens, calls, PERMITS.get(arguments[0])), event["hook_event_name"]
    address = arguments[1] if len(arguments) > 1 else os.environ.get("AGENTWATCH_SOCKET")
    token = os.environ.get("AGENTWATCH_TOKEN")
    if not address or not token:
        raise Denied("the hook does not run inside an agentwatch session")
    ref = f"hook-{os.getpid()}"
    message = {"v": VERSION, "op": op, "token": token, "ref": ref, "agent": arguments[0]}
    if op == "armed":
        message["detail"] = str(event.get("source") or "")
    else:
        message["event"] = event
    line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
    if len(line) > MAX_MESSAGE:
        raise Denied(f"the action is {len(line)} bytes long, more than a person can be shown")
    answer = _answer(_exchange(address, line), ref)
    if op == "armed" and name == calls:
        raise Denied("the hook is alive, which is what was to be seen")
    if op == "permit":
        return _permission(answer)
    return b"" if op == "armed" else _decision(answer, event["tool_input"], says)


def _event() -> dict[str, Any]:
    """The hook's input as the agent wrote it."""
    data = bytearray()
    while chunk := os.read(0, 65536):
        data += chunk
        if len(data) > 4 * MAX_MESSAGE:
            raise Denied("the action is longer than a person can be shown")
    event = json.loads(data)
    if not isinstance(event, dict):
        raise Denied("the agent's hook input is not an object")
    return event


def _op(event: dict[str, Any], opens: str, calls: str, permits: str | None = None) -> str:
    """Which request this event is; an event nobody told us to expect is refused."""
    name = event.get("hook_event_name")
    if (opens and name == opens) or (name == calls and event.get("tool_call_id") == TRIAL):
        return "armed"
    if name != calls and (permits is None or name != permits):
        raise Denied(f"the agent's hook event {name!r} is not known")
    if not isinstance(event.get("tool_name"), str) or not isinstance(event.get("tool_input"), dict):
        raise Denied("the agent's hook input names no tool")
    return "hook" if name == calls else "permit"


def _exchange(address: str, line: bytes) -> bytes:
    """Send the question and wait, however long a person takes, for the line that answers it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        path, _, pid = address.rpartition("#")
        numbered = bool(path) and pid.isdecimal()
        peer.connect(path if numbered else address)
        _check(peer, pid if numbered else "")
        peer.sendall(line)
        data = bytearray()
        while not data.endswith(b"\n"):
            chunk = peer.recv(65536)
            if not chunk:
                raise Denied("the supervisor hung up without an answer")
            data += chunk
            if len(data) > MAX_MESSAGE:
                raise Denied("the supervisor's answer is too long")
    return bytes(data)


def _check(peer: socket.socket, pid: str) -> None:
    """Raise for a listener that is not the supervisor, who may be out of our sight (0)."""
    if pid and sys.platform == "linux":
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        if int.from_bytes(raw[:4], sys.byteorder) not in (0, int(pid)):
            raise Denied("somebody else answers at the supervisor's socket")


def _answer(data: bytes, ref: str) -> dict[str, Any]:
    """The answer, if it is one to our question."""
    if data.count(b"\n") != 1:
        raise Denied("the supervisor sent more than one answer")
    answer = json.loads(data)
    if not isinstance(answer, dict):
        raise Denied("the supervisor's answer is not an object")
    version = answer.get("v")
    if version != VERSION or version is True:
        raise Denied(f"the supervisor speaks protocol version {version!r}, this hook {VERSION}")
    if answer.get("ok") is not True:
        error = answer.get("error")
        what = error.get("what") if isinstance(error, dict) else None
        raise Denied(f"the supervisor refused: {what or 'no reason given'}")
    if answer.get("re") != ref:
        raise Denied("the supervisor answered another question")
    return answer


def _decision(
    answer: dict[str, Any],
    approved: dict[str, Any],
    says: Any,
) -> bytes:
    """The decision in the agent's words; an `input` in the answer is what was approved instead."""
    verdict = answer.get("verdict")
    if verdict not in ("allow", "deny"):
        raise Denied(f"the supervisor's verdict {verdict!r} is not known")
    why = str(answer.get("why") or "no reason given")
    by = str(answer.get("by") or "agentwatch")
    reason = (
        f"allowed by {by}: {why}" if verdict == "allow" else f"agentwatch: denied by {by}: {why}"
    )
    edited = "input" in answer and verdict == "allow"
    if edited:
        approved = answer["input"]
        if not isinstance(approved, dict):
            raise Denied("the supervisor's input is not an object")
    return json.dumps(says(verdict, reason, approved, edited)).encode()


def _permission(answer: dict[str, Any]) -> bytes:
    """A person's yes to the agent's own question; nothing, where the agent is to ask it."""
    verdict = answer.get("verdict")
    if verdict not in ("allow", "ask"):
        raise Denied(f"the supervisor's verdict {verdict!r} is not known")
    said = {"hookEventName": "PermissionRequest", "decision": {"behavior": "allow"}}
    return json.dumps({"hookSpecificOutput": said}).encode() if verdict == "allow" else b""


def _pre_tool_use(
    verdict: str, reason: str, approved: dict[str, Any], _edited: bool
) -> dict[str, Any]:
    """As Claude Code, Codex and Qwen Code hear it.

    `updatedInput` repeats the input that was judged, so that another hook's rewriting of it does
    not slip in behind the answer.
    """
    decision: dict[str, Any] = {
        "hookEventName": "PreToolUse",
        "permissionDecision": verdict,
        "permissionDecisionReason": reason,
    }
    if verdict == "allow":
        decision["updatedInput"] = approved
    return {"hookSpecificOutput": decision}


def _copilot(verdict: str, reason: str, approved: dict[str, Any], _edited: bool) -> dict[str, Any]:
    """As Copilot CLI hears it; a hook of the user's that ends later sees what was approved."""
    decision = {"permissionDecision": verdict, "permissionDecisionReason": reason}
    return decision | ({"modifiedArgs": approved} if verdict == "allow" else {})


def _before_tool(
    verdict: str, reason: str, approved: dict[str, Any], edited: bool
) -> dict[str, Any]:
    """As Gemini CLI hears it; an input given back is announced to the model as changed."""
    output = {"hookEventName": "BeforeTool", "tool_input": approved}
    given = {"hookSpecificOutput": output} if edited else {}
    return {"decision": verdict, "reason": reason, **given}


def _pre_tool(verdict: str, reason: str, approved: dict[str, Any], edited: bool) -> dict[str, Any]:
    """As Mistral Vibe hears it; an input given back is announced as changed."""
    given = {"hook_specific_output": {"tool_input": approved}} if edited else {}
    return {"decision": verdict, "reason": reason, **given}


DIALECTS = {
    "claude": ("SessionStart", "PreToolUse", _pre_tool_use),
    "codex": ("SessionStart", "PreToolUse", _pre_tool_use),
    "copilot": ("SessionStart", "PreToolUse", _copilot),
    "gemini": ("SessionStart", "BeforeTool", _before_tool),
    "qwen": ("SessionStart", "PreToolUse", _pre_tool_use),
    "vibe": ("", "pre_tool", _pre_tool),
}
"""By agent: the event that opens a session, that of a tool call, and how an answer is said."""

PERMITS = {"codex": "PermissionRequest"}
"""By agent: the event that comes before its own question to its person, after our answer."""


def _write(target: int, data: bytes) -> None:
    """Write all of it, or raise; nothing stays in a buffer that could fail after the exit."""
    while data:
        data = data[os.write(target, data) :]


def _stopped(number: int, _frame: object) -> NoReturn:
    """Leave at once: an exception raised here could land where nobody catches it."""
    os._exit(_block(Denied(f"the hook was stopped by {signal.Signals(number).name}")))


def _block(error: BaseException) -> int:
    """Say why on standard error, where the agent looks for it, and block."""
    why = str(error) if isinstance(error, Denied) else repr(error)
    try:
        _write(2, f"agentwatch: denied: {why}\n".encode(errors="replace"))
    except OSError:
        return BLOCK  # nobody listens to the reason; the block itself is the exit status
    return BLOCK


if __name__ == "__main__":
    os._exit(main())
