"""Answers to machines, compressed for those that take gzip (RFC 9110, sections 8.4 and 12.5.3)."""

import gzip
import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

import flask

SMALLEST: Final = 1_000
"""Bytes from which compressing is worth its while."""

_LEVEL: Final = 1  # STIX repeats itself: higher levels cost more time than they save bytes
_LONGEST: Final = 300  # a longer header is read as if it were absent
_CODING = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", re.ASCII
)


class Wish(IntEnum):
    """What a client takes: the bytes as they are; gzip where it is worth it; nothing but gzip."""

    PLAIN = 0
    COMPRESSED = 1
    ONLY_COMPRESSED = 2


def wish(accept_encoding: str | None) -> Wish:
    """Return what an Accept-Encoding header asks for; no header asks for nothing."""
    if not accept_encoding or len(accept_encoding) > _LONGEST:
        return Wish.PLAIN
    return _wish(accept_encoding)


@lru_cache(maxsize=256)
def _wish(accept_encoding: str) -> Wish:
    given: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        found = _CODING.fullmatch(part)
        if found is not None:
            given[found[1]] = min(float(found[2] or "1"), 1.0)
    others = given.get("*", 0.0)
    compressed = given.get("gzip", given.get("x-gzip", others))
    # what is not named is acceptable, and less wanted than anything that is
    plain = given.get("identity", others if "*" in given else 0.001)
    if compressed == 0 or compressed < plain:
        return Wish.PLAIN
    return Wish.COMPRESSED if plain > 0 else Wish.ONLY_COMPRESSED


def encoded(body: bytes, wished: Wish) -> bytes | None:
    """Return the bytes compressed, None where they go out as they are.

    The same bytes give the same bytes: no time stands in them.
    """
    if not body or wished == Wish.PLAIN or (wished == Wish.COMPRESSED and len(body) < SMALLEST):
        return None
    return gzip.compress(body, _LEVEL, mtime=0)


def encode(response: flask.Response) -> flask.Response:
    """Compress an answer if its request takes that; a hook after the request."""
    response.vary.add("Accept-Encoding")
    if response.is_streamed or response.direct_passthrough or response.content_encoding:
        return response
    body = encoded(response.get_data(), wish(flask.request.headers.get("Accept-Encoding")))
    if body is not None:
        response.set_data(body)
        response.content_encoding = "gzip"
    return response
