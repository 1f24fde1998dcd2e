"""Rows of tables as JSON lines, the same on every engine: what a backup and a move are made of.

A line holds one row as RFC 8259 JSON with sorted names: times in ISO 8601 with microseconds,
UUIDs as text, bytes as {"utf8": text} where they are UTF-8 and as base64 where not. Everything
here works row by row, so that memory does not grow with a table.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.db import UtcTime
from cirt.errors import N_, InvalidInputError

BATCH = 1000

DAMAGED = N_("The backup is damaged; nothing was restored.")


class Digest:
    """The digest of a table's rows in whatever order they come; equal for equal rows alone.

    The sum of every line's SHA-256, modulo 2**256, with the number of lines: no engine has to
    sort, and no collation matters. It finds damage and loss; who may write the digest itself is
    the matter of whoever keeps it.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        """Count one line in, with or without the line feed at its end."""
        self._sum += int.from_bytes(hashlib.sha256(line.rstrip(b"\n")).digest(), "big")
        self.rows += 1

    @property
    def value(self) -> str:
        """Return the digest as 64 hexadecimal digits."""
        return f"{self._sum % (1 << 256):064x}"


def lines(session: Session, table: sa.Table, present: Collection[str] = ()) -> Iterator[bytes]:
    """Yield a table's rows as lines, each with a line feed, in whatever order the engine has.

    present: the columns that this database has, where its tables are of an earlier version.
    """
    query = sa.select(_columns(table, present)).execution_options(yield_per=BATCH)
    for found in session.execute(query).mappings():
        yield line(found)


def _columns(table: sa.Table, present: Collection[str]) -> sa.TableClause:
    """Return the table without the defaults of its columns, which an earlier version has not."""
    names = [one for one in table.columns if not present or one.name in present]
    return sa.table(table.name, *(sa.column(one.name, _kind(one)) for one in names))


def _kind(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """Return a column's type; what is absent stays absent, and is not the word null of JSON."""
    is_json = isinstance(column.type, sa.JSON)
    return sa.JSON(none_as_null=True) if is_json and column.nullable else column.type


def line(values: Any) -> bytes:
    """Return one row (a mapping of column names to Python values) as a line."""
    plain = {name: _plain(value) for name, value in values.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def digest(session: Session, table: sa.Table, present: Collection[str] = ()) -> Digest:
    """Return the digest of the rows that a table holds now; present: as for `lines`."""
    found = Digest()
    for one in lines(session, table, present):
        found.add(one)
    return found


def row(table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a line as the columns of the table take them."""
    return {name: _typed(table.columns[name].type, value) for name, value in values.items()}


def fill(session: Session, table: sa.Table, found: Iterable[bytes]) -> Digest:
    """Insert lines into a table in batches and return their digest.

    A row comes after the row of the same table that it refers to, in whatever order they come.
    The lines may be of an earlier version of the table.
    """
    total, target = Digest(), None
    batch: list[dict[str, Any]] = []
    for one in generations(table, _counted(found, total)):
        values = json.loads(one)
        if target is None:
            target = sa.insert(_columns(table, values.keys()))
        batch.append(row(table, values))
        if len(batch) == BATCH:
            session.execute(target, batch)
            batch = []
    if batch and target is not None:
        session.execute(target, batch)
    return total


def _counted(found: Iterable[bytes], total: Digest) -> Iterator[bytes]:
    for one in found:
        total.add(one)
        yield one


def generations(table: sa.Table, found: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a table's lines so that a row comes after the row of the same table it refers to.

    Only the lines of a table that refers to itself are held, and only until their turn comes.
    Raises InvalidInputError when a row refers to one that is not there.
    """
    own = [
        (key.parent.name, key.column.name)
        for key in table.foreign_keys
        if key.column.table is table
    ]
    if not own:
        yield from found
        return
    [(reference, name)] = own  # no table refers to itself twice
    known: set[Any] = {None}
    waiting: dict[Any, list[tuple[Any, bytes]]] = {}  # by the row that they wait for
    for one in found:
        values = json.loads(one)
        if values[reference] not in known:
            waiting.setdefault(values[reference], []).append((values[name], one))
            continue
        ready = [(values[name], one)]
        while ready:
            key, next_one = ready.pop()
            yield next_one
            known.add(key)
            ready += waiting.pop(key, [])
    if waiting:
        raise InvalidInputError(DAMAGED)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        try:
            return {"utf8": value.decode()}
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return value


def _typed(kind: Any, value: Any) -> Any:
    if value is None or isinstance(kind, sa.JSON):
        return value
    if isinstance(kind, UtcTime):  # a type of ours does not say which Python type it is
        return datetime.fromisoformat(value)
    python_type = kind.python_type
    if python_type is uuid.UUID:
        return uuid.UUID(value)
    if python_type is bytes:
        return value["utf8"].encode() if isinstance(value, dict) else base64.b64decode(value)
    if python_type is date:
        return date.fromisoformat(value)
    return value
