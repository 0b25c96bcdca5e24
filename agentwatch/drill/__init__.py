"""A fire drill: real runaways in throw-away sessions, killed for real along every road.

Owns the runaways, the roads to the kill and the count from outside.  Never signals a process that
it did not start, and never believes a receipt: who is left is counted by what the runaways hold.
"""

from __future__ import annotations

from agentwatch.drill.evidence import Drill
from agentwatch.drill.exercise import Count, Exercise, Stage, exercise
from agentwatch.drill.roads import ROADS, Target

__all__ = ["ROADS", "Count", "Drill", "Exercise", "Stage", "Target", "exercise"]
