"""An agent that asks without end keeps neither the person nor the heartbeat from their turn."""

from __future__ import annotations

import json
import socket

from agentwatch.client import Client
from agentwatch.paths import Places
from tests.e2e.test_fail_closed import proposal, told
from tests.e2e.world import World, places_of
from tests.waiting import wait_for

QUESTIONS = 1200
CONNECTIONS = 4

OFTEN = 5
"""Answers to a person while a flood goes on; there was one, at its end."""


def answers_until(places: Places, wanted: int) -> int:
    """Ask until so many questions wait; how many different numbers of them were told."""
    told_so_far = set()

    def reached() -> bool:
        with Client(places, timeout=60) as client:
            told_so_far.add(client.call("session")["pending"])
        return wanted in told_so_far

    wait_for(reached, f"{wanted} questions to wait", within=200)
    return len(told_so_far)


def test_a_flood_of_questions_starves_nobody(world: World) -> None:
    """Neither while they come nor while they are withdrawn all at once."""
    address, token = told(world, "--breaker", "off")
    places = places_of(world)
    connections = [socket.socket(socket.AF_UNIX) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.connect(address)
    for number in range(QUESTIONS // CONNECTIONS):
        for connection in connections:
            connection.sendall(proposal(token, ref=number))
    assert answers_until(places, QUESTIONS) >= OFTEN
    with Client(places) as client:
        (first, *_) = client.call("pending")
        decided = client.call("decide", action=first["id"], digest=first["digest"], verdict="deny")
    assert decided["state"] == "denied"
    answer = json.loads(connections[0].makefile("rb").readline())
    assert (answer["verdict"], answer["id"]) == ("deny", first["id"])
    for connection in connections:
        connection.close()
    assert answers_until(places, 0) >= OFTEN
    assert world.session()["state"] == "running"
