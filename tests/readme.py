"""The generated parts of the README; `python -m tests.readme` renews them."""

from __future__ import annotations

import ast
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from agentwatch import containment
from agentwatch.agents import AGENTS
from agentwatch.channels.acp.recipes import recipe_of
from agentwatch.cli import COMMANDS
from agentwatch.tui.key import NAMES, named
from agentwatch.tui.keys import TABLE
from tests.agents_real.proofs import ACP
from tests.conformance.requirements import table

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def keys() -> str:
    """The key table as the program has it."""
    order = [name for _, name in NAMES]
    by_screen = sorted(
        TABLE,
        key=lambda key: ("kill" not in key.action, order.index(named(key.where).split(", ")[0])),
    )
    rows = [f"| {_code(key.shown)} | {named(key.where)} | {key.does} |" for key in by_screen]
    return "\n".join(["| key | on | does |", "|---|---|---|", *rows])


def _code(shown: str) -> str:
    names = [name for name in re.split(r"\s+·\s+|\s{2,}|, ", shown) if name]
    return ", ".join(f"**{name}**".replace("\\", "\\\\") for name in names)


def commands() -> str:
    """Every command with its line."""
    width = max(len(name) for name in COMMANDS)
    lines = [f"agentwatch {name.ljust(width)}  {line}" for name, line in COMMANDS.items()]
    return "\n".join(["```", *lines, "```"])


def layout() -> str:
    """The top of the package, each with the first line of what it says of itself."""
    package = ROOT / "agentwatch"
    lines = []
    for path in sorted(package.iterdir(), key=lambda item: (item.is_dir(), item.name)):
        module = path / "__init__.py" if path.is_dir() else path
        if module.suffix == ".py" and module.exists() and not path.name.startswith("__"):
            said = ast.get_docstring(ast.parse(module.read_text())) or ""
            name = f"{path.name}/" if path.is_dir() else path.name
            lines.append(f"{name:<16}{_first(said)}")
    return "\n".join(["```", *lines, "```"])


def _first(said: str) -> str:
    """The first paragraph on one line."""
    return " ".join(said.partition("\n\n")[0].split())


def misses() -> str:
    """What each means of containment says that it cannot do."""
    lines = []
    for name in containment.MEANS:
        means = import_module(f"agentwatch.containment.{name}").MEANS
        lines += [f"- **{name}** ({means.grade}): {said}." for said in means.cannot]
    return "\n".join(lines)


def known_agents() -> str:
    """Every known agent, with what was shown of the real program the last time it was driven."""
    record = json.loads((ROOT / "tests/agents_real/agents.json").read_text())
    rows = [
        (
            "| agent | tried | how its tool calls are asked about | shown with the real program"
            " | what that does not see |"
        ),
        "|---|---|---|---|---|",
    ]
    for known in AGENTS:
        about = known(1).about
        last = record.get(about.name, {"version": about.tested, "shown": []})
        shown = _grouped(last["shown"]) or "only what agentwatch does by itself"
        misses = "; ".join(about.misses)
        title = about.title or about.name
        rows.append(f"| {title} | {last['version']} | {about.channel} | {shown} | {misses} |")
    return "\n".join(rows)


def spoken_agents() -> str:
    """Every agent that was spoken with over ACP; empty where none was."""
    return spoken_table(json.loads((ROOT / "tests/agents_real/agents.json").read_text()))


def spoken_table(record: dict[str, dict[str, Any]]) -> str:
    """Those of a record that were spoken with over ACP, by their commands."""
    rows = []
    for name, last in record.items():
        command = name.removeprefix(ACP)
        if command != name:
            recipe = recipe_of(tuple(command.split()))
            besides = " ".join(recipe.notes) or "nothing"
            shown = _grouped(last["shown"])
            rows.append(f"| `{command}` | {last['version']} | {shown} | {besides} |")
    head = "| command | tried | shown with the real program | to know |\n|---|---|---|---|"
    return "\n".join([head, *sorted(rows)]) if rows else ""


def _grouped(shown: list[str]) -> str:
    """What was shown, the ways of one thing behind its name."""
    ways: dict[str, list[str]] = {}
    for what in shown:
        name, _, way = what.partition(" by ")
        ways.setdefault(name, []).extend([way] if way else [])
    return "; ".join(f"{name}: {', '.join(by)}" if by else name for name, by in ways.items())


BLOCKS = {
    "aisvs": table,
    "agents": known_agents,
    "acp-agents": spoken_agents,
    "keys": keys,
    "help": commands,
    "layout": layout,
    "misses": misses,
}


def renewed(text: str) -> str:
    """The README's text with its generated parts as they should be."""
    for name, make in BLOCKS.items():
        block = f"<!-- {name} -->\n{make()}\n<!-- /{name} -->"
        pattern = rf"<!-- {name} -->.*?<!-- /{name} -->"
        before, _, after = re.split(f"({pattern})", text, maxsplit=1, flags=re.DOTALL)
        text = before + block + after
    return text


if __name__ == "__main__":
    README.write_text(renewed(README.read_text()))
