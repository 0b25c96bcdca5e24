"""The agents that the shared tests drive."""

from __future__ import annotations

import pytest
from _pytest.mark.structures import ParameterSet

from tests.agents_real.kit import Kit
from tests.agents_real.kit_claude import CLAUDE
from tests.agents_real.kit_codex import CODEX
from tests.agents_real.kit_copilot import COPILOT
from tests.agents_real.kit_gemini import GEMINI
from tests.agents_real.kit_qwen import QWEN
from tests.agents_real.kit_vibe import VIBE

CORE = (CLAUDE, CODEX, GEMINI)
"""Driven at every run."""
MORE: tuple[Kit, ...] = (QWEN,)
"""Driven where `-m more_agents` asks for them."""

ALL: list[ParameterSet] = [pytest.param(kit, id=kit.name) for kit in CORE] + [
    pytest.param(kit, id=kit.name, marks=pytest.mark.more_agents) for kit in MORE
]

HOOKED = [item for item in ALL if item.values[0] is not CLAUDE]
"""Those whose hooks are tried without a supervisor; Claude Code has its own files."""

CLIENTS = ALL + [
    pytest.param(kit, id=kit.name, marks=pytest.mark.more_agents) for kit in (COPILOT, VIBE)
]
"""Those that ask through our hook client: a process of its own, which can be killed."""
