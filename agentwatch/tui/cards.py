"""The card: what one action is, in the order a person needs it.

Owns the words and the order: what exactly, what it touches, why it is asked, what the agent says,
the change, the tool's parameters.  Everything that is not ours stands behind a gutter and has gone
through `agent_text`.  Decides nothing; truncates nothing, because what is approved is what is
shown.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from rich.text import Text

from agentwatch.model import ActionState, Evidence, Kind, Proposal, Reversibility, Verdict
from agentwatch.tui.changes import change_lines, drawn_in
from agentwatch.tui.lines import Line, blank, block, heading, joined, sentence
from agentwatch.tui.text import Role, agent_text, our_text
from agentwatch.tui.watched import Seen

LONG = 60
"""Columns beyond which an argument list is drawn one argument a line."""

ROW = 1000
"""Characters of a line in the queue: more than any screen is wide."""

PLAIN = re.compile(r"[A-Za-z0-9_./:+@=-]+")
"""What needs no line of its own: no space in it, and nothing that ends a value."""

RISK: Mapping[Reversibility, tuple[str, str, str]] = {
    Reversibility.READ_ONLY: (" ", "only reads", Role.GOOD),
    Reversibility.REVERSIBLE: ("·", "can be undone", Role.GOOD),
    Reversibility.EXTERNALLY_REVERSIBLE: ("?", "can be undone only by others", Role.WARN),
    Reversibility.IRREVERSIBLE: ("!", "CANNOT be undone", Role.DANGER),
}

EVIDENCE: Mapping[Evidence | None, tuple[str, str]] = {
    Evidence.UNDECLARED: (
        "NOT DECLARED: seen at the system, not a word from the agent.",
        Role.WARN,
    ),
    Evidence.SEEN: ("Seen at the system.", ""),
    Evidence.BOTH: ("Declared by the agent, and seen at the system.", ""),
    Evidence.UNSEEN: ("Declared by the agent, NOT SEEN at the system.", Role.WARN),
}
"""What is worth a line of its own; declared and not seen so far is what a question is."""

VERB: Mapping[Kind, str] = {
    Kind.EXEC: "run a command",
    Kind.READ: "read",
    Kind.WRITE: "write",
    Kind.DELETE: "delete",
    Kind.RENAME: "rename",
    Kind.NETWORK: "use the network",
    Kind.TOOL: "use a tool",
    Kind.MESSAGE: "send a message",
    Kind.ASK_DAEMON: "have another program run something",
    Kind.OTHER: "do something else",
}


def card_lines(seen: Seen, *, airy: bool = False) -> list[Line]:
    """The whole card of one action, with empty lines where there is room for them."""
    sections = (
        _head(seen),
        _exactly(seen.action.proposal),
        _touches(seen),
        _why(seen),
        _words(seen.action.proposal),
        _change(seen.action.proposal),
        _params(seen.action.proposal),
    )
    lines: list[Line] = []
    for section in sections:
        if airy and section and lines:
            lines.append(blank())
        lines.extend(section)
    return lines


def summary(seen: Seen) -> Text:
    """One line for the queue."""
    proposal = seen.action.proposal
    said = proposal.summary or proposal.command or ""
    # A row has no room for where everything lies; what is elsewhere keeps its whole path.
    here = f"{proposal.cwd}/" if proposal.cwd and proposal.cwd != "/" else ""
    said = said.replace(here, "") if here and len(said) <= ROW else said
    return agent_text(said if len(said) <= ROW else f"{said[:ROW]}…")


def _head(seen: Seen) -> list[Line]:
    action = seen.action
    glyph, words, role = RISK[action.reversibility]
    verb = our_text(VERB[action.proposal.kind].capitalize(), Role.STRONG)
    risk = our_text(words if glyph in " ·" else f"{glyph} {words}", role)
    parts: list[Text | str] = [verb, risk, agent_text(action.id, role=Role.DIM)]
    lines = [Line(joined(parts))]
    if action.state is not ActionState.PENDING:
        lines.append(_answer(seen))
    if not seen.sound:
        lines.append(
            sentence(
                "The supervisor's digest is not that of what is drawn here: this cannot be "
                "approved, only denied.",
                Role.DANGER,
                0,
            )
        )
    if action.evidence in EVIDENCE:
        lines.append(sentence(*EVIDENCE[action.evidence], 0))
    return lines


def _answer(seen: Seen) -> Line:
    decision = seen.action.decision
    allowed = seen.action.state is ActionState.ALLOWED
    word = our_text("ALLOWED" if allowed else "DENIED", Role.GOOD if allowed else Role.DANGER)
    parts: list[Text | str] = [word]
    if decision is not None:
        parts.append(agent_text(f"by {decision.by}", role=""))
        if decision.why:
            parts.append(agent_text(decision.why, role=""))
        if (decision.verdict is Verdict.ALLOW) is not allowed:
            parts.append(our_text("the supervisor contradicts itself", Role.DANGER))
    return Line(joined(parts))


def _exactly(proposal: Proposal) -> list[Line]:
    lines = [heading("What exactly")]
    if proposal.command is not None:
        lines += _code(agent_text(proposal.command, newlines=True))
    if proposal.argv and not _says_the_same(proposal):
        lines += _argv(proposal.argv)
    for name, value in (("address", proposal.url), ("host", proposal.host)):
        if value:
            lines.append(_field(name, agent_text(value)))
    if proposal.tool:
        lines.append(_field("tool", agent_text(proposal.tool)))
    if not (proposal.command or proposal.argv):
        lines += _code(agent_text(proposal.summary, newlines=True))
    if proposal.cwd:
        lines.append(_field("in", agent_text(proposal.cwd)))
    lines.append(_field("asked by", _asker(proposal), words=True))
    return lines


def _argv(argv: tuple[str, ...]) -> list[Line]:
    joined_up = agent_text(shlex.join(argv))
    if joined_up.cell_len <= LONG:
        return _code(joined_up)
    width = len(str(len(argv) - 1))
    return [
        Line(agent_text(item), f"│ {number:>{width}} ", f"┊ {'':>{width}} ", Role.DIM, words=False)
        for number, item in enumerate(argv)
    ]


def _says_the_same(proposal: Proposal) -> bool:
    """Whether the argument list is only a shell around the command that is already drawn."""
    argv = proposal.argv
    return len(argv) == 3 and argv[1] in ("-c", "-lc") and argv[2] == proposal.command


def _asker(proposal: Proposal) -> Text:
    parts: list[Text | str] = []
    who = "the agent" if not proposal.proposer else "its sub-agent "
    text = our_text(who)
    if proposal.proposer:
        text.append_text(agent_text(proposal.proposer))
    parts.append(text)
    parts.append(agent_text(proposal.channel, role=""))
    chain = _chain(proposal)
    if chain is not None:
        parts.append(chain)
    return joined(parts)


def _chain(proposal: Proposal) -> Text | None:
    """The proposing process and its ancestors, nearest first."""
    pid, names = proposal.pid, list(proposal.parents)
    if pid is not None and not (names and names[0].endswith(f"({pid})")):
        names.insert(0, f"pid {pid}")
    if not names:
        return None
    chain = our_text("")
    for number, name in enumerate(names):
        chain.append(" ← " if number else "", Role.DIM).append_text(agent_text(name))
    return chain


def _touches(seen: Seen) -> list[Line]:
    paths = seen.action.proposal.paths
    if not paths and not seen.action.outside:
        return []
    outside = frozenset(seen.action.outside)
    listed = [*paths, *(path for path in seen.action.outside if path not in paths)]
    count = f"{len(outside)} outside the workspace" if outside else "all inside the workspace"
    lines = [heading("What it touches", count)]
    for path in listed:
        text = agent_text(path)
        if path in outside:
            text = our_text("").append_text(text).append("  OUTSIDE the workspace", Role.WARN)
        mark = "! " if path in outside else "│ "
        role = Role.WARN if path in outside else Role.DIM
        lines.append(Line(text, mark, "┊ ", role, words=False))
    return lines


def _why(seen: Seen) -> list[Line]:
    reasons = seen.action.reasons or ("The supervisor gave no reason.",)
    if len(reasons) == 1:
        text = our_text("").append("Why you are asked  ", Role.HEADING)
        return [Line(text.append_text(agent_text(reasons[0], role="")), "", "")]
    lines = [heading("Why you are asked")]
    return lines + [Line(agent_text(reason, role=""), "  ", "  ") for reason in reasons]


def _words(proposal: Proposal) -> list[Line]:
    if not proposal.words:
        return []
    text = agent_text(proposal.words, newlines=True)
    return [
        heading("The agent says", "its own words; nobody has checked them"),
        *block(text, "“ ", "  ", Role.DIM, words=True),
    ]


def _change(proposal: Proposal) -> list[Line]:
    if not proposal.diff:
        return []
    return change_lines(proposal.diff)


def _params(proposal: Proposal) -> list[Line]:
    if not proposal.params:
        return []
    lines = [heading("The tool's parameters", "exact")]
    plain: dict[str, list[str]] = {}
    others: list[Line] = []
    for name, value in proposal.params.items():
        said = _plainly(str(name), value)
        if said is None:
            others += _param(proposal, str(name), value)
        else:
            plain.setdefault(said, []).append(str(name))
    return lines + _flowing(plain) + others


def _plainly(name: str, value: Any) -> str | None:
    """A short value that cannot look like the beginning of the next one; None for all others."""
    items = value if isinstance(value, list) else [value]
    if not PLAIN.fullmatch(name) or not items:
        return None
    said = [item for item in items if isinstance(item, str) and PLAIN.fullmatch(item)]
    text = ", ".join(said)
    return text if len(said) == len(items) and len(text) <= LONG else None


def _flowing(plain: Mapping[str, list[str]]) -> list[Line]:
    """Names and their values one after the other, equal values once."""
    if not plain:
        return []
    parts: list[Text | str] = []
    for value, names in plain.items():
        part = our_text("").append_text(agent_text(", ".join(names), role=Role.LABEL))
        parts.append(part.append(": ", Role.DIM).append_text(agent_text(value)))
    return [Line(joined(parts), "│ ", "┊ ")]


def _param(proposal: Proposal, name: str, value: Any) -> list[Line]:
    label = our_text("").append_text(agent_text(name, role=Role.LABEL)).append(": ", Role.DIM)
    if isinstance(value, str):
        if where := _drawn_above(proposal, value):
            return [Line(label.append(where, Role.DIM), "│ ", "┊ ")]
        text = agent_text(value, newlines=True)
        if "\n" not in value:
            return [Line(label.append_text(text), "│ ", "┊ ", words=False)]
        return [Line(label, "│ ", "┊ "), *block(text, "│   ", "┊   ", Role.DIM, words=False)]
    shown = json.dumps(value, indent=2, ensure_ascii=False)
    return _code(label.append_text(agent_text(shown, newlines=True)))


def _drawn_above(proposal: Proposal, value: str) -> str:
    """Where exactly this value is already drawn; empty when it must be drawn here."""
    if len(value) <= LONG:
        return ""
    if value == proposal.command:
        return "the command above, exactly"
    if value == proposal.words:
        return "the agent's words above, exactly"
    if proposal.diff and drawn_in(value, proposal.diff):
        return f"{len(value)} characters, all of them in the change above"
    return ""


def _field(name: str, value: Text, *, words: bool = False) -> Line:
    text = our_text("").append(f"{name} ", Role.LABEL).append_text(value)
    return Line(text, "  ", "    ", Role.DIM, words=words)


def _code(text: Text) -> list[Line]:
    return block(text, "│ ", "┊ ", Role.DIM, words=False)
