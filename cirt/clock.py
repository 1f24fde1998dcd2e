"""The current time, in UTC; the only place that asks the machine's clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware and in UTC, with microseconds."""
    return datetime.now(UTC)
