"""`agentwatch report`: what happened in a session, on one page."""

from __future__ import annotations

import os
from pathlib import Path

import click

from agentwatch.commands import log_verify, sessions
from agentwatch.commands.output import document, json_option, say
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.reporting import gather, page, to_json
from agentwatch.reporting.markdown import markdown
from agentwatch.reporting.webpage import webpage

FORMS = {"md": markdown, "html": webpage}


@click.command(
    epilog="\b\nExample:\n  agentwatch report claude-3f2a91\n"
    "  agentwatch report claude-3f2a91 --format html --output incident.html"
)
@click.argument("session", required=False)
@click.option(
    "--format", "form", type=click.Choice(sorted(FORMS)), help="Markdown (the default), or HTML."
)
@click.option(
    "--output", type=click.Path(dir_okay=False), metavar="FILE", help="Write it there instead."
)
@click.option("--key", multiple=True, metavar="FILE", help="Check signatures with this public key.")
@json_option
def command(
    session: str | None,
    form: str | None,
    output: str | None,
    key: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write one page about a session, for a review."""
    if as_json and (form or output):
        raise AgentwatchError(
            "--json is a form of its own, on stdout", "leave the others out", ExitCode.USAGE
        )
    found = gather(sessions.any_or_newest(session), log_verify.keys_of(key))
    if as_json:
        document(to_json(found))
        return
    form = form or ("html" if output and Path(output).suffix in (".html", ".htm") else "md")
    text = FORMS[form](page(found))
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    _write(Path(output), text)
    say(f"{output} is written")


def _write(path: Path, text: str) -> None:
    """For the user alone: what an agent did is not everybody's business."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise AgentwatchError(
            f"cannot write {path}: {error.strerror}", code=ExitCode.FAILED
        ) from error
