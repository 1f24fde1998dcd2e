"""Passwords and other secrets: what is accepted, how they are kept, how they are compared."""

import hashlib
import hmac
import os
import secrets
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cirt.errors import N_, InvalidInputError

MIN_LENGTH = 12
MAX_LENGTH = 128

# argon2id with OWASP's memory and one pass more (Password Storage Cheat Sheet: 19 MiB, t=2, p=1)
_hasher = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    """Return the two threads of this process that compute.

    Each computation takes that memory and its thread keeps it: on the threads of the requests,
    attempts to sign in could exhaust it. A forked process has none of its parent's threads.
    """
    return ThreadPoolExecutor(2, thread_name_prefix="passwords")


@cache
def _absent() -> str:
    """Return the hash of a password that nobody knows, to be as slow for an absent account."""
    return _hasher.hash(secrets.token_urlsafe(16))


# the beginnings of published lists of common passwords, for passwords of 12 characters and more
_COMMON = (
    "password",
    "123456",
    "qwerty",
    "azerty",
    "letmein",
    "administrator",
    "welcome",
    "changeme",
)


def check_password(password: str, *, username: str) -> None:
    """Raise InvalidInputError unless the password may be used (OWASP ASVS 5.0, 6.2)."""
    if len(password) < MIN_LENGTH:
        raise InvalidInputError(
            N_(
                "Choose a password of at least %(least)s characters; several words are easy to remember."
            ),
            field="password",
            least=MIN_LENGTH,
        )
    if len(password) > MAX_LENGTH:
        raise InvalidInputError(
            N_("Choose a password of at most %(most)s characters."),
            field="password",
            most=MAX_LENGTH,
        )
    lowered = password.casefold()
    if username and username.casefold() in lowered:
        raise InvalidInputError(
            N_("Choose a password without your user name in it."), field="password"
        )
    if any(word in lowered for word in _COMMON) or len(set(lowered)) < 6:
        raise InvalidInputError(N_("Choose a password that is harder to guess."), field="password")


def hash_password(password: str) -> str:
    """Return the argon2id hash to keep."""
    return _threads(os.getpid()).submit(_hasher.hash, password).result()


def password_matches(kept: str | None, password: object) -> bool:
    """Return whether the password is the kept one; as slow for an absent account as for a real one."""
    usable = isinstance(password, str) and 0 < len(password) <= MAX_LENGTH
    try:
        matches = _threads(os.getpid()).submit(_verify, kept, password if usable else "").result()
    except (VerificationError, InvalidHashError):
        return False
    return matches and usable and kept is not None


def _verify(kept: str | None, password: object) -> bool:
    return _hasher.verify(kept or _absent(), str(password))


def new_secret() -> str:
    """Return an unguessable text for links and sessions (256 bits)."""
    return secrets.token_urlsafe(32)


def keyed_hash(secret_key: str, purpose: str, text: str) -> str:
    """Return the hash under which a random secret is kept; useless without the installation's key."""
    return hmac.new(f"{secret_key}:{purpose}".encode(), text.encode(), hashlib.sha256).hexdigest()


def new_api_token() -> str:
    """Return a new machine token: a prefix, 256 random bits and a checksum, so leaks can be recognised."""
    body = secrets.token_urlsafe(32)
    return f"cirt_{body}_{zlib.crc32(body.encode()):08x}"
