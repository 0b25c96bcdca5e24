"""Printing a conversation as it happens: plain lines for people, one JSON event a line for scripts.

Owns what of it goes to stdout.  The agent's text is made visible first: it must not act on the
terminal.
"""

from __future__ import annotations

from agentwatch.commands.output import line, say, visible
from agentwatch.model import Json


class Printer:
    """One conversation on standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._last = 0
        """The entry that is being printed piece by piece."""
        self._fresh = True
        """Whether the cursor stands at the beginning of a line."""
        self._shown: dict[int, str] = {}
        """Tools and plans as last printed: the same is not printed twice."""
        self._asked: set[str] = set()
        self.turn: str | None = None
        """How a turn has just ended."""

    def begin(self, conversation: Json) -> None:
        """What was said before we came."""
        for entry in conversation["entries"]:
            self.hear({"event": "said", "entry": entry})

    def hear(self, event: Json) -> None:
        """One event of the session."""
        if self._as_json and event["event"] in ("said", "spoken", "action", "alarm"):
            line(event)
        if event["event"] == "action":
            self._asks(event["action"])
        elif event["event"] == "alarm":
            self._break()
            say(visible(event["text"]))
        elif event["event"] == "said":
            self._said(event)

    def _said(self, event: Json) -> None:
        entry = event.get("entry")
        if entry is None:
            if event.get("gap"):
                say("some of the conversation was missed here")
            elif event.get("n") == self._last:
                self._print(event["more"])
            return
        if entry["kind"] == "turn":
            self.turn = entry["text"]
        if self._as_json:
            return
        if entry["kind"] in ("tool", "plan"):
            self._replaced(entry)
            return
        self._break()
        self._last = entry["n"]
        mark = {"person": "> ", "thought": "~ ", "note": "! ", "turn": "-- "}
        self._print(mark.get(entry["kind"], "") + entry["text"])
        if entry["kind"] not in ("agent", "thought"):
            self._break()

    def _replaced(self, entry: Json) -> None:
        """A tool's line, again when its state changes; a plan whenever it does."""
        if entry["kind"] == "tool":
            text = f"[{entry['tool'] or 'tool'}] {entry['text']}: {entry['status'] or 'told'}"
        else:
            text = entry["text"]
        if self._shown.get(entry["n"]) != text:
            self._shown[entry["n"]] = text
            self._break()
            self._print(text)
            self._break()

    def _asks(self, action: Json) -> None:
        if action["state"] == "pending" and action["id"] not in self._asked:
            self._asked.add(action["id"])
            self._break()
            number, what = action["id"], visible(action["summary"])
            say(f"{number} waits: {what} (agentwatch show {number})")

    def _print(self, text: str) -> None:
        if not self._as_json and text:
            shown = "\n".join(visible(part) for part in text.split("\n"))
            print(shown, end="", flush=True)
            self._fresh = shown.endswith("\n")

    def _break(self) -> None:
        if not self._fresh:
            print(flush=True)
            self._fresh = True
