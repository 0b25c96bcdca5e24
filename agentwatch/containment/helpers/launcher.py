"""Becoming the agent directly, where nothing may stand in between.

Owns nothing: the interpreter replaces itself with the agent once the supervisor has recorded it.

What does not work: nobody reaps the agent's orphans or ends with it; that is the tracker's and
the watchdog's work.
"""

from __future__ import annotations

import os
import sys

from .agent import arrange, become, read_order, settle


def main() -> None:
    """`LEASE STATUS ORDER SESSION` as arguments; the lease is for the watchdog alone."""
    lease, status, order_file = (settle(int(word)) for word in sys.argv[1:4])
    os.close(lease)
    order = read_order(order_file)
    arrange(status, status, status)
    become(order)
