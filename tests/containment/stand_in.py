"""A supervisor reduced to its heartbeat, for tests that kill, stop or hang it.

`stand_in.py MEANS FOLDER FREEZE KILL COMMAND...`: prints a line once the agent runs, then beats
until killed; a byte on its standard input ends it in good order.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

from agentwatch import containment
from agentwatch.paths import Places
from tests.containment.stage import launch, means_called


def main() -> None:
    name, folder, freeze, kill = sys.argv[1:5]
    places = Places("test-1", Path(folder, "run"), Path(folder, "state"))
    null = os.open(os.devnull, os.O_RDWR)
    order = launch(places, tuple(sys.argv[5:]), (null, 2, 2), lease=(float(freeze), float(kill)))
    running = containment.start(means_called(name), order)
    print("runs", flush=True)
    while not select.select([0], [], [], 0.05)[0]:
        running.beat()
    running.close()


if __name__ == "__main__":
    main()
