"""What OWASP AISVS 1.0 asks of agents that act, in short words, and how far this product goes.

The table in the README is made of this; `test_aisvs` has one test for each line.  The whole texts:
https://github.com/OWASP/AISVS/tree/main/1.0/en (chapters 9 and 12).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the standard."""

    number: str
    asks: str
    """Its text, shortened."""
    how: str
    """How it is met; where it is not, why not."""
    met: bool = True

    @property
    def test(self) -> str:
        """The test that shows it."""
        return "test_c" + self.number.replace(".", "_")


REQUIREMENTS = (
    Requirement(
        "9.1.1",
        "per-tool quotas and timeouts (CPU, memory, disk, egress, execution time) are enforced",
        "a session as a whole has budgets (actions, processes, time) and rates per kind, target and"
        " host, but no single tool has a quota, and CPU, memory, disk and bytes sent have none",
        met=False,
    ),
    Requirement(
        "9.1.2",
        "per-execution budgets (recursion depth, tokens, spend) are configured and enforced",
        "`--budget` on actions, processes and time; on tokens and cost where the agent reports"
        " them; none on depth. At the limit everything is frozen and a person is asked",
    ),
    Requirement(
        "9.1.3",
        "a swarm-level kill-switch can halt all active agent instances",
        "`agentwatch halt`: every session of the user, and no new one until `release`",
    ),
    Requirement(
        "9.2.1",
        "privileged or irreversible actions are blocked until explicit human approval is verified",
        "held at the system call as well, also what was not declared; a yes to another digest"
        " is none",
    ),
    Requirement(
        "9.2.2",
        "approval requests show canonicalized, complete parameters, without truncation or unsafe"
        " transformation",
        "all of it, control characters spelled out; `a` counts only once the end was on screen",
    ),
    Requirement(
        "9.2.3",
        "each high-impact action has a trusted reversibility classification",
        "four classes, made from what the action does, never from what the agent says of it",
    ),
    Requirement(
        "9.2.4",
        "reversibility classifications are enforced by blocking, approval or restriction",
        "`draft` lets only what can be taken back pass, `locked` nothing without a rule; a grant"
        " never covers a harder class",
    ),
    Requirement(
        "9.2.5",
        "self-modification (prompts, tool lists, parameters) has enforceable boundaries",
        "the agent's own settings are asked about each time; rules, modes and the record are out"
        " of its reach; an MCP tool that changed is shown anew",
    ),
    Requirement(
        "9.2.8",
        "approvals are cryptographically bound to parameters, requester, context and a single-use"
        " nonce",
        "Ed25519 over the action's digest (its processes, folder and files among it), session, who"
        " and how, nonce and expiry",
    ),
    Requirement(
        "9.2.9",
        "key material that issues approvals is isolated from the agent runtime",
        "the agent's mount namespace has no such file; without one (containment subreaper or"
        " portable) reading is not held, and this is not met",
    ),
    Requirement(
        "9.2.10",
        "gates for chains enforce the highest-impact class anywhere in the chain",
        "a command line is judged over every command in it; its worst class is its own",
    ),
    Requirement(
        "9.5.1",
        "fine-grained policies restrict which tools an agent may invoke, with which values",
        "rules by tool and parameter, deny over ask over allow",
    ),
    Requirement(
        "9.5.3",
        "access control is decided by a policy engine, never by the model",
        "only the policy, a person, a deadline or the kill decides; an agent's words are shown"
        " as its words",
    ),
    Requirement(
        "9.5.6",
        "long sessions re-evaluate the current policy on every privileged action",
        "each action is judged against the rules as they are; a tightened file counts at once",
    ),
    Requirement(
        "9.6.1",
        "a manual kill-switch immediately halts inference and outputs",
        "the agent's whole tree dies and is counted; what a provider still computes for a request"
        " that was sent is out of reach",
    ),
    Requirement(
        "9.6.2",
        "without approval within the approval time, the pending action is blocked",
        "denied at the deadline (`--deny-after`)",
    ),
    Requirement(
        "9.6.3",
        "kill commands go through an out-of-band channel isolated from the agent runtime",
        "keys in the guard, `agentwatch kill` and `halt`: they need no supervisor, and the control"
        " socket serves nobody inside",
    ),
    Requirement(
        "12.4.2",
        "audit logs hold approver, timestamp, parameters and outcome",
        "each in the hash-chained record, before the effect",
    ),
    Requirement(
        "12.4.3",
        "kill-switch activations and override commands are logged",
        "kill, halt, freeze, resume, change of mode, grants, rules written, refused attempts",
    ),
)


def table() -> str:
    """All of them, for the README."""
    lines = ["| AISVS 1.0 | asks that | here | how, or why not |", "|---|---|---|---|"]
    for item in REQUIREMENTS:
        word = "met" if item.met else "**not met**, because"
        lines.append(f"| C{item.number} | {item.asks} | {word} | {item.how} |")
    return "\n".join(lines)
