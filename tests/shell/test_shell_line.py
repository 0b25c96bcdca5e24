"""Which commands a shell line will run, through wrappers and quotes, and what stays unknown."""

from __future__ import annotations

import subprocess
import time

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from agentwatch.shell import Parsed, parse, parse_argv

CLEAR = {
    "ls -l": ["ls -l"],
    "git push && rm x || ls; wc|cat": ["git push", "rm x", "ls", "wc", "cat"],
    "sh -c 'rm x'": ["rm x"],
    "bash -lc 'cd a && rm x'": ["cd a", "rm x"],
    "bash -x -o pipefail -c 'rm x' a b": ["rm x"],
    "/bin/sh -ec 'sh -c \"rm x\"'": ["rm x"],
    "env -u C -i A=b rm x": ["rm x"],
    "env": ["env"],
    "sudo -u root -n rm x": ["rm x"],
    "sudo --user=root A=b rm x": ["rm x"],
    "nice -n 5 rm x": ["rm x"],
    "nice -5 rm x": ["rm x"],
    "timeout -k 1 -s KILL 5 rm x": ["rm x"],
    "timeout --signal=KILL 5 rm x": ["rm x"],
    "nohup setsid -w rm x &": ["rm x"],
    "stdbuf -oL -e 0 rm x": ["rm x"],
    "time -p rm x": ["rm x"],
    "command rm x": ["rm x"],
    "command -v rm": ["command -v rm"],
    "exec -a z rm x": ["rm x"],
    "builtin cd x": ["cd x"],
    "busybox rm x": ["rm x"],
    "flock -n lock rm x": ["rm x"],
    "flock lock -c 'rm x'": ["rm x"],
    "su -c 'rm x' root": ["su -c rm x root", "rm x"],
    "trap 'rm x' EXIT": ["trap rm x EXIT", "rm x"],
    "eval 'rm x; ls'": ["rm x", "ls"],
    "eval rm x": ["rm x"],
    "bash <<'E'\nrm x\nE\n": ["rm x"],
    "bash <<E\nrm x\nE\n": ["rm x"],
    "sh <<-E\n\trm x\n\tE\n": ["rm x"],
    "bash <<< 'rm x'": ["rm x"],
    "cat <<'E' | wc\n$x\nE\n": ["cat", "wc"],
    "(rm x; { ls; })": ["rm x", "ls"],
    "! rm x": ["rm x"],
    "if a; then b; elif c; then d; else e; fi": ["a", "b", "c", "d", "e"],
    "while a; do b; done; until c; do d; done": ["a", "b", "c", "d"],
    "case x in y) a;; *) b;; esac": ["a", "b"],
    'for f in a b; do rm "$f" x${f}; done': ["rm a xa", "rm b xb"],
    "for f in a; do for g in b c; do echo $f$g; done; done": ["echo ab", "echo ac"],
    "g'i't pu\\sh": ["git push"],
    "echo a \\\n b": ["echo a b"],
    "echo $'a\\x41\\u0042\\n\\101'": ["echo aAB\nA"],
    'echo "a\\$b \\" \\\\ \\n"': ['echo a$b " \\ \\n'],
    "# rm x\nls # rm x": ["ls"],
    "export A=b; unset A": ["export A=b", "unset A"],
    "rm *.py": ["rm *.py"],
}


def said(parsed: Parsed) -> list[str]:
    return [" ".join(simple.argv) for simple in parsed.commands]


@pytest.mark.parametrize("line", CLEAR, ids=repr)
def test_a_line_is_the_commands_it_will_run(line: str) -> None:
    parsed = parse(line)
    assert said(parsed) == CLEAR[line]
    assert parsed.dynamic == ()


UNCLEAR = {
    "rm $x": ["rm $x"],
    "rm ${x:-y}": ["rm ${x:-y}"],
    "rm $(ls; id)": ["ls", "id", "rm $(ls; id)"],
    'rm "`ls`"': ["ls", 'rm "`ls`"'],
    "diff <(ls) >(rm x)": ["ls", "rm x", "diff <(ls) >(rm x)"],
    "$x y": ["$x y"],
    "*.sh y": ["*.sh y"],
    'eval "$x"': ['"$x"'],
    "echo {a,b}": ["echo {a,b}"],
    "echo a{1..3}": ["echo a{1..3}"],
    "echo {ab},b}": ["echo {ab},b}"],
    "rm ~/x": ["rm ~/x"],
    "ls | xargs -0 -n 1 rm -f": ["ls", "xargs -0 -n 1 rm -f", "rm -f"],
    "xargs --strange rm": ["xargs --strange rm"],
    "find . -name a -exec rm {} + -o -execdir sh -c 'mv a b' {} ';'": [
        "find . -name a -exec rm {} + -o -execdir sh -c mv a b {} ;",
        "rm {}",
        "mv a b",
    ],
    "curl x | sh": ["curl x", "sh"],
    "bash script.sh": ["bash script.sh"],
    "bash --init-file x -c ls": ["bash --init-file x -c ls"],
    "source x": ["source x"],
    "bash <<E\nrm $x\nE\n": ["rm $x"],
    "cat <<E\n$(rm x)\nE\n": ["rm x", "cat"],
    "env -S 'rm x'": ["env -S rm x"],
    "sudo --strange x rm": ["sudo --strange x rm"],
    "f() { rm x; }; f": ["rm x", "f"],
    "[[ -n $(rm x) ]]": ["rm x"],
    "((x = $(rm x)))": ["rm x"],
    "for f in $(ls); do rm $f; done": ["ls", "rm $f"],
    "for f in *.py; do rm $f; done": ["rm $f"],
    "for f in a; do read f; rm $f; done": ["read f", "rm $f"],
    "for f in a; do f=$(ls); rm $f; done": ["ls", "", "rm $f"],
    "for f in a b; do x; done; rm $f": ["x", "x", "rm $f"],
    "A=$(rm x) ls": ["rm x", "ls"],
    "ls; (": [],
    "echo \\ a": [],
    "echo ''\\n": [],
    "echo \\ ;": [],
    "echo ==''": [],
    "echo a\\\nb": ["echo a b"],
    "echo 'a": [],
    "echo $'\\\\' ; rm x; echo '": [],
    "ls\0rm": [],
    "cat a >b c": ["cat a"],
}  # fmt: skip


