"""An agent that asks without end keeps neither the person nor the heartbeat from their turn."""

from __future__ import annotations

import json
import socket
import time

from agentwatch.client import Client
from agentwatch.paths import Places
from tests.e2e.test_fail_closed import proposal, told
from tests.e2e.world import World, places_of, wait_for

QUESTIONS = 3000
CONNECTIONS = 4

PROMPT = 1.0
"""Seconds for any answer to a person; it took as long as the flood before messages took turns."""


def slowest_answer(places: Places, wanted: int) -> float:
    """Ask until so many questions wait, and say how long the slowest answer took."""
    slowest = 0.0

    def reached() -> bool:
        nonlocal slowest
        began = time.monotonic()
        with Client(places, timeout=30) as client:
            pending = client.call("session")["pending"]
        slowest = max(slowest, time.monotonic() - began)
        return bool(pending == wanted)

    wait_for(reached, f"{wanted} questions to wait", within=60)
    return slowest


def test_a_flood_of_questions_starves_nobody(world: World) -> None:
    """Neither while they come nor while they are withdrawn all at once."""
    address, token = told(world)
    places = places_of(world)
    connections = [socket.socket(socket.AF_UNIX) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.connect(address)
    for number in range(QUESTIONS // CONNECTIONS):
        for connection in connections:
            connection.sendall(proposal(token, ref=number))
    assert slowest_answer(places, QUESTIONS) < PROMPT
    with Client(places) as client:
        (first, *_) = client.call("pending")
        decided = client.call("decide", action=first["id"], digest=first["digest"], verdict="deny")
    assert decided["state"] == "denied"
    answer = json.loads(connections[0].makefile("rb").readline())
    assert (answer["verdict"], answer["id"]) == ("deny", first["id"])
    for connection in connections:
        connection.close()
    assert slowest_answer(places, 0) < PROMPT
    assert world.session()["state"] == "running"
