"""Everyday work for an agent that declares nothing, and what a person would call its actions.

Owns the workloads of the questions that are counted: scripts, what they work on, and the name of
each action with the words that its one question must hold.  What is not named is reading.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Errand:
    """A script, and the actions in it."""

    name: str
    script: str
    actions: tuple[tuple[str, str], ...]
    """What a person would call it, and a pattern that its question's summary matches."""
    prepare: Callable[[Path, Path], None] = lambda _work, _beside: None
    """Puts into the workspace, and into the folder beside it, what there is to work on."""
    shell: str = "sh"
    proof: str = ""
    """A file that is there once all of it was done."""


def _sources(work: Path, _: Path) -> None:
    (work / "src").mkdir()
    for name in ("one.py", "two.py", "--force"):
        (work / "src" / name).write_text("import os\n\n\ndef main():\n    return os.name\n")
    (work / "data.json").write_text('{"a": [1, 2, 3]}\n')


SCRIPT = r"""
set -e
pwd; ls -la; ls src | head -5
grep -rn "def main" src | wc -l
find . -name '*.py' -not -path './out/*' | sort | uniq -c
cat src/one.py | sed -n '1,3p' | awk '{print $1}'
mkdir -p out/logs
wc -l src/*.py; head -2 src/one.py; tail -n 1 src/two.py
echo first > out/a.txt
for f in src/one.py src/two.py; do cat "$f" > /dev/null; done
echo second >> out/a.txt
test -f out/a.txt && cat out/a.txt
cp out/a.txt out/b.txt
diff out/a.txt out/b.txt; cmp out/a.txt out/b.txt
mv out/b.txt out/c.txt
[ -d out ] && stat -c %s out/c.txt
md5sum out/c.txt | cut -d' ' -f1
rm out/c.txt
date +%s > /dev/null; uname -a; id -u; env > /dev/null
sed -i s/first/1st/ out/a.txt
tr a-z A-Z < out/a.txt; basename out/a.txt .txt; dirname out/a.txt
touch out/d
if command -v python3 > /dev/null; then python3 --version; fi
chmod +x out/d
n=$(cat src/one.py | wc -l); echo "$n lines"
ln -s a.txt out/e
readlink out/e; realpath out/e; du -s out > /dev/null; df . > /dev/null
tar czf out/all.tgz src
tar tzf out/all.tgz; file out/all.tgz || true; ps > /dev/null; sleep 0
"""


SHELL = r"""
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
say() { printf '%s\n' "$*"; }
say "$(git --version)" | tee /dev/null
mapfile -t names < <(find src -name '*.py' | sort)
for name in "${names[@]}"; do wc -l < "$name" >> "$tmp/counts"; done
sort -n "$tmp/counts" | tail -1
cat > "$tmp/list" <<E
${names[*]}
E
diff <(cat "$tmp/list") <(echo "${names[*]}")
while read -r line; do [[ -n $line ]] && say "$line"; done < "$tmp/list"
grep -rl main src | xargs -n1 basename | sort > "$tmp/found"
cp -r src "$tmp/copy"; mkdir -p "$tmp/a/b"
find src -name '*.py' -exec grep -c def {} +
sleep 0.1 & wait
case $(uname -s) in Linux) say linux;; esac
(cd src && ls | wc -l)
timeout 5 bash -c 'for i in 1 2 3; do echo $i; done | wc -l'
python3 -c 'open("made.txt", "w").write("made")'
cat made.txt data.json | sed 's/"//g'
bash -c 'rm made.txt; echo "$(date)" > done.txt; mkdir -p kept && mv done.txt kept/'
find src -name '*.py' | xargs -I{} cp {} kept/
awk '{n += $1} END {print n}' "$tmp/counts"
say "${#names[@]} files" > kept/summary
"""


def _origin(work: Path, beside: Path) -> None:
    origin = beside / "origin"
    origin.mkdir()
    (origin / "a.txt").write_text("one\n")
    config = "[user]\n\temail = a@b.example\n\tname = A\n[init]\n\tdefaultBranch = main\n"
    (beside / ".gitconfig").write_text(config)
    git = ["git", "-C", str(origin), "-c", "user.email=a@b.example", "-c", "user.name=A"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)


GIT = r"""
set -e
git clone -q ../origin repo
cd repo
git status --short; git log --oneline -5; git branch -a
echo two >> a.txt
git diff; git diff --stat; git status
git add a.txt
git commit -q -m "two more"
git show --stat HEAD; git log -1 --format=%s
"""


