"""`agentwatch acp-proxy -- AGENT`: what an editor starts instead of the agent itself.

Owns the options.  Its standard output is the protocol's alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from agentwatch.commands import fronting
from agentwatch.commands.options import config_of, label_of, session_options
from agentwatch.commands.run import launch
from agentwatch.supervisor.config import Speaks


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="\b\nExample:\n  agentwatch acp-proxy -- gemini --acp\n"
    "  agentwatch acp-proxy -- npx -y @agentclientprotocol/claude-agent-acp",
)
@session_options
@click.option(
    "--editor-terminals",
    is_flag=True,
    help="Let the agent use the editor's terminals: what runs there the kill does not reach.",
)
@click.argument("argv", nargs=-1, required=True, metavar="-- AGENT [ARG]...")
def command(argv: tuple[str, ...], editor_terminals: bool, **given: Any) -> int:
    """Gate an ACP agent that an editor speaks with."""
    config = config_of(argv, label_of(argv), given)
    config = replace(config, speaks=Speaks.ACP_PROXY, hands=editor_terminals)
    return fronting.run(config, launch)
