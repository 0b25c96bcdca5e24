"""The user's Ed25519 key: made once, read by the supervisor, kept from the agent's tree.

Owns the file, its making and the refusal of one that others could have read.  Never prints the
private part, never replaces a key that is there.

What does not work: whoever runs as the user outside the containment can read it, and so can an
agent without a PID namespace of its own, because reading is not held by the kernel gate.  What such
a one forges is found only by heads that were kept elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agentwatch.errors import AgentwatchError, ExitCode

FILE = "ed25519.pem"
_BEGIN = b"-----BEGIN PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a signature is checked with."""

    raw: bytes

    @property
    def name(self) -> str:
        """What signatures call it: the beginning of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether this key signed exactly this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def pem(self) -> str:
        """As others read it."""
        return (
            Ed25519PublicKey.from_public_bytes(self.raw)
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )


class SigningKey:
    """The private part; it leaves this object only into its file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(
            key.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
        )

    @classmethod
    def new(cls) -> SigningKey:
        """A key that is nowhere yet."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, message: bytes) -> bytes:
        """The signature under a message."""
        return self._key.sign(message)

    def pem(self) -> bytes:
        """For its file."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def own_key(folder: Path, *, make: bool = True) -> SigningKey:
    """The user's key, made where there is none; raises AgentwatchError for one not to be relied on.

    The folder is made as well; the agent's namespace gets an empty one of its own instead.
    """
    path = folder / FILE
    try:
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                _make(path)
        return _read(path)
    except FileNotFoundError as error:
        raise AgentwatchError(
            f"there is no signing key yet: {path}", "the first session makes it", ExitCode.NOT_FOUND
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise AgentwatchError(
            f"the signing key {path} cannot be used: {error}",
            "decisions are signed with it; move it away and a new one is made, "
            "but keep its public part: `agentwatch key`",
            ExitCode.FAILED,
        ) from error


def read_public(path: Path) -> tuple[PublicKey, ...]:
    """Every public key in a PEM file; raises AgentwatchError where there is none."""
    try:
        text = path.read_bytes()
        found = [
            serialization.load_pem_public_key(_BEGIN + part) for part in text.split(_BEGIN)[1:]
        ]
    except (OSError, ValueError, TypeError) as error:
        raise AgentwatchError(
            f"no public key can be read from {path}: {error}",
            "`agentwatch key` prints one where the session ran",
            ExitCode.USAGE,
        ) from error
    keys = [key for key in found if isinstance(key, Ed25519PublicKey)]
    if not keys or len(keys) < len(found):
        raise AgentwatchError(f"{path} holds no Ed25519 public key", code=ExitCode.USAGE)
    encoding, form = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return tuple(PublicKey(key.public_bytes(encoding, form)) for key in keys)


def _make(path: Path) -> None:
    """Write a new key in one step; whoever was first wins.  Raises OSError."""
    fresh = path.with_name(f".{FILE}-{secrets.token_hex(8)}")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        text = SigningKey.new().pem()
        if os.write(file, text) != len(text):
            raise OSError("it was not written whole")
        os.fsync(file)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.close(file)
        fresh.unlink()


def _read(path: Path) -> SigningKey:
    """The key in a file that is the user's alone; raises OSError or ValueError."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise ValueError("it is not a plain file of yours")
        if found.st_mode & 0o077:
            raise ValueError("others may read or write it (chmod 600 it, if nobody has)")
        text = os.read(file, 65536)
    finally:
        os.close(file)
    key = serialization.load_pem_private_key(text, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("it is no Ed25519 key")
    return SigningKey(key)
