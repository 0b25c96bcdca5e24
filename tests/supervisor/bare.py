"""A session with a real journal and no agent: what is decided in it, without a process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentwatch.agents import Prepared
from agentwatch.journal import Journal
from agentwatch.model import Mode
from agentwatch.signing import Signer, SigningKey
from agentwatch.supervisor.config import Config
from agentwatch.supervisor.session import Supervised


@contextmanager
def bare_session(**changes: Any) -> Iterator[Supervised]:
    """Its options changed as a test wants them."""
    folder = Path(tempfile.mkdtemp(prefix="aw"))
    config = Config(
        session="test-5e4d",
        name="test",
        runtime=str(folder / "r"),
        state=str(folder / "s"),
        argv=("agent",),
        env={},
        cwd=str(folder),
        workspace=str(folder),
        mode=Mode.ASK,
    )
    config.places.create()
    journal = Journal.open(config.places.journal, config.session)
    signer = Signer(SigningKey.new(), config.session)
    try:
        prepared = Prepared("test", ("agent",))
        yield Supervised(replace(config, **changes), prepared, journal, signer)
    finally:
        journal.close()
        shutil.rmtree(folder)
