"""The one error type, and what each exit status means.

Owns how a failure is named to a person (what happened, what to do) and to a script (the exit
status).  Never prints: `cli` alone writes to the terminal.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit statuses of `agentwatch`; `run` passes the agent's own status through."""

    OK = 0
    """It was done, or the answer is yes."""

    NO = 1
    """The answer is no: denied, a check found a fault, a survivor is left."""

    USAGE = 2
    """The command line is wrong."""

    NOT_FOUND = 3
    """No such session or action."""

    NO_SUPERVISOR = 4
    """The session is known but its supervisor does not answer."""

    FAILED = 125
    """agentwatch itself failed before the agent started."""

    CANNOT_RUN = 126
    """The agent's command exists but cannot be run."""

    NO_COMMAND = 127
    """The agent's command is not found."""

    KILLED = 137
    """The agent's tree was killed by the switch."""


class AgentwatchError(Exception):
    """A failure a person can act on: what happened, what to do, and the exit status."""

    def __init__(self, what: str, hint: str = "", code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.code = code
