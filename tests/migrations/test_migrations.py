"""Migrations: they make exactly the models' tables, up, down and up, with data."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from cirt import migrations
from cirt.accounts import directory
from cirt.accounts.models import Administration
from cirt.db import Base, Database
from tests import postgresql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
        yield database
        database.dispose()
    else:
        for url in postgresql.fresh_database(empty=True):
            database = Database(url)
            yield database
            database.dispose()


def _differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_upgraded_tables_are_the_models_tables(empty: Database) -> None:
    migrations.upgrade(empty)
    assert _differences(empty) == []
    assert migrations.is_current(empty)


def test_up_down_and_up_leaves_the_same_tables(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.downgrade(empty, "base")
    left = set(sa.inspect(empty.engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    migrations.upgrade(empty)
    assert _differences(empty) == []


def test_upgrade_keeps_rows(empty: Database) -> None:
    migrations.upgrade(empty)
    with empty.writing() as session:
        directory.add_administration(session, None, code="XA", names={"en": "A", "ar": "أ"})
    migrations.upgrade(empty)
    with empty.reading() as session:
        assert session.scalars(sa.select(Administration)).one().names["ar"] == "أ"
