// The OpenCode plugin: every tool call is asked about before it runs.
//
// Loaded by a `file://` address with the agent socket's address among its options.  It arms in
// `config`, which OpenCode calls once the hooks below are in place.  A hook that throws blocks its
// tool call and gives the model the reason; one that cannot be loaded blocks nothing, hence the
// handshake.

import { arm, ask } from "./ask.mjs"

const AGENT = "opencode"

export default async ({ directory }, options) => ({
  config: () => arm(AGENT, options?.socket, directory),
  "tool.execute.before": ({ tool, sessionID, callID }, { args }) =>
    ask(AGENT, options?.socket, { tool, args, cwd: directory, session: sessionID, call: callID }),
})
