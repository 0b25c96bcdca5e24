"""`agentwatch rules add ID`: from now on, always: an action as a rule of the user's own."""

from __future__ import annotations

import sys

import click

from agentwatch.client import Client
from agentwatch.commands import sessions
from agentwatch.commands.output import document, json_option, say, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json


@click.command(
    "add",
    epilog="\b\nExample:\n  agentwatch rules add 3f2a91-4 --print\n"
    "  agentwatch rules add 3f2a91-4 --scope shape",
)
@click.argument("action")
@click.option("--scope", help="What is alike; the narrowest where it is left out.")
@click.option("--print", "printing", is_flag=True, help="Show every rule it makes; write none.")
@click.option("--yes", is_flag=True, help="Write it without asking back.")
@json_option
def command(action: str, scope: str | None, printing: bool, yes: bool, as_json: bool) -> None:
    """Write a rule made from an action into your own file of rules; answers nothing by itself."""
    with Client(sessions.with_action(action)) as client:
        offered = client.call("rules", action=action)
        if printing:
            _print(offered, as_json=as_json)
            return
        chosen = _chosen(action, offered, scope)
        if not as_json:
            print(visible_text(chosen))
        if not yes:
            _confirm()
        written = client.call(
            "rule-add",
            action=action,
            scope=chosen["scope"],
            toml=chosen["toml"],
            shown=chosen["shown"],
        )
    if as_json:
        document({**written, "still": chosen["still"]})
    else:
        print(f"written to {visible(written['file'])}: {written['id']}")


def _print(offered: list[Json], *, as_json: bool) -> None:
    if as_json:
        document(offered)
        return
    for item in offered:
        print(f"# --scope {item['scope']}: {visible(item['covers'])}")
        print(visible_text(item))


def visible_text(item: Json) -> str:
    """A rule as it would stand in the file, and what it does not change."""
    lines = [visible(line) for line in str(item["toml"]).splitlines()]
    if item["still"]:
        lines.append(f"# all the same, {visible(item['still'])} has the last word")
    return "\n".join([f"# in {visible(item['file'])}", *lines, ""])


def _chosen(action: str, offered: list[Json], scope: str | None) -> Json:
    for item in offered:
        if scope in (None, item["scope"]):
            return item
    hint = ", ".join(str(item["scope"]) for item in offered)
    what = f"no rule of scope {scope} can be made of {action}" if scope else f"no rule for {action}"
    raise AgentwatchError(
        what,
        f"there are {hint}"
        if hint
        else f"grant it for a while: agentwatch approve {action} --for 2h",
        ExitCode.USAGE,
    )


def _confirm() -> None:
    """Have a person type the word; raises AgentwatchError for any other."""
    if not sys.stdin.isatty():
        raise AgentwatchError(
            "a rule is written only when it is confirmed", "--yes confirms it", ExitCode.USAGE
        )
    say("This allows it in every session of this workspace from now on. Type always to write it:")
    if sys.stdin.readline().strip() != "always":
        raise AgentwatchError("nothing was written", code=ExitCode.NO)
