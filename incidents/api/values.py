"""Values of request bodies and answers that the operations of the incident half share."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cirt.api.schemas import TEXT, Schema, one_of
from cirt.errors import N_, InvalidInputError
from cirt.incidents.exits import Exit, may_leave
from cirt.stix.marking import TLP

MARKING: Final[Schema] = one_of(*(tlp.value for tlp in TLP if may_leave(tlp, Exit.API)))
"""TLP:RED is none of them."""

TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
BOOLEAN: Final[Schema] = {"type": "boolean"}
COUNTS: Final[Schema] = {
    "type": "object",
    "description": "How many of each kind of entity.",
    "additionalProperties": COUNT,
}


def moment(body: Mapping[str, Any], name: str, *, pointer: str = "") -> datetime | None:
    """Return a time of a body, None if it is null or not there. Raises InvalidInputError."""
    text = body.get(name)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # a leap second, the year 0
        raise InvalidInputError(
            N_("This time cannot be kept; write it as 2026-01-31T12:00:00Z."),
            field=f"{pointer}{name}",
        ) from error


def given(
    body: Mapping[str, Any], read: Callable[[Mapping[str, Any], str], Any], *names: str
) -> dict[str, Any]:
    """Return what a body says under those of these names that it has, as `read` reads it."""
    return {name: read(body, name) for name in names if name in body}


def whole(body: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number of a body, which may be written as 3.0; None if it is null or not there."""
    number = body.get(name)
    return None if number is None else int(number)


def counts(body: Mapping[str, Any], name: str) -> dict[str, int]:
    """Return how many of each kind a body says."""
    return {kind: int(number) for kind, number in body[name].items()}


def words(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of a body, each word once, in the order given."""
    return tuple(dict.fromkeys(body.get(name) or ()))
