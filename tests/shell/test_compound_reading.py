"""Lines of several commands that only read pass; nothing that was refused for itself does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from agentwatch.model import Kind, Mode, Proposal, Verdict
from agentwatch.policy import judge
from agentwatch.reading import KEYWORDS, _reading, reads_only
from agentwatch.reading.options import Unclear
from agentwatch.reading.shell import commands
from tests.test_reading import NO

YES = r"""
(ls)
(ls; pwd) | wc -l
{ ls; pwd; } 2>/dev/null
if true; then ls; fi
if test -f a.txt; then cat a.txt; else echo no; fi
if false; then ls; elif true; then pwd; fi
for x in a; do ls; done
for f in a.txt b.txt; do cat "$f"; done
for f in a.txt b.txt; do wc -l $f | tail -1; done 2>/dev/null
for f in *.txt; do head -1 "${f}"; done
for f in a b; do for g in c d; do echo $f "$g"; done; done
for f in a.txt; do echo "== it is"; cat "$f"; done | head -5
(cd src && ls)
if grep -q foo a.txt; then grep -n 'foo bar' a.txt; fi
""".strip().splitlines()


@pytest.mark.parametrize("line", YES)
def test_compound_lines_of_reading_commands_pass_and_change_nothing(
    line: str, tmp_path: Path
) -> None:
    (tmp_path / "src").mkdir()
    for name in ("a.txt", "b.txt", "-delete"):
        (tmp_path / name).write_text("foo bar\n")
    answer = reads_only(line)
    assert answer.yes, answer.why
    before = {str(path): path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert {str(path): path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


REFUSED = r"""
for f in a; do rm "$f"; done
for f in -delete; do find . $f; done
for f in -o; do sort "$f" a; done
for f in *.py; do sort "$f"; done
for f in $(ls); do cat "$f"; done
for f in a{1,2}; do cat "$f"; done
for f in 'a b'; do cat $f; done
for f in a; do cat "x$f"; done
for f in a; do cat x"$f"; done
for f in a; do cat "$g"; done
for f in a; do $f; done
for f in rm; do "$f" x; done
for f in a; do cat < "$f"; done
for f in a; do cat a > "$f"; done
for f; do cat "$f"; done
for PATH in a; do ls; done
for IFS in a; do ls; done
for f in a; { ls; }
for ((i=0; i<3; i++)); do ls; done
while true; do ls; done
until false; do ls; done
while read f; do cat "$f"; done
select f in a; do ls; done
case x in x) ls;; esac
f() { ls; }; f
(ls) > out
(ls) > /dev/nullx
{ ls; } < /dev/tcp/localhost/80
{ ls; } 2>&1 > x
(ls) &
( (ls) & )
((ls))
$(ls)
`ls`
(ls) | sh
! (ls)
[[ -v x ]] && (ls)
[ -f * ] && (ls)
(A=b ls)
(ls) # x
(cd src && git status)
for f in a b; do cd $f; git status; done
if rm x; then ls; fi
if ls; then rm x; fi
coproc (ls)
time (ls)
(ls))
((ls)
if true; then ls
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_compound_lines_that_may_do_more_are_asked(line: str) -> None:
    assert not reads_only(line).yes


AROUND = ["({})", "{{ {}; }}", "if true; then {}; fi", "if {}; then ls; fi", "(ls) | {}"]
AROUND += ["for f in a b; do {}; done", "for f in a; do ls; {}; done", "(ls; ({}))", "{}; (ls)"]


@pytest.mark.parametrize("around", AROUND)
def test_what_is_refused_alone_is_refused_within_any_construct(around: str) -> None:
    for command in NO:
        assert not reads_only(around.format(command)).yes, around.format(command)


PIECES = st.sampled_from(
    [
        *("'", '"', "\\", "(", ")", "|", "&", ";", "{", "}", " ", "ls", "rm", " x", "*", "$f"),
        *("for f in ", "do ", "done", "if ", "then ", "fi", "cat ", "2>/dev/null", "; ", " && "),
        *("(ls)", "find . -delete", "'$f'", '"$f"', "for f in a; do cat ", "; done"),
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
@settings(max_examples=500, deadline=None)
def test_a_line_that_passes_runs_no_program_but_readers(line: str) -> None:
    """Bash itself is asked: with every program missing, it names those it looked for."""
    if not reads_only(line).yes:
        return
    done = subprocess.run(
        ["/bin/bash", "-c", f"PATH=/nowhere; {line}"],
        cwd="/",
        env={},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    missed = {part.split(": ")[-2] for part in done.stderr.splitlines() if "not found" in part}
    assert missed <= {"ls", "cat"}, (line, done.stderr)


@given(st.lists(PIECES, max_size=14).map("".join))
@settings(max_examples=500, deadline=None)
def test_a_line_that_the_cutter_took_is_judged_by_the_cutter_alone(line: str) -> None:
    """The tree never turns a no about arguments into a yes."""
    try:
        cut = commands(line)
    except Unclear:
        return
    if any(words[0].text in KEYWORDS for words in cut):
        return
    try:
        alone = _reading(cut, None).yes
    except Unclear:
        alone = False
    assert reads_only(line).yes is alone


def proposal(command: str) -> Proposal:
    return Proposal(kind=Kind.EXEC, summary="", channel="hooks", command=command, cwd="/w/a")


@pytest.mark.parametrize(
    ("command", "passes"),
    [
        ("cd src && git status", True),
        ("cd /w/b && git log -1", True),
        ("cd /srv && git status", False),
        ("cd ../../srv && git status", False),
        ("cd src/../x && git status", False),
        ("cd link && git status", False),
        ("cd src; cd x; git status", False),
        ("ls; cd src; git status", False),
        ("cd src* && git status", False),
        ("cd src && git push", False),
    ],
)
def test_git_reads_in_a_folder_of_the_workspace_that_it_changes_to(
    command: str, *, passes: bool
) -> None:
    def resolve(path: str) -> str:
        return path.replace("/w/a/link", "/srv")

    found = judge(proposal(command), workspace="/w", mode=Mode.ASK, resolve=resolve)
    assert (found.verdict is Verdict.ALLOW) is passes
