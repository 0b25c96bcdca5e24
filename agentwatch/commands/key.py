"""`agentwatch key`: the public part of the key that decisions are signed with.

Owns nothing but the printing; never makes a key and never shows the private part.
"""

from __future__ import annotations

import click

from agentwatch.commands.output import document, json_option
from agentwatch.paths import signing_base
from agentwatch.signing import own_key


@click.command(
    epilog="\b\nExample:\n  agentwatch key > me.pem\n  agentwatch log SESSION --verify --key me.pem"
)
@json_option
def command(as_json: bool) -> int:
    """Print the public key that checks the signatures in your records."""
    public = own_key(signing_base(), make=False).public
    if as_json:
        document({"key": public.name, "pem": public.pem()})
    else:
        print(public.pem(), end="")
    return 0
