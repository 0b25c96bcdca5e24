"""`agentwatch hook AGENT`: what agents' hooks call; every failure is a denial."""

from __future__ import annotations

import sys

import click

from agentwatch.channels.hooks import client


@click.command(epilog="\b\nExample:\n  agentwatch hook claude < event.json")
@click.argument("agent")
def command(agent: str) -> None:
    """What agents' hooks call (not for people)."""
    sys.exit(client.main([agent]))
