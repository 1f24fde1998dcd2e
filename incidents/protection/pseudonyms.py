"""Names that stand for a person within one audience."""

import base64
import hashlib
import hmac
from typing import Final

from cirt.incidents.protection.kinds import Kind

_PREFIXES: Final = {
    Kind.PERSON: "person",
    Kind.EMAIL: "email",
    Kind.PHONE: "phone",
    Kind.ACCOUNT: "account",
    Kind.VICTIM_HOST: "host",
    Kind.VICTIM_ADDRESS: "address",
    Kind.BANK_ACCOUNT: "bank",
    Kind.NATIONAL_ID: "identity",
    Kind.POSTAL_ADDRESS: "place",
    Kind.COORDINATES: "position",
    Kind.URL_USERINFO: "credentials",
    Kind.MARKED: "words",
}
# as base32, without letters that are taken for digits or for each other
_ALPHABET: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)
LENGTH: Final = 6


def pseudonym(secret: bytes, kind: Kind, canonical: str) -> str:
    """Return the pseudonym of a value for the audience with this secret, such as "person-K7QF2M".

    The same value always has the same one within an audience; two audiences cannot join theirs
    (HMAC-SHA-256, 30 bits: of a thousand values two share one with a chance of 1 in 2,000).
    """
    digest = hmac.digest(secret, f"{kind.value}\0{canonical}".encode(), hashlib.sha256)
    word = base64.b32encode(digest[:5]).decode("ascii")[:LENGTH].translate(_ALPHABET)
    return f"{_PREFIXES[kind]}-{word}"
