"""What may be said of an observable: its role, and when and how often it was seen.

Knows no web and no database.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from cirt.errors import N_, InvalidInputError
from cirt.incidents.case_details import check_moment

Role = Literal["detection", "context", "victim"]
ROLES: tuple[Role, ...] = get_args(Role)
MOST_SEEN = 999_999_999


@dataclass(frozen=True, kw_only=True)
class Seen:
    """When an observable was seen first and last, and how often in between; None for not known."""

    first: datetime | None = None
    last: datetime | None = None
    count: int | None = None


def role_of(*, is_indicator: bool, is_victim: bool) -> Role:
    """Return the role: what belongs to the victim is never for detection."""
    if is_victim:
        return "victim"
    return "detection" if is_indicator else "context"


def check_seen(seen: Seen, *, now: datetime) -> None:
    """Raise InvalidInputError, naming the field, unless times and number fit each other.

    A number needs both times (observed-data, STIX 2.1, section 4.14: 1 to 999,999,999).
    """
    check_moment("first_observed", seen.first, now)
    check_moment("last_observed", seen.last, now)
    if seen.first and seen.last and seen.last < seen.first:
        raise InvalidInputError(
            N_("It cannot have been seen last before it was seen first; correct one of the two."),
            field="last_observed",
        )
    if seen.count is None:
        return
    if not 1 <= seen.count <= MOST_SEEN:
        raise InvalidInputError(
            N_("Give a whole number from 1 to %(most)s."), field="count", most=MOST_SEEN
        )
    for name, moment in (("first_observed", seen.first), ("last_observed", seen.last)):
        if moment is None:
            raise InvalidInputError(
                N_("A number of sightings needs the time of the first and of the last."), field=name
            )
