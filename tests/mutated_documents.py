"""Documents that were right and then changed a little, as accidents and attackers change them."""

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from cirt import strictjson
from cirt.strictjson import Limits, StrictJsonError

LIMITS = Limits(max_depth=64, max_string=200)

_PIECES = (
    *(
        '"',
        "\\",
        "\\\\",
        '\\"',
        "\\u0000",
        "\\ud83d",
        "\\ude00",
        "\\ud83d\\ude00",
        "\\\\ud83d\\ude00",
    ),
    *("{", "}", "[", "]", ",", ":", " ", "\n", "\x00", "\ufeff", "é", "😀", "\u202e", "'", "null"),
    *("NaN", "Infinity", "-", "1e400", "1e5", "0.1", "-0", "9007199254740991", "9007199254740993"),
    *('"a":1,', '"a":1,"a":2,', "[" * 40, "]" * 40, "[" * 70 + "]" * 70, '"' + "x" * 300 + '"'),
)

_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**53 - 1, "", "x", [], {}, [[]], [{}], {"a": {"b": []}}),
    *("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456789Z", "2026-02-30T00:00:00Z"),
    *("2101-01-01T00:00:00Z", "2026-01-01T00:00:60Z", "2027-06-01T00:00:00Z", "yesterday"),
    *("identity--00000000-0000-4000-8000-000000000000", "Identity--0", "a--b", "en", "en-GB", "e!"),
    *("[ipv4-addr:value = '192.0.2.1']", "[a:b = 1]", "[", "ipv4-addr", "indicator", "\u202eevil"),
    ["identity--00000000-0000-4000-8000-000000000000"],
    ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    [{"source_name": "cve", "external_id": "CVE-1"}],
    [{"source_name": "x", "url": "javascript:1"}],
    {"extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a": {"created_by_ref": "x"}},
)

_NAMES = (
    *(
        "type",
        "id",
        "spec_version",
        "created",
        "modified",
        "revoked",
        "lang",
        "labels",
        "confidence",
    ),
    *("created_by_ref", "object_marking_refs", "granular_markings", "external_references"),
    *(
        "extensions",
        "pattern",
        "pattern_type",
        "valid_from",
        "valid_until",
        "start_time",
        "end_time",
    ),
    *(
        "name",
        "value",
        "key",
        "x_custom",
        "x_ref",
        "x_refs",
        "start",
        "date",
        "object_refs",
        "hashes",
    ),
    *(
        "first_observed",
        "last_observed",
        "name_enc",
        "path_enc",
        "objects",
        "contents",
        "source_ref",
    ),
)


def texts(chance: random.Random, originals: Sequence[str], count: int) -> Iterator[bytes]:
    """Yield texts, most of which are nearly JSON."""
    for _ in range(count):
        text = chance.choice(originals)
        for _change in range(chance.choice((0, 1, 1, 1, 2, 3))):
            place, length = chance.randrange(len(text) + 1), chance.choice((0, 0, 1, 2, 7))
            text = text[:place] + chance.choice(_PIECES) + text[place + length :]
        yield text.encode("utf-8", "surrogatepass")


def exactly_read(data: bytes) -> tuple[str, Any]:
    """Return what the exact pass of the strict reader alone makes of a text."""
    try:
        text, _written = strictjson._decoded(data, LIMITS)
        strictjson._scan(text, LIMITS)
        return "value", repr(json.loads(text))
    except StrictJsonError as error:
        return "refused", str(error)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        return "refused", f"This is not JSON: {place} ({error.msg})."


def objects(
    chance: random.Random, originals: Sequence[dict[str, Any]], count: int
) -> Iterator[dict[str, Any]]:
    """Yield STIX objects, most of which are nearly valid."""
    for _ in range(count):
        one = copy.deepcopy(chance.choice(originals))
        for _change in range(chance.choice((0, 1, 1, 2))):
            _change_at(chance, one)
        yield json.loads(json.dumps(one))


def _change_at(chance: random.Random, one: dict[str, Any]) -> None:
    inner = [value for value in _levels(one) if value]
    target = chance.choice(inner) if inner and chance.random() < 0.3 else one
    if isinstance(target, list):
        target[chance.randrange(len(target))] = chance.choice(_VALUES)
        return
    name = chance.choice((*target, *_NAMES))
    kind = chance.random()
    if kind < 0.2:
        target.pop(name, None)
    elif kind < 0.4 and isinstance(target.get(name), str):
        text, place = target[name], chance.randrange(len(target[name]) + 1)
        target[name] = text[:place] + chance.choice(("A", "0", "-", "Z", "é")) + text[place + 1 :]
    else:
        target[name] = chance.choice((*_VALUES, *target.values()))


def _levels(value: Any) -> list[Any]:
    found: list[Any] = []
    waiting = [value]
    for one in waiting:
        inner = list(one.values() if isinstance(one, dict) else one)
        waiting += [part for part in inner if isinstance(part, dict | list)]
        found.append(one)
    return found
