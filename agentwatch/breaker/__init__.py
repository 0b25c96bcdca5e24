"""The breaker and the budgets: when what an agent does has become too much of it.

Owns the counting, the limits and their words.  Does no I/O and reads no clock: time is handed in.
Freezes nothing and decides nothing: whoever asks is told of a trip, and acts.
"""

from agentwatch.breaker.budgets import REPORTED, Budgets, Resource, read_budget
from agentwatch.breaker.counting import Breaker
from agentwatch.breaker.limits import DEFAULTS, Limits, read_limits
from agentwatch.breaker.values import Act, Limit, Meter, Trip, Way, burst_digest

__all__ = [
    "DEFAULTS",
    "REPORTED",
    "Act",
    "Breaker",
    "Budgets",
    "Limit",
    "Limits",
    "Meter",
    "Resource",
    "Trip",
    "Way",
    "burst_digest",
    "read_budget",
    "read_limits",
]
