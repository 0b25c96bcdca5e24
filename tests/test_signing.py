"""Signatures: what was signed, by whom, for how long, and once."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agentwatch.errors import AgentwatchError
from agentwatch.model.plain import digest_of
from agentwatch.signing import (
    LIVES,
    PublicKey,
    Signer,
    SigningKey,
    Unsigned,
    check,
    own_key,
    read_public,
)

KEY = SigningKey.new()


def decided(**changes: Any) -> dict[str, Any]:
    """An action as the record has it, decided by a person."""
    data: dict[str, Any] = {"id": "a-1", "summary": "delete x", "params": {"n": 1.5}}
    data["digest"] = digest_of(data)
    by = {"verdict": "allow", "by": "person:tui", "why": "approved", "rule": None, "at": 1.0}
    return {**data, "state": "allowed", "decision": {**by, "how": "python(7)"}, **changes}


def signer(at: list[float], key: SigningKey = KEY) -> Signer:
    return Signer(key, "s-1", lambda: at[0])


def test_what_was_issued_serves_once() -> None:
    one = signer([1000.0])
    signed = one.issue("decided", decided(), "python(7)")
    assert signed["signed"]["how"] == "python(7)"
    one.redeem("decided", signed)
    with pytest.raises(Unsigned, match="used before"):
        one.redeem("decided", signed)


def test_what_another_supervisor_signed_does_not_serve_here() -> None:
    signed = signer([1000.0]).issue("decided", decided())
    with pytest.raises(Unsigned, match="never given out"):
        signer([1000.0]).redeem("decided", signed)


@pytest.mark.parametrize("later", [LIVES + 1, -10.0])
def test_a_signature_serves_only_in_its_time(later: float) -> None:
    at = [1000.0]
    one = signer(at)
    signed = one.issue("decided", decided())
    at[0] += later
    with pytest.raises(Unsigned, match="not valid at that time"):
        one.redeem("decided", signed)


def changed(data: dict[str, Any], *path: str, to: Any) -> dict[str, Any]:
    """A deep copy with one value changed."""
    copy: dict[str, Any] = json.loads(json.dumps(data))
    at = copy
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to
    return copy


@pytest.mark.parametrize(
    ("path", "to", "why"),
    [
        (("decision", "verdict"), "deny", "not over what stands there"),
        (("decision", "by"), "person:cli", "not over what stands there"),
        (("decision", "how"), "python(8)", "not over what stands there"),
        (("id",), "a-2", "not over what stands there"),
        (("digest",), "0" * 64, "not over what stands there"),
        (("summary",), "delete y", "not the action that stands there"),
        (("signed", "expires"), 1e12, "not over what stands there"),
        (("signed", "expires"), None, "cannot be read"),
        (("signed", "nonce"), "00", "not over what stands there"),
        (("signed", "how"), "python(9)", "not over what stands there"),
        (("signed", "sig"), "AAAA", "not over what stands there"),
        (("signed", "sig"), "\u2028", "cannot be read"),
        (("signed", "key"), "x", "another key"),
        (("signed", "v"), 2, "version"),
        (("signed",), None, "not signed"),
        (("decision",), None, "not over what stands there"),
    ],
)
def test_nothing_of_it_can_be_changed(path: tuple[str, ...], to: Any, why: str) -> None:
    signed = changed(signer([1000.0]).sign("decided", decided()), *path, to=to)
    with pytest.raises(Unsigned, match=why):
        check("decided", "s-1", signed, (KEY.public,), at=1000.0)


@pytest.mark.parametrize(("kind", "session"), [("granted", "s-1"), ("decided", "s-2")])
def test_it_serves_in_no_other_place(kind: str, session: str) -> None:
    signed = signer([1000.0]).sign("decided", decided())
    with pytest.raises(Unsigned, match="not over what stands there"):
        check(kind, session, signed, (KEY.public,), at=1000.0)


def test_the_recipe_in_the_docstring_is_enough() -> None:
    signed = signer([1000.0]).sign("decided", decided(), "python(7)")
    block = signed["signed"]
    about = {name: block[name] for name in ("at", "expires", "how", "key", "nonce")}
    said = {"action": signed["id"], "digest": signed["digest"], "decision": signed["decision"]}
    statement = {**about, "what": "decided", "session": "s-1", "said": said}
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    key = serialization.load_pem_public_key(KEY.public.pem().encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(base64.b64decode(block["sig"]), b"agentwatch signature 1\n" + text.encode())


# -- the key ---------------------------------------------------------------------------------


def test_the_key_is_made_once_and_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "signing"
    first, second = own_key(folder), own_key(folder)
    assert first.public == second.public
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def loose(file: Path) -> None:
    file.chmod(0o640)


def garbage(file: Path) -> None:
    file.write_text("no key")


def linked(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def public(file: Path) -> None:
    file.write_text(KEY.public.pem())


@pytest.mark.parametrize("spoil", [loose, garbage, linked, piped, public])
def test_a_key_that_others_could_have_made_or_read_is_refused(tmp_path: Path, spoil: Any) -> None:
    own_key(tmp_path)
    spoil(tmp_path / "ed25519.pem")
    with pytest.raises(AgentwatchError, match="cannot be used"):
        own_key(tmp_path)


def test_no_key_is_made_where_none_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(AgentwatchError, match="no signing key yet"):
        own_key(tmp_path, make=False)
    assert not list(tmp_path.iterdir())


def test_public_keys_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.pem"
    other = SigningKey.new().public
    file.write_text(KEY.public.pem() + other.pem())
    assert read_public(file) == (KEY.public, other)
    assert other.name != KEY.public.name
    file.write_text("nothing")
    with pytest.raises(AgentwatchError, match="no Ed25519 public key"):
        read_public(file)
    file.write_text("-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----\n")
    with pytest.raises(AgentwatchError, match="no public key can be read"):
        read_public(file)


def test_a_key_that_is_none_signed_nothing() -> None:
    assert not PublicKey(b"short").signed(b"x", b"y")
