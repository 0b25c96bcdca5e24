"""The program that a fetcher starts in an agent's place: says where the agent's programs lie.

Owns one line on standard output.  Run as `PYTHON -I -S -E look.py MARK [--beside] PROGRAM…`, a
single file of the standard library.  Starts and changes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

BESIDE = "--beside"
"""Before the programs, where they lie in the folder of this interpreter and nowhere else."""


def main(mark: str, programs: list[str]) -> None:
    """Print the mark, the search path, and where on it each program lies that does."""
    where = None
    if programs[:1] == [BESIDE]:
        where, programs = os.path.dirname(sys.executable), programs[1:]  # noqa: PTH120 - not resolved
    found = [path for name in programs if (path := shutil.which(name, path=where))]
    print(mark + json.dumps({"path": os.environ.get("PATH", ""), "found": found}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
