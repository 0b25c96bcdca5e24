"""What the gate costs: the same work with and without it, in turns, in one run.

    python tests/benchmarks/gate.py [--rounds 7] [--means pidns]

Without is the same containment with no filter.  Everything is allowed by a table, so nobody is
asked: this is the machine's part, not a person's.  Times are taken inside the agent, so the start
of the session is not in them.  A ratio is the median of the rounds' own ratios.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.channels.kernel.rig import OPEN, Rig

AGENT = r"""
import json, os, socket, subprocess, sys, threading, time
def spawn(n):
    for _ in range(n):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
def run(*argv):
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
def reads(n):
    for _ in range(n): os.close(os.open("/etc/hostname", os.O_RDONLY))
def writes(n):
    for i in range(n): os.close(os.open("w%d" % (i % 100), os.O_WRONLY | os.O_CREAT, 0o600))
def forks(n):
    for _ in range(n):
        p = os.fork()
        if not p: os._exit(0)
        os.waitpid(p, 0)
def connects(n, to):
    for _ in range(n):
        with socket.socket() as s: s.connect(to)
server = socket.create_server(("127.0.0.1", 0), backlog=4096)
def accept():
    while True: server.accept()[0].close()
threading.Thread(target=accept, daemon=True).start()
work = {
    "1000 x /bin/true": lambda: spawn(1000),
    "python -c pass x 10": lambda: [run(sys.executable, "-ISc", "pass") for _ in range(10)],
    "git status x 10": lambda: [run("git", "-C", "repo", "status") for _ in range(10)],
    "gcc hello.c x 3": lambda: [run("gcc", "hello.c", "-o", "hello") for _ in range(3)],
    "make, 200 targets": lambda: run("make", "-s", "-B", "-f", "many.mk"),
    "npm --version": lambda: run("npm", "--version"),
    "20000 opens for writing": lambda: writes(20000),
    "20000 opens for reading": lambda: reads(20000),
    "500 x fork and exit": lambda: forks(500),
    "1000 connects": lambda: connects(1000, server.getsockname()),
}
if sys.argv[1:] == ["--names"]: print(json.dumps(list(work))); os._exit(0)
skip = set(sys.argv[1:])
found = {}
for name, do in work.items():
    if name in skip: continue
    start = time.perf_counter(); do(); found[name] = time.perf_counter() - start
print(json.dumps(found))
"""


def prepare(folder: Path) -> None:
    """What the work works on."""
    (folder / "hello.c").write_text('#include <stdio.h>\nint main(void){puts("hi");return 0;}\n')
    targets = [f"t{n}" for n in range(200)]
    rules = "\n".join(f"{name}:\n\t/bin/true {name}" for name in targets)
    (folder / "many.mk").write_text(f"all: {' '.join(targets)}\n{rules}\n")
    repo = folder / "repo"
    repo.mkdir()
    for n in range(1000):
        (repo / f"f{n}").write_text(str(n))
    git = ["git", "-C", str(repo), "-c", "user.email=a@b", "-c", "user.name=n"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "m"]):
        subprocess.run([*git, *words], check=True)


def once(work: Path, *, gated: bool, means: str, skip: set[str]) -> dict[str, float]:
    """One turn; the seconds of each piece of work."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), lambda _: True, OPEN, means, gated=gated)
        try:
            rig.start(sys.executable, "-c", AGENT, *skip, cwd=str(work))
            if rig.wait(300) != 0:
                raise SystemExit(rig.out.decode())
            found: dict[str, float] = json.loads(rig.out)
            return found
        finally:
            rig.close()


def main() -> None:
    names = subprocess.run(
        [sys.executable, "-c", AGENT, "--names"], capture_output=True, check=True
    )
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--means", default="pidns")
    parser.add_argument("--only", default="", help="a part of the names to run")
    options = parser.parse_args()
    skip = {name for name in json.loads(names.stdout) if options.only not in name}
    if shutil.which("npm") is None:
        skip.add("npm --version")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        prepare(work)
        turns = []
        for _ in range(options.rounds):
            without = once(work, gated=False, means=options.means, skip=skip)
            held = once(work, gated=True, means=options.means, skip=skip)
            turns.append((without, held))
    print(f"{'':26}{'without':>10}{'gated':>10}{'ratio':>8}   (rounds: {options.rounds})")
    for name in turns[0][0]:
        pairs = [(a[name], b[name]) for a, b in turns]
        ratio = statistics.median(b / a for a, b in pairs)
        spread = f"{min(b / a for a, b in pairs):.2f}-{max(b / a for a, b in pairs):.2f}"
        a, b = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
        print(f"{name:26}{a:8.1f}ms{b:8.1f}ms{ratio:8.2f}   {spread}")


if __name__ == "__main__":
    main()
