"""`agentwatch doctor`: what this machine gives, and what is not covered here.

Owns the honest summary.  Measures by trying; never kills or changes anything.
"""

from __future__ import annotations

import platform
from dataclasses import asdict

import click

from agentwatch import agents, containment, halt, kill, lost, pruning
from agentwatch.channels.kernel import probe
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, prose, visible
from agentwatch.commands.prune import size_of
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json
from agentwatch.paths import Places, live_places, runtime_bases, signing_base, state_base
from agentwatch.policy import floor
from agentwatch.signing import own_key

COVERED = {
    "kill": "every process of the tree, as far as the grade above promises",
    "tools": "the tool calls of the agents it knows, by a hook put in at the start and seen alive",
    "acp, acp-proxy": (
        "what an ACP agent asks permission for, with its real arguments; what it does without "
        "asking by the kernel gate"
    ),
    "mcp": "each call of a tool of an MCP server that is started through `agentwatch mcp`",
    "propose": "what an agent's own code asks through `propose`",
    "kernel gate": (
        "Linux, on wherever it can be had: program starts, writes, deletions, renames, "
        "connections and mode changes of the whole tree, declared or not; a known agent that npx, "
        "npm exec, pnpm dlx, bunx, uvx or pipx run install is installed before the start, "
        "contained and not asked about, install scripts included, and held from then on; one "
        "behind yarn, or that npx may not install without asking you (no -y), has its hook alone "
        "unless --kernel-gate insists"
    ),
    "run --on-undeclared": (
        "with the kernel gate and an agent's hook seen alive: it is asked about, frozen or killed "
        "for what it does and has not declared, or does without waiting for the answer"
    ),
}

NOT_COVERED = (
    (
        "Where system calls are not held (the screen says NOT HELD), what an agent's processes do "
        "without asking is not gated: a program, write or connection that no hook and no "
        "`propose` announced runs unseen. The kill still reaches it."
    ),
    (
        "With the kernel gate: times, inode flags and System V IPC are not "
        "held; a program file behind a symlink that is flipped after it was judged may run; "
        "what the gate does for the agent is not bound by a Landlock sandbox of the agent's own."
    ),
    (
        "What the agent writes into caches passes: compiled Python, packages and builds of Bun and "
        "Go that lie there may run later, when you use them."
    ),
    (
        "A process that another daemon starts on the agent's behalf (at, cron, systemd-run, "
        "docker, ssh, an existing tmux server) is outside the tree: neither gated nor killed."
    ),
    (
        "The agent runs as you: it can read what you can, and write your files, the floor apart; "
        "without a floor also the mark that `agentwatch halt` leaves."
    ),
    (
        "Where the agent has no PID namespace it can read the key that decisions are signed with, "
        "and forge a record; whoever runs as you outside can as well. Heads kept elsewhere "
        "(`run --anchor`) find it."
    ),
    (
        "A connection is shown by name only where the look-up could be heard (what most programs "
        "do: over UDP, by the C library); else by its address alone: Go programs, look-ups over "
        "TCP or HTTPS, nscd, systemd-resolved. One address may belong to many names."
    ),
    (
        "Draft mode without held system calls keeps only files that the agent names itself; "
        "commands are asked about. Undo brings back files of the workspace, nothing outside it."
    ),
    "The breaker counts what comes to a gate: without the kernel gate, only what is asked about.",
    (
        "ACP obliges an agent to nothing: where its system calls are not held, what it does "
        "without asking is an alarm afterwards where it tells of it, and unseen where not."
    ),
    (
        "What an MCP server does by itself, within a call that was allowed, or once an agent was "
        "allowed to start it, is not asked about; behind `agentwatch mcp` its system calls are "
        "held with --kernel-gate only. A server at another address is out of the kill's reach."
    ),
    "An effect that has left this machine before the kill cannot be taken back.",
)


FLOORS = {
    "pidns": (
        "mounts: agentwatch's own files, your shell's start-up files, ~/.ssh, your git settings, "
        "what starts at login, the files of keys and logins, agents' hooks and settings are "
        "read-only; tmux, screen, the display, ssh-agent, gpg-agent, D-Bus, docker, editors and "
        "others' terminals are not there"
    ),
    "kernel gate": (
        "the same files are refused by name, those that are not there yet as well; ssh-agent, "
        "gpg-agent, D-Bus, docker and editors are asked about"
    ),
    "subreaper": (
        "none without the gate; with `--strict-floor` the files by Landlock, at a price: nothing "
        "can be made or removed in your home folder itself or in folders above what is kept, and "
        "an agent's own bubblewrap fails"
    ),
    "portable": (
        "none; on macOS a sandbox-exec profile (untried on a real Mac): the files, signals, jobs, "
        "AppleEvents and opening programs, not terminals; an agent that uses sandbox-exec itself "
        "needs `--no-floor`"
    ),
}
"""What keeps the floor in each containment; the strongest that works is used."""

ARMED = "armed"

OVER = "over"


@click.command(epilog="\b\nExample:\n  agentwatch doctor\n  agentwatch doctor --json")
@json_option
def command(as_json: bool) -> int:
    """Say what this machine gives and what is not covered."""
    found = survey()
    if as_json:
        document(found)
    else:
        _tell(found)
    broken = any(item["kill_path"] not in (ARMED, OVER) for item in found["sessions"])
    return int(ExitCode.NO if broken else ExitCode.OK)


