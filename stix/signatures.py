"""Signatures of single objects: Ed25519 (RFC 8032) over canonical JSON (RFC 8785).

The signature stands in the object itself, as `signature`; what is signed is the rest of it.
"""

import enum
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from cirt.errors import N_, InvalidInputError
from cirt.stix.ids import canonical_json

ALGORITHM: Final = "ed25519"
KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


class Verdict(enum.StrEnum):
    """What a look at a signature finds."""

    GOOD = "good"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown-key"  # none of the keys that could have signed
    BROKEN = "broken"  # the object is not what was signed, or the signature is none


def new_private_key() -> bytes:
    """Return a new private key: 32 random bytes."""
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.Raw, PrivateFormat.Raw, NoEncryption()
    )


def public_key(private: bytes) -> bytes:
    """Return the public key of a private one, 32 bytes."""
    return (
        Ed25519PrivateKey.from_private_bytes(private)
        .public_key()
        .public_bytes(Encoding.Raw, PublicFormat.Raw)
    )


def fingerprint(public: bytes) -> str:
    """Return what people compare by telephone: the SHA-256 of the key in groups of four."""
    digest = hashlib.sha256(public).hexdigest()
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def pem_of(public: bytes) -> str:
    """Return a public key as PEM, which other tools read."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def read_public_key(text: str) -> bytes:
    """Return the key that a person pasted, as PEM or as 64 hexadecimal digits.

    Raises InvalidInputError, naming the field "public".
    """
    found = b""
    plain = "".join(text.split())
    try:
        if "BEGIN" in text:
            key = load_pem_public_key(text.strip().encode("ascii"))
            if isinstance(key, Ed25519PublicKey):
                found = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            found = bytes.fromhex(plain)
    except ValueError:
        found = b""
    if len(found) != KEY_BYTES:
        raise InvalidInputError(
            N_("This is no Ed25519 public key: paste it as PEM, or as 64 hexadecimal digits."),
            field="public",
        )
    return found


def signed(stix_object: Mapping[str, Any], private: bytes) -> dict[str, Any]:
    """Return the object with its signature by this key."""
    bare = {name: value for name, value in stix_object.items() if name != "signature"}
    value = Ed25519PrivateKey.from_private_bytes(private).sign(canonical_json(bare))
    return bare | {
        "signature": {
            "algorithm": ALGORITHM,
            "public_key": public_key(private).hex(),
            "value": value.hex(),
        }
    }


def verify(stix_object: Mapping[str, Any], keys: Iterable[bytes]) -> tuple[Verdict, bytes | None]:
    """Return what the signature is worth, and which of the keys it is by, if it is good.

    keys: the public keys that may have signed. The key that stands in the object only says which
    of them to try; it is never trusted for itself.
    """
    signature = stix_object.get("signature")
    if signature is None:
        return Verdict.UNSIGNED, None
    named, value = _parts(signature)
    if named is None or value is None:
        return Verdict.BROKEN, None
    if named not in set(keys):
        return Verdict.UNKNOWN_KEY, None
    bare = {name: each for name, each in stix_object.items() if name != "signature"}
    try:
        Ed25519PublicKey.from_public_bytes(named).verify(value, canonical_json(bare))
    except (InvalidSignature, InvalidInputError, ValueError):
        return Verdict.BROKEN, None
    return Verdict.GOOD, named


def _parts(signature: Any) -> tuple[bytes | None, bytes | None]:
    if not isinstance(signature, Mapping) or set(signature) != {"algorithm", "public_key", "value"}:
        return None, None
    if signature["algorithm"] != ALGORITHM:
        return None, None
    return _hex(signature["public_key"], KEY_BYTES), _hex(signature["value"], _SIGNATURE_BYTES)


def _hex(text: Any, length: int) -> bytes | None:
    # one spelling only, so that one signature has one form
    if not isinstance(text, str) or len(text) != 2 * length or not set(text) <= _DIGITS:
        return None
    return bytes.fromhex(text)


_DIGITS: Final = frozenset("0123456789abcdef")
