"""Starting an agent through a helper process, and the live handle of it.

Owns the lines between supervisor and helper: the lease (its only writer is us), the status line
with the kernel's own word for who wrote, and the order that travels in an unnamed file.  Writes
the containment record before the agent's exec.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from agentwatch.containment import cgroup as cgroups, proc
from agentwatch.containment.base import Gating, Launch, Proc, Record, Running, Unavailable
from agentwatch.containment.helpers import tree
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Grade
from agentwatch.paths import Places

PATIENCE = 20.0
"""Seconds a helper may take to start the agent on a machine under load."""

_BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from helpers import {0}; {0}.main()"
_NEEDED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What an interpreter may need to find its own library; the helpers get nothing else."""

_CREDENTIALS = struct.Struct("3i")


class Helper:
    """A started helper and our ends of its lines."""

    def __init__(self, module: str, launch: Launch, *, scope: bool, rules: bool = False) -> None:
        self.lines: list[tuple[int, str]] = []
        self.unwalled: list[str] = []
        self._torn = b""
        lease, self.lease = os.pipe()
        ours, theirs = socket.socketpair()
        open_ended = module == "reaper" and not scope
        order = _unnamed_file(launch.order(scope=scope, rules=rules, signals=open_ended))
        self.status = ours
        _stamp(ours)
        handles = (lease, theirs.fileno(), order)
        try:
            self.process = subprocess.Popen(
                [*_python(module), *map(str, handles), launch.session],
                stdin=launch.stdin,
                stdout=launch.stdout,
                stderr=launch.stderr,
                pass_fds=handles,
                cwd="/",
                env={name: os.environ[name] for name in _NEEDED if name in os.environ},
                start_new_session=True,
            )
        except BaseException:
            os.close(self.lease)
            ours.close()
            raise
        finally:
            os.close(lease)
            os.close(order)
            theirs.close()
        os.set_blocking(self.lease, False)

    def expect(self, *words: str) -> dict[str, int]:
        """Wait for these words; who (by pid) said each.  Raises AgentwatchError otherwise."""
        until = time.monotonic() + PATIENCE
        heard: dict[str, int] = {}
        while not heard.keys() >= set(words):
            if not self.hear(until - time.monotonic()):
                raise Unavailable("the containment's helper ended before the agent started")
            while self.lines and not heard.keys() >= set(words):
                pid, line = self.lines.pop(0)
                word, _, rest = line.partition(" ")
                if word == "fail":
                    raise Failed(*rest.split(" ", 1))
                heard[word] = pid
                if word == "unwalled":
                    self.unwalled.append(rest)
                if word == "gate":
                    heard["listener"] = int(rest)
        return heard

    def hear(self, seconds: float) -> bool:
        """Read what the helpers say; False at their end, or when nothing came in time."""
        ready = select.select([self.status], [], [], max(0.0, seconds))[0]
        if not ready:
            return False
        data, ancillary, _, _ = self.status.recvmsg(65536, 512)
        *whole, self._torn = (self._torn + data).split(b"\n")
        sender = _sender(ancillary)
        self.lines += [(sender, line.decode()) for line in whole]
        return bool(data)

    def beat(self) -> None:
        """One byte of life; a helper that does not read it has its own clock."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self.lease, b".")

    def close(self) -> None:
        """Give up the lease and see the helper end."""
        if self.lease >= 0:
            os.close(self.lease)
            self.lease = -1
        self.status.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Failed(Unavailable):
    """A step of a helper that the kernel refused."""

    def __init__(self, code: str, step: str) -> None:
        self.errno = int(code)
        self.step = step
        super().__init__(f"{step}: {os.strerror(self.errno)}")


class Helped:
    """The live handle of an agent that a helper started."""

    def __init__(self, helper: Helper, record: Record) -> None:
        self.record = record
        self.unwalled = tuple(helper.unwalled)
        self.left_behind = 0
        self._helper = helper
        self._code: int | None = None

    def fileno(self) -> int:
        """Readable when the agent is over."""
        return self._helper.status.fileno()

    def poll(self) -> int | None:
        """The agent's exit status; 137 when helper and agent vanished without a word."""
        self._take_in()
        if self._helper.status.fileno() < 0:  # the handle was closed
            return self._code
        while self._code is None and select.select([self._helper.status], [], [], 0)[0]:
            try:
                more = self._helper.hear(0)
            except OSError:
                more = False
            self._take_in()
            if not more and self._code is None:
                self._code = int(ExitCode.KILLED)
        return self._code

    def _take_in(self) -> None:
        """What the helper said, also right behind "running" when the agent was quick."""
        while self._helper.lines:
            word, *numbers = self._helper.lines.pop(0)[1].split()
            if word == "exit":
                self._code, self.left_behind = map(int, numbers)

    def beat(self) -> None:
        """The lease's heartbeat, every second."""
        self._helper.beat()

    def close(self) -> None:
        """Give the lease up: whatever still runs dies."""
        self._helper.close()
        if self.record.cgroup:
            cgroups.remove(self.record.cgroup)


