"""Timestamps of STIX 2.1: written in whole milliseconds, read and compared exactly.

Source: STIX 2.1, section 2.16 (any number of digits after the seconds, always "Z").
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(?:\.(\d+))?Z", re.ASCII)

_NAMES = """
created modified published valid_from valid_until first_seen last_seen first_observed last_observed
start_time stop_time end_time start end date ctime mtime atime created_time modified_time
account_created account_expires credential_last_changed account_first_login account_last_login
validity_not_before validity_not_after private_key_usage_period_not_before
private_key_usage_period_not_after time_date_stamp submitted analysis_started analysis_ended
conversion_time
"""
TIME_NAMES: Final = frozenset(_NAMES.split())
"""Properties that hold a time, in all types and extensions of the standard."""

ORDERED: Final = (
    ("created", "modified", False),
    ("first_seen", "last_seen", False),
    ("first_observed", "last_observed", False),
    ("valid_from", "valid_until", True),
    ("start_time", "stop_time", True),
    ("start_time", "end_time", False),
    ("analysis_started", "analysis_ended", False),
    ("validity_not_before", "validity_not_after", False),
    ("start", "end", False),
)
"""Pairs of properties: the second is not before the first; True: not equal either."""

Moment = tuple[datetime, str]
"""A second, and the digits after it without trailing zeros."""


def timestamp(when: datetime) -> str:
    """Return a time as we write it: UTC, whole milliseconds. It must know its time zone."""
    if when.tzinfo is None:
        raise ValueError("a time without time zone")
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_written_as_timestamp(value: str) -> bool:
    """Whether a text has the form of a timestamp; the date in it may still not exist."""
    return _TIMESTAMP.fullmatch(value) is not None


def moment(value: Any) -> Moment | None:
    """Return a timestamp in a form that compares exactly, beyond microseconds; None if it is none.

    A leap second (":60") comes after every fraction of the second before it.
    """
    return _moment(value) if isinstance(value, str) and len(value) <= 60 else _moment_once(value)


@lru_cache(maxsize=4096)
def _moment(value: str) -> Moment | None:
    return _moment_once(value)


def _moment_once(value: Any) -> Moment | None:
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    leap = match[2] == "60"
    try:
        second = datetime.fromisoformat(match[1] + ("59" if leap else match[2]) + "+00:00")
    except ValueError:
        return None
    return second, ("~" if leap else "") + (match[3] or "").rstrip("0")
