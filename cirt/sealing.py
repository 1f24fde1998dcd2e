"""Secrets of this installation at rest: sealed by its own key, for one purpose each."""

import base64
import hashlib
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from cirt.errors import N_, ConflictError

BROKEN: Final = N_("A stored secret cannot be opened with this installation's key. Enter it again.")


def seal(secret_key: str, purpose: str, content: bytes) -> bytes:
    """Return content sealed by the installation's key for a purpose, such as "totp"."""
    return _box(secret_key, purpose).encrypt(content)


def unseal(secret_key: str, purpose: str, sealed: bytes) -> bytes:
    """Return what was sealed. Raises ConflictError when the key or the purpose is another."""
    try:
        return _box(secret_key, purpose).decrypt(sealed)
    except InvalidToken as error:
        raise ConflictError(BROKEN) from error


def _box(secret_key: str, purpose: str) -> Fernet:
    key = hashlib.sha256(f"{secret_key}:{purpose}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
