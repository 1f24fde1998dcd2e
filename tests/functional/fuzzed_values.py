"""Values, bodies and headers as nobody should send them."""

import copy
import gzip
import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

TAXII = "application/taxii+json;version=2.1"

NASTY: tuple[Any, ...] = (
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "\ud800",
        "\u202e",
        "ن",
        "𝔘",
        "A" * 5_000,
        "..",
        "../../etc/passwd",
    ),
    *(
        "%00",
        "%",
        "%ff",
        "%u0000",
        "'; DROP TABLE x; --",
        "{{7*7}}",
        "<script>",
        "-1",
        "0",
        "1e400",
    ),
    *(
        "99999999999999999999",
        "null",
        "true",
        "[]",
        "{}",
        "2026-02-30T25:61:61Z",
        "0001-01-01T00:00:00Z",
    ),
    *("9999-12-31T23:59:59.999999999Z", "last,last", "all,first", "indicator--x", "latest"),
    *(
        None,
        True,
        False,
        0,
        -1,
        2**53,
        2**63,
        2**64,
        -(2**70),
        1e308,
        0.1,
        [],
        {},
        [[]],
        {"": None},
    ),
)

PARAMETERS = (
    *("limit", "next", "added_after", "match[id]", "match[type]", "match[version]"),
    *(
        "match[spec_version]",
        "page",
        "q",
        "lang",
        "state",
        "collection",
        "tlp",
        "kind",
        "only",
        "with",
    ),
    *("from", "to", "order", "search", "year", "format", "version", "x"),
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")

ACCEPTS = (
    *(
        TAXII,
        "application/taxii+json",
        "application/json",
        "text/html",
        "*/*",
        "",
        "x",
        "text/*;q=0",
    ),
    *("application/taxii+json;version=9.9", "a/b;q=zzz, , ;", "application/problem+json"),
)

TYPES = (
    *(TAXII, "application/taxii+json", "application/json", "application/x-www-form-urlencoded"),
    *(
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain; charset=utf-7",
        "",
        "/",
    ),
    *("application/json; charset=utf-16", "application/merge-patch+json"),
)

ENCODINGS = ("gzip", "deflate", "br", "identity", "gzip, gzip", "x", "chunked")

_OBJECT: dict[str, Any] = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": "indicator--5c3f7ac3-8d9d-4ea7-a6a0-3d5b0d4b51c1",
    "created": "2026-01-02T03:04:05.000Z",
    "modified": "2026-01-02T03:04:05.000Z",
    "name": "Loader",
    "indicator_types": ["malicious-activity"],
    "pattern": "[ipv4-addr:value = '192.0.2.1']",
    "pattern_type": "stix",
    "valid_from": "2026-01-02T03:04:05Z",
    "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
}

KNOWN_ID: str = _OBJECT["id"]

SAMPLES: tuple[dict[str, Any], ...] = (
    {"objects": [_OBJECT]},
    {
        "objects": [
            {
                **{name: _OBJECT[name] for name in ("spec_version", "created", "modified")},
                "type": "report",
                "id": "report--5c3f7ac3-8d9d-4ea7-a6a0-3d5b0d4b51c1",
                "name": "Report",
                "published": "2026-01-02T03:04:05Z",
                "object_refs": [_OBJECT["id"]],
            },
            {
                "type": "ipv4-addr",
                "spec_version": "2.1",
                "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
                "value": "198.51.100.3",
            },
        ]
    },
    {"title": "Mail server scanned", "tlp": "green", "description": "x", "severity": 3},
    {"name": "x", "items": [1, 2, 3], "nested": {"a": {"b": ["c", None, True, 1.5]}}},
)


@cache
def bomb() -> bytes:
    """Return few bytes that are 100 MB when decompressed."""
    return gzip.compress(b'{"objects":[' + b" " * 100_000_000 + b"]}", 9)


def mutate(value: Any, chance: random.Random, ids: Sequence[str]) -> None:
    """Change something somewhere inside a JSON value."""
    places: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        for key in one if isinstance(one, dict) else range(len(one)):
            places.append((one, key))
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
    if not places:
        return
    holder, key = chance.choice(places)
    act = chance.randrange(6)
    if act == 0:
        del holder[key]
    elif act == 1:
        holder[key] = chance.choice(ids)
    elif act == 2 and isinstance(holder, dict):
        holder[str(chance.choice(NASTY))] = holder.get(key)
    elif act == 3 and isinstance(holder, list):
        holder += [holder[key]] * 3
    elif act == 4:
        holder[key] = [holder[key]] if chance.random() < 0.5 else {"a": holder[key]}
    else:
        # a copy: the next change may be made inside it, and of one that holds itself there is no end
        holder[key] = copy.deepcopy(chance.choice(NASTY))


def real_samples(folder: Path) -> list[Any]:
    """Return a few small envelopes out of public data; [] where they are absent."""
    found: list[Any] = []
    for path in sorted((folder / "stix").rglob("*.json"))[:200]:
        if path.stat().st_size < 20_000:
            try:
                one = json.loads(path.read_bytes())
            except ValueError:
                continue
            objects = one.get("objects") if isinstance(one, dict) else None
            found.append({"objects": objects} if isinstance(objects, list) else {"objects": [one]})
    return found[:40]
