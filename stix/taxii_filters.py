"""What a TAXII 2.1 client asks a page by: filters, the limit, and where the last page ended.

Source: TAXII Version 2.1, OASIS Standard, 10 June 2021, sections 3.4 and 3.5.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from cirt.errors import N_, InvalidInputError
from cirt.stix.taxii_protocol import read_timestamp
from cirt.stix.timestamps import moment

MAX_LIMIT: Final = 1_000
"""Most items of a page; a client that asks for more gets this many and `more: true`."""

MAX_VALUES: Final = 500
"""Most values of one match filter."""


class BadFilterError(InvalidInputError):
    """A query parameter is malformed; `field` names it (section 3.4: answer 400)."""


class Which(StrEnum):
    """Words that match[version] knows beside an exact version."""

    LAST = "last"
    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """One request for a page; None everywhere: the oldest page of the latest versions.

    added_after: microseconds since 1970, exclusive. limit: 1 to MAX_LIMIT. position: the last
    position already read. which, exact: versions asked for by word, and by their very time.
    """

    added_after: int | None = None
    limit: int = MAX_LIMIT
    position: int = 0
    ids: frozenset[str] | None = None
    types: frozenset[str] | None = None
    spec_versions: frozenset[str] | None = None
    which: frozenset[Which] = frozenset({Which.LAST})
    exact: frozenset[str] = frozenset()


PAGE: Final = frozenset({"added_after", "limit", "next"})
OBJECTS: Final = PAGE | {"match[id]", "match[type]", "match[version]", "match[spec_version]"}
OBJECT: Final = PAGE | {"match[version]", "match[spec_version]"}
VERSIONS: Final = PAGE | {"match[spec_version]"}
DELETION: Final = frozenset({"match[version]", "match[spec_version]"})

_FORMS: Final = {
    # wider than our own ids: other makers' spelling is a search that finds nothing, no fault
    "match[id]": re.compile(r"[a-z0-9-]{1,250}--[0-9a-fA-F-]{36}", re.ASCII),
    "match[type]": re.compile(r"[a-z0-9-]{1,250}", re.ASCII),
    "match[spec_version]": re.compile(r"\d{1,3}\.\d{1,3}", re.ASCII),
}


def read_filters(
    pairs: Iterable[tuple[str, str]], known: frozenset[str], *, key: bytes, collection: UUID
) -> Filters:
    """Return what the query parameters ask for.

    pairs: name and value as sent, repetitions included. known: the parameters of the endpoint;
    others are ignored. Raises BadFilterError for a malformed or repeated one.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given and name in known:
            raise _bad(name, N_("The parameter %(name)s stands twice in the request."))
        if name in known:
            given[name] = value
    which, exact = (
        _versions(given["match[version]"])
        if "match[version]" in given
        else (
            frozenset({Which.LAST}),
            frozenset[str](),
        )
    )
    return Filters(
        added_after=_added_after(given["added_after"]) if "added_after" in given else None,
        limit=_limit(given["limit"]) if "limit" in given else MAX_LIMIT,
        position=read_cursor(key, collection, given["next"]) if "next" in given else 0,
        ids=_values(given, "match[id]"),
        types=_values(given, "match[type]"),
        spec_versions=_values(given, "match[spec_version]"),
        which=which,
        exact=exact,
    )


def all_versions(filters: Filters) -> Filters:
    """Return the same filters for every version of what they match."""
    return replace(filters, which=frozenset({Which.ALL}), exact=frozenset())


def _bad(name: str, message: str) -> BadFilterError:
    return BadFilterError(message, field=name, name=name)


def _added_after(text: str) -> int:
    found = read_timestamp(text)
    if found is None:
        raise _bad(
            "added_after",
            N_("%(name)s must be a time in UTC, such as 2026-01-31T12:00:00.000000Z."),
        )
    return found


def _limit(text: str) -> int:
    # length first: turning a very long run of digits into a number is slow
    digits = text.lstrip("0") if text.isascii() and text.isdigit() else ""
    if not digits:
        raise _bad("limit", N_("%(name)s must be a whole number from 1."))
    return min(int(digits), MAX_LIMIT) if len(digits) < 10 else MAX_LIMIT


def _parts(name: str, text: str) -> frozenset[str]:
    parts = text.split(",")
    if len(parts) > MAX_VALUES:
        raise _bad(name, N_("%(name)s holds too many values; ask in several requests."))
    return frozenset(parts)


def _values(given: dict[str, str], name: str) -> frozenset[str] | None:
    if name not in given:
        return None
    parts = _parts(name, given[name])
    if not all(_FORMS[name].fullmatch(part) for part in parts):
        raise _bad(name, N_("%(name)s holds a value of the wrong form."))
    return parts


def _versions(text: str) -> tuple[frozenset[Which], frozenset[str]]:
    parts = _parts("match[version]", text)
    words = frozenset(Which(part) for part in parts if part in set(Which))
    exact = frozenset(version_key(part) for part in parts - words)
    if "" in exact:
        raise _bad("match[version]", N_("%(name)s must be last, first, all or times in UTC."))
    if Which.ALL in words and len(parts) > 1:
        raise _bad("match[version]", N_("In %(name)s, “all” must stand alone."))
    return words, exact


def version_key(version: str) -> str:
    """Return a form of a version (a timestamp) that sorts as text and is equal for equal times.

    "" for what is no time. The time may have any number of digits (STIX 2.1, section 2.16).
    """
    return _version_key(version) if len(version) <= 60 else ""


@lru_cache(maxsize=4096)
def _version_key(version: str) -> str:
    found = moment(version)
    if found is None:
        return ""
    second, digits = found
    return f"{second.isoformat()[:19]}.{digits}"


# the cursor


_TAG_BYTES: Final = 12
_LARGEST: Final = 2**63 - 1


def write_cursor(key: bytes, collection: UUID, position: int) -> str:
    """Return the `next` of a page that ended at a position.

    It holds no state: it may be sent twice, with another limit, and with other filters. The seal
    binds it to this installation and collection, so that nobody builds positions.
    """
    raw = position.to_bytes(8, "big")
    return base64.urlsafe_b64encode(raw + _seal(key, collection, raw)).decode("ascii").rstrip("=")


def read_cursor(key: bytes, collection: UUID, text: str) -> int:
    """Return the position in a cursor. Raises BadFilterError for one that we did not write."""
    refusal = _bad("next", N_("%(name)s is not a value that this server gave for this collection."))
    if len(text) > 60 or not text.isascii():
        raise refusal
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise refusal from None
    number, seal = raw[:8], raw[8:]
    if len(number) != 8 or not hmac.compare_digest(seal, _seal(key, collection, number)):
        raise refusal
    return min(int.from_bytes(number, "big"), _LARGEST)


def _seal(key: bytes, collection: UUID, raw: bytes) -> bytes:
    message = b"taxii-next" + collection.bytes + raw
    return hmac.new(key, message, hashlib.sha256).digest()[:_TAG_BYTES]
