"""The filter: which system calls are held, which are refused, which never notice it.

Owns the program for the kernel's own small machine.  Opens for reading, and everything that is
neither a file's change, a program start, nor a way to somebody outside, passes in the kernel.

What does not work: timestamps, inode flags (chattr) and System V IPC are not held; POSIX message
queues cannot be opened at all.  ftruncate and fallocate need no holding: the descriptor's opening
was judged.  Programs for other machines' interfaces (i386, x32) get ENOSYS for every call.
"""

from __future__ import annotations

import errno
import os
import struct

from . import abi

_LD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JEQ = 0x15
_JSET = 0x45
_JGE = 0x35
_RET = 0x06

_ALLOW = 0x7FFF0000
_NOTIFY = 0x7FC00000
_ERRNO = 0x00050000

_NR = 0
_ARCH = 4
_ARGS = 16

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

REFUSED = {
    "openat2": errno.ENOSYS,  # its flags lie behind a pointer: programs fall back to openat
    "io_uring_setup": errno.ENOSYS,  # its calls are seen by no filter
    "io_uring_enter": errno.ENOSYS,
    "io_uring_register": errno.ENOSYS,
    "open_by_handle_at": errno.EPERM,
    "mq_open": errno.ENOSYS,  # queues lead to processes outside the tree
    "mq_unlink": errno.ENOSYS,
    "pidfd_getfd": errno.ENOSYS,  # what an allowed action has open is its own
    "setxattrat": errno.ENOSYS,  # their arguments lie behind a pointer
    "removexattrat": errno.ENOSYS,
}
HELD = (
    "execve",
    "execveat",
    "creat",
    "unlink",
    "unlinkat",
    "rmdir",
    "rename",
    "renameat",
    "renameat2",
    "truncate",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "bind",
    "connect",
    "sendmsg",
    "sendmmsg",
    "set_tid_address",
    "process_vm_writev",
)
SIGNALS = (
    "kill",
    "tkill",
    "tgkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
)
UNSIGNALLED = ("pidfd_send_signal",)
"""Not to be had where signals are held: another thread may change what a descriptor leads to."""
_SEIZING = (0, 16, 0x4206)  # PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE

_Step = tuple[int, int, int, int]


def program(*, signals: bool) -> bytes:
    """The filter for this machine, as the kernel takes it; raises OSError for an unknown one.

    `signals`: hold them too, where nothing else keeps them inside the tree.
    """
    arch, numbers = abi.machine()
    steps: list[_Step] = [
        (_LD, 0, 0, _ARCH),
        (_JEQ, 1, 0, arch),
        (_RET, 0, 0, _ERRNO | errno.ENOSYS),
        (_LD, 0, 0, _NR),
    ]
    if arch == abi.AUDIT_X86_64:
        steps += [(_JGE, 0, 1, abi.X32_BIT), (_RET, 0, 0, _ERRNO | errno.ENOSYS)]
    for name, flags in (("open", 1), ("openat", 2)):
        steps += _call(numbers, name, _opening(flags))
    steps += _call(numbers, "arch_prctl", _equal(0, abi.ARCH_SET_FS))
    steps += _call(numbers, "sendto", _addressed(4))
    for name, code in REFUSED.items():
        steps += _call(numbers, name, [(_RET, 0, 0, _ERRNO | code)])
    for name in (*HELD, *(SIGNALS if signals else ())):
        steps += _call(numbers, name, [(_RET, 0, 0, _NOTIFY)])
    steps += _call(numbers, "ptrace", _one_of(0, _SEIZING))
    if signals:
        steps += _call(numbers, "prlimit64", _LIMITING)
        for name in UNSIGNALLED:
            steps += _call(numbers, name, [(_RET, 0, 0, _ERRNO | errno.ENOSYS)])
    steps.append((_RET, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def _call(numbers: dict[str, int], name: str, then: list[_Step]) -> list[_Step]:
    if name not in numbers:
        return []
    return [(_JEQ, 0, len(then), numbers[name]), *then]


def _low(number: int) -> int:
    return _ARGS + 8 * number


def _opening(flags: int) -> list[_Step]:
    """Held when it may write; a bare O_PATH handle can do nothing."""
    return [
        (_LD, 0, 0, _low(flags)),
        (_JSET, 1, 0, abi.O_PATH),
        (_JSET, 1, 0, _WRITING),
        (_RET, 0, 0, _ALLOW),
        (_RET, 0, 0, _NOTIFY),
    ]


def _equal(number: int, value: int) -> list[_Step]:
    return [
        (_LD, 0, 0, _low(number)),
        (_JEQ, 1, 0, value),
        (_RET, 0, 0, _ALLOW),
        (_RET, 0, 0, _NOTIFY),
    ]


def _one_of(number: int, values: tuple[int, ...]) -> list[_Step]:
    tests = [(_JEQ, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [(_LD, 0, 0, _low(number)), *tests, (_RET, 0, 0, _ALLOW), (_RET, 0, 0, _NOTIFY)]


_LIMITING: list[_Step] = [
    (_LD, 0, 0, _low(0)),
    (_JEQ, 4, 0, 0),
    (_LD, 0, 0, _low(2)),
    (_JEQ, 0, 3, 0),
    (_LD, 0, 0, _low(2) + 4),
    (_JEQ, 0, 1, 0),
    (_RET, 0, 0, _ALLOW),
    (_RET, 0, 0, _ERRNO | errno.EPERM),
]
"""Refused where it sets another process's limits: who may open no file finds nobody to kill."""


def _addressed(number: int) -> list[_Step]:
    """Held when this pointer is not null, or when it asks to connect on the way."""
    return [
        (_LD, 0, 0, _low(number)),
        (_JEQ, 0, 5, 0),
        (_LD, 0, 0, _low(number) + 4),
        (_JEQ, 0, 3, 0),
        (_LD, 0, 0, _low(3)),
        (_JSET, 1, 0, 0x20000000),  # MSG_FASTOPEN
        (_RET, 0, 0, _ALLOW),
        (_RET, 0, 0, _NOTIFY),
    ]
