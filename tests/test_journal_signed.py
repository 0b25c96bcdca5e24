"""A record with signatures: what is found in it that a chain alone would not show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.journal import (
    Head,
    Journal,
    Result,
    Verification,
    anchors,
    head_path,
    quick,
    verify,
)
from agentwatch.model import Action, Decision, Kind, Proposal, Reversibility, Verdict
from agentwatch.signing import PublicKey, Signer, SigningKey, Unsigned
from agentwatch.supervisor.vouching import Vouching

KEY = SigningKey.new()
KEYS = (KEY.public,)


def action(number: int, by: str = "person:tui", verdict: Verdict = Verdict.ALLOW) -> Action:
    said = Proposal(Kind.EXEC, f"run {number}", "propose", argv=("rm", str(number)))
    asked = Action(
        f"a-{number}", "s-1", number, said, Reversibility.IRREVERSIBLE, (), (), 1.0, None
    )
    return asked.decided(Decision(verdict, by, "so", None, 2.0, "python(7)"))


def write(path: Path, count: int = 4, key: SigningKey = KEY) -> None:
    """As a supervisor writes: a start that is sealed, decisions in turn, an end that is sealed."""
    with Journal.open(path, "s-1") as journal:
        vouching = Vouching(journal, Signer(key, "s-1"))
        journal.append("session", {"argv": ["x"]})
        vouching.seal()
        for number in range(count):
            data = action(number, "policy" if number % 2 else "person:tui").to_json()
            journal.append("decided", vouching.signed("decided", data))
        journal.append("ended", {})
        vouching.seal()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "journal.jsonl"
    write(file)
    return file


def bodies(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rechained(path: Path, entries: list[dict[str, Any]]) -> None:
    """The whole journal made anew by somebody who has no key: chain and head agree."""
    before, lines = "0" * 64, []
    for seq, body in enumerate(entries, 1):
        body.pop("hash", None)
        body |= {"seq": seq, "prev": before}
        text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        before = hashlib.sha256(text).hexdigest()
        lines.append(text[:-1] + f',"hash":"{before}"}}\n'.encode())
    path.write_bytes(b"".join(lines))
    head_path(path).write_bytes(Head(len(lines), before).encode())
    assert verify(path).result is Result.AGREE, "the chain alone shows nothing"


def found(outcome: Verification) -> str:
    return "; ".join(item.what for item in outcome.findings)


def test_what_was_signed_agrees(path: Path) -> None:
    outcome = verify(path, keys=KEYS, session="s-1")
    assert (outcome.result, outcome.why) == (Result.AGREE, "")
    assert (outcome.records, outcome.signed, outcome.sealed) == (8, 4, 7)


def change_a_decision(entries: list[dict[str, Any]]) -> None:
    entries[2]["data"]["decision"]["verdict"] = "deny"


def change_an_action(entries: list[dict[str, Any]]) -> None:
    entries[2]["data"]["summary"] = "run something harmless"


def change_what_no_person_decided(entries: list[dict[str, Any]]) -> None:
    entries[3]["data"]["summary"] = "run something harmless"


def remove_one(entries: list[dict[str, Any]]) -> None:
    del entries[3]


def swap_two(entries: list[dict[str, Any]]) -> None:
    entries[2], entries[4] = entries[4], entries[2]


def repeat_one(entries: list[dict[str, Any]]) -> None:
    entries.insert(3, json.loads(json.dumps(entries[2])))


def strip_one(entries: list[dict[str, Any]]) -> None:
    del entries[2]["data"]["signed"]


def invent_one(entries: list[dict[str, Any]]) -> None:
    """An approval of theirs, signed with a key of theirs, instead of the end."""
    data = Signer(SigningKey.new(), "s-1").sign("decided", action(9).to_json())
    entries[6:] = [{**entries[6], "type": "decided", "data": data}]


def date_it_back(entries: list[dict[str, Any]]) -> None:
    entries[2]["t"] -= 3_600_000


@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (change_a_decision, "not over what stands there"),
        (change_an_action, "not the action that stands there"),
        (change_what_no_person_decided, "seals another record"),
        (remove_one, "seals another record"),
        (swap_two, "seals another record"),
        (repeat_one, "once more"),
        (strip_one, "carries no signature"),
        (invent_one, "another key"),
        (date_it_back, "not valid at that time"),
    ],
)
@pytest.mark.parametrize("slowly", [False, True])
def test_a_chain_made_anew_without_the_key_is_found(
    path: Path, tamper: Callable[[list[dict[str, Any]]], None], what: str, *, slowly: bool
) -> None:
    entries = bodies(path)
    tamper(entries)
    rechained(path, entries)
    if slowly:  # what the quick look leaves, the thorough one finds as well
        path.write_bytes(path.read_bytes() + b"{}\n")
    outcome = verify(path, keys=KEYS)
    assert outcome.result is Result.FINDING
    assert what in found(outcome)


def test_another_users_key_is_a_finding(path: Path) -> None:
    outcome = verify(path, keys=(SigningKey.new().public,))
    assert outcome.result is Result.FINDING
    assert f"another key: {KEY.public.name}" in found(outcome)


@pytest.mark.parametrize("keys", [(), KEYS])
def test_without_signatures_or_without_a_key_it_cannot_be_verified(
    tmp_path: Path, keys: tuple[PublicKey, ...]
) -> None:
    """A record of before there were signatures, or one that was stripped of all of them."""
    path = tmp_path / "journal.jsonl"
    with Journal.open(path, "s-1") as journal:
        journal.append("decided", action(1).to_json())
    outcome = verify(path, keys=keys)
    assert outcome.result is Result.CANNOT_VERIFY
    assert ("no signature" if keys else "no public key") in outcome.why


def test_another_sessions_record_in_its_place_is_found(path: Path) -> None:
    outcome = verify(path, keys=KEYS, session="s-2")
    assert outcome.result is Result.FINDING
    assert "another session: s-1" in found(outcome)


def test_in_stretches_side_by_side_it_comes_to_the_same(path: Path) -> None:
    whole = verify(path, keys=KEYS)
    assert verify(path, keys=KEYS, workers=2) == whole
    entries = bodies(path)
    repeat_one(entries)
    rechained(path, entries)
    assert "once more" in found(verify(path, keys=KEYS, workers=2))


def test_where_no_process_can_be_had_it_comes_to_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoPool:
        def __init__(self, *_: object) -> None:
            raise OSError("no semaphores here")

    monkeypatch.setattr(quick, "ProcessPoolExecutor", NoPool)
    assert verify(path, keys=KEYS, workers=2).result is Result.AGREE


# -- heads kept elsewhere --------------------------------------------------------------------


def test_a_tail_cut_at_a_signature_is_found_by_a_head_kept_elsewhere(
    path: Path, tmp_path: Path
) -> None:
    with Journal.open(path, "s-1") as journal:
        kept = tmp_path / "kept"
        kept.write_text(f"Nov 21 host logger: {anchors.spoken('s-1', journal.head)} at noon\n")
    rechained(path, bodies(path)[:2])
    assert verify(path, keys=KEYS).result is Result.AGREE, "that is what heads elsewhere are for"
    outcome = verify(path, keys=KEYS, heads=anchors.found("s-1", str(kept)))
    assert outcome.result is Result.FINDING
    assert "the tail is cut: the head kept elsewhere names record 8" in found(outcome)


def test_a_history_made_anew_with_the_key_is_found_by_a_head_kept_elsewhere(path: Path) -> None:
    with Journal.open(path, "s-1") as journal:
        kept = anchors.spoken("s-1", journal.head)
    path.unlink()
    head_path(path).unlink()
    write(path, 8)
    assert verify(path, keys=KEYS).result is Result.AGREE
    outcome = verify(path, keys=KEYS, heads=anchors.found("s-1", kept))
    assert "record 8 is not the one acknowledged" in found(outcome)


def test_heads_of_others_are_no_heads(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(f"x-s-1:3:{'0' * 64}\ns-1:3:{'0' * 63}\n")
    with pytest.raises(AgentwatchError, match="names no head of s-1"):
        anchors.found("s-1", str(kept))
    with pytest.raises(AgentwatchError, match="cannot read"):
        anchors.found("s-1", str(tmp_path / "none"))


# -- what cannot be signed is denied ---------------------------------------------------------


class Broken(Signer):
    """A key that is gone."""

    def sign(self, kind: str, data: Any, how: str = "") -> Any:
        raise OSError("the key is gone")


def test_what_cannot_be_signed_is_not_recorded(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.jsonl", "s-1") as journal:
        vouching = Vouching(journal, Broken(KEY, "s-1"))
        with pytest.raises(OSError, match="gone"):
            vouching.signed("decided", action(1).to_json())
        policy = action(2, "policy").to_json()
        assert vouching.signed("decided", policy) == policy
        journal.append("session", {})
        with pytest.raises(OSError, match="gone"):
            vouching.seal()
        with pytest.raises(AgentwatchError, match="cannot be signed any more"):
            vouching.signed("decided", policy)


def test_an_approval_counts_once_and_only_as_it_was_signed(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.jsonl", "s-1") as journal:
        vouching = Vouching(journal, Signer(KEY, "s-1"))
        one, other = action(1), action(2)
        vouching.signed("decided", one.to_json())
        vouching.redeem(one)
        with pytest.raises(Unsigned, match="not signed"):
            vouching.redeem(one)
        vouching._issued[other.id] = vouching._signer.issue("decided", one.to_json())
        with pytest.raises(Unsigned, match="not over what stands there"):
            vouching.redeem(other)
        vouching.redeem(action(3, "policy"))
        vouching.redeem(action(4, verdict=Verdict.DENY))
