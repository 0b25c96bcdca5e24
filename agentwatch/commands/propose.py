"""`agentwatch propose`: for shell scripts under supervision; ask, wait, exit 0 or 1.

Owns the options and what is printed.  Never exits 0 without an explicit yes.
"""

from __future__ import annotations

from typing import Any, TextIO

import click

from agentwatch.channels.propose import Approval, Denied, propose
from agentwatch.commands.output import document, json_option, say, visible
from agentwatch.errors import ExitCode
from agentwatch.model import Kind, Verdict


@click.command(
    epilog="\b\nExample:\n  agentwatch propose delete --path old.log --words empty && rm old.log\n"
    "  agentwatch propose exec -- make deploy && make deploy"
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
@json_option
def command(
    kind: str, argv: tuple[str, ...], diff_file: TextIO | None, as_json: bool, **fields: Any
) -> int:
    """Ask before acting (for scripts inside a session).

    Exits 0 when allowed, 1 when denied or when nobody could be asked.  KIND is one of exec, read,
    write, delete, rename, network, tool, message, ask-daemon, other.
    """
    try:
        diff = diff_file.read() if diff_file else None
        approval = propose(kind, argv=argv, diff=diff, **fields)
    except UnicodeDecodeError as error:
        raise click.BadParameter("it is not text", param_hint="--diff-file") from error
    except Denied as denied:
        return _no(denied, as_json=as_json)
    return _yes(approval, as_json=as_json)


def _yes(approval: Approval, *, as_json: bool) -> int:
    if as_json:
        answer = {"verdict": Verdict.ALLOW.value, "id": approval.id, "digest": approval.digest}
        document({**answer, "by": approval.by, "why": approval.why})
    return int(ExitCode.OK)


def _no(denied: Denied, *, as_json: bool) -> int:
    if as_json:
        answer = {"verdict": Verdict.DENY.value, "id": denied.action or None, "by": denied.by}
        document({**answer, "why": denied.reason})
    say(f"denied: {visible(denied.reason)}")
    if denied.hint:
        click.echo(f"hint: {visible(denied.hint)}", err=True)
    return int(ExitCode.NO)
