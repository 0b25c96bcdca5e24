"""Logins that an agent's editor would start in its own terminal, outside of the containment.

Owns finding them in the two hellos.  Where terminals are not offered, the editor does not offer
such a login, and one that the agent names all the same is taken out: its command is the agent's
words, and the editor runs it as the person, unasked but for a click on "log in".
"""

from __future__ import annotations

from typing import Any

from agentwatch.model import Json

_META = "terminal-auth"
"""Where some agents name such a command, for editors that look there."""


def without(offers: Json) -> Json:
    """What an editor offers, less its terminals."""
    left = {**offers, "terminal": False}
    for name, member in (("auth", "terminal"), ("_meta", _META)):
        if isinstance(found := offers.get(name), dict):
            left[name] = {key: value for key, value in found.items() if key != member}
    return left


def kept(hello: Json) -> tuple[Json, bool]:
    """An agent's hello without such logins, and whether there were any."""
    methods = hello.get("authMethods")
    if not isinstance(methods, list):
        return hello, False
    plain = [method for method in methods if not _runs(method)]
    return {**hello, "authMethods": plain}, len(plain) < len(methods)


def _runs(method: Any) -> bool:
    """Whether a login is more than an agent's own, or a key to be filled in."""
    if not isinstance(method, dict):
        return True
    meta = method.get("_meta")
    return (
        method.get("type") not in (None, "agent", "env_var")
        or "command" in method
        or (isinstance(meta, dict) and _META in meta)
    )
