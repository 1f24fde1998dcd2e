"""Pages of a list: by keys, so that page 10,000 costs what page 1 does and no row is met twice.

The `next` of a page is the key of its last row, sealed: nobody builds positions, and one list's
`next` is no other list's.
"""

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import strictjson
from cirt.db import UtcTime
from cirt.errors import N_, InvalidInputError

MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
_TAG_BYTES: Final = 12
_LONGEST: Final = 1_000  # characters


class WrongNextError(InvalidInputError):
    """The `next` is not one that this list gave."""


@dataclass(frozen=True)
class PageRequest:
    """Which page is asked for. after: the key of the last row of the page before, None: the first."""

    limit: int = DEFAULT_LIMIT
    after: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Paged:
    """A page of plain JSON values. next: the key of its last row; None: there is no more."""

    items: Sequence[Any]
    next: tuple[str, ...] | None = None


def read_page(
    session: Session,
    query: sa.Select[Any],
    page: PageRequest,
    *keys: Any,
    plain: Callable[[Any], Any],
    newest_first: bool = False,
) -> Paged:
    """Return one page of what a query finds.

    keys: columns of the query's first entity that order the list, none of them null, the last of
    them unique; an index on them makes every page cheap. plain: turns a row into JSON values.
    """
    if page.after is not None:
        values = [_read(text, column) for text, column in zip(page.after, keys, strict=True)]
        row = sa.tuple_(*keys)
        last = sa.tuple_(
            *(sa.literal(value, key.type) for value, key in zip(values, keys, strict=True))
        )
        query = query.where(row < last if newest_first else row > last)
    order = [key.desc() if newest_first else key.asc() for key in keys]
    found = session.scalars(query.order_by(*order).limit(page.limit + 1)).unique().all()
    rows = found[: page.limit]
    more = len(found) > page.limit
    return Paged(
        [plain(each) for each in rows],
        tuple(_write(getattr(rows[-1], key.key)) for key in keys) if more else None,
    )


def _write(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(text: str, column: Any) -> Any:
    try:
        if isinstance(column.type, UtcTime):
            return datetime.fromisoformat(text)
        if isinstance(column.type, sa.Uuid):
            return uuid.UUID(text)
        return int(text) if isinstance(column.type, sa.Integer) else text
    except ValueError:
        raise _wrong() from None


def write_next(key: bytes, place: str, after: tuple[str, ...]) -> str:
    """Return the `next` of a page. place: of which list, such as its operation's name."""
    raw = json.dumps(after, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(key, place, raw) + raw).decode("ascii").rstrip("=")


def read_next(key: bytes, place: str, text: str) -> tuple[str, ...]:
    """Return the key of the last row in a `next`. Raises WrongNextError for what we did not write."""
    if len(text) > _LONGEST or not text.isascii():
        raise _wrong()
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _wrong() from None
    seal, raw = found[:_TAG_BYTES], found[_TAG_BYTES:]
    if not hmac.compare_digest(seal, _seal(key, place, raw)):
        raise _wrong()
    return tuple(strictjson.loads(raw))


def _seal(key: bytes, place: str, raw: bytes) -> bytes:
    message = b"api-next\0" + place.encode() + b"\0" + raw
    return hmac.new(key, message, hashlib.sha256).digest()[:_TAG_BYTES]


def _wrong() -> WrongNextError:
    return WrongNextError(
        N_("“next” is not a value that this list gave; begin with its first page."), field="next"
    )
