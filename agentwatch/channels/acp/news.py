"""What an agent tells while it works, put into the conversation.

Owns the reading of `session/update`.  An update that is not known is ignored; one that changes
the agent's mode is an alarm unless we asked for that mode.

What does not work: Gemini CLI tells its mode in the text of a message.  Its model may write the
same, which is an alarm for nothing, or take a mode back in words alone; the alarm stays.
"""

from __future__ import annotations

from typing import Any

from agentwatch.channels.acp.calls import Call
from agentwatch.channels.acp.permits import Permits
from agentwatch.channels.acp.transcript import Kind, Transcript
from agentwatch.channels.asking import Session
from agentwatch.model import Json

CHUNKS = {"agent_message_chunk": Kind.AGENT, "agent_thought_chunk": Kind.THOUGHT}
"""What a person said is not among it: that is known from the person, never from the agent."""
NAMES = 200
"""Characters of a name that the agent fills in."""
MODES_TOLD = 10
"""Alarms about modes; an agent that goes to and fro must not drown the rest."""


class News:
    """The updates of one agent's sessions."""

    def __init__(
        self, session: Session, permits: Permits, transcript: Transcript, tells_mode: str = ""
    ) -> None:
        self._session = session
        self._permits = permits
        self._transcript = transcript
        self._tells_mode = tells_mode
        self.mode = ""
        """The mode that the agent says it is in."""
        self.asked_for = ""
        """The mode that we last asked for."""
        self.usage: Json = {}
        self._told = 0

    def hear(self, params: Json) -> None:
        """Take in one update; raises Malformed for a tool call that has no id."""
        update = params.get("update")
        if not isinstance(update, dict):
            return
        where, kind = str(params.get("sessionId")), update.get("sessionUpdate")
        if kind in CHUNKS:
            text = text_of(update.get("content"))
            number = update.get("messageId")
            named = number[:NAMES] if isinstance(number, str) else None
            self._transcript.stream(CHUNKS[kind], text, named)
            if kind == "agent_message_chunk":
                self._said(text)
        elif kind in ("tool_call", "tool_call_update"):
            self._called(where, self._permits.heard(where, update))
        elif kind == "plan":
            self._transcript.put("plan", Kind.PLAN, _plan(update.get("entries")))
        elif kind == "usage_update":
            self.usage = {k: v for k, v in update.items() if k != "sessionUpdate"}
            self._session.reported(where, self.usage)
        elif kind == "current_mode_update":
            self.changed(str(update.get("currentModeId")))
        elif kind == "config_option_update":
            for mode in modes_of(update.get("configOptions")):
                self.changed(mode)

    def _said(self, text: str) -> None:
        """A mode, where this agent's program tells it so."""
        mode = text.removeprefix(self._tells_mode).strip()
        if self._tells_mode and text.startswith(self._tells_mode) and len(mode.split()) == 1:
            self.changed(mode)

    def answered(self, params: Json) -> None:
        """A permission request was answered: some agents tell of a denied call in no other way."""
        where, told = str(params.get("sessionId")), params.get("toolCall")
        number = told.get("toolCallId") if isinstance(told, dict) else None
        call = self._permits.find(where, number) if isinstance(number, str) else None
        if call is not None:
            self._called(where, call)

    def changed(self, mode: str) -> None:
        """The agent says that it is in this mode now."""
        mode = mode[:NAMES]
        if mode == self.mode:
            return
        self.mode = mode
        self._session.note("acp-mode", {"mode": mode, "asked": mode == self.asked_for})
        if mode != self.asked_for:
            self._told += 1
            self._transcript.add(Kind.NOTE, f"The agent changed its own mode: {mode}")
            if self._told <= MODES_TOLD:
                self._session.alarm(
                    f"the agent changed its own mode to {mode!r}: it may ask about less now"
                )

    def _called(self, where: str, call: Call) -> None:
        self._transcript.put(
            f"{where}\0{call.id}",
            Kind.TOOL,
            call.text("title") or call.text("name") or call.id,
            tool=call.text("kind")[:NAMES],
            status="denied" if call.denied else call.text("status")[:NAMES],
            output=_output(call)[-4000:],
        )


def text_of(content: Any) -> str:
    """What a content block says; what is no text is named."""
    if not isinstance(content, dict):
        return ""
    kind = content.get("type")
    if kind == "text":
        return str(content.get("text") or "")
    if kind == "resource_link":
        return f"[{content.get('uri')}]"
    return f"[{kind}]"


def modes_of(options: Any) -> list[str]:
    """The modes that configuration options say are set."""
    return [
        str(item.get("currentValue"))
        for item in (options if isinstance(options, list) else [])
        if isinstance(item, dict) and "mode" in (item.get("category"), item.get("id"))
    ]


def _plan(entries: Any) -> str:
    marks = {"completed": "[x]", "in_progress": "[>]"}
    return "\n".join(
        f"{marks.get(str(item.get('status')), '[ ]')} {item.get('content')}"
        for item in (entries if isinstance(entries, list) else [])
        if isinstance(item, dict)
    )


def _output(call: Call) -> str:
    """What a call brought, as far as it is text."""
    content = call.told.get("content")
    said = [
        text_of(item.get("content"))
        for item in (content if isinstance(content, list) else [])
        if isinstance(item, dict) and item.get("type") == "content"
    ]
    return "\n".join(text for text in said if text)
