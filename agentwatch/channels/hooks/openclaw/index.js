// The OpenClaw plugin: every tool call is asked about before it runs.
//
// Its hook has the lowest priority, so that it sees what other plugins have made of a call.  It
// arms once the hook is in place, and only where tools run ("full"; OpenClaw also loads plugins to
// list them).  OpenClaw itself blocks a call whose hook throws, or takes more than ten minutes.

import { arm, ask } from "../ask.mjs"

const AGENT = "openclaw"
const PATIENCE = 590_000 // OpenClaw's limit for a hook is 600 s; ours says why

function gate(api) {
  const socket = api.pluginConfig?.socket
  const folder = (agent) => api.runtime.agent.resolveAgentWorkspaceDir(api.config, agent)
  const hook = async ({ toolName, params, toolCallId }, { agentId, sessionKey, abortSignal }) => {
    const late = AbortSignal.timeout(PATIENCE)
    const signal = abortSignal ? AbortSignal.any([abortSignal, late]) : late
    const event = { tool: toolName, args: params, cwd: folder(agentId), call: toolCallId }
    try {
      const said = { ...event, agent: agentId, session: sessionKey }
      const edited = await ask(AGENT, socket, said, signal)
      return edited === undefined ? undefined : { params: edited }
    } catch (error) {
      return { block: true, blockReason: error.message }
    }
  }
  api.on("before_tool_call", hook, { priority: -1_000_000 })
  if (api.registrationMode === "full") arm(AGENT, socket, "the gateway").catch(() => undefined)
}

export default { id: "agentwatch", name: "agentwatch", register: gate }