def _wheel(work: Path, _: Path) -> None:
    files = {
        "small/__init__.py": "def hello():\n    return 'hello'\n",
        "small-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n",
        "small-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        lines.append(f"{name},sha256={digest.decode()},{len(text)}")
    record = "small-1.0.dist-info/RECORD"
    files[record] = "\n".join([*lines, f"{record},,"]) + "\n"
    with zipfile.ZipFile(work / "small-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


PIP = f"""
set -e
export PIP_DISABLE_PIP_VERSION_CHECK=1
{sys.executable} -m venv .venv
.venv/bin/python --version; .venv/bin/pip --version
.venv/bin/pip install -q --no-index ./small-1.0-py3-none-any.whl
.venv/bin/pip freeze; .venv/bin/pip show small
.venv/bin/python -c 'import small; open("said", "w").write(small.hello())'
cat said
"""


def _tests(work: Path, _: Path) -> None:
    (work / "calc.py").write_text("def add(a, b):\n    return a + b\n")
    (work / "test_calc.py").write_text(
        "import socket\nimport subprocess\nfrom calc import add\n\n\n"
        "def test_server(tmp_path):\n"
        "    for family, where in (('INET', ('127.0.0.1', 0)), ('UNIX', str(tmp_path / 's'))):\n"
        "        with socket.socket(getattr(socket, 'AF_' + family)) as server:\n"
        "            server.bind(where)\n"
        "            server.listen()\n"
        "            with socket.socket(server.family) as client:\n"
        "                client.connect(server.getsockname())\n\n\n"
        "def test_add(tmp_path):\n"
        "    (tmp_path / 'x').write_text('x')\n"
        "    subprocess.run(['rm', str(tmp_path / 'x')], check=True)\n"
        "    assert add(1, 2) == 3\n"
    )


PYTEST = f"""
set -e
ls; cat test_calc.py
{sys.executable} -m pytest -q
ls -a .pytest_cache; git --version
"""


def _program(work: Path, _: Path) -> None:
    (work / "hello.c").write_text('#include <stdio.h>\nint main(void){puts("hi");return 0;}\n')
    (work / "Makefile").write_text(
        "all: hello\nhello: hello.o\n\tcc -o $@ $^\n%.o: %.c\n\tcc -c -o $@ $<\n"
        "clean:\n\trm -f hello hello.o\n"
    )


MAKE = r"""
set -e
ls; cat Makefile; make --version | head -1
make
file hello || true; ./hello | wc -l
make clean
ls
"""

ERRANDS = (
    Errand(
        "script",
        SCRIPT,
        (
            ("make a folder", r"^start mkdir -p out/logs$"),
            ("write a file, twice", r"^write \S+/work/out/a\.txt$"),
            ("copy a file", r"^start cp "),
            ("move a file", r"^start mv "),
            ("delete a file", r"^start rm out/c\.txt$"),
            ("edit a file", r"^start sed -i "),
            ("make an empty file", r"^start touch out/d$"),
            ("make it a program", r"^start chmod "),
            ("link a file", r"^start ln -s "),
            ("pack a folder", r"^start tar czf "),
        ),
        prepare=_sources,
        proof="out/all.tgz",
    ),
    Errand(
        "bash",
        SHELL,
        (
            ("run a program", r"^start python3 -c "),
            ("tidy up in one line", r"^start bash -c rm made.txt; "),
            ("copy the sources, with xargs", r"^start xargs -I\{\} cp "),
            ("write the summary", r"/work/kept/summary$"),
        ),
        prepare=_sources,
        proof="kept/summary",
        shell="bash",
    ),
    Errand(
        "git",
        GIT,
        (
            ("clone", r"^start git clone "),
            ("edit", r"^write \S+/repo/a\.txt$"),
            ("add", r"^start git add "),
            ("commit", r"^start git commit "),
        ),
        prepare=_origin,
        proof="repo/.git/COMMIT_EDITMSG",
    ),
    Errand(
        "pip",
        PIP,
        (
            ("make an environment", r"^start \S+ -m venv "),
            ("install", r"pip install "),
            ("run what was installed", r"python -c import small"),
        ),
        prepare=_wheel,
        proof="said",
    ),
    Errand(
        "pytest",
        PYTEST,
        (("run the tests", r"-m pytest"),),
        prepare=_tests,
        proof=".pytest_cache/CACHEDIR.TAG",
    ),
    Errand(
        "make",
        MAKE,
        (
            ("build", r"^start make$"),
            ("run what was built", r"^start \./hello$"),
            ("clean up", r"^start make clean$"),
        ),
        prepare=_program,
    ),
)
