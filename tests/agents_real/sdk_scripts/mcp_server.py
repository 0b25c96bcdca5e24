"""An MCP server made with the official SDK: keeps notes, says much."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

server: Any = importlib.import_module("mcp.server").MCPServer("notes")
context: Any = importlib.import_module("mcp.server.mcpserver").Context
NOTES = Path(sys.argv[1])


def note(text: str) -> None:
    with NOTES.open("a") as file:
        file.write(f"{text}\n")


async def keep(text: str, ctx: context) -> str:
    await ctx.report_progress(1, 2, "half")
    note(text)
    return f"kept {text}"


def much(size: int) -> str:
    """Say much."""
    return "x" * size


keep.__annotations__["ctx"] = context
server.add_tool(keep, description=os.environ.get("DESCRIBED", "Keep a note."))
server.add_tool(much)
server.add_resource(
    importlib.import_module("mcp.server.mcpserver.resources").TextResource(
        uri="notes://all", name="all", text="every note"
    )
)
if len(sys.argv) > 2:
    server.run(transport="streamable-http", port=int(sys.argv[2]))
else:
    server.run()
