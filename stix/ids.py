"""Identifiers of STIX objects that we make, and the canonical bytes they are derived from."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID, uuid5

import orjson
import rfc8785

from cirt.errors import N_, InvalidInputError

STIX_ID: Final = re.compile(
    r"(?P<type>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)--"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
"""An identifier as STIX 2.1, section 2.9, writes it; lower case only, so that equal is equal."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def canonical_json(value: Any) -> bytes:
    """Return the one canonical form of a JSON value (RFC 8785).

    Raises InvalidInputError for what has none: an integer beyond +-(2**53 - 1), NaN, a lone
    surrogate, a key that is not text.
    """
    if _is_plain(value):
        # for these orjson gives the same bytes, many times faster
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise InvalidInputError(
            N_("The value has no canonical JSON form: %(reason)s"), reason=str(error)
        ) from error


def _is_plain(value: Any) -> bool:
    """Whether a value holds nothing whose form RFC 8785 and orjson see differently.

    Those are decimal numbers, large integers, lone surrogates and the order of keys beyond ASCII.
    """
    waiting = [value]
    while waiting:
        value = waiting.pop()
        kind = type(value)
        if kind is str:
            if not value.isascii() and _SURROGATE.search(value):
                return False
        elif kind is dict:
            for key in value:
                if type(key) is not str or not key.isascii():
                    return False
            waiting += value.values()
        elif kind is list:
            waiting += value
        elif kind is int:
            if not -(2**53) < value < 2**53:
                return False
        elif value is not None and kind is not bool:
            return False
    return True


def object_id(type: str, namespace: UUID, *key: Any) -> str:  # noqa: A002 - the standard's word
    """Return the id that the same type, namespace and key always give.

    namespace: the id of the incident, a random UUID: the id of an object cannot be computed from
    a guessed value, unlike the content-derived ids of STIX 2.1, section 2.9, so nobody can ask a
    server whether it knows an address.
    """
    name = canonical_json([type, *key]).decode("utf-8")
    return f"{type}--{uuid5(namespace, name)}"


def observable_id(type: str, namespace: UUID, *key: Any) -> str:  # noqa: A002 - the standard's word
    """Return the id of an SCO that the same type, namespace and key always give.

    Of version 4, which STIX 2.1, section 2.9, asks for wherever the id does not follow from its
    contributing properties, and for a process (section 6.13) always.
    """
    name = namespace.bytes + canonical_json([type, *key])
    return f"{type}--{UUID(bytes=hashlib.sha256(name).digest()[:16], version=4)}"


def is_stix_id(text: Any, of_type: str | None = None) -> bool:
    """Whether a text is an identifier, and of the given type if one is given."""
    match = STIX_ID.fullmatch(text) if isinstance(text, str) else None
    return match is not None and of_type in (None, match["type"])


def readable(body: bytes) -> str:
    """Return canonical bytes indented, for a person who previews them; see `in_order`."""
    return in_order(json.dumps(json.loads(body), ensure_ascii=False, indent=2))


def in_order(text: str) -> str:
    """Return JSON text with its direction marks as escapes: the same JSON, read in its own order.

    As they are, they could show one thing to a person and mean another (UAX #9, UTS #55).
    """
    return _DIRECTIONS.sub(lambda mark: f"\\u{ord(mark[0]):04x}", text)


def bundle_of(bundle_id: str, bodies: Iterable[bytes]) -> bytes:
    """Return a bundle of objects that are canonical bytes already: the canonical form of the whole."""
    return b'{"id":"%s","objects":[%s],"type":"bundle"}' % (bundle_id.encode(), b",".join(bodies))
