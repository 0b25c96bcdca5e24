"""Numbers and layouts of the kernel's interface that the gate speaks.

Owns the system call numbers of the two machines we know, the seccomp structures and the few calls
Python has no name for.  Decides nothing.

What does not work: the numbers for aarch64 are untried.
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import struct

NOTIF = struct.Struct("<QIIiIQ6Q")
"""seccomp_notif: id, pid, flags, then seccomp_data: nr, arch, ip, args."""
RESPONSE = struct.Struct("<QqiI")
"""seccomp_notif_resp: id, val, error, flags."""
ADDFD = struct.Struct("<QIIII")
"""seccomp_notif_addfd: id, flags, srcfd, newfd, newfd_flags."""

NOTIF_RECV = 0xC0502100
NOTIF_SEND = 0xC0182101
NOTIF_ID_VALID = 0x40082102
NOTIF_ADDFD = 0x40182103

FLAG_CONTINUE = 1
ADDFD_SEND = 2

AUDIT_X86_64 = 0xC000003E
AUDIT_AARCH64 = 0xC00000B7
X32_BIT = 0x40000000

ARCH_SET_FS = 0x1002

X86_64 = {
    "open": 2,
    "connect": 42,
    "bind": 49,
    "sendto": 44,
    "sendmsg": 46,
    "execve": 59,
    "kill": 62,
    "truncate": 76,
    "rename": 82,
    "mkdir": 83,
    "rmdir": 84,
    "creat": 85,
    "link": 86,
    "unlink": 87,
    "symlink": 88,
    "chmod": 90,
    "fchmod": 91,
    "chown": 92,
    "fchown": 93,
    "lchown": 94,
    "ptrace": 101,
    "rt_sigqueueinfo": 129,
    "mknod": 133,
    "arch_prctl": 158,
    "prlimit64": 302,
    "setxattr": 188,
    "lsetxattr": 189,
    "fsetxattr": 190,
    "removexattr": 197,
    "lremovexattr": 198,
    "fremovexattr": 199,
    "tkill": 200,
    "tgkill": 234,
    "mq_open": 240,
    "mq_unlink": 241,
    "openat": 257,
    "mkdirat": 258,
    "mknodat": 259,
    "fchownat": 260,
    "unlinkat": 263,
    "renameat": 264,
    "linkat": 265,
    "symlinkat": 266,
    "fchmodat": 268,
    "rt_tgsigqueueinfo": 297,
    "open_by_handle_at": 304,
    "sendmmsg": 307,
    "process_vm_writev": 311,
    "renameat2": 316,
    "execveat": 322,
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "openat2": 437,
    "pidfd_getfd": 438,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
}
AARCH64 = {
    "setxattr": 5,
    "lsetxattr": 6,
    "fsetxattr": 7,
    "removexattr": 14,
    "lremovexattr": 15,
    "fremovexattr": 16,
    "mknodat": 33,
    "mkdirat": 34,
    "unlinkat": 35,
    "symlinkat": 36,
    "linkat": 37,
    "renameat": 38,
    "truncate": 45,
    "fchmod": 52,
    "fchmodat": 53,
    "fchownat": 54,
    "fchown": 55,
    "openat": 56,
    "set_tid_address": 96,
    "ptrace": 117,
    "kill": 129,
    "tkill": 130,
    "tgkill": 131,
    "rt_sigqueueinfo": 138,
    "mq_open": 180,
    "mq_unlink": 181,
    "bind": 200,
    "connect": 203,
    "sendto": 206,
    "sendmsg": 211,
    "execve": 221,
    "rt_tgsigqueueinfo": 240,
    "prlimit64": 261,
    "open_by_handle_at": 265,
    "sendmmsg": 269,
    "process_vm_writev": 271,
    "renameat2": 276,
    "execveat": 281,
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "openat2": 437,
    "pidfd_getfd": 438,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
}

_TABLES = {"x86_64": (AUDIT_X86_64, X86_64), "aarch64": (AUDIT_AARCH64, AARCH64)}

O_PATH = 0o10000000
O_TMPFILE = 0o20000000
"""Its own bit, without O_DIRECTORY's."""

RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_REMOVEDIR = 0x200
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000

PROC_SUPER_MAGIC = 0x9FA0


def machine() -> tuple[int, dict[str, int]]:
    """This machine's audit number and system calls; raises OSError for one we do not know."""
    try:
        return _TABLES[platform.machine()]
    except KeyError:
        raise OSError(38, f"no system call numbers for {platform.machine()}") from None


