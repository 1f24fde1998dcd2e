"""What TAXII 2.1 says on the wire: media types, times, error resources, envelopes.

Source: TAXII Version 2.1, OASIS Standard, 10 June 2021. Requests' filters: `taxii_filters`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

VERSION: Final = "2.1"
MEDIA_TYPE: Final = "application/taxii+json;version=2.1"
"""The content type of every response, errors included (section 3.1)."""

STIX_MEDIA_TYPE: Final = "application/stix+json;version=2.1"
"""The only media type of the objects in our collections."""

MAX_CONTENT_LENGTH: Final = 20_000_000
"""Bytes of a request body that are always read (section 4.2: a smaller body is never refused)."""

_TAXII: Final = ("application", "taxii+json")
# what clients in the field name instead and still read TAXII: browsers' scripts and tools
_ALSO_SERVED: Final = (_TAXII, ("application", "json"))
# pushers in the field name the STIX types for an envelope
_ALSO_READ: Final = (_TAXII, ("application", "stix+json"), ("application", "vnd.oasis.stix+json"))

_MEDIA_RANGE = re.compile(
    r"\s*(?P<type>[!#$%&'*+.^_`|~0-9A-Za-z-]+)/(?P<subtype>[!#$%&'*+.^_`|~0-9A-Za-z-]+)"
    r"(?P<parameters>(?:\s*;[^,\"]*(?:\"[^\"]*\")?[^,\"]*)*)\s*",
    re.ASCII,
)
_QUALITY = re.compile(r"[01](?:\.\d{0,3})?", re.ASCII)


def is_acceptable(accept: str | None) -> bool:
    """Return whether a client with this Accept header takes our media type (RFC 9110, 12.5.1).

    No header, an empty one, `*/*`, no version and any letter case are all fine; the most specific
    range decides, so `application/taxii+json;q=0, */*` is a refusal.
    """
    if accept is None or not accept.strip():
        return True
    best = (-1, 0.0)
    for text in _split(accept):
        found = _media_range(text)
        if found is None:
            continue
        kind, parameters = found
        if kind in _ALSO_SERVED:
            if parameters.get("version", VERSION) != VERSION:
                continue
            # a named version is the most specific, then our own type, then plain JSON
            rank = 2 + (kind == _TAXII) + ("version" in parameters)
        elif kind == ("application", "*"):
            rank = 1
        elif kind == ("*", "*"):
            rank = 0
        else:
            continue
        best = max(best, (rank, _quality(parameters)))
    return best[1] > 0


def is_readable(content_type: str | None) -> bool:
    """Return whether a request body of this Content-Type is read: TAXII's or STIX's, any case."""
    found = _media_range(content_type or "")
    if found is None:
        return False
    kind, parameters = found
    return kind in _ALSO_READ and (kind != _TAXII or parameters.get("version", VERSION) == VERSION)


def is_taxii(content_type: str | None) -> bool:
    """Return whether an answer of this Content-Type is TAXII 2.1 (section 1.6.8.2), any case."""
    found = _media_range(content_type or "")
    return found is not None and found[0] == _TAXII and found[1].get("version", VERSION) == VERSION


def _split(header: str) -> list[str]:
    """Cut at commas that stand outside quotation marks."""
    return re.findall(r'(?:[^,"]|"[^"]*"?)+', header)


def _media_range(text: str) -> tuple[tuple[str, str], dict[str, str]] | None:
    match = _MEDIA_RANGE.fullmatch(text)
    if match is None:
        return None
    parameters: dict[str, str] = {}
    for part in match["parameters"].split(";"):
        name, equals, value = part.partition("=")
        if equals:
            parameters[name.strip().lower()] = value.strip().strip('"')
    return (match["type"].lower(), match["subtype"].lower()), parameters


def _quality(parameters: Mapping[str, str]) -> float:
    text = parameters.get("q", "1")
    return min(float(text), 1.0) if _QUALITY.fullmatch(text) else 0.0


# times


_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(when: datetime) -> int:
    """Return an aware time as whole microseconds since 1970, without rounding."""
    return (when - _EPOCH) // timedelta(microseconds=1)


def read_timestamp(text: str) -> int | None:
    """Return an RFC 3339 time in UTC as microseconds since 1970; None if it is none.

    0 to 9 digits after the second; what is beyond microseconds is cut off, which keeps
    `added_after` exact, since every date added is in whole microseconds.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    try:
        second = datetime.fromisoformat(match[1] + "+00:00")
    except ValueError:
        return None
    return microseconds(second) + int((match[2] or "").ljust(6, "0")[:6])


def moment_of(added_us: int) -> datetime:
    """Return microseconds since 1970 as an aware time."""
    return _EPOCH + timedelta(microseconds=added_us)


def write_timestamp(added_us: int) -> str:
    """Return microseconds since 1970 as TAXII writes a time (section 2: six digits, "Z")."""
    return moment_of(added_us).isoformat(timespec="microseconds").replace("+00:00", "Z")


# resources


def resource(value: Mapping[str, Any]) -> bytes:
    """Return a resource as JSON without its empty lists and absent values (section 2)."""
    kept = {name: item for name, item in value.items() if item is not None and item != []}
    return orjson.dumps(kept)


def error_resource(status: int, title: str, *, error_id: str = "", description: str = "") -> bytes:
    """Return the error message resource; `http_status` is a text (section 3.6.1)."""
    return resource(
        {
            "title": title,
            "description": description or None,
            "error_id": error_id or None,
            "http_status": str(status),
        }
    )


def envelope(bodies: Sequence[bytes], *, next_page: str | None, items: str = "objects") -> bytes:
    """Return stored JSON texts joined into an envelope; nothing is parsed again (section 3.7).

    next_page: the cursor of the following page, None on the last one. items: "objects" or
    "versions". No bodies and no further page make the empty envelope `{}`.
    """
    more = b"" if next_page is None else b'"more":true,"next":' + orjson.dumps(next_page)
    if not bodies:
        return b"{%s}" % more
    # joined in one go, and so copied once: a page may be large
    texts = [*bodies, b"]}"]
    texts[0] = b'{%s%s"%s":[%s' % (more, b"," if more else b"", items.encode(), bodies[0])
    texts[-2:] = [texts[-2] + texts[-1]]
    return b",".join(texts)


def manifest_record(stix_id: str, *, added_us: int, version: str) -> bytes:
    """Return one manifest record: one version of one object (section 5.3.2)."""
    return resource(
        {
            "id": stix_id,
            "date_added": write_timestamp(added_us),
            "version": version,
            "media_type": STIX_MEDIA_TYPE,
        }
    )


def date_headers(added: Iterable[int], added_after: int | None) -> dict[str, str]:
    """Return X-TAXII-Date-Added-First and -Last of a page (section 3.2).

    added: microseconds, ascending. For an empty page the standard names no value: `added_after`
    is given back, so that a client who trusts the header stays where it is; else none.
    """
    dates = list(added)
    if not dates and added_after is not None:
        dates = [added_after]
    if not dates:
        return {}
    return {
        "X-TAXII-Date-Added-First": write_timestamp(dates[0]),
        "X-TAXII-Date-Added-Last": write_timestamp(dates[-1]),
    }
