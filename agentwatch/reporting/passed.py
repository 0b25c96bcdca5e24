"""What passed below the agent without a question, checked against the journal and counted.

Owns the reading of that file, stretch by stretch, as the journal's entries name them.  Never says
that a stretch agrees whose digest it did not compare.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

from agentwatch.model import Json
from agentwatch.regular import opened

MOST_HOSTS: Final = 200

LARGEST: Final = 256 * 1024 * 1024
"""Bytes of one stretch that are read."""

REACHES: Final = frozenset({"connect", "datagram"})
INTERNET: Final = frozenset({"inet", "inet6"})
_NAME: Final = re.compile(r"passed\.jsonl(\.\d{1,9})?")


class PassedFile:
    """One session's files of what passed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.kinds: Counter[str] = Counter()
        self.hosts: Counter[str] = Counter()
        """Addresses that were reached, with the names they were looked up by."""
        self.more_hosts = False
        self.differs = 0
        """Stretches that are not what the journal says, or are not there."""
        self.agree = 0
        self._differ: Counter[str] = Counter()

    def take(self, entry: Json) -> None:
        """One entry of the journal about what passed."""
        for kind, count in (entry.get("kinds") or {}).items():
            self.kinds[str(kind)] += int(count)
        start, end = int(entry["from"]), int(entry["to"])
        name = str(entry.get("file") or self._path.name)
        data = self._read(name, start, min(end - start, LARGEST))
        if data is None or hashlib.sha256(data).hexdigest() != entry.get("sha256"):
            self.differs += 1
            self._differ[name] += 1
            return
        self.agree += 1
        for line in data.splitlines():
            self._count(line)

    def dropped(self, entry: Json) -> None:
        """A file that was full and old is not there, and the journal says so."""
        self.differs -= self._differ.pop(str(entry["file"]), 0)

    def _read(self, name: str, start: int, size: int) -> bytes | None:
        if not _NAME.fullmatch(name):
            return None
        try:
            with opened(self._path.with_name(name)) as file:
                file.seek(start)
                return file.read(size)
        except (OSError, ValueError):
            return None

    def _count(self, line: bytes) -> None:
        try:
            event: Any = json.loads(line)[4]
            if event["kind"] not in REACHES or event.get("family") not in INTERNET:
                return
            names = " or ".join(str(name) for name in (event.get("names") or ())[:3])
            host = f"{event['address']}:{event['port']}"
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            return
        named = f"{names} ({host})" if names else host
        if named in self.hosts or len(self.hosts) < MOST_HOSTS:
            self.hosts[named] += 1
        else:
            self.more_hosts = True
