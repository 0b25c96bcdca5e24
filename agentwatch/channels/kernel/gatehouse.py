"""The supervisor's end of the gate process: starting it, its tables, its questions, its end.

Owns the process and the line to it.  Decides nothing: questions go to whoever reads `questions`.
A gate process that ends takes every pass with it: the kernel then fails the agent's calls.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentwatch.channels.kernel import bpf
from agentwatch.channels.kernel.acts import Observed
from agentwatch.errors import AgentwatchError

HEARS = 3.0
"""Seconds it may take to hear of a change of mode: less than our own lease."""

PATIENCE = 20.0
"""Seconds the gate process may take to come up on a machine under load."""

_BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from kernel import begin; begin.main()"
_NEEDED = ("LD_LIBRARY_PATH",)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hot:
    """What the gate process needs to let pass by itself what needs nobody."""

    ground: Json
    """`policy.ground.Ground`, as JSON."""
    closed: str
    """The path that is there from the first moment of a kill on."""
    denials: Json
    """What the rules might deny: `rules.Denials`, as JSON."""
    keep: Json
    """Where what drafts change is kept aside, and how much: `folder`, `session`, `file`."""
    ledger: int
    """Where it writes down what it lets pass."""
    ledger_path: str = ""
    """What that file is called, to go on in another one when it is full; empty for no other."""


class Gatehouse:
    """One running gate process, from before the agent's start to after its end."""

    def __init__(self, rules: Mapping[str, Any], *, local: Hot | None = None) -> None:
        self._rules = dict(rules)
        self._local = local
        self._torn = b""
        self._early: list[Json] = []
        self._modes = 0
        try:
            self._programs = {held: bpf.program(signals=held) for held in (False, True)}
        except OSError as error:
            raise AgentwatchError(f"system calls cannot be held here: {error.strerror}") from error
        self._line, theirs = socket.socketpair()
        try:
            self.process = subprocess.Popen(
                [*_python(), str(theirs.fileno()), *(_policy() if local else ())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                cwd="/",
                env={name: os.environ[name] for name in _NEEDED if name in os.environ},
                start_new_session=True,
            )
        except BaseException:
            self._line.close()
            raise
        finally:
            theirs.close()

    def program(self, *, signals: bool) -> bytes:
        """The filter for the agent; `signals`: it holds them as well."""
        return self._programs[signals]

    def take(self, listener: int, agent: int, root: int) -> None:
        """Hand the listener over and see it served; raises AgentwatchError."""
        try:
            self._wait_for("up")
            begin: Json = {"agent": agent, "root": root, "rules": self._rules}
            handles = [listener]
            if self._local is not None:
                begin["local"] = {
                    "ground": self._local.ground,
                    "closed": self._local.closed,
                    "denials": self._local.denials,
                    "ledger": self._local.ledger_path,
                    "keep": self._local.keep,
                }
                handles.append(self._local.ledger)
            data = json.dumps(begin).encode() + b"\n"
            socket.send_fds(self._line, [data[:1]], handles)
            self._line.sendall(data[1:])
            self._wait_for("ready")
        except OSError as error:
            raise AgentwatchError(f"the gate process does not answer: {error}") from error
        finally:
            os.close(listener)

    def fileno(self) -> int:
        """Readable when there is something in `questions`."""
        return self._line.fileno()

    def questions(self) -> list[Json] | None:
        """What the gate process said; None when it is gone."""
        early, self._early = self._early, []
        try:
            data = self._line.recv(1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return early
        except OSError:
            data = b""
        if not data:
            return early or None
        *lines, self._torn = (self._torn + data).split(b"\n")
        return early + [json.loads(line) for line in lines]

    def answer(
        self,
        number: int,
        *,
        allow: bool,
        remember: bool = False,
        book: Json | None = None,
        keep: Json | None = None,
    ) -> None:
        """The verdict on one question; `remember` lets exactly this pass from now on.

        `book` is what the covers noted of it: the cover that its process is under now, and
        whether it is to be remembered.  `keep`: for which action what it changes is kept aside
        first, and whether it must be.
        """
        said: Json = {"event": number, "verdict": "allow" if allow else "deny"}
        if allow:
            said |= {"remember": remember, "book": book, "keep": keep}
        self._say(said)

    def denials(self, denials: Json) -> None:
        """The rules have changed: what they might deny now."""
        self._say({"denials": denials})

    def change_mode(self, mode: str, *, otherwise: str) -> None:
        """Another mode, in force there when this returns; raises AgentwatchError where not.

        It may still hear of it then, and next of what is to be `otherwise`.  Whatever else it
        says meanwhile is kept for `questions`.
        """
        self._modes += 1
        self._say({"mode": mode, "number": self._modes})
        try:
            self._took_up(self._modes)
        except AgentwatchError:
            self._say({"mode": otherwise, "number": 0})
            raise

    def _took_up(self, number: int) -> None:
        """Wait until a change is in force; raises AgentwatchError."""
        until = time.monotonic() + HEARS
        kept: list[Json] = []
        while not any(one.get("moded") == number for one in kept):
            left = max(0.0, until - time.monotonic())
            here = select.select([self._line], [], [], left)[0]
            said = self.questions() if here else []
            kept += said or []
            if not here or said is None:
                self._early = kept
                why = f"did not take it up within {HEARS:g} s" if not here else "is gone"
                raise AgentwatchError(f"the gate process {why}", "freeze or kill, or try again")
        self._early = kept

    def shut(self) -> None:
        """Nothing passes there by itself from now on."""
        self._say({"shut": True})

    def rules(self, rules: Mapping[str, Any]) -> None:
        """Replace the tables."""
        self._say({"rules": dict(rules)})

    def cover(self, name: str, root: int, kinds: list[str], prefixes: list[str]) -> None:
        """Let one process and its descendants do such things in such places."""
        cover = {"id": name, "root": root, "kinds": kinds, "prefixes": prefixes}
        self._say({"cover": cover})

    def uncover(self, name: str) -> None:
        """The cover is over."""
        self._say({"uncover": name})

    def close(self) -> None:
        """Hang up: everything that still comes is refused; it ends with the agent's tree."""
        self._line.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _say(self, message: Json) -> None:
        # A line that is full belongs to a process that hangs: its callers stay held.
        with contextlib.suppress(OSError):
            self._line.sendall(json.dumps(message).encode() + b"\n")

    def _wait_for(self, word: str) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            left = max(0.0, until - time.monotonic())
            if not select.select([self._line], [], [], left)[0]:
                raise TimeoutError(f"no {word!r} within {PATIENCE:g} s")
            said = self.questions()
            if said is None:
                raise ConnectionError("it ended; it may not look at the agent's processes here")
            if any(word in message for message in said):
                self._early = [message for message in said if word not in message]
                return


def observed(question: Mapping[str, Any]) -> Observed:
    """The event in a question; raises KeyError, TypeError or ValueError."""
    return Observed.from_json(question)


def _python() -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _BOOT, str(Path(__file__).parents[1])]


def _policy() -> list[str]:
    """Where the policy and what it needs lie."""
    needed = ("agentwatch", "tree_sitter", "tree_sitter_bash", "msgspec")
    specs = [importlib.util.find_spec(name) for name in needed]
    found = [str(Path(spec.origin).parents[1]) for spec in specs if spec and spec.origin]
    return list(dict.fromkeys(found))
