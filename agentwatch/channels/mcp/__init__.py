"""A gate between an MCP client and one MCP server: each tool call is asked before it is sent on.

Owns the reading of the messages in between.  Lists, reads and housekeeping pass; `tools/call`,
a server's request for the client's model, and every request that is not known here are asked.
What a server says of its own tools is never believed to their advantage.

What does not work: a server does what it likes between two calls, before the first one, and
inside a call that was approved; only what its client asks of it comes by here.  A description
reaches the client's model as soon as the client lists the tools; the change is shown to a person
before the first call, not before that.
"""

from agentwatch.channels.mcp.gate import McpGate
from agentwatch.channels.mcp.pins import Pins

__all__ = ["McpGate", "Pins"]
