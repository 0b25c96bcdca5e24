// The OpenCode plugin: every tool call is asked about before it runs.
//
// Loaded by a `file://` address with the agent socket's address among its options.  It arms in
// `config`, which OpenCode calls once the hooks below are in place.  A hook that throws blocks its
// tool call and gives the model the reason; one that cannot be loaded blocks nothing, hence the
// handshake.

import { arm, ask } from "./ask.mjs"

const AGENT = "opencode"

// Tools whose arguments OpenCode has already read when it calls the hook.
const READ_BEFORE = new Set([
  "list_mcp_resources",
  "list_mcp_resource_templates",
  "read_mcp_resource",
])

export default async ({ directory }, options) => ({
  config: () => arm(AGENT, options?.socket, directory),
  "tool.execute.before": async ({ tool, sessionID, callID }, { args }) => {
    const event = { tool, args, cwd: directory, session: sessionID, call: callID }
    const edited = await ask(AGENT, options?.socket, event)
    if (edited === undefined) return
    if (READ_BEFORE.has(tool)) throw new Error("agentwatch: denied: this tool takes no other input")
    // In place: OpenCode runs the object that it handed in, whatever stands beside it afterwards.
    for (const name of Object.keys(args)) delete args[name]
    Object.assign(args, edited)
  },
})
