"""agentwatch: a terminal supervisor for AI agents with a live kill switch.

For an agent's own code: `from agentwatch import Denied, propose`, explained in
`agentwatch.channels.propose`.  Loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentwatch.channels.propose import (
        Approval,
        Denied,
        NotReported,
        NotSupervised,
        apropose,
        areport,
        gated,
        propose,
        report,
    )

__version__ = "0.1.0"

__all__ = [
    "Approval",
    "Denied",
    "NotReported",
    "NotSupervised",
    "__version__",
    "apropose",
    "areport",
    "gated",
    "propose",
    "report",
]

if not TYPE_CHECKING:  # seen by a type checker, it would let every misspelt name pass

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module("agentwatch.channels.propose"), name)
