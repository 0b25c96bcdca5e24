"""Held calls that change extended attributes: access lists, capabilities, labels, marks.

Owns the setxattr and removexattr families; each is done here, on the object that was judged, with
the value as it was read once.

What does not work: an attribute of a symlink itself is not set (EOPNOTSUPP).  Attributes that the
kernel gives to root alone are refused to the root of a user namespace, capabilities of its own
too; they are set for a caller who is root outside every one, whatever capabilities it gave up.
Setting a program's capabilities is always asked.
"""

# ruff: noqa: TRY301
# errors of the caller's are raised where they are seen

from __future__ import annotations

import errno
import os
import stat

from . import abi, readmem, resolve
from .acts import Deed, Flag
from .caller import Caller
from .files import DONE, Held, _folder, event, nature
from .listener import Answer, Call
from .resolve import Spot

_NAME_MAX = 256
_VALUE_MAX = 65536
_ROOTS = (b"security.", b"trusted.")
"""What the kernel lets nobody but root set: our own rights, which act_as keeps, must not."""
_CAPABILITY = b"security.capability"


def changing(caller: Caller, name: str, call: Call) -> Held:
    """setxattr, lsetxattr, fsetxattr, removexattr, lremovexattr, fremovexattr; raises OSError."""
    args, sets = call.args, "set" in name
    path = b"" if name.startswith("f") else readmem.text(caller.tid, args[0])
    attribute = readmem.text(caller.tid, args[1], _NAME_MAX)
    value = _value(caller, args[2], args[3]) if sets else b""
    if attribute.startswith(_ROOTS) and (caller.uid or not caller.at_home()):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    with caller.rights():
        if name.startswith("f"):
            spot = Spot(handle=caller.open(_folder(args[0])))
        else:
            follow = not name.startswith("l")
            spot = Spot(handle=resolve.find(caller, abi.AT_FDCWD, path, follow=follow))
    try:
        mode = os.fstat(spot.handle).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        said = [*nature(mode), Flag.ATTRIBUTE]
        if sets and attribute == _CAPABILITY:
            said.append(Flag.SETID)
        where = spot.name(caller)
        seen = event(
            Deed.MODE, caller, name, said, where, spelled=path, attribute=os.fsdecode(attribute)
        )
    except BaseException:
        spot.close()
        raise

    def change() -> Answer:
        with caller.rights():
            if sets:
                os.setxattr(spot.way(), attribute, value, args[4] & 0xFFFFFFFF)
            else:
                os.removexattr(spot.way(), attribute)
        return DONE

    return Held(caller, seen, change, spot)


def _value(caller: Caller, at: int, size: int) -> bytes:
    if size > _VALUE_MAX:
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    return readmem.memory(caller.tid, at, size) if size else b""
