"""The few Linux calls that Python has no name for.

Owns their numbers and turns a failure into OSError; decides nothing.

What does not work: nothing here exists elsewhere; import it only where `sys.platform` is linux.
"""

from __future__ import annotations

import ctypes
import os

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
_LANDLOCK_RESTRICT_SELF = 446
_SCOPE_ABSTRACT_UNIX_AND_SIGNAL = 3
_SCOPE_ABI = 6

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def unshare(flags: int) -> None:
    """Move the caller into new namespaces."""
    _check(_libc.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str, flags: int) -> None:
    """Mount, bind or change propagation."""
    _check(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode() or None,
            ctypes.c_ulong(flags),
            None,
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


def enter_scope() -> None:
    """From here on neither signal, trace nor reach abstract sockets of anyone outside our tree.

    Costs setuid programs (no_new_privs); raises OSError where the kernel can't.
    """
    ruleset = (ctypes.c_uint64 * 3)(0, 0, _SCOPE_ABSTRACT_UNIX_AND_SIGNAL)
    size = ctypes.c_size_t(ctypes.sizeof(ruleset))
    handle = _check(_libc.syscall(_LANDLOCK_CREATE_RULESET, ruleset, size, ctypes.c_uint(0)))
    try:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _check(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ctypes.c_int(handle), ctypes.c_uint(0)))
    finally:
        os.close(handle)
