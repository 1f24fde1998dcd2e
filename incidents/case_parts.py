"""What impacts, tasks and observables of a case share: their values compared, and no lost update."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cirt.errors import N_, ConflictError
from cirt.stix.ids import canonical_json

STALE = N_(
    "Somebody else changed this while you were writing. Nothing was overwritten: compare below,"
    " then save again."
)


def json_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON has them: times in ISO 8601."""
    return {
        name: value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if isinstance(value, datetime)
        else value
        for name, value in values.items()
    }


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return {name: [before, after]} of the values that differ.

    A name may be on one side only; nothing, "", [] and {} are the same.
    """
    return {
        name: [before.get(name), after.get(name)]
        for name in {**before, **after}
        if _something(before.get(name)) != _something(after.get(name))
    }


def _something(value: Any) -> Any:
    return None if value in ("", [], {}) else value


def stamp_of(values: Mapping[str, Any]) -> str:
    """Return a stamp of these values; a form carries it, to tell whether they are still so."""
    return hashlib.sha256(canonical_json(dict(values))).hexdigest()[:32]


def check_stamp(stamp: str | None, present: Mapping[str, Any]) -> None:
    """Raise ConflictError when the stamp, if there is one, is not that of the present values."""
    if stamp is not None and stamp != stamp_of(present):
        raise ConflictError(STALE, field="stamp")
