// Asks the supervisor from inside an agent that loads plugins into its own process.
//
// Owns one question at a time and no decision: `ask` returns only after one complete answer of the
// supervisor that says allow, and throws for everything else.  The token is read when this file
// is loaded; what changes the environment later changes nothing here.
//
// What does not work: code that the agent loads into the same process can reach all of this.  A
// question that the agent gives up without a signal stands until it is answered.

import net from "node:net"
import process from "node:process"

const VERSION = 1
const MAX_MESSAGE = 1024 * 1024 // the same limits as `wire`
const TOKEN = process.env.AGENTWATCH_TOKEN
let asked = 0

/**
 * Ask about one tool call; throws unless it was allowed.  `signal` withdraws the question.
 * Returns what the call must be given instead, where a person changed that; else undefined.
 */
export async function ask(agent, address, event, signal) {
  const approved = JSON.stringify(event)
  const answer = await request(agent, address, { op: "hook", event: JSON.parse(approved) }, signal)
  if (answer.verdict === "deny") {
    const by = String(answer.by || "agentwatch")
    throw new Error(`agentwatch: denied by ${by}: ${String(answer.why || "no reason given")}`)
  }
  if (answer.verdict !== "allow") refuse(`the supervisor's verdict ${answer.verdict} is not known`)
  if (JSON.stringify(event) !== approved) refuse("the action was changed while it was asked about")
  if (!("input" in answer)) return undefined
  const given = answer.input
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    refuse("the supervisor's input is no object")
  }
  return given
}

/** Tell the supervisor that the hook is alive. */
export async function arm(agent, address, detail) {
  await request(agent, address, { op: "armed", detail })
}

async function request(agent, address, message, signal) {
  if (!address || !TOKEN) refuse("the hook does not run inside an agentwatch session")
  const ref = `plugin-${process.pid}-${++asked}`
  const line = JSON.stringify({ v: VERSION, token: TOKEN, ref, agent, ...message }) + "\n"
  const size = Buffer.byteLength(line)
  if (size > MAX_MESSAGE) refuse(`the action is ${size} bytes long, more than a person can be shown`)
  return read(await exchange(address, line, signal), ref)
}

function exchange(address, line, signal) {
  return new Promise((resolve, reject) => {
    const peer = net.connect({ path: address })
    const parts = []
    let size = 0
    const fail = (why) => {
      peer.destroy()
      reject(new Error(`agentwatch: denied: ${why}`))
    }
    const late = () => fail("nobody answered before the agent gave up")
    if (signal?.aborted) return late()
    signal?.addEventListener("abort", late, { once: true })
    peer.on("connect", () => peer.write(line))
    peer.on("data", (part) => {
      parts.push(part)
      size += part.length
      if (size > MAX_MESSAGE) return fail("the supervisor's answer is too long")
      if (part[part.length - 1] !== 10) return
      peer.destroy()
      resolve(Buffer.concat(parts).toString("utf8"))
    })
    peer.on("error", (error) => fail(`the supervisor cannot be reached: ${error.message}`))
    peer.on("close", () => {
      signal?.removeEventListener("abort", late)
      fail("the supervisor hung up without an answer")
    })
  })
}

function read(text, ref) {
  if (text.indexOf("\n") !== text.length - 1) refuse("the supervisor sent more than one answer")
  let answer = null
  try {
    answer = JSON.parse(text)
  } catch {
    refuse("the supervisor's answer cannot be read")
  }
  if (answer === null || typeof answer !== "object") refuse("the supervisor's answer is no object")
  if (answer.v !== VERSION) refuse(`the supervisor speaks protocol version ${answer.v}`)
  if (answer.ok !== true) refuse(`the supervisor refused: ${answer.error?.what || "no reason given"}`)
  if (answer.re !== ref) refuse("the supervisor answered another question")
  return answer
}

function refuse(why) {
  throw new Error(`agentwatch: denied: ${why}`)
}
