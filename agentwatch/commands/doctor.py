"""`agentwatch doctor`: what this machine gives, and what is not covered here.

Owns the honest summary.  Measures by trying; never kills or changes anything.
"""

from __future__ import annotations

import platform
from dataclasses import asdict

import click

from agentwatch import agents, containment
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option
from agentwatch.errors import AgentwatchError
from agentwatch.model import Json
from agentwatch.paths import live_places, runtime_bases, state_base

COVERED = {
    "kill": "every process of the tree, as far as the grade above promises",
    "tools": "Claude Code's tool calls, by a hook injected at start and seen alive",
    "propose": "what an agent's own code asks through `propose`",
}

NOT_COVERED = (
    (
        "What an agent's processes do without asking is not gated: a program, write or connection "
        "that no hook and no `propose` announced runs unseen. The kill still reaches it."
    ),
    (
        "A process that another daemon starts on the agent's behalf (at, cron, systemd-run, "
        "docker, ssh, an existing tmux server) is outside the tree: neither gated nor killed."
    ),
    (
        "The agent runs as you: it can read what you can, and write your files, its own hook "
        "settings included."
    ),
    "An effect that has left this machine before the kill cannot be taken back.",
)


@click.command(epilog="\b\nExample:\n  agentwatch doctor\n  agentwatch doctor --json")
@json_option
def command(as_json: bool) -> None:
    """Say what this machine gives and what is not covered."""
    found = survey()
    if as_json:
        document(found)
        return
    _tell(found)


def survey() -> Json:
    """Everything doctor knows, measured now."""
    return {
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "runtime": str(runtime_bases()[0]),
        "state": str(state_base()),
        "containment": [asdict(item) for item in containment.survey()],
        "agents": [item.to_json() for item in agents.found()],
        "sessions": _sessions(),
        "covered": COVERED,
        "not_covered": list(NOT_COVERED),
        "platform_limits": _platform_limits(),
    }


def _sessions() -> list[Json]:
    found = []
    for places in live_places():
        try:
            found.append(sessions.snapshot(places).to_json())
        except AgentwatchError:
            continue  # it ended between the listing and the look
    return found


def _platform_limits() -> list[str]:
    system = platform.system()
    if system == "Linux":
        return []
    return [
        (
            f"{system} has no process namespaces and no subreapers: containment is "
            "portable (grade C), and a process that hides between two looks may survive a kill. "
            "This has not been tried on a real machine yet."
        )
    ]


def _tell(found: Json) -> None:
    print(found["system"])
    print(f"sessions in {found['runtime']}, records in {found['state']}\n")
    print("Containment, strongest first:")
    for item in found["containment"]:
        mark = "yes" if item["available"] else "no "
        print(f"  {mark}  {item['grade']}  {item['name']}")
        if not item["available"]:
            print(f"         because {item['why_not']}")
            if item["remedy"]:
                print(f"         remedy: {item['remedy']}")
        for cannot in item["cannot"]:
            print(f"         - {cannot}")
    print("\nAgents found:")
    for item in found["agents"] or []:
        print(f"  {item['name']} {item['version']}: {item['channel']}")
    if not found["agents"]:
        print("  none that is known here; any command can be run, and killed")
    print("\nGated here:")
    for name, text in found["covered"].items():
        print(f"  {name}: {text}")
    print("\nNot covered here:")
    for text in (*found["platform_limits"], *found["not_covered"]):
        print(f"  - {text}")
    for item in found["sessions"]:
        print(
            f"\n{item['id']}: {item['state'].upper()}, tools gated by {item['coverage']['tools']}"
        )
