"""From the card to a rule that is written: asked for, shown, confirmed, approved, written.

Owns the order of the calls.  The supervisor writes; whatever goes wrong before writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentwatch.errors import AgentwatchError
from agentwatch.model import Json, Verdict
from agentwatch.tui.panes.card import Drawn
from agentwatch.tui.screens.writing import WritingScreen
from agentwatch.tui.watched import objects

if TYPE_CHECKING:
    from agentwatch.tui.app import WatchApp


async def offer(app: WatchApp, drawn: Drawn, scope: str) -> None:
    """Show the rule that this scope of an action makes."""
    try:
        offered = objects(await app.link.call("rules", action=drawn.action))
    except AgentwatchError as error:
        app.say(f"No rule: {error.what}", severity="error")
        return
    found = [item for item in offered if item.get("scope") == scope]
    if not found:
        app.say("This cannot be said as narrowly in a rule. It can be granted for a while.")
        return

    def taken(rule: Json | None) -> None:
        if rule is not None:
            app.run_worker(_write(app, drawn, rule), exit_on_error=False)

    app.push_screen(WritingScreen(found[0]), taken)


async def _write(app: WatchApp, drawn: Drawn, rule: Json) -> None:
    grant = {"scope": rule["scope"], "for": None, "uses": None}
    try:
        answer = {"action": drawn.action, "digest": drawn.digest, "verdict": Verdict.ALLOW.value}
        await app.link.call("decide", because="", **answer, **grant)
        asked = {name: rule[name] for name in ("scope", "toml", "shown")}
        await app.link.call("rule-add", action=drawn.action, **asked)
    except AgentwatchError as error:
        app.say(f"No rule was written: {error.what}. {error.hint}", severity="error")
        return
    except Exception as error:  # noqa: BLE001  what went wrong is said, and nothing is written
        app.say(f"No rule was written: {type(error).__name__}: {error}", severity="error")
        return
    app.say(f"Written: {rule['id']}")
