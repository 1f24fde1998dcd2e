"""What the largest tables have on one kind of database only: partitions, keys.

Partitions are made wherever such a table is made. A table says by which column
(`postgresql_partition_by` among its arguments); how many there are is an option of the connection,
so that migrations and tests make them alike. SQLite has none.
"""

import re
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection

NUMBER: Final = 16
"""Partitions of each table unless the installation says otherwise."""

OPTION: Final = "cirt_partitions"

_ONLY: Final = "cirt_only_for"

Key = TypeVar("Key", sa.UniqueConstraint, sa.Index)

_NAME = re.compile(r".+_p\d{3}", re.ASCII)


def is_partition(name: str | None) -> bool:
    """Return whether a table of this name is a part of another."""
    return _NAME.fullmatch(name or "") is not None


def names(table: str, number: int) -> list[str]:
    """Return the names of a table's partitions."""
    return [f"{table}_p{place:03d}" for place in range(number)]


def _is_compared(name: str | None, kind: str, _parents: Any) -> bool:
    return not (kind == "table" and is_partition(name))


def _is_comparable(thing: Any, _name: Any, kind: str, _reflected: bool, _to: Any) -> bool:
    # a key that refers to a table in partitions is listed for every one of them, too
    return kind != "foreign_key_constraint" or not any(
        is_partition(element.target_fullname.rpartition(".")[0]) for element in thing.elements
    )


def only_for(dialect: str, key: Key) -> Key:
    """Return a key or an index of a model that only one kind of database is given."""
    key.info[_ONLY] = dialect
    key.ddl_if(dialect=dialect)
    return key


def comparison(dialect: sa.Dialect) -> dict[str, Any]:
    """Return what Alembic has to know to compare a database with the models."""

    def is_comparable(thing: Any, *more: Any) -> bool:
        # Alembic does not ask by itself for which kind of database a key is
        return thing.info.get(_ONLY, dialect.name) == dialect.name and _is_comparable(thing, *more)

    return {"include_name": _is_compared, "include_object": is_comparable}


def make(connection: Connection, table: str) -> None:
    """Make the partitions of a table that was made `PARTITION BY HASH (…)`."""
    number = int(connection.get_execution_options().get(OPTION, NUMBER))
    quote = connection.dialect.identifier_preparer.quote
    for place, name in enumerate(names(table, number)):
        connection.exec_driver_sql(
            f"CREATE TABLE {quote(name)} PARTITION OF {quote(table)}"
            f" FOR VALUES WITH (MODULUS {number}, REMAINDER {place})"
        )


@event.listens_for(sa.Table, "after_create")
def _after_create(table: sa.Table, connection: Connection, **_more: Any) -> None:
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql and table.dialect_options["postgresql"]["partition_by"]:
        make(connection, table.name)
