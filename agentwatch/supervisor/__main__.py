"""`python -m agentwatch.supervisor`: reads its config from stdin, reports on stdout, serves.

Owns the process: its log, its standard descriptors, its last words.
"""

from __future__ import annotations

import json
import logging
import os
import sys

from agentwatch import wire
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.supervisor import serve
from agentwatch.supervisor.config import Config


def main() -> int:
    """Serve one session; the first line on stdout says whether it started."""
    config = Config.load(sys.stdin.readline())
    report = os.dup(1)
    _detach()

    told = False

    def ready(message: Json) -> None:
        nonlocal told
        if told:  # its number may be another file's by now
            return
        told = True
        try:
            os.write(report, json.dumps(message).encode() + b"\n")
        except BrokenPipeError as error:
            raise AgentwatchError("whoever started this session is gone") from error
        finally:
            os.close(report)
            _close_stdio(config)

    try:
        serve.main(config, ready)
    except AgentwatchError as error:
        ready(wire.failure(None, error))
        return int(error.code)
    except Exception:
        logging.getLogger("agentwatch").exception("the supervisor broke")
        raise
    return 0


def _detach() -> None:
    """Let go of the starter's terminal and pipes: nothing of ours may end with them."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(null, number)
    if null > 2:
        os.close(null)


def _close_stdio(config: Config) -> None:
    """The agent has its own copies now; ours would keep a pipe open after it."""
    for number in set(config.stdio or ()):
        os.close(number)


if __name__ == "__main__":
    sys.exit(main())
