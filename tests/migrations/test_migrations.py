"""Migrations: they make exactly the models' tables, up, down and up, with data."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cirt import migrations, partitions
from cirt.accounts import directory
from cirt.accounts.models import Administration
from cirt.app import open_installation
from cirt.cli import demonstration_folder
from cirt.db import Base, Database
from cirt.incidents.circle_models import Collection
from cirt.incidents.release_models import AudienceIncident, Release
from cirt.settings import read_settings
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
            database = Database(url, parts=postgresql.PARTS)
            yield database
            database.dispose()


def _differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, **partitions.comparison(database.engine.dialect)},
        )
        return list(compare_metadata(context, Base.metadata))


def test_upgraded_tables_are_the_models_tables(empty: Database) -> None:
    migrations.upgrade(empty)
    assert _differences(empty) == []
    assert migrations.is_current(empty)


def test_newest_revision_is_alembics(empty: Database) -> None:
    """It is told by the names of the steps, so that a server need not load what makes them."""
    head = ScriptDirectory.from_config(migrations._config()).get_current_head()
    assert migrations.newest() == head
    assert migrations.revision_of(empty) is None
    assert not migrations.is_current(empty)


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


def test_sharing_goes_down_and_up_again_with_data(empty: Database, tmp_path: Path) -> None:
    """What the version before has no place for goes; the rest stays and is filled in again."""
    settings = read_settings({}, data_dir=tmp_path / "data", database_url=empty.url)
    migrations.upgrade(empty)
    demonstration_folder._begin(settings)
    installation = open_installation(settings)
    demonstration_folder._load(installation)
    installation.database.dispose()
    before = _counts(empty)
    migrations.downgrade(empty, "0002")
    migrations.upgrade(empty)
    after = _counts(empty)
    assert before["incident"] == after["incident"] > 0
    assert before["object_version"] == after["object_version"] > 0
    assert before["audit_entry"] == after["audit_entry"] > 0
    with empty.reading() as session:
        collections = session.scalars(sa.select(Collection)).unique().all()
        assert all(len(one.secret) == 32 for one in collections)
        assert len({one.secret for one in collections}) == len(collections)
        directs = [one for one in collections if one.kind == "direct"]
        states = sa.select(Administration).where(Administration.kind == "member-state")
        assert {one.administration_id for one in directs} == {
            one.id for one in session.scalars(states)
        }
        released = session.scalars(sa.select(Release).where(Release.state == "approved")).all()
        known = {
            (one.incident_id, one.collection_id)
            for one in session.scalars(sa.select(AudienceIncident))
        }
        assert {(one.incident_id, one.collection_id) for one in released} == known
    assert _differences(empty) == []


def _counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
