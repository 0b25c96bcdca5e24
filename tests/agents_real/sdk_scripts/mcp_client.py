"""An MCP client made with the official SDK: uses every tool, tells one JSON line for each step."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from typing import Any

mcp: Any = importlib.import_module("mcp")
MODE, MARK, COMMAND, *ARGS = sys.argv[1:]


def tell(step: str, **what: Any) -> None:
    sys.stdout.write(json.dumps({"step": step, **what}) + "\n")
    sys.stdout.flush()


async def steps(client: Any) -> None:
    tell("begun", version=client.protocol_version)
    tell("tools", names=[tool.name for tool in (await client.list_tools()).tools])
    found = await client.read_resource("notes://all")
    tell("read", text=found.contents[0].text)
    heard: list[str] = []

    async def progress(_done: float, _all: float | None, words: str | None) -> None:
        heard.append(str(words))

    async def keep(text: str) -> Any:
        return await client.call_tool("keep", {"text": text}, progress_callback=progress)

    said = await keep("one")
    tell("kept", text=said.content[0].text, error=said.is_error, heard=list(heard))
    said = await keep("bad")
    tell("denied", text=said.content[0].text, error=said.is_error)
    both = await asyncio.gather(keep("left"), keep("right"))
    tell("both", texts=[item.content[0].text for item in both])
    said = await client.call_tool("much", {"size": 3_000_000})
    tell("much", size=len(said.content[0].text))
    waiting = asyncio.create_task(keep("never"))
    while not os.path.exists(MARK):  # noqa: ASYNC110, ASYNC240, PTH110 - whoever decides makes it
        await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.wait([waiting])
    said = await keep("last")
    tell("last", text=said.content[0].text)


async def main() -> None:
    server = mcp.StdioServerParameters(command=COMMAND, args=ARGS, env=dict(os.environ))
    async with mcp.Client(server, mode=MODE) as client:
        await steps(client)


asyncio.run(main())
