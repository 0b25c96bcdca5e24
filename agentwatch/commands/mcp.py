"""`agentwatch mcp -- SERVER`: what an MCP client starts instead of the server itself.

Owns the choice where to ask: inside a session that session's gate, else one of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from dataclasses import replace
from typing import Any

import click

from agentwatch import ourselves
from agentwatch.channels import inside
from agentwatch.channels.mcp import McpGate, Pins
from agentwatch.channels.mcp.http import HEADERS
from agentwatch.channels.pipes import Peer
from agentwatch.commands import fronting
from agentwatch.commands.options import config_of, label_of, session_options
from agentwatch.commands.run import launch
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.paths import state_base
from agentwatch.supervisor.config import Hold, Speaks

PATIENCE = 5.0
"""Seconds a server may take to end once its client has gone."""


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="\b\nExample:\n  agentwatch mcp -- npx -y @modelcontextprotocol/server-memory\n"
    "  agentwatch mcp --url https://example.org/mcp --header 'Authorization: Bearer $TOKEN'",
)
@session_options
@click.option("--url", help="A server that is reached by streamable HTTP.")
@click.option("--header", "headers", multiple=True, help="Sent to it; $NAME is filled in.")
@click.argument("argv", nargs=-1, metavar="[-- SERVER [ARG]...]")
def command(argv: tuple[str, ...], url: str | None, headers: tuple[str, ...], **given: Any) -> int:
    """Gate the tools of an MCP server."""
    if bool(argv) == bool(url):
        raise AgentwatchError(
            "name one MCP server", "its command after --, or its address with --url", ExitCode.USAGE
        )
    if headers and not url:
        raise AgentwatchError("--header goes with --url", code=ExitCode.USAGE)
    label = given["name"] or (label_of(argv) if argv else _host(str(url)))
    far = url or json.dumps([shutil.which(argv[0]) or argv[0], *argv[1:]])
    env = {HEADERS: json.dumps([os.path.expandvars(item) for item in headers])} if url else {}
    argv = argv or tuple(ourselves.command("agentwatch.channels.mcp.http", str(url)))
    if inside.supervised():
        return asyncio.run(_within(argv, label, far, env))
    config = config_of(argv, label, given, reports=False)
    # A call that a person allowed would be asked about once more, as what it then does.
    kernel = Hold.MUST if given["kernel_gate"] else Hold.NEVER
    config = replace(
        config, name=label, speaks=Speaks.MCP, far=far, env={**config.env, **env}, kernel=kernel
    )
    return fronting.run(config, launch)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2] or "mcp"


async def _within(argv: tuple[str, ...], label: str, far: str, env: dict[str, str]) -> int:
    """Gate a server of an agent that is supervised already: its session is asked."""
    try:
        (reads, ours_out), (ours_in, writes) = os.pipe(), os.pipe()
        process = subprocess.Popen(  # noqa: ASYNC220 - nothing else is going on yet
            argv, stdin=reads, stdout=writes, env={**os.environ, **env}
        )
    except OSError as error:
        raise AgentwatchError(
            f"{argv[0]} cannot be started: {error.strerror}", code=ExitCode.CANNOT_RUN
        ) from error
    os.close(reads)
    os.close(writes)
    pump = fronting.Pump()
    program = await Peer.of_pipes(ours_in, ours_out)
    client = await Peer.of_socket(pump.far)
    pump.start()
    pins = Pins(state_base() / "mcp", far)
    gate = McpGate(inside.Inside(), label, pins, client=client, program=program)
    near, server = asyncio.create_task(gate.near()), asyncio.create_task(gate.far())
    await asyncio.wait([near, server], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait([server], timeout=PATIENCE)
    near.cancel()
    client.hang_up()
    pump.drain()
    return 0 if process.poll() is None else int(process.returncode)
