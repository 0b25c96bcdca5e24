"""Where things lie: sockets and records while a session lives, its journal for ever.

Owns the folders and their modes.  Standard library only, because the kill path needs it; never
reads what is in the files.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from agentwatch.errors import AgentwatchError, ExitCode

INSIDE = "AGENTWATCH_SESSION"
"""In the environment of everything an agent starts."""
NESTED = (
    "this is inside another session, whose agent may not write agentwatch's own files; set "
    "XDG_RUNTIME_DIR and XDG_STATE_HOME to folders of its own"
)

SOCKET_LIMIT = 100
"""Bytes a unix socket's path may have: 108 on Linux, 104 on macOS, less a margin."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one session."""

    id: str
    runtime: Path
    """Gone with the session: sockets, containment record."""
    state: Path
    """Kept: journal, last known session, receipt."""

    @property
    def control_socket(self) -> Path:
        """Where clients speak to the supervisor; nobody inside the containment may."""
        return self.runtime / "control.sock"

    @property
    def kill_socket(self) -> Path:
        """Where a thread of the supervisor waits to kill, from the record it holds in memory."""
        return self.runtime / "kill.sock"

    @property
    def agent_socket(self) -> Path:
        """Where the agent's tree proposes actions; its folder holds nothing else."""
        return self.runtime / "agent" / "agent.sock"

    @property
    def containment(self) -> Path:
        """The record `kill` works from."""
        return self.runtime / "containment.json"

    @property
    def closed(self) -> Path:
        """Exists from the first moment of a kill on: nothing is released past it."""
        return self.runtime / "closed"

    @property
    def sealed(self) -> Path:
        """What we give the agent to read; gone with the session, and nothing of its may write it.

        Not at run time's place, which may lie in a shared folder: some agents read nothing there.
        """
        return self.state / "set"

    @property
    def home(self) -> Path:
        """The private config home of an agent that needs one: its own to write, gone with it."""
        return cache_base() / "homes" / self.id

    @property
    def receipt(self) -> Path:
        """What the kill measured."""
        return self.state / "receipt.json"

    @property
    def session(self) -> Path:
        """The session as last known, for when no supervisor answers."""
        return self.state / "session.json"

    @property
    def journal(self) -> Path:
        """The record of everything proposed, decided and done."""
        return self.state / "journal.jsonl"

    @property
    def passed(self) -> Path:
        """What passed below the agent without a question; the journal holds its digests."""
        return self.state / "passed.jsonl"

    @property
    def recording(self) -> Path:
        """The folder of what the agent's terminal showed, in parts."""
        return self.state / "recording"

    @property
    def kept(self) -> Path:
        """What drafts changed, as it was before; the agent's tree cannot write here."""
        return self.state / "kept"

    @property
    def log(self) -> Path:
        """What the supervisor itself had to say: warnings and tracebacks."""
        return self.state / "supervisor.log"

    def create(self) -> None:
        """Make the folders for the user alone; raises AgentwatchError where one is not ours."""
        for folder in (self.runtime.parent, self.runtime, self.runtime / "agent"):
            _private(folder)
        _private(self.state)
        longest = len(os.fsencode(self.agent_socket))
        if longest > SOCKET_LIMIT:
            raise AgentwatchError(
                f"the socket's path is too long ({longest} bytes): {self.agent_socket}",
                "set XDG_RUNTIME_DIR to a shorter folder",
            )

    def clear(self) -> None:
        """Remove all that is gone with the session."""
        for folder in (self.runtime, self.sealed, self.home):
            shutil.rmtree(folder, ignore_errors=True)


def runtime_bases() -> list[Path]:
    """Every folder where this user's live sessions may lie, the one for new sessions first.

    More than one, because a shell opened by `su` or cron may lack XDG_RUNTIME_DIR and must still
    find the session it has come to kill.
    """
    bases = []
    if named := os.environ.get("XDG_RUNTIME_DIR"):
        bases.append(Path(named))
    uid = os.getuid()
    if sys.platform == "darwin":
        bases.append(Path(os.confstr(65537) or "/tmp"))  # 65537: _CS_DARWIN_USER_TEMP_DIR
    else:
        bases.append(Path(f"/run/user/{uid}"))
    usable = [base / "agentwatch" for base in bases if _is_ours(base)]
    usable.append(Path("/tmp") / f"agentwatch-{uid}")
    return list(dict.fromkeys(usable))


def state_base() -> Path:
    """The folder whose `sessions/` keeps every session's journal."""
    if named := os.environ.get("XDG_STATE_HOME"):
        return Path(named) / "agentwatch"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "agentwatch"
    return Path.home() / ".local" / "state" / "agentwatch"


def signing_base() -> Path:
    """The folder of the key that decisions are signed with; no agent's namespace has it."""
    return state_base() / "signing"


def cache_base() -> Path:
    """The folder of what may be lost."""
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named) / "agentwatch"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "agentwatch"
    return Path.home() / ".cache" / "agentwatch"


def config_base() -> Path:
    """The folder of the user's own settings."""
    if named := os.environ.get("XDG_CONFIG_HOME"):
        return Path(named) / "agentwatch"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "agentwatch"
    return Path.home() / ".config" / "agentwatch"


def new_places(session: str) -> Places:
    """Where a new session's things go; nothing is made yet."""
    return Places(session, runtime_bases()[0] / session, state_base() / "sessions" / session)


def live_places() -> list[Places]:
    """Every session of this user with a runtime folder that is ours, oldest name first."""
    found: dict[str, Places] = {}
    for base in runtime_bases():
        if not _is_ours(base):
            continue
        for folder in sorted(base.iterdir()):
            if _is_ours(folder) and folder.name not in found:
                state = state_base() / "sessions" / folder.name
                found[folder.name] = Places(folder.name, folder, state)
    return list(found.values())


def _is_ours(folder: Path) -> bool:
    """Whether it is a real folder of this user's that nobody else can write to."""
    try:
        info = folder.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid()
    return mine and not info.st_mode & 0o022


def _private(folder: Path) -> None:
    """Make a folder with mode 0700, or check that the one there is ours."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_ours(folder):
            folder.chmod(0o700)
    except OSError as error:
        raise AgentwatchError(
            f"cannot make {folder}: {error.strerror}",
            NESTED if error.errno == errno.EROFS and INSIDE in os.environ else "",
            ExitCode.FAILED,
        ) from error
    if not _is_ours(folder):
        raise AgentwatchError(
            f"{folder} is not a private folder of this user's",
            "remove it, or set XDG_RUNTIME_DIR and XDG_STATE_HOME to folders of your own",
        )
