"""The least that holding calls can cost: the same filter, and somebody who lets all of them go on.

    python -m tests.benchmarks.gate_floor python|c|same COMMAND…

Reads nothing, judges nothing, records nothing: what lies between this and nothing is the kernel's
and the scheduler's, what lies between this and the gate is the gate's own work.  `same` is in C
and makes the system calls that the gate makes for a program start, and thinks nothing: what lies
between that and the gate is Python's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from agentwatch.channels.kernel import abi, bpf
from agentwatch.containment.helpers import linux

IN_C = Path(__file__).with_name("gate_floor.c")
SAME = "same"
"""In C, with the system calls that the gate makes for a start."""


def serve(listener: int) -> None:
    """Let everything go on, until nobody is left who could call."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    room, empty = bytearray(abi.NOTIF.size), bytes(abi.NOTIF.size)
    while True:
        for _, what in poll.poll():
            if not what & select.POLLIN:
                return
            room[:] = empty
            try:
                fcntl.ioctl(listener, abi.NOTIF_RECV, room)
                call = abi.NOTIF.unpack(room)[0]
                said = abi.RESPONSE.pack(call, 0, 0, abi.FLAG_CONTINUE)
                fcntl.ioctl(listener, abi.NOTIF_SEND, said)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.EINTR):
                    raise


def compiled(folder: str) -> Path | None:
    """The one in C; None where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    made = Path(folder, "floor")
    done = subprocess.run([compiler, "-O2", "-o", made, IN_C], check=False)
    return made if done.returncode == 0 else None


def main() -> None:
    how, command = sys.argv[1], sys.argv[2:]
    program = bpf.program(signals=False)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        listener = linux.install_filter(program)
        os.write(writer, b"%d" % listener)
        os.close(writer)
        os.execvp(command[0], command)
    os.close(writer)
    listener = linux.fetch(pid, int(os.read(reader, 16)))
    if how in ("c", SAME):
        with tempfile.TemporaryDirectory() as folder:
            made = compiled(folder)
            if made is not None:
                os.set_inheritable(listener, True)
                ledger = [str(Path(folder, "ledger"))] if how == SAME else []
                subprocess.run([made, str(listener), *ledger], close_fds=False, check=False)
    serve(listener)


if __name__ == "__main__":
    main()
