"""The start of the gate process: the listener and the first tables come by its line.

Owns what it needs before the first held call.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import socket
import sys
from typing import Any

from . import abi, names, sockets
from .caller import look_at
from .channel import Channel
from .ledger import Ledger
from .listener import Listener
from .loop import Loop

GARBAGE = 20_000
"""New objects before circles are looked for: a held call makes some fifty, and nearly no circle."""


def main() -> None:
    """`LINE [FOLDER…]` as arguments: take the listener and the first tables from it, then serve.

    Where folders are named, the policy is imported from them, to judge what needs nobody.
    """
    abi.hide()
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    line.send(b'{"up": true}\n')
    if sys.argv[2:]:
        sys.path.extend(sys.argv[2:])
        from . import local  # noqa: F401, PLC0415 - meanwhile the agent is made ready
    data, handles, _, _ = socket.recv_fds(line, 1 << 20, 2)
    if not data or not handles:
        os._exit(1)
    while not data.endswith(b"\n"):
        more = line.recv(1 << 20)
        if not more:
            os._exit(1)
        data += more
    for handle in handles:
        os.set_inheritable(handle, False)
    loop = _begun(json.loads(data), handles, Channel(line))
    loop.channel.say({"ready": True})
    loop.channel.flush()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    loop.run()


def _begun(begin: dict[str, Any], handles: list[int], channel: Channel) -> Loop:
    """The loop with all that it begins with; raises where something is missing."""
    agent = int(begin["agent"])
    loop = Loop(Listener(handles[0]), channel, agent, int(begin["root"]))
    loop.rules.load(begin["rules"])
    look_at(agent)
    if begin.get("local") is not None:
        from .local import Local  # noqa: PLC0415 - only where there is a policy

        ledger = Ledger(handles[1], str(begin["local"]["ledger"]))
        loop.local = Local(begin["local"], agent, ledger, int(begin["root"]))
        resolvers = begin["local"]["ground"]["resolvers"]
        sockets.known = names.Names(resolvers, hosts=names.hosts())
    return loop
