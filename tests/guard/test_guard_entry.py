from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.guard import Terminal, command

ROOT = Path(__file__).resolve().parents[2]


def test_without_a_terminal_it_refuses_in_words(tmp_path: Path) -> None:
    argv = command("no-such-session", ["true"])
    ended = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert ended.returncode == 125
    assert ended.stderr == (
        "agentwatch: error: standard input is not a terminal\n"
        "hint: run it from a terminal, or use `agentwatch run --no-tui`\n"
    )
    assert ended.stdout == ""


def test_its_interpreter_loads_no_site_packages_and_nothing_from_where_it_runs(
    tmp_path: Path,
) -> None:
    """An agent that writes `json.py` or `psutil.py` into its folder gets nothing run by us."""
    for name in ("json", "select", "psutil", "sitecustomize", "agentwatch"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the agent was here')")
    argv = command("no-such-session", ["true"])
    look = "import sys; print(*sorted(sys.modules))"
    boot = argv.index("-c") + 1
    argv[boot] = argv[boot].replace("sys.exit(run(sys.argv[1:]))", look)
    ended = subprocess.run(
        argv,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    loaded = set(ended.stdout.split())
    assert "agentwatch.kill" in loaded
    assert not loaded & {"asyncio", "textual", "rich", "click", "psutil", "site", "subprocess"}


def test_raw_mode_ends_with_its_block_also_by_an_exception() -> None:
    master, slave = os.openpty()
    try:
        before = termios.tcgetattr(slave)
        with contextlib.suppress(ZeroDivisionError), Terminal(slave):
            assert not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ISIG | termios.ECHO)
            raise ZeroDivisionError
        assert termios.tcgetattr(slave) == before
        assert os.get_blocking(slave)
    finally:
        os.close(master)
        os.close(slave)


def test_a_pipe_is_no_terminal() -> None:
    read, write = os.pipe()
    try:
        with pytest.raises(AgentwatchError, match="not a terminal"):
            Terminal(read)
    finally:
        os.close(read)
        os.close(write)


def test_an_interpreter_path_with_its_own_libraries_is_the_one_we_run_in() -> None:
    assert command("s", ["x", "y"])[0] == sys.executable
    assert command("s", ["x", "y"])[-3:] == ["s", "x", "y"]
