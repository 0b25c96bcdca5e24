"""The command line's client: what came with an answer is not left lying."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from agentwatch.client import Client, NoSupervisor, ask_to_kill
from agentwatch.paths import Places


def test_an_event_that_came_with_an_answer_is_known_to_be_there(tmp_path: Path) -> None:
    """A session that ends while its screen is being opened must not leave the screen waiting."""
    places = Places("s", tmp_path, tmp_path)
    over = {"event": "session", "session": {"state": "exited"}}

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            asked = json.loads(lines.readline())
            both = ({"v": 1, "re": asked["id"], "ok": True, "result": 7}, {"v": 1, **over})
            connection.sendall(b"".join(json.dumps(one).encode() + b"\n" for one in both))
            lines.readline()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(places.control_socket))
        listening.listen()
        server = threading.Thread(target=serve, args=(listening,))
        server.start()
        with Client(places) as client:
            assert not client.holds()
            assert client.call("watch") == 7
            assert client.holds()
            (event,) = client.arrived()
            assert event["session"] == over["session"]
            assert not client.holds()
        server.join(10)


@pytest.mark.parametrize("said", [b"{\n", b"[1]\n", b'{"ok":true}\n', b"[" * 100_000 + b"\n", b""])
def test_what_is_no_receipt_is_no_kill(tmp_path: Path, said: bytes) -> None:
    """Somebody else may listen where the supervisor's kill thread did."""
    places = Places("s", tmp_path, tmp_path)

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(said)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(places.kill_socket))
        listening.listen()
        server = threading.Thread(target=serve, args=(listening,))
        server.start()
        with pytest.raises(NoSupervisor):
            ask_to_kill(places)
        server.join(10)
