"""Thousands of rows by one statement, thousands of values in one parameter, on both databases.

What SQLAlchemy does for every row and every value of a list costs more than the databases' own
work on them; here it is done once for each column.
"""

import os
import re
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeVarTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from cirt.postgresql_engine import PLANNED_ANEW

Row = TypeVarTuple("Row")

_LENGTH: Final = re.compile(r"\(\d+\)")


def among(
    session: Session,
    column: InstrumentedAttribute[Any] | sa.ColumnElement[Any],
    values: Collection[Any],
) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of many values, which are one parameter."""
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        return column == sa.any_(sa.bindparam(None, list(values), type_=ARRAY(_bare(column.type))))
    written = _written(column.type, dialect, values)
    listed = sa.func.json_each(orjson.dumps(written).decode()).table_valued("value")
    return column.in_(sa.select(sa.type_coerce(listed.c.value, column.type)))


def for_each(
    session: Session,
    query: sa.Select[*Row],
    column: InstrumentedAttribute[Any],
    values: Collection[Any],
    *,
    then: InstrumentedAttribute[Any] | None = None,
) -> sa.Select[*Row]:
    """Return a query for rows whose column has one of many values, each sought by an index.

    values: each once. then: the column after this one in the index. For questions of which most
    values have no answer: PostgreSQL, which cannot know that, would read everything that the rest
    of the query allows, and compare it.
    """
    if session.get_bind().dialect.name != "postgresql":
        return query.where(among(session, column, values))
    listed = sa.func.unnest(sa.bindparam(None, list(values), type_=ARRAY(_bare(column.type))))
    wanted = listed.table_valued("value").render_derived(name="wanted")
    if then is not None:  # of two indexes that look alike while a table is new, this tells one
        query = query.order_by(then)
    # the OFFSET keeps the planner from turning this into a join of its choice
    one = query.where(column == wanted.c.value).offset(sa.literal_column("0")).lateral("one")
    found: sa.Select[*Row] = sa.select(*one.c).select_from(wanted.join(one, sa.true()))
    return found.execution_options(**{PLANNED_ANEW: True})


def insert_rows(
    session: Session,
    table: sa.FromClause,
    columns: Mapping[str, Sequence[Any]],
    constants: Mapping[str, Any],
) -> None:
    """Insert rows; one whose key is there already is an error of the database.

    columns: the values of every row, by column; constants: what is the same in all of them. All
    columns must be named but those that are empty or that the database fills.
    """
    _insert(session, table, columns, constants, "")


def insert_absent(
    session: Session,
    table: sa.FromClause,
    columns: Mapping[str, Sequence[Any]],
    constants: Mapping[str, Any],
) -> int:
    """Insert rows like `insert_rows`, leave those whose key is there, and return how many were new."""
    return _insert(session, table, columns, constants, " ON CONFLICT DO NOTHING")


def new_ids(count: int) -> list[uuid.UUID]:
    """Return ids for rows that come together: random, yet beside each other in an index.

    Like version 7 of RFC 9562: milliseconds first. Rows in the order of their times are written
    to one place of the file; random ones to as many places as there are rows.
    """
    begin = (time.time_ns() // 1_000_000 << 80) | (7 << 76) | (2 << 62)
    noise = os.urandom(10 * count)
    found = []
    for place in range(0, 10 * count, 10):
        random = int.from_bytes(noise[place : place + 10], "big")
        low, high = random & (2**62 - 1), random >> 62 & 0xFFF
        found.append(uuid.UUID(int=begin | high << 64 | low))
    return found


def _insert(
    session: Session,
    table: sa.FromClause,
    columns: Mapping[str, Sequence[Any]],
    constants: Mapping[str, Any],
    end: str,
) -> int:
    if not next(iter(columns.values())):
        return 0
    dialect = session.get_bind().dialect
    kinds = {name: table.c[name].type for name in [*constants, *columns]}
    same = {name: _written(kinds[name], dialect, [one])[0] for name, one in constants.items()}
    rows = {name: _written(kinds[name], dialect, values) for name, values in columns.items()}
    head = f"INSERT INTO {table} ({', '.join(kinds)})"
    parameters: Any
    if dialect.name == "postgresql":
        # binary lists: the driver writes them and the server reads them in a fraction of the time;
        # no length in the cast, which would cut what is too long
        fixed = "".join(f"%({name})s, " for name in same)
        lists = ", ".join(
            f"%({name})b::{_LENGTH.sub('', kinds[name].compile(dialect))}[]" for name in rows
        )
        # names and types are those of our own tables
        statement = f"{head} SELECT {fixed}rows.* FROM unnest({lists}) AS rows{end}"  # noqa: S608
        parameters = same | rows
    else:
        statement = f"{head} VALUES ({', '.join('?' * len(kinds))}){end}"
        first = tuple(same.values())
        parameters = [first + row for row in zip(*rows.values(), strict=True)]
    return session.connection().exec_driver_sql(statement, parameters).rowcount


def _bare(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    return sa.Text() if isinstance(kind, sa.String) else kind


def _written(
    kind: sa.types.TypeEngine[Any], dialect: sa.Dialect, values: Collection[Any]
) -> list[Any]:
    """Return values as the driver takes them."""
    write = kind.dialect_impl(dialect).bind_processor(dialect)
    return [write(value) for value in values] if write else list(values)
