"""An editor made with the official Python SDK: one prompt, and what the agent tells of it."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

acp: Any = importlib.import_module("acp")
COMMAND, *ARGS = sys.argv[1:]
HERE = str(Path.cwd())


def tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Editor:
    """What the SDK calls for an agent's requests and news; it has no permissions to give."""

    def on_connect(self, conn: Any) -> None:
        """Nothing to set up."""

    async def session_update(self, session_id: str, update: Any, **_more: Any) -> None:
        tell(update=update.model_dump(mode="json", by_alias=True, exclude_none=True))

    async def request_permission(self, *_args: Any, **_more: Any) -> Any:
        tell(asked=True)
        raise acp.RequestError.method_not_found("session/request_permission")


async def main() -> None:
    # The SDK's own helper hands few variables over: an editor hands over all it has.
    limit = {"limit": 1 << 24}
    async with acp.spawn_agent_process(
        Editor(), COMMAND, *ARGS, env=dict(os.environ), cwd=HERE, transport_kwargs=limit
    ) as (agent, _):
        begun = await agent.initialize(protocol_version=acp.PROTOCOL_VERSION)
        opened = await agent.new_session(cwd=HERE, mcp_servers=[])
        tell(version=begun.protocol_version, agent=begun.agent_info.name)
        said = await agent.prompt(session_id=opened.session_id, prompt=[acp.text_block("GO now")])
        tell(stop=said.stop_reason)


asyncio.run(main())
