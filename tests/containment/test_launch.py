"""What an agent finds when it starts, and what a start that fails says."""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

import pytest

from agentwatch import containment
from agentwatch.containment import COOKIE, Means, Record
from agentwatch.errors import AgentwatchError
from agentwatch.paths import Places
from tests.containment.conftest import Start
from tests.containment.stage import Ledger, cookie_of, runaway, wait_until


def said(start: Start, means: Means, *argv: str, **options: object) -> tuple[str, int | None]:
    """What a short command prints and its exit status."""
    reader, writer = os.pipe()
    null = os.open(os.devnull, os.O_RDONLY)
    running = start(means, *argv, stdio=(null, writer, 2), **options)
    os.close(writer)
    os.close(null)
    with os.fdopen(reader, "rb") as output:
        text = output.read().decode()
    assert wait_until(lambda: running.poll() is not None)
    return text, running.poll()


def test_the_exit_status_is_the_agents(means: Means, start: Start) -> None:
    assert said(start, means, "sh", "-c", "echo hello; exit 7") == ("hello\n", 7)


def test_a_signals_number_is_added_to_128(means: Means, start: Start) -> None:
    assert said(start, means, "sh", "-c", "kill -USR1 $$")[1] == 128 + 10


def test_news_of_the_end_makes_the_handle_readable(means: Means, start: Start) -> None:
    running = start(means, "sh", "-c", "sleep 0.1; exit 3")
    assert running.poll() is None
    assert select.select([running], [], [], 10)[0] == [running]
    assert running.poll() == 3
    assert running.poll() == 3


def test_what_the_agent_leaves_behind_is_counted_and_killed(
    means: Means, ledger: Ledger, start: Start
) -> None:
    reader, writer = os.pipe()
    running = start(means, *runaway("leaver", ledger.path), stdio=(reader, 2, 2))
    os.close(reader)
    ledger.wait_for(4)
    assert wait_until(lambda: len(containment.members(running.record)) == 4)
    os.write(writer, b"x")
    os.close(writer)
    assert wait_until(lambda: running.poll() is not None)
    assert running.poll() == 7
    assert running.left_behind == 3
    assert ledger.empties()


def test_the_agent_lives_in_its_folder_with_its_environment_and_our_cookie(
    means: Means, start: Start, places: Places, tmp_path: Path
) -> None:
    script = f"import os; print(os.getcwd(), os.environ['TEA'], os.environ['{COOKIE}'])"
    env = {"TEA": "green\nüber", "PATH": os.environ["PATH"], COOKIE: "forged", "LC_ALL": "C.UTF-8"}
    text, _ = said(start, means, sys.executable, "-c", script, cwd=str(tmp_path), env=env)
    assert text == f"{tmp_path} green\nüber {cookie_of(places)}\n"


def test_the_agent_is_the_same_user(means: Means, start: Start) -> None:
    own = f"{os.getuid()} {os.getgid()}\n"
    assert said(start, means, "sh", "-c", 'echo "$(id -u) $(id -g)"')[0] == own


def test_the_agent_gets_three_files_and_default_signals(means: Means, start: Start) -> None:
    script = (
        "import os, signal; print(sorted(os.listdir('/proc/self/fd'))[:4], "
        "[n for n in (1, 2, 3, 13, 15, 17, 25) if open('/proc/self/status').read()"
        ".split('SigIgn:')[1].split()[0] and int(open('/proc/self/status').read()"
        ".split('SigIgn:')[1].split()[0], 16) >> (n - 1) & 1 and n not in (13, 25)])"
    )
    text, _ = said(start, means, sys.executable, "-c", script)
    assert text == "['0', '1', '2', '3'] []\n"  # 3 is the listing's own


def test_neither_order_nor_tokens_show_in_a_command_line(
    means: Means, start: Start, places: Places
) -> None:
    env = {"PATH": os.environ["PATH"], "AGENTWATCH_TOKEN": "secret-token"}
    record = start(means, "sleep", "60", env=env).record
    ours = [one.pid for one in (record.root, *record.helpers) if one is not None]
    for pid in ours:
        shown = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"agentwatch" in shown
        assert b"secret-token" not in shown
        assert cookie_of(places).encode() not in shown


def test_the_terminal_is_the_agents_controlling_one(means: Means, start: Start) -> None:
    ours, theirs = pty.openpty()
    running = start(
        means, "sh", "-c", "echo to the terminal >/dev/tty; ps -o tty= -p $$ | grep -c pts",
        stdio=(theirs, theirs, theirs), tty=True,
    )  # fmt: skip
    os.close(theirs)
    text = b""
    while select.select([ours], [], [], 10)[0]:
        try:
            text += os.read(ours, 1024)
        except OSError:  # the last of them has let it go
            break
    os.close(ours)
    assert text == b"to the terminal\r\n1\r\n"
    assert wait_until(lambda: running.poll() == 0)


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("no-such-command-anywhere",), 127, "no-such-command-anywhere: command not found"),
        (("/etc/passwd",), 126, "/etc/passwd: cannot be run"),
        (("/",), 126, "/: cannot be run"),
    ],
)
def test_a_command_that_cannot_start_says_so(
    argv: tuple[str, ...], code: int, words: str, means: Means, start: Start
) -> None:
    with pytest.raises(AgentwatchError) as failed:
        start(means, *argv)
    assert failed.value.code == code
    assert words in failed.value.what
    assert failed.value.hint


def test_a_script_whose_interpreter_is_missing_is_not_called_missing(
    means: Means, start: Start, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(AgentwatchError, match="interpreter is not found") as failed:
        start(means, str(script))
    assert failed.value.code == 126


def test_a_folder_that_is_not_there_is_named(means: Means, start: Start) -> None:
    with pytest.raises(AgentwatchError, match="cannot work in /no/such/folder") as failed:
        start(means, "true", cwd="/no/such/folder")
    assert failed.value.code == 125


def test_nothing_starts_when_the_record_cannot_be_written(
    means: Means, start: Start, places: Places, ledger: Ledger
) -> None:
    places.containment.mkdir()
    with pytest.raises(AgentwatchError, match="record cannot be written"):
        start(means, *runaway("plain", ledger.path))
    assert ledger.silent_for(0.3)


def test_nothing_starts_in_a_session_that_was_killed_before(
    means: Means, start: Start, places: Places, ledger: Ledger
) -> None:
    places.closed.touch()
    with pytest.raises(AgentwatchError, match="killed before its agent started"):
        start(means, *runaway("plain", ledger.path))
    assert ledger.silent_for(0.3)


def test_the_record_is_there_before_the_agent_and_private(
    means: Means, start: Start, places: Places
) -> None:
    text, _ = said(start, means, "stat", "-c", "%a", str(places.containment))
    assert text == "600\n"
    record = Record.read(places.containment)
    assert record.means == means.name
    assert record.grade == means.grade
    assert record.supervisor.pid == os.getpid()


def test_closing_the_handle_ends_the_tree(means: Means, start: Start, ledger: Ledger) -> None:
    running = start(means, *runaway("daemons", ledger.path))
    ledger.wait_for(4)
    running.close()
    assert ledger.empties()
