"""`agentwatch propose`: for shell scripts under supervision; ask, wait, exit 0 or 1.

Owns the options and what is printed.  Never exits 0 without an explicit yes.
"""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from agentwatch.channels.arrival import EDITS
from agentwatch.channels.propose import Approval, Denied, propose
from agentwatch.commands.output import document, json_option, say, visible
from agentwatch.errors import ExitCode
from agentwatch.model import Json, Kind, Verdict


@click.command(
    epilog="\b\nExample:\n  agentwatch propose delete --path old.log --words empty && rm old.log\n"
    "  agentwatch propose exec -- make deploy && make deploy\n"
    "  agentwatch propose network --edits --url https://example.org | jq -r .url"
)
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]), metavar="KIND")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGV]...")
@click.option("--command", metavar="LINE", help="The shell command line it would run.")
@click.option("--path", "paths", metavar="P", multiple=True, help="A path it touches; repeatable.")
@click.option("--url", metavar="U", help="The address it opens.")
@click.option("--host", metavar="H", help="The host it speaks to.")
@click.option("--tool", metavar="T", help="The tool it calls.")
@click.option("--words", metavar="W", help="Why: shown as the agent's own words.")
@click.option("--diff-file", type=click.File(), help="A unified diff of the change; - is stdin.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="No answer by then is a no."
)
@click.option(
    "--edits",
    "taking",
    is_flag=True,
    help="A person may change it: prints what was approved as JSON; do that.",
)
@json_option
def command(
    kind: str,
    argv: tuple[str, ...],
    diff_file: TextIO | None,
    taking: bool,
    as_json: bool,
    **fields: Any,
) -> int:
    """Ask before acting (for scripts inside a session).

    Exits 0 when allowed, 1 when denied or when nobody could be asked.  KIND is one of exec, read,
    write, delete, rename, network, tool, message, ask-daemon, other.
    """
    try:
        diff = diff_file.read() if diff_file else None
        asked = {"argv": list(argv), "diff": diff, **fields}
        given = {name: value for name, value in asked.items() if value and name in EDITS}
        approval = propose(kind, **asked, edits=tuple(given) if taking else ())
    except UnicodeDecodeError as error:
        raise click.BadParameter("it is not text", param_hint="--diff-file") from error
    except Denied as denied:
        return _no(denied, as_json=as_json)
    if taking and approval.given is not None:
        given = dict(approval.given)
    return _yes(approval, given if taking else None, as_json=as_json)


def _yes(approval: Approval, given: Json | None, *, as_json: bool) -> int:
    if as_json:
        answer = {"verdict": Verdict.ALLOW.value, "id": approval.id, "digest": approval.digest}
        more = {} if given is None else {"input": given, "edited": approval.given is not None}
        document({**answer, "by": approval.by, "why": approval.why, **more})
    elif given is not None:
        print(json.dumps(given))
    return int(ExitCode.OK)


def _no(denied: Denied, *, as_json: bool) -> int:
    if as_json:
        answer = {"verdict": Verdict.DENY.value, "id": denied.action or None, "by": denied.by}
        document({**answer, "why": denied.reason})
    say(f"denied: {visible(denied.reason)}")
    if denied.hint:
        click.echo(f"hint: {visible(denied.hint)}", err=True)
    return int(ExitCode.NO)
