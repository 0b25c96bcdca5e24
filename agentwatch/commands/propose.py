"""`agentwatch propose`: for shell scripts under supervision; ask, wait, exit 0 or 1.

Owns the options and what is printed.  Never exits 0 without an explicit yes: the default of every
way out is 1.
"""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from agentwatch.channels.propose import Approval, Denied, propose as ask
from agentwatch.errors import ExitCode
from agentwatch.model import Kind, Verdict

EPILOG = """\b
Example:
  agentwatch propose delete --path old.log --words "empty since May" && rm old.log
  agentwatch propose exec -- make deploy && make deploy
"""


@click.command(epilog=EPILOG)
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
@click.option("--command", metavar="LINE", help="The shell command line it would run.")
@click.option("--path", "paths", metavar="P", multiple=True, help="A path it touches; repeatable.")
@click.option("--url", metavar="U", help="The address it opens.")
@click.option("--host", metavar="H", help="The host it speaks to.")
@click.option("--tool", metavar="T", help="The tool it calls.")
@click.option("--words", metavar="W", help="Why: shown as the agent's own words.")
@click.option("--diff-file", type=click.File(), help="A unified diff of the change; - is stdin.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds after which it is a no.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON document.")
@click.pass_context
def propose(
    context: click.Context,
    /,
    kind: str,
    argv: tuple[str, ...],
    diff_file: TextIO | None,
    as_json: bool,
    **fields: Any,
) -> None:
    """Ask whether a script's action may be done: exit 0 allowed, 1 denied."""
    try:
        diff = diff_file.read() if diff_file else None
        approval = ask(kind, argv=argv, diff=diff, **fields)
    except UnicodeDecodeError as error:
        raise click.BadParameter("it is not text", param_hint="--diff-file") from error
    except Denied as denied:
        _say_no(denied, as_json=as_json)
        context.exit(ExitCode.NO)
    _say_yes(approval, as_json=as_json)


def _say_yes(approval: Approval, *, as_json: bool) -> None:
    if as_json:
        answer = {"verdict": Verdict.ALLOW.value, "id": approval.id, "digest": approval.digest}
        click.echo(json.dumps({**answer, "by": approval.by, "why": approval.why}))


def _say_no(denied: Denied, *, as_json: bool) -> None:
    if as_json:
        answer = {"verdict": Verdict.DENY.value, "id": denied.action or None, "by": denied.by}
        click.echo(json.dumps({**answer, "why": denied.reason}))
    click.echo(f"agentwatch: denied: {denied.reason}", err=True)
    if denied.hint:
        click.echo(f"hint: {denied.hint}", err=True)
