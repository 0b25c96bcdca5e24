"""Asking from inside a session: a channel's process that the agent itself has started.

Owns the way of a proposal through the agent's socket.  What does not work: this process runs as
the agent does and inside its containment, so the agent can end it, or start the same thing
without it; what it says is the agent's word.
"""

from __future__ import annotations

import os
import sys

from agentwatch import wire
from agentwatch.channels.asking import Answered, Editable
from agentwatch.channels.propose import Denied, apropose
from agentwatch.model import Json, Proposal


def supervised() -> bool:
    """Whether this process was started inside a session."""
    return bool(os.environ.get("AGENTWATCH_SOCKET"))


class Inside:
    """The session this process was started in, reached as the agent reaches it."""

    async def ask(
        self, proposal: Proposal, *reasons: str, editable: Editable | None = None
    ) -> Answered:
        """Ask and wait; every failure is a no."""
        words = "\n".join([*reasons, *([proposal.words] if proposal.words else [])])
        try:
            given = await apropose(
                proposal.kind,
                command=proposal.command,
                argv=proposal.argv,
                paths=proposal.paths,
                url=proposal.url,
                host=proposal.host,
                tool=proposal.tool,
                params=proposal.params,
                diff=proposal.diff,
                words=words or None,
                cwd=proposal.cwd,
                edits=("params",) if editable and proposal.params else (),
            )
        except Denied as denied:
            return Answered(False, denied.reason, denied.by or "gate", denied.action)
        except (OSError, wire.WireError) as error:
            return Answered(False, f"it could not be asked ({error})", "gate")
        changed = None if given.given is None else dict(given.given["params"])
        return Answered(True, given.why, given.by, given.id, changed)

    def passes(self, proposal: Proposal) -> bool:  # noqa: ARG002 - the session's to know
        """Not known in here."""
        return False

    def seen(self, proposal: Proposal) -> bool:  # noqa: ARG002 - the session's to know
        """Not known in here."""
        return False

    def note(self, kind: str, data: Json) -> None:
        """There is no road for a record from in here: say it where people may look."""
        self.alarm(f"{kind}: {data}")

    def refused(self, who: str, what: str) -> None:
        """Likewise."""
        self.alarm(f"refused {who}: {what}")

    def reported(self, where: str, usage: Json) -> None:
        """Nobody counts it in here: a session of our own would."""

    def alarm(self, text: str) -> None:
        """Say it on stderr, which the program that started us shows or keeps."""
        print(f"agentwatch: {text}", file=sys.stderr, flush=True)
