"""Which reading belongs to which system call that changes files or reaches somebody.

Owns the table.  Program starts and signals need more than the call, and are not in it.
"""

from __future__ import annotations

from collections.abc import Callable

from . import attributes, fileinfo, files, nodes, sockets
from .caller import Caller
from .files import Held
from .listener import Answer, Call

TAKERS: dict[str, Callable[[Caller, str, Call], Held | Answer]] = {
    "open": files.opening,
    "openat": files.opening,
    "creat": files.opening,
    "unlink": files.deleting,
    "unlinkat": files.deleting,
    "rmdir": files.deleting,
    "rename": files.renaming,
    "renameat": files.renaming,
    "renameat2": files.renaming,
    "link": fileinfo.linking,
    "linkat": fileinfo.linking,
    "symlink": fileinfo.symlinking,
    "symlinkat": fileinfo.symlinking,
    "truncate": fileinfo.truncating,
    "chmod": fileinfo.changing_mode,
    "fchmod": fileinfo.changing_mode,
    "fchmodat": fileinfo.changing_mode,
    "fchmodat2": fileinfo.changing_mode,
    "chown": fileinfo.changing_mode,
    "fchown": fileinfo.changing_mode,
    "lchown": fileinfo.changing_mode,
    "fchownat": fileinfo.changing_mode,
    "mkdir": nodes.making,
    "mkdirat": nodes.making,
    "mknod": nodes.making,
    "mknodat": nodes.making,
    "setxattr": attributes.changing,
    "lsetxattr": attributes.changing,
    "fsetxattr": attributes.changing,
    "removexattr": attributes.changing,
    "lremovexattr": attributes.changing,
    "fremovexattr": attributes.changing,
    "bind": nodes.naming,
    "connect": sockets.connecting,
    "sendto": sockets.sending,
    "sendmsg": sockets.sending,
    "sendmmsg": sockets.sending,
}
