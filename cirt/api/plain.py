"""How values stand in JSON."""

import json
from datetime import UTC, datetime
from typing import Any, overload


@overload
def plain_time(moment: datetime) -> str: ...
@overload
def plain_time(moment: None) -> None: ...
def plain_time(moment: datetime | None) -> str | None:
    """Return a time in UTC with microseconds (RFC 3339)."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain_bytes(value: Any) -> bytes:
    """Return JSON values as they are sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def pretty(value: Any, *, indent: int | None = 2) -> str:
    """Return JSON values as people read them."""
    return json.dumps(value, ensure_ascii=False, indent=indent)
