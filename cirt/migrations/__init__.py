"""The tables' history: upgrade, downgrade, and whether a database is at this version.

Alembic is loaded by what changes tables only: a server that starts asks no more than the version.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from cirt.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String()))


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option(
        "script_location", str(resources.files("cirt.migrations")).replace("%", "%%")
    )
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _connected(database: Database) -> Iterator[tuple["Config", Connection]]:
    """One transaction. On SQLite without foreign keys until its end, where all are checked.

    SQLite changes a table by making a new one, and dropping the old one would take along the rows
    that refer to it; the switch works outside of transactions only.
    """
    config = _config()
    with database.engine.connect() as opened:
        connection = opened.execution_options(cirt_writes=True)
        if database.is_sqlite:
            _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                if not database.is_sqlite:  # moving the rows of a large table takes its time
                    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                yield config, connection
                if database.is_sqlite:
                    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                    if lost:
                        raise RuntimeError(
                            f"rows refer to nothing: {sorted({row[0] for row in lost})}"
                        )
        finally:
            if database.is_sqlite:
                _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, state: str) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys={state}")
    cursor.close()


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to a revision (the newest), keeping the data."""
    from alembic import command

    with _connected(database) as (config, _connection):
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Bring the tables back to an earlier revision ("base": none)."""
    from alembic import command

    with _connected(database) as (config, _connection):
        command.downgrade(config, revision)


def stamp(connection: Connection) -> None:
    """Note in tables that were just made of the models that they are of this version."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    MigrationContext.configure(connection).stamp(script, "head")


@cache
def newest() -> str:
    """Return the revision of this version of the program: the number that its last step begins with."""
    steps = resources.files("cirt.migrations.versions").iterdir()
    return max(step.name[:4] for step in steps if step.name[:4].isdigit())


def revision_of(database: Database) -> str | None:
    """Return the revision of a database; None: it has no tables yet."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table(_VERSION.name):
            return None
        return connection.scalar(sa.select(_VERSION.c.version_num))


def is_current(database: Database) -> bool:
    """Return whether a database holds the tables of this version."""
    return revision_of(database) == newest()
