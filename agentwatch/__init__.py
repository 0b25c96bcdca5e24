"""agentwatch: a terminal supervisor for AI agents with a live kill switch."""

from __future__ import annotations

__version__ = "0.1.0"
