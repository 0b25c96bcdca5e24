"""The few Linux calls that Python has no name for.

Owns their numbers and turns a failure into OSError; decides nothing.

What does not work: nothing here exists elsewhere; import it only where `sys.platform` is linux.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_NOATIME = 1024
MS_NODIRATIME = 2048
MS_BIND = 4096
MS_REC = 16384
MS_SLAVE = 1 << 19
MS_RELATIME = 1 << 21
MNT_DETACH = 2

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_SCOPE_ABSTRACT_UNIX_AND_SIGNAL = 3
_SCOPE_ABI = 6

_SECCOMP = {"x86_64": 317, "aarch64": 277}.get(os.uname().machine, -1)
_PIDFD_GETFD = 438
_SECCOMP_SET_MODE_FILTER = 1
_FILTER_NEW_LISTENER = 1 << 3
_FILTER_WAIT_KILLABLE = 1 << 5

_PR_SET_SECCOMP = 22
_SECCOMP_ALLOW = 0x7FFF0000
_SECCOMP_EPERM = 0x00050001
_TIOCSTI = 0x5412
_TIOCLINUX = 0x541C
_IOCTLS = {"x86_64": (16, 54, 0x40000202), "aarch64": (29, 54)}.get(os.uname().machine, ())
"""ioctl's numbers, those of the machine's other interfaces as well."""
_PRLIMITS = {
    "x86_64": ((0xC000003E, 302), (0xC000003E, 0x4000012E), (0x40000003, 340)),
    "aarch64": ((0xC00000B7, 261), (0x40000028, 369)),
}.get(os.uname().machine, ())
"""prlimit64's numbers by interface."""

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def unshare(flags: int) -> None:
    """Move the caller into new namespaces."""
    _check(_libc.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount, bind or change propagation."""
    _check(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode() or None,
            ctypes.c_ulong(flags),
            options.encode() or None,
        )
    )


def unmount(target: str) -> None:
    """Take a mount away, also while something below it is in use."""
    _check(_libc.umount2(os.fsencode(target), ctypes.c_int(MNT_DETACH)))


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero))


def die_with_parent(signal: int) -> None:
    """Be signalled when the thread that forked us ends; cleared again by our own forks."""
    _prctl(_PR_SET_PDEATHSIG, signal)


def set_dumpable(on: bool) -> None:
    """Whether others of this user may trace us and read our memory, environment and files."""
    _prctl(_PR_SET_DUMPABLE, int(on))


def become_subreaper() -> None:
    """Adopt the orphans among our descendants; not inherited by fork."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def can_scope() -> bool:
    """Whether Landlock can keep signals inside a domain (Linux 6.12, ABI 6)."""
    abi = _libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    return int(abi) >= _SCOPE_ABI


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def signal_line(*signals: int) -> int:
    """A descriptor that these signals are read from; nothing else of ours wakes for them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    mask = (ctypes.c_ulong * (128 // ctypes.sizeof(ctypes.c_ulong)))()
    width = 8 * ctypes.sizeof(ctypes.c_ulong)
    for number in signals:
        mask[(number - 1) // width] |= 1 << (number - 1) % width
    flags = ctypes.c_int(os.O_NONBLOCK | os.O_CLOEXEC)
    return _check(_libc.signalfd(ctypes.c_int(-1), mask, flags))


def install_filter(program: bytes) -> int:
    """From here on our system calls, and our children's, pass this filter; its listener.

    A held call can be ended by a kill alone where the kernel knows that (5.19): a program that
    handles many signals would start its call anew for ever.  Raises OSError; EBUSY when another
    listener is there already.
    """
    steps = ctypes.create_string_buffer(program, len(program))
    shape = _Program(len(program) // 8, ctypes.addressof(steps))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    flags = _FILTER_NEW_LISTENER | _FILTER_WAIT_KILLABLE
    mode = ctypes.c_uint(_SECCOMP_SET_MODE_FILTER)
    found = _libc.syscall(_SECCOMP, mode, ctypes.c_uint(flags), ctypes.byref(shape))
    if found < 0 and ctypes.get_errno() == 22:  # EINVAL: a kernel before 5.19
        flags = _FILTER_NEW_LISTENER
        found = _libc.syscall(_SECCOMP, mode, ctypes.c_uint(flags), ctypes.byref(shape))
    return _check(found)


def refuse_typing() -> None:
    """From here on nobody in the tree types into a terminal by ioctl, not even as root.

    TIOCSTI and the consoles' TIOCLINUX put input where a person would; wants no_new_privs.
    """
    steps = [(0x20, 0, 0, 0)]  # the call's number
    for left, number in zip(range(len(_IOCTLS), 0, -1), _IOCTLS, strict=True):
        steps.append((0x15, left, 0, number))
    steps += [
        (0x06, 0, 0, _SECCOMP_ALLOW),
        (0x20, 0, 0, 24),  # the lower half of its second argument, all that the kernel looks at
        (0x15, 2, 0, _TIOCSTI),
        (0x15, 1, 0, _TIOCLINUX),
        (0x06, 0, 0, _SECCOMP_ALLOW),
        (0x06, 0, 0, _SECCOMP_EPERM),
    ]
    _filter(steps)


def refuse_limits() -> None:
    """From here on nobody in the tree sets the limits of another process; wants no_new_privs.

    A helper that may open no file any more finds nobody to kill.
    """
    steps = []
    for left, (arch, number) in zip(range(len(_PRLIMITS), 0, -1), _PRLIMITS, strict=True):
        steps += [(0x20, 0, 0, 4), (0x15, 0, 2, arch), (0x20, 0, 0, 0)]
        steps.append((0x15, 4 * (left - 1) + 1, 0, number))
    steps += [
        (0x06, 0, 0, _SECCOMP_ALLOW),
        (0x20, 0, 0, 16),
        (0x15, 4, 0, 0),  # its own
        (0x20, 0, 0, 32),
        (0x15, 0, 3, 0),
        (0x20, 0, 0, 36),
        (0x15, 0, 1, 0),  # it only asks
        (0x06, 0, 0, _SECCOMP_ALLOW),
        (0x06, 0, 0, _SECCOMP_EPERM),
    ]
    _filter(steps)


def _filter(steps: list[tuple[int, int, int, int]]) -> None:
    raw = b"".join(struct.pack("=HBBI", *step) for step in steps)
    room = ctypes.create_string_buffer(raw, len(raw))
    shape = _Program(len(steps), ctypes.addressof(room))
    _check(_libc.prctl(ctypes.c_int(_PR_SET_SECCOMP), ctypes.c_ulong(2), ctypes.byref(shape)))


def fetch(pid: int, number: int) -> int:
    """A copy of another process's descriptor; raises OSError."""
    process = os.pidfd_open(pid)
    try:
        found = _libc.syscall(_PIDFD_GETFD, ctypes.c_int(process), ctypes.c_int(number), 0)
        return _check(found)
    finally:
        os.close(process)


def enter_scope() -> None:
    """From here on neither signal, trace nor reach abstract sockets of anyone outside our tree.

    Costs setuid programs (no_new_privs); raises OSError where the kernel can't.
    """
    ruleset = _ruleset(0, _SCOPE_ABSTRACT_UNIX_AND_SIGNAL)
    try:
        restrict_to(ruleset)
    finally:
        os.close(ruleset)


def new_rules(changes: int) -> int:
    """A Landlock ruleset under which these changes to files must be allowed; raises OSError."""
    return _ruleset(changes, 0)


def allow_beneath(ruleset: int, handle: int, rights: int) -> None:
    """Allow changes to a file, or to a folder and all below it; raises OSError."""
    rule = struct.pack("=Qi", rights, handle)
    number, beneath = ctypes.c_int(ruleset), ctypes.c_int(1)
    _check(_libc.syscall(_LANDLOCK_ADD_RULE, number, beneath, rule, ctypes.c_uint(0)))


def restrict_to(ruleset: int) -> None:
    """Enter a ruleset for ever, with all that we start; costs setuid programs.  Raises OSError."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _check(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)))


def _ruleset(changes: int, scopes: int) -> int:
    said = (ctypes.c_uint64 * 3)(changes, 0, scopes)
    size = ctypes.c_size_t(ctypes.sizeof(said))
    return _check(_libc.syscall(_LANDLOCK_CREATE_RULESET, said, size, ctypes.c_uint(0)))