def attempt(module: str, *, scope: bool) -> None:
    """Have a helper do all but start an agent; raises Unavailable with the step that failed."""
    nowhere = Places("probe", Path("/"), Path("/"))
    with Path(os.devnull).open("r+b") as null:
        handles = (null.fileno(),) * 3
        launch = Launch("probe", (), {}, "/", *handles, tty=False, cookie="", places=nowhere)
        helper = Helper(module, launch, scope=scope)
        try:
            helper.expect("able")
        finally:
            helper.close()


def run(
    launch: Launch,
    helper: Helper,
    means: str,
    grade: Grade,
    roles: Callable[[dict[str, int]], tuple[int, tuple[int, ...]]],
    cgroup: str = "",
) -> Running:
    """Record the containment, let the agent go, see it run; raises AgentwatchError."""
    try:
        heard = helper.expect("root", "agent")
        root, helpers = roles(heard)
        record = Record(
            session=launch.session,
            means=means,
            grade=grade.value,
            cookie=launch.cookie,
            supervisor=known(os.getpid()),
            root=known(root),
            helpers=tuple(map(known, helpers)),
            agent=known(heard["agent"]),
            runtime=str(launch.places.runtime),
            state=str(launch.places.state),
            cgroup=cgroup if cgroup and cgroups.put(cgroup, heard["agent"]) else "",
        )
        admit(launch, record)
        helper.beat()
        helper.status.sendall(b"g")
        if launch.gate is not None:
            _hand_over(helper, launch.gate)
        helper.expect("running")
    except Failed as failed:
        helper.close()
        raise refused(launch, failed) from failed
    except BaseException:
        helper.close()
        raise
    return Helped(helper, record)


def _hand_over(helper: Helper, gate: Gating) -> None:
    """Fetch the listener from the agent-to-be and give it to who answers; then let it exec."""
    heard = helper.expect("gate")
    agent = heard["gate"]
    try:
        listener = proc.fetch(agent, heard["listener"])
    except OSError as error:
        raise Unavailable(f"the gate's listener cannot be fetched: {error.strerror}") from error
    gate.take(listener, agent, _holder(agent))
    helper.status.sendall(b"l")


def _holder(agent: int) -> int:
    """Our helper right above the agent: all of the tree is below it, none of ours is."""
    found = tree.stat(agent)
    if found is None:
        raise Unavailable("the agent ended before it began")
    return found.parent


def admit(launch: Launch, record: Record) -> None:
    """Write the record, then look whether a kill came first: one of the two sees the other."""
    try:
        record.write(launch.places.containment)
    except OSError as error:
        raise AgentwatchError(
            f"the containment record cannot be written: {error.strerror}",
            "without it a kill would not find the agent; nothing was started",
        ) from error
    if launch.places.closed.exists():
        raise AgentwatchError("this session was killed before its agent started")


def refused(launch: Launch, failed: Failed) -> AgentwatchError:
    """What a failed step means to the person who typed the command."""
    name = launch.argv[0] if launch.argv else ""
    if failed.step == "exec" and failed.errno == errno.ENOENT:
        found = "/" in name and Path(launch.cwd, name).exists()
        what = f"{name}: its interpreter is not found" if found else f"{name}: command not found"
        hint = "check its first line" if found else "check the spelling and PATH"
        code = ExitCode.CANNOT_RUN if found else ExitCode.NO_COMMAND
        return AgentwatchError(what, hint, code)
    if failed.step == "exec":
        why = os.strerror(failed.errno)
        return AgentwatchError(
            f"{name}: cannot be run: {why}", "check its mode and format", ExitCode.CANNOT_RUN
        )
    if failed.step == "cwd":
        return AgentwatchError(f"cannot work in {launch.cwd}: {os.strerror(failed.errno)}")
    return failed


def known(pid: int) -> Proc:
    """A process that must be there now; raises Unavailable."""
    found = proc.identify(pid)
    if found is None:
        raise Unavailable("a process of the containment ended before the agent started")
    return found


def _python(module: str) -> list[str]:
    here = str(Path(__file__).parent)
    return [sys.executable, "-I", "-S", "-c", _BOOT.format(module), here]


def _unnamed_file(data: bytes) -> int:
    """A file without a name that a helper inherits; holds the agent's tokens."""
    if sys.platform == "linux":
        handle = os.memfd_create("agentwatch-order", os.MFD_CLOEXEC)
    else:
        import tempfile  # noqa: PLC0415  # only where there is no memfd

        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    return handle


def _stamp(status: socket.socket) -> None:
    """Have the kernel put the writer's pid, as we number it, on every message."""
    if sys.platform == "linux":
        status.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if sys.platform == "linux" and (level, kind) == (
            socket.SOL_SOCKET,
            socket.SCM_CREDENTIALS,
        ):
            return int(_CREDENTIALS.unpack_from(data)[0])
    return 0
