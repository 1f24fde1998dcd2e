"""The largest tables in partitions on PostgreSQL: a question about one collection looks into one."""

import json
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import audit, migrations, partitions
from cirt.db import Base, Database
from cirt.incidents import feed_pages
from cirt.incidents.feed_statements import Statement
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.settings import read_settings
from cirt.stix.taxii_filters import Filters, Which
from tests import postgresql, sharing
from tests.conftest import Cast, store_cast
from tests.exchange.feed_history import append, some_object

pytestmark = pytest.mark.postgresql

PARTS = 4
TABLES = {"audit_entry": "chain_id", "feed_entry": "collection_id", "object_version": "owner_id"}


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None
) -> Iterator[tuple[Database, Cast, list[uuid.UUID]]]:
    """Four circles with objects of three administrations, in tables that the migrations made."""
    folder = tmp_path_factory.mktemp("partitions")
    for url in postgresql.fresh_database(empty=True):
        settings = read_settings({}, data_dir=folder / "data", database_url=url)
        database = Database(url, parts=PARTS)
        migrations.upgrade(database)
        cast = store_cast(database, settings)
        circles = []
        for title, owner in (("one", "XA"), ("two", "XB"), ("three", "XC"), ("four", "XA")):
            circles.append(sharing.make_circle(database, cast, "XA XB XC", title=title))
            items = [some_object(cast.administrations[owner]) for _ in range(1_500)]
            append(database, circles[-1], items)
        with database.writing() as session:
            for table in TABLES:
                session.execute(sa.text(f"ANALYZE {table}"))
        yield database, cast, circles
        database.dispose()


_page_query = partial(feed_pages.page_query, in_parts=True)


def _looked_into(database: Database, query: Any) -> set[str]:
    """Return the tables that PostgreSQL reads when it answers a query."""
    statement = Statement(query, database.engine.dialect)
    with database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.sql}", statement.values({}))
        row = cursor.fetchone()
        cursor.close()
    plans = [(row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]]
    found = set()
    while plans:
        plan = plans.pop()
        plans += plan.get("Plans", [])
        if plan.get("Actual Loops") and "Relation Name" in plan:
            found.add(plan["Relation Name"])
    return found


@pytest.mark.parametrize("place", range(4))
def test_page_and_object_look_into_one_partition_of_each(
    filled: tuple[Database, Cast, list[uuid.UUID]], place: int
) -> None:
    """A page of objects, of the manifest, the versions of one object, and where a page begins."""
    database, _cast, circles = filled
    circle = circles[place]
    with database.reading() as session:
        row = feed_pages.page(session, circle, Filters(limit=1)).rows[0]
    bodies, names = [FeedEntry.seq, ObjectVersion.body], [FeedEntry.seq, FeedEntry.stix_id]
    everything = Filters(which=frozenset({Which.ALL}))
    questions = [
        _page_query(bodies, circle, Filters(), position=0, most=101),
        _page_query(bodies, circle, everything, position=1_000, most=101),
        _page_query(names, circle, Filters(), position=100, most=101),
        _page_query(bodies, circle, Filters(), position=0, most=101, stix_id=row.stix_id),
        feed_pages.end_query(circle, row.added_us),
    ]
    for question in questions:
        looked_into = _looked_into(database, question)
        assert all(partitions.is_partition(name) for name in looked_into)
        for table in ("feed_entry", "object_version"):
            parts = {name for name in looked_into if name.startswith(f"{table}_p")}
            assert len(parts) == 1 or (table == "object_version" and question is questions[-1]), (
                questions.index(question)
            )
    with database.reading() as session:
        version = session.scalars(sa.select(ObjectVersion).limit(1)).one()
    one = sa.select(ObjectVersion.body).where(
        ObjectVersion.owner_id == version.owner_id, ObjectVersion.id == version.id
    )
    assert len(_looked_into(database, one)) == 1

    same = sa.select(ObjectVersion.id).where(
        ObjectVersion.owner_id == version.owner_id, ObjectVersion.stix_id == version.stix_id
    )
    assert len(_looked_into(database, same)) == 1


def test_migrations_and_models_make_the_same_partitions(
    filled: tuple[Database, Cast, list[uuid.UUID]],
) -> None:
    """As many as the database was opened with, by the same columns; every row is in one."""
    database, _cast, _circles = filled
    expected = {
        table: (f"HASH ({column})", partitions.names(table, PARTS))
        for table, column in TABLES.items()
    }
    assert _made(database) == expected
    for url in postgresql.fresh_database(empty=True):
        other = Database(url, parts=PARTS)
        with other.writing() as session:
            Base.metadata.create_all(session.connection())
        assert _made(other) == expected
        assert _indexes(other) == _indexes(database)
        other.dispose()


def _made(database: Database) -> dict[str, tuple[str, list[str]]]:
    query = """
        SELECT parent.relname, pg_get_partkeydef(parent.oid), child.relname
        FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent
        JOIN pg_class child ON child.oid = inhrelid
        WHERE parent.relkind = 'p' ORDER BY child.relname"""
    found: dict[str, tuple[str, list[str]]] = {}
    with database.engine.connect() as connection:
        for table, key, name in connection.exec_driver_sql(query):
            found.setdefault(table, (key, []))[1].append(name)
    return found


def _indexes(database: Database) -> set[tuple[str, str]]:
    query = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with database.engine.connect() as connection:
        return {
            (table, text)
            for table, text in connection.exec_driver_sql(query)
            if table.rpartition("_p")[0] in TABLES or table in TABLES
        }


def test_audit_chain_holds_across_partitions(
    filled: tuple[Database, Cast, list[uuid.UUID]],
) -> None:
    """Every chain lies in one partition, whole; a changed entry is found wherever it lies."""
    database, _cast, _circles = filled
    with database.reading() as session:
        assert list(audit.broken_links(session)) == []
        query = "SELECT count(DISTINCT tableoid), count(*) FROM audit_entry GROUP BY chain_id"
        rows = session.execute(sa.text(query)).all()
        assert {parts for parts, _entries in rows} == {1}
        assert len(rows) > 1
        entry = session.scalars(
            sa.select(audit.AuditEntry).order_by(audit.AuditEntry.n.desc()).limit(1)
        ).one()
    changed = sa.update(audit.AuditEntry).filter_by(chain_id=entry.chain_id, n=entry.n)
    with database.writing() as session:
        session.execute(changed.values(outcome="other"))
    with database.reading() as session:
        assert [(chain, n) for chain, n, _what in audit.broken_links(session)] == [
            (entry.chain_id, entry.n)
        ]
    with database.writing() as session:
        session.execute(changed.values(outcome=entry.outcome))
