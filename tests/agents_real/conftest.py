"""Claude Code for the tests of this folder, and the record of what was shown of every agent.

`pytest tests/agents_real -m agents --update-agents` writes that record anew, for the agents that
were driven; the table in the README is made from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents_real import proofs
from tests.agents_real.bench import Bench
from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.supervised import private_folder


@pytest.fixture(scope="session")
def claude() -> str:
    """The program, installed; skips with a plain reason where it cannot be."""
    return CLAUDE.installed()


@pytest.fixture
def bench(claude: str) -> Iterator[Bench]:
    """A fresh user of Claude Code."""
    with private_folder() as folder:
        yield Bench(CLAUDE, folder)


RECORD = Path(__file__).with_name("agents.json")
FOUND: dict[str, dict[str, Any]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-agents", action="store_true", help="rewrite what agents showed")


@pytest.fixture(autouse=True)
def tell_what_was_shown(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Hand what a test showed to whoever started the run."""
    proofs.SHOWN.clear()
    yield
    for item in proofs.SHOWN:
        record_property("shown", json.dumps(item))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "teardown":
        return
    for name, value in report.user_properties:
        if name == "shown":
            agent, version, what = json.loads(str(value))
            entry = FOUND.setdefault(agent, {"version": version, "shown": []})
            entry["shown"] = sorted({*entry["shown"], what})


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput") or not session.config.getoption("--update-agents"):
        return
    known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    RECORD.write_text(json.dumps(dict(sorted({**known, **FOUND}.items())), indent=2) + "\n")
