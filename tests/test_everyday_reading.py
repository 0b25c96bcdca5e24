"""What agents look at all day asks nothing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from agentwatch.reading import argv_reads_only, held_line, reads_only
from agentwatch.reading.awk import check_awk
from agentwatch.reading.options import Unclear
from tests.everyday import HELD, PROVEN

KNOWN_GAPS = {
    "[[ -d src && -f a.txt ]] && ls",
    "test -e a.txt; echo $?",
    'for f in a.txt b.txt; do echo "== $f"; head -3 "$f"; done',
    "git submodule status",
}  # fmt: skip
"""Their text alone does not prove that they read; where all is held they ask nothing."""


def temporary(path: str) -> bool:
    return path.startswith("/tmp/")


@pytest.mark.parametrize("line", PROVEN)
def test_everyday_reading_is_proven_by_its_text(line: str) -> None:
    found = reads_only(line)
    assert found.yes is (line not in KNOWN_GAPS), found.why
    assert held_line(line, temporary).yes


@pytest.mark.parametrize("line", HELD)
def test_reading_that_its_text_does_not_prove_asks_nothing_where_it_is_held(line: str) -> None:
    found = held_line(line, temporary)
    assert found.yes, found.why


def test_there_is_enough_of_it() -> None:
    assert len(set(PROVEN)) > 300
    assert len(set(HELD)) > 100
    assert set(PROVEN) >= KNOWN_GAPS


# -- awk ---------------------------------------------------------------------------------------

AWKS = [found for name in ("mawk", "gawk", "original-awk") if (found := shutil.which(name))]
PIECES = [
    *("print ", "printf ", "$1", "x", "y[1]", "1", '"made"', '"touch made"', "/a/", "/", "(", ")"),
    *("{", "}", ";", ",", ">", ">>", "|", "||", "&&", "!", "~", "+", "++", "=", "==", "in ", "if "),
    *('system("touch made")', "getline ", "BEGIN ", "END ", "close(", "-", "*", "%", "?", ":", " "),
]


@pytest.mark.parametrize("awk", AWKS)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join))
@example('{print /x/ > "made"}')
@example('{x = 1 / 2; system("touch made") / 2}')
@example('BEGIN {x++ / 2; system("touch made") / 2}')
@example('BEGIN {print(1)(2) > "made"}')
@example('BEGIN {if (1) /x/ ; print "a" > "made"}')
@settings(max_examples=200, deadline=None)
def test_no_awk_makes_a_file_by_a_program_that_only_prints(awk: str, program: str) -> None:
    try:
        check_awk([program])
    except Unclear:
        assume(False)
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [awk, program], cwd=folder, input=b"a b\n", capture_output=True, check=False,
                timeout=5,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return
        assert not list(Path(folder).iterdir()), program


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_awk_program_keeps_us_busy(program: str) -> None:
    assert argv_reads_only(["awk", program * 20]).why
