"""Single values of received objects: whatever stands there, the answer has the promised type.

Only the standard's own schemas were enforced at the door; extensions and drafts are as they came.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cirt.errors import InvalidInputError
from cirt.stix.ids import is_stix_id
from cirt.stix.impact_rules import is_whole
from cirt.stix.observables import Observable
from cirt.stix.timestamps import moment

Object = Mapping[str, Any]

_COMPARISON: Final = re.compile(
    r"([a-z0-9-]+):([a-z_]+)(?:\.(?:'([^']+)'|([A-Za-z0-9_-]+)))?\s*=\s*'((?:[^'\\]|\\.)*)'"
)
_NOT_VALUES: Final = frozenset(
    (
        *("type", "id", "spec_version", "object_marking_refs", "granular_markings"),
        *("extensions", "defanged"),
    )
)


def text(one: Object, name: str) -> str:
    """Return a text property, "" if there is none."""
    value = one.get(name)
    return value if isinstance(value, str) else ""


def words(one: Object, name: str) -> tuple[str, ...]:
    """Return the texts of a list; a single text counts as a list of one."""
    value = one.get(name)
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def mapping(one: Object, name: str) -> Object:
    """Return an object-valued property, an empty one if there is none."""
    value = one.get(name)
    return value if isinstance(value, Mapping) else {}


def rows(one: Object, name: str) -> list[Object]:
    """Return the objects in a list."""
    value = one.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def ids(one: Object, name: str) -> tuple[str, ...]:
    """Return the identifiers of a list, or the one of a `_ref`."""
    return tuple(item for item in words(one, name) if is_stix_id(item))


def whole(one: Object, name: str, largest: int) -> int | None:
    """Return a whole number from 0 to `largest`, None for anything else."""
    value = one.get(name)
    return value if is_whole(value, largest) else None


def when(one: Object, name: str) -> datetime | None:
    """Return a time, cut to microseconds; None if there is none."""
    found = moment(one.get(name))
    if found is None:
        return None
    digits = "999999" if found[1].startswith("~") else (found[1] + "000000")[:6]
    return found[0].replace(microsecond=int(digits)).astimezone(UTC)


def counts(one: Object, name: str) -> dict[str, int]:
    """Return an entity-count, also in the later draft's form {"entity_type", "count"}."""
    value = one.get(name)
    if isinstance(value, Mapping) and "entity_type" in value:
        value = [value]
    if isinstance(value, list):
        pairs = [(row.get("entity_type"), row.get("count")) for row in rows({"of": value}, "of")]
    else:
        pairs = list(mapping(one, name).items())
    return {
        kind: number
        for kind, number in pairs
        if isinstance(kind, str) and isinstance(number, int) and is_whole(number, 2**53 - 1)
    }


def observable_of(one: Object) -> Observable | None:
    """Return the observable that an SCO or a vulnerability is; None for what is not handled here."""
    properties = {
        name: value
        for name, value in one.items()
        if name not in _NOT_VALUES and not name.endswith(("_ref", "_refs"))
    }
    if one.get("type") == "vulnerability":
        properties = {"name": text(one, "name")}
    return _canonical(text(one, "type"), properties)


def looked_for(pattern: str) -> Observable | None:
    """Return what a STIX pattern of plain comparisons of one thing looks for; None for any other."""
    inner = pattern.strip()
    if not (inner.startswith("[") and inner.endswith("]")) or len(inner) > 2_000:
        return None
    inner = inner[1:-1]
    pieces = list(_COMPARISON.finditer(inner))
    between = re.split(r"\s+(?:AND|OR)\s+", _COMPARISON.sub("•", inner).strip())
    kinds = {piece[1] for piece in pieces}
    if len(kinds) != 1 or between != ["•"] * len(pieces):
        return None
    properties: dict[str, Any] = {}
    for piece in pieces:
        value = re.sub(r"\\(.)", r"\1", piece[5])
        key = piece[3] or piece[4]
        if key is None and piece[2] not in properties:
            properties[piece[2]] = value
        elif piece[2] == "hashes" and key not in properties.setdefault("hashes", {}):
            properties["hashes"][key] = value
        else:
            return None
    if len(properties) > 1 and kinds != {"file"}:
        return None
    return _canonical(kinds.pop(), properties)


def _canonical(kind: str, properties: dict[str, Any]) -> Observable | None:
    try:
        return Observable(kind, properties).canonical()
    except (InvalidInputError, TypeError, ValueError, AttributeError):
        return None