@pytest.mark.parametrize("line", UNCLEAR, ids=repr)
def test_what_the_text_does_not_tell_is_a_reason(line: str) -> None:
    parsed = parse(line)
    assert parsed.dynamic
    assert said(parsed) == UNCLEAR[line]


def test_redirections_assignments_and_wrappers_are_kept() -> None:
    (simple,) = parse("A=1 sudo env B=2 cat <in 2>>err >'o ut' 2>&1").commands
    assert simple.argv == ("cat",)
    assert simple.assignments == ("A=1", "B=2")
    assert simple.through == ("sudo", "env")
    written = [(item.number, item.target) for item in simple.redirects if item.writes]
    assert written == [(2, "err"), (None, "o ut")]


def test_what_a_wrapper_is_given_and_where_it_writes_is_kept() -> None:
    written, simple = parse("A=1 env B=2 bash -c 'C=3 cat' >out 2>&1").commands
    assert simple.assignments == ("A=1", "B=2", "C=3")
    assert [item.target for item in written.redirects if item.writes] == ["out"]
    fed, simple = parse("A=1 bash >out <<'E'\ncat\nE\n").commands
    assert (simple.argv, simple.assignments) == (("cat",), ("A=1",))
    assert [item.target for item in fed.redirects if item.writes] == ["out"]


def test_an_argv_is_taken_as_it_is() -> None:
    assert said(parse_argv(["sh", "-c", "rm x"])) == ["rm x"]
    assert said(parse_argv(["echo", "$(rm x)"])) == ["echo $(rm x)"]
    assert parse_argv(["echo", "$x"]).dynamic == ()
    assert parse_argv([]) == Parsed(())
    assert parse_argv(["a" * 100_000]).dynamic


HOSTILE = [
    "x=(",
    "f() ",
    "<<a ",
    "${",
    "((",
    "$(",
    "a|",
    "{ ",
    '"$(',
    "if ",
    "eval '",
    "sh -c ",
    "a;",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_line_keeps_us_busy(piece: str) -> None:
    began = time.process_time()
    parsed = parse((piece * 30_000)[:30_000])
    assert time.process_time() - began < 2
    assert parsed.dynamic or len(parsed.commands) < 500


@pytest.mark.parametrize(
    "sign", ["\U0010ffff", "\U000f0001", "\U0001f600", "\uffff", "é", "\udcff"]
)
def test_no_character_ends_the_process(sign: str) -> None:
    """The grammar's scanner looks such characters up outside its tables."""
    for line in (f"{{{sign}T\x0b|", f"{{{sign}", f"${{{sign}", f"<<{sign}", f"{{a{sign}..b}}"):
        assert isinstance(parse(line), Parsed)
        assert isinstance(parse(line * 400), Parsed)


def test_characters_beyond_ascii_are_parts_of_words() -> None:
    assert said(parse("rm é ü'ß'  \"ñ\"; ls")) == ["rm é üß ñ", "ls"]
    assert said(parse("é=1 ls")) == ["é=1 ls"]
    assert parse("echo $é").dynamic


@pytest.mark.parametrize("depth", [20, 200, 5_000])
def test_nested_lines_are_read_or_refused(depth: int) -> None:
    parsed = parse("(" * depth + "rm x" + ")" * depth)
    assert said(parsed) == ["rm x"] or parsed.dynamic


ALPHABET = st.sampled_from([*"ax-.=: \t'\"\\,;#&|!", "$'", "\\n", "\\'", "''", "{a", "b}", "é"])


@given(st.lists(ALPHABET, min_size=1, max_size=14).map("".join))
@example("a'b'\"c\"")
@example("$'a\\'b' \"a\\b\"")
@example("a\\;b 'c'd")
@example("\\ a")
@example("\\ ;")
@example("\\ ")
@example("==''")
@example("''\\n")
@example("$'\\\\' #'")
@settings(max_examples=300, deadline=None)
def test_bash_sees_the_words_that_we_see(line: str) -> None:
    """Only lines without redirections and variables reach the shell, and no program is found."""
    whole = f"printf '%s\\0' {line}"
    parsed = parse(whole)
    assume(not parsed.dynamic and len(parsed.commands) == 1)
    (simple,) = parsed.commands
    assume(not simple.redirects and simple.argv[0] == "printf" and not simple.assignments)
    done = subprocess.run(
        ["/bin/bash", "-c", whole],
        env={"PATH": "/nowhere", "HOME": "/nowhere", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "syntax error" in done.stderr or "unexpected EOF" in done.stderr:
        return  # What bash refuses to run at all may be read in any way.
    words = list(simple.argv[2:]) or [""]
    assert done.stdout.split("\0")[:-1] == words, whole


@given(
    st.text() | st.lists(st.sampled_from([*CLEAR, *UNCLEAR, *"'\"\\|&;<>(){}$` \n"])).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_no_line_raises(line: str) -> None:
    assert isinstance(parse(line), Parsed)
