"""A client of the published git server: looks, then adds a file."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from typing import Any

mcp: Any = importlib.import_module("mcp")
REPOSITORY, COMMAND, *ARGS = sys.argv[1:]


async def main() -> None:
    server = mcp.StdioServerParameters(command=COMMAND, args=ARGS, env=dict(os.environ))
    async with mcp.Client(server) as client:
        for tool, more in (("git_status", {}), ("git_add", {"files": ["a"]})):
            said = await client.call_tool(tool, {"repo_path": REPOSITORY, **more})
            line = {"text": said.content[0].text, "error": said.is_error}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


asyncio.run(main())
