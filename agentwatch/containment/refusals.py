"""Which setting of this machine refuses namespaces, and the exact command that allows them.

Owns the reading of those settings, after a means was tried and failed.  Never decides whether a
means works: trying does.  Changes nothing.

What does not work: a refusal by a security module or a container's filter shows in no file that
we may read; then the means' own general remedy stands.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SYS = Path("/proc/sys")


@dataclass(frozen=True, slots=True)
class Setting:
    """One kernel setting that can forbid namespaces."""

    name: str
    """As sysctl names it."""
    forbids: int
    """The value with which it forbids."""
    allows: int
    root_too: bool
    """Whether root is refused as well."""

    @property
    def command(self) -> str:
        """What allows it until the next start of the machine."""
        return f"sudo sysctl -w {self.name}={self.allows}"

    def is_the_cause(self, root: Path, uid: int) -> bool:
        """Whether it stands in the way of this user now."""
        try:
            value = int((root / self.name.replace(".", "/")).read_text())
        except (OSError, ValueError):
            return False  # this kernel does not know it
        return value == self.forbids and (self.root_too or uid != 0)


SETTINGS = (
    Setting("user.max_user_namespaces", 0, 15000, root_too=True),
    Setting("user.max_pid_namespaces", 0, 15000, root_too=True),
    Setting("user.max_mnt_namespaces", 0, 15000, root_too=True),
    Setting("kernel.unprivileged_userns_clone", 0, 1, root_too=False),
    Setting("kernel.apparmor_restrict_unprivileged_userns", 1, 0, root_too=False),
)

KEEP = "to keep it, put the setting into a file in /etc/sysctl.d"


def remedy(means: str, root: Path = SYS, uid: int | None = None) -> str:
    """What to type so that this means works; empty where no setting is to blame."""
    if means != "pidns":
        return ""
    user = os.getuid() if uid is None else uid
    causes = [one for one in SETTINGS if one.is_the_cause(root, user)]
    if not causes:
        return ""
    names = " and ".join(f"{one.name}={one.forbids}" for one in causes)
    commands = " and ".join(f"`{one.command}`" for one in causes)
    return f"{names} forbids it: {commands} ({KEEP})"
