"""Proves in one pass over an object, where it can, that nothing in it is an error.

`validation` says what is wrong and where; most objects of a feed have nothing wrong, and saying
so needs no paths. What is not proven here is judged there, so that every refusal is its own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cirt.errors import InvalidInputError
from cirt.stix.content_rules import content_findings
from cirt.stix.ids import STIX_ID
from cirt.stix.patterns import check_pattern
from cirt.stix.schema_validators import STRICT_EXTENSIONS, current_validator, known_types
from cirt.stix.timestamps import ORDERED, TIME_NAMES, Moment, moment

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
LAST_YEAR: Final = 2100

TARGETS: Final = {
    "created_by_ref": ("identity",),
    "object_marking_refs": ("marking-definition",),
    "marking_ref": ("marking-definition",),
    "observed_data_refs": ("observed-data",),
    "where_sighted_refs": ("identity", "location"),
}
"""Properties that may refer to objects of these types only, wherever they stand."""

_UUID: Final = re.compile(
    r"--[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}")
_LEFT: Final = frozenset(("marking-definition", "language-content"))
"""Types whose rules look at everything in an object."""
_NAMED: Final = frozenset(
    (
        *("revoked", "lang", "external_references", "extensions"),
        *("objects", "name_enc", "path_enc"),
    )
)
"""Properties with rules of their own."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the names of an object's properties ask for; the same few shapes fill a feed."""

    times: tuple[str, ...]
    past: tuple[str, ...]
    ordered: tuple[tuple[str, str, bool], ...]
    single: tuple[tuple[str, tuple[str, ...]], ...]
    many: tuple[tuple[str, tuple[str, ...]], ...]
    named: frozenset[str]


def _shape_of(names: tuple[str, ...]) -> _Shape:
    def targets(name: str) -> tuple[str, ...]:
        return tuple(f"{kind}--" for kind in TARGETS.get(name, ())) or ("",)

    return _Shape(
        tuple(name for name in names if name in TIME_NAMES),
        tuple(name for name in names if name in ("created", "modified")),
        tuple(pair for pair in ORDERED if pair[0] in names and pair[1] in names),
        tuple((name, targets(name)) for name in names if name.endswith("_ref")),
        tuple((name, targets(name)) for name in names if name.endswith("_refs")),
        _NAMED & set(names),
    )


class Proof:
    """Proves objects that come together; what repeats among them is looked at once.

    now: the time by which `created` and `modified` must not lie in the future.
    """

    def __init__(self, now: datetime) -> None:
        self._limit: Moment = (now.astimezone(UTC) + CLOCK_TOLERANCE, "")
        self._times: dict[str, Moment] = {}
        self._ids: set[tuple[str, tuple[str, ...]]] = set()
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def is_valid(self, obj: Any) -> bool:
        """Return True only for what `validation.check_object` finds no error in."""
        if type(obj) is not dict:
            return False
        stix_type, identifier = obj.get("type"), obj.get("id")
        if type(stix_type) is not str or type(identifier) is not str or stix_type in _LEFT:
            return False
        kind = known_types().get(stix_type)
        if kind is None or not _is_id(identifier, stix_type):
            return False
        if kind != "sco" and obj.get("spec_version") != "2.1":
            return False
        shape = self._shape(obj)
        return (
            (not shape.named or _are_named_fine(obj, kind, shape.named))
            and bool(current_validator(stix_type).is_valid(obj))
            and (stix_type != "indicator" or _is_pattern_fine(obj))
            and self._are_properties_fine(obj, shape)
            and self._are_times_in_order(obj, shape)
        )

    def _are_times_in_order(self, obj: dict[str, Any], shape: _Shape) -> bool:
        """Compare times, which `_are_properties_fine` has read."""
        times = self._times
        for name in shape.past:
            if times[obj[name]] > self._limit:
                return False
        for earlier, later, strictly in shape.ordered:
            one, other = obj[earlier], obj[later]
            if one == other:
                if strictly:
                    return False
            elif times[other] < times[one] or (strictly and times[other] == times[one]):
                return False
        return True

    def _are_properties_fine(self, obj: dict[str, Any], shape: _Shape) -> bool:
        """Look at times and references at any depth."""
        if not self._is_level_fine(obj, shape):
            return False
        waiting = [one for one in obj.values() if type(one) is dict or type(one) is list]
        for value in waiting:  # it grows meanwhile: no recursion, the depth is not ours
            inner: Iterable[Any] = value
            if type(value) is dict:
                if not self._is_level_fine(value, self._shape(value)):
                    return False
                inner = value.values()
            for one in inner:
                if type(one) is dict or type(one) is list:
                    waiting.append(one)
        return True

    def _is_level_fine(self, obj: dict[str, Any], shape: _Shape) -> bool:
        times, ids = self._times, self._ids
        for name in shape.times:
            value = obj[name]
            if type(value) is not str or (value not in times and not self._is_time(value)):
                return False
        for name, targets in shape.single:
            value = obj[name]
            if type(value) is not str or (
                (value, targets) not in ids and not self._is_reference(value, targets)
            ):
                return False
        for name, targets in shape.many:
            items = obj[name]
            if type(items) is not list:
                return False
            for value in items:
                if type(value) is not str or (
                    (value, targets) not in ids and not self._is_reference(value, targets)
                ):
                    return False
        return True

    def _shape(self, obj: dict[str, Any]) -> _Shape:
        names = tuple(obj)
        found = self._shapes.get(names)
        if found is None:
            found = self._shapes[names] = _shape_of(names)
        return found

    def _is_time(self, value: str) -> bool:
        found = moment(value) if len(value) <= 60 else None
        if found is None or found[0].year > LAST_YEAR:
            return False
        self._times[value] = found
        return True

    def _is_reference(self, value: str, targets: tuple[str, ...]) -> bool:
        if not value.startswith(targets) or STIX_ID.fullmatch(value) is None:
            return False
        self._ids.add((value, targets))
        return True


def _is_id(identifier: str, stix_type: str) -> bool:
    return (
        identifier.startswith(stix_type) and _UUID.fullmatch(identifier, len(stix_type)) is not None
    )


def _are_named_fine(obj: dict[str, Any], kind: str, names: frozenset[str]) -> bool:
    for name in names:
        value = obj[name]
        if name == "revoked":
            fine = kind != "sco"
        elif name == "lang":
            fine = type(value) is str and _LANGUAGE.fullmatch(value) is not None
        elif name == "external_references":
            fine = type(value) is list and not any(
                type(one) is not dict or one.get("source_name") == "cve" for one in value
            )
        elif name == "extensions":
            fine = type(value) is dict and not STRICT_EXTENSIONS & value.keys()
        else:  # of old observed-data; of files and directories
            fine = False
        if not fine:
            return False
    return True


def _is_pattern_fine(obj: dict[str, Any]) -> bool:
    if obj.get("pattern_type") != "stix":
        return True
    pattern = obj.get("pattern")
    if type(pattern) is not str:
        return False
    try:
        check_pattern(pattern)
    except InvalidInputError:
        return False
    return next(content_findings(obj), None) is None
