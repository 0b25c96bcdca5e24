"""The hook client at an agent's own question: a person's yes, silence, or a denial."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentwatch.channels.hooks import client

EVENT = {"hook_event_name": "PermissionRequest", "tool_name": "apply_patch", "tool_input": {}}


def test_only_where_an_agent_has_such_a_question_it_is_one() -> None:
    for agent, (opens, calls, _) in client.DIALECTS.items():
        permits = client.PERMITS.get(agent)
        if permits is not None:
            assert client._op(EVENT, opens, calls, permits) == "permit"
            continue
        with pytest.raises(client.Denied, match="not known"):
            client._op(EVENT, opens, calls, permits)
    assert set(client.PERMITS) == {"codex"}


def test_an_event_without_a_name_opens_nothing() -> None:
    for agent, (opens, calls, _) in client.DIALECTS.items():
        for name in ("", None):
            with pytest.raises(client.Denied, match="not known"):
                client._op(
                    {**EVENT, "hook_event_name": name}, opens, calls, client.PERMITS.get(agent)
                )


def test_a_yes_is_said_in_the_agent_s_words() -> None:
    said = json.loads(client._permission({"verdict": "allow"}))
    assert said["hookSpecificOutput"] == {
        "hookEventName": "PermissionRequest",
        "decision": {"behavior": "allow"},
    }


def test_what_the_agent_is_to_ask_itself_is_silence() -> None:
    assert client._permission({"verdict": "ask"}) == b""


@pytest.mark.parametrize("verdict", [None, "deny", "yes", True, ""])
def test_any_other_answer_is_a_denial(verdict: Any) -> None:
    with pytest.raises(client.Denied, match="not known"):
        client._permission({"verdict": verdict})