class Iovec(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class OpenHow(ctypes.Structure):
    """struct open_how."""

    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


_libc = ctypes.CDLL(None, use_errno=True)

_OPENAT2 = 437
_PIDFD_OPEN = 434
_PIDFD_GETFD = 438
_RENAMEAT2 = {"x86_64": 316, "aarch64": 276}.get(platform.machine(), -1)

_four = ctypes.CFUNCTYPE(
    ctypes.c_long,
    ctypes.c_long,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_void_p,
    ctypes.c_size_t,
    use_errno=True,
)
_openat2 = _four(("syscall", _libc))
_five = ctypes.CFUNCTYPE(
    ctypes.c_long,
    ctypes.c_long,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_uint,
    use_errno=True,
)
_renameat2 = _five(("syscall", _libc))
_numbers = ctypes.CFUNCTYPE(
    ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long, use_errno=True
)
_plain = _numbers(("syscall", _libc))
_pointer = ctypes.CFUNCTYPE(
    ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_void_p, use_errno=True
)
_setgroups = _pointer(("syscall", _libc))
_move = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_ulong,
    use_errno=True,
)
vm_read = _move(("process_vm_readv", _libc))
vm_write = _move(("process_vm_writev", _libc))
_fstatfs = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, use_errno=True)(
    ("fstatfs", _libc)
)


_statfs = (ctypes.c_long * 16)()
_statfs_at = ctypes.addressof(_statfs)


def fail() -> OSError:
    """The error of the call just made."""
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))


@functools.cache
def _how(flags: int, resolve: int) -> OpenHow:
    """One of the few ways in which we open."""
    return OpenHow(flags, 0, resolve)


def openat2(folder: int, path: bytes, flags: int, resolve: int) -> int:
    """Open with a say in how the path is followed; raises OSError."""
    how = ctypes.addressof(_how(flags | os.O_CLOEXEC, resolve))
    while True:
        found = _openat2(_OPENAT2, folder, path, how, 24)
        if found >= 0:
            return int(found)
        if ctypes.get_errno() != 11:  # EAGAIN: a rename raced with ".."
            raise fail()


def rename(old: int, name: bytes, new: int, new_name: bytes, flags: int) -> None:
    """renameat2; raises OSError."""
    if _renameat2(_RENAMEAT2, old, name, new, new_name, flags) < 0:
        raise fail()


def pidfd_open(pid: int) -> int:
    """A handle of a process; raises OSError."""
    found = int(_plain(_PIDFD_OPEN, pid, 0, 0))
    if found < 0:
        raise fail()
    return found


def pidfd_getfd(handle: int, number: int) -> int:
    """A copy of another process's descriptor; raises OSError."""
    found = int(_plain(_PIDFD_GETFD, handle, number, 0))
    if found < 0:
        raise fail()
    return found


def file_system(handle: int) -> int:
    """The kernel's number for the kind of file system an object lies in; raises OSError."""
    if _fstatfs(handle, _statfs_at) < 0:
        raise fail()
    return _statfs[0]


def is_proc(handle: int) -> bool:
    """Whether an object lies in a procfs; raises OSError."""
    return file_system(handle) == PROC_SUPER_MAGIC


_SETGROUPS = {"x86_64": 116, "aarch64": 159}.get(platform.machine(), -1)
_SETFSUID = {"x86_64": 122, "aarch64": 151}.get(platform.machine(), -1)
_SETFSGID = {"x86_64": 123, "aarch64": 152}.get(platform.machine(), -1)


def act_as(uid: int, gid: int, groups: tuple[int, ...]) -> None:
    """Let this thread alone touch files as somebody else; raises OSError."""
    room = (ctypes.c_uint32 * max(1, len(groups)))(*groups)
    if _setgroups(_SETGROUPS, len(groups), ctypes.addressof(room)) < 0:
        raise fail()
    _plain(_SETFSGID, gid, 0, 0)
    _plain(_SETFSUID, uid, 0, 0)
    if _plain(_SETFSUID, -1, 0, 0) != uid or _plain(_SETFSGID, -1, 0, 0) != gid:
        raise OSError(1, "cannot act as the caller's user")


def enter(namespace: int, kind: int) -> None:
    """Move this process, which has one thread, into a namespace; raises OSError."""
    if _libc.setns(namespace, kind) < 0:
        raise fail()


def hide() -> None:
    """Let nobody of our user trace us or read our memory."""
    _libc.prctl(4, ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def own(handle: int, uid: int, gid: int) -> None:
    """Owner and group of the object behind a handle, a symlink's too; raises OSError."""
    if _libc.fchownat(handle, b"", ctypes.c_uint(uid & 0xFFFFFFFF), gid & 0xFFFFFFFF, 0x1000) < 0:
        raise fail()
