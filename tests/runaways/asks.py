"""Asks as many questions as its second word says, on four connections, and awaits no answer."""

import json
import os
import socket
import sys

from tests.runaways.kin import live, open_ledger

CONNECTIONS = 4

ledger = open_ledger()
connections = []
for _ in range(CONNECTIONS):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ["AGENTWATCH_SOCKET"])
    connections.append(connection)
for number in range(int(sys.argv[2])):
    question = {
        "v": 1,
        "op": "propose",
        "token": os.environ["AGENTWATCH_TOKEN"],
        "ref": number,
        "kind": "delete",
        "paths": [f"folder/{number}"],
        "words": "it is not needed any more, and nobody has looked at it for years",
    }
    connections[number % CONNECTIONS].sendall(json.dumps(question).encode() + b"\n")
live(ledger)