def survey() -> Json:
    """Everything doctor knows, measured now."""
    mark = halt.halted()
    return {
        "halted": mark.to_json() if mark else None,
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "runtime": str(runtime_bases()[0]),
        "state": str(state_base()),
        "containment": [asdict(item) for item in containment.survey()],
        "agents": [item.to_json() for item in agents.found()],
        "sessions": _sessions(),
        "signing": _signing(),
        "disk": _disk(),
        "floor": {"in_force": _floor(), "by": FLOORS, "opened_by": list(floor.names())},
        "kernel_gate": {"available": (why := probe.why_not()) is None, "why_not": why or ""},
        "covered": COVERED,
        "not_covered": list(NOT_COVERED),
        "platform_limits": _platform_limits(),
    }


def _signing() -> Json:
    """The key that decisions are signed with, and whether an agent could read it."""
    try:
        key, why_not = own_key(signing_base(), make=False).public.name, ""
    except AgentwatchError as error:
        key, why_not = "", error.what
    return {"key": key, "why_not": why_not, "kept_from_agents": _floor() == "pidns"}


def _disk() -> Json:
    """What sessions that are over take."""
    found = pruning.left()
    return {
        "sessions": len(found),
        "recordings_and_copies": sum(one.spare for one in found),
        "most": pruning.MOST,
        "records": sum(one.record for one in found),
    }


def _floor() -> str:
    """The means whose floor a session gets here."""
    try:
        return containment.best().name
    except AgentwatchError:
        return "none"


def _sessions() -> list[Json]:
    found = []
    for places in live_places():
        try:
            session = sessions.snapshot(places)
        except AgentwatchError as error:
            if places.containment.exists():  # nobody can say what it is, but something may run
                found.append({"id": places.id, "state": "unknown", **_kill_path(places, error)})
            continue  # it ended between the listing and the look, or has not begun
        path = {"kill_path": OVER} if session.state.over else _kill_path(places)
        gone = not session.state.over and lost.lost(places)
        found.append({**session.to_json(), "lost": gone, **path})
    return found


def _kill_path(places: Places, unknown: AgentwatchError | None = None) -> Json:
    """Whether a kill of this session would strike now, looked at along its own way."""
    why = kill.armed(places) or (unknown.what if unknown else None)
    if why and not places.runtime.exists():
        return {"kill_path": OVER}
    return {"kill_path": f"broken: {why}" if why else ARMED}


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
    if mark := halt.halted():
        _say(f"{visible(mark.sentence())}: `agentwatch release` allows new sessions\n")
    _say(found["system"])
    _say(f"sessions in {found['runtime']}, records in {found['state']}\n")
    _tell_containment(found["containment"])
    gate = found["kernel_gate"]
    said = "yes, tried just now" if gate["available"] else f"no: {gate['why_not']}"
    _say(f"\nSystem calls can be held here: {said}")
    signing = found["signing"]
    read = "no agent's namespace has it" if signing["kept_from_agents"] else "agents can read it"
    key = signing["key"] or visible(signing["why_not"])
    _say(f"The key that decisions are signed with ({read}): {key}")
    disk = found["disk"]
    _say(
        f"On the disk, of {disk['sessions']} sessions that are over: recordings and undo copies "
        f"{size_of(disk['recordings_and_copies'])} (above {size_of(disk['most'])} the oldest go); "
        f"records {size_of(disk['records'])}, which stay (`agentwatch prune`)"
    )
    _say("\nThe floor, which needs nobody's answer (`run --reach NAME` opens a part of it):")
    for name, text in found["floor"]["by"].items():
        here = "; in force here by default" if name == found["floor"]["in_force"] else ""
        _say(f"  {name}: {text}{here}")
    _say(f"  parts: {', '.join(found['floor']['opened_by'])}")
    _say("\nAgents found:")
    for item in found["agents"] or []:
        _say(f"  {item['name']} {visible(item['version'])}: {item['channel']}")
        if item["remark"]:
            _say(f"     {visible(item['remark'])}")
        _say(f"     does not see: {'; '.join(item['misses'])}")
    if not found["agents"]:
        _say("  none that is known here; any command can be run, and killed")
    _say("\nGated here:")
    for name, text in found["covered"].items():
        _say(f"  {name}: {text}")
    _say("\nNot covered here:")
    for text in (*found["platform_limits"], *found["not_covered"]):
        _say(f"  - {text}")
    for item in found["sessions"]:
        state = "LOST" if item.get("lost") else item["state"].upper()
        _say(f"\n{item['id']}: {state}, kill path {visible(item['kill_path'])}")
        if "coverage" in item:
            gated = (f"{name} {visible(by)}" for name, by in item["coverage"].items())
            _say(f"  gated: {', '.join(gated)}")


def _tell_containment(findings: list[Json]) -> None:
    _say("Containment, strongest first:")
    for item in findings:
        mark = "yes" if item["available"] else "no "
        _say(f"  {mark}  {item['grade']}  {item['name']}")
        if not item["available"]:
            _say(f"         because {item['why_not']}")
            if item["remedy"]:
                _say(f"         remedy: {item['remedy']}")
        for cannot in item["cannot"]:
            _say(f"         - {cannot}")


def _say(text: str) -> None:
    print(prose(text))
