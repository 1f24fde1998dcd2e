"""How both databases find a page: along an index from where it begins, however long the feed is.

TAXII-2.1-3.4, 3.5; also right after a bulk load, before PostgreSQL has looked at its tables.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from cirt.clock import now
from cirt.db import Database
from cirt.incidents import feed
from cirt.incidents.feed_clauses import for_each_name, named
from cirt.incidents.feed_statements import Asking, PageStatements, Question, Statement
from cirt.incidents.inbox_models import LooseObject
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion
from cirt.stix.taxii_filters import Filters, Which
from tests import sharing
from tests.conftest import Cast
from tests.name_plans import is_sought
from tests.server import ROOT

NUMBER = 6_000
STEP = 1_000_000  # microseconds between two entries
BEGIN = 1_700_000_000_000_000


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle with a feed that is long enough for a bad plan to be tempting."""
    found = sharing.make_circle(database, cast)
    other = sharing.make_circle(database, cast, title="Another circle")
    owner = cast.administrations["XA"]
    with database.writing() as session:
        for circle_id in (other, found):
            versions, entries = [], []
            for number in range(NUMBER):
                row = {"owner_id": owner, "type": "malware" if number % 500 == 7 else "indicator"}
                row |= {"stix_id": f"{row['type']}--{uuid.uuid4()}", "spec_version": "2.1"}
                version_id = uuid.uuid4()
                versions.append(
                    row
                    | {
                        "id": version_id,
                        "version": "2026-01-01T00:00:00.",
                        "digest": "0" * 64,
                        "tlp": "green",
                        "body": b'{"type":"indicator"}',
                        "received_at": now(),
                        "via": "taxii",
                    }
                )
                entries.append(
                    row
                    | {
                        "collection_id": circle_id,
                        "seq": number + 1,
                        "added_us": BEGIN + number * STEP,
                        "object_version_id": version_id,
                        "version": "2026-01-01T00:00:00Z",
                        "version_key": "2026-01-01T00:00:00.",
                        "is_last": True,
                        "is_first": True,
                    }
                )
            session.execute(sa.insert(ObjectVersion), versions)
            session.execute(sa.insert(FeedEntry), entries)
            counter = {"collection_id": circle_id, "n": NUMBER, "last_added_us": BEGIN * 2}
            session.execute(sa.insert(FeedCounter), [counter])
    return found


@pytest.fixture
def statements(database: Database) -> Iterator[PageStatements]:
    """The statements of the page server."""
    asking = Asking(database.engine)
    yield PageStatements(database, asking)
    asking.close()


def plan(asking: Asking, statement: Statement, given: Any) -> str:
    """Return how the database would answer a statement, on the connection that asked last."""
    explain = "EXPLAIN QUERY PLAN " if asking.is_sqlite else "EXPLAIN (COSTS OFF) "
    cursor = asking.idle[-1].connection.cursor()
    cursor.execute(explain + statement.sql, statement.values(given))
    found = "\n".join(row[-1] for row in cursor.fetchall())
    cursor.close()
    return found


@pytest.fixture
def asked(
    statements: PageStatements, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Statement, Any]]:
    """What was asked of the database, with the values."""
    found: list[tuple[Statement, Any]] = []
    rows = statements.asking.rows

    def note(statement: Statement, given: Any, **more: Any) -> Any:
        found.append((statement, given))
        return rows(statement, given, **more)

    monkeypatch.setattr(statements.asking, "rows", note)
    return found


def is_walked(text: str) -> bool:
    """Whether a plan walks indexes and neither sorts nor reads whole tables."""
    return not re.search(r"Sort|Seq Scan|Bitmap|Hash|Merge Join|SCAN |B-TREE", text)


def names_of(database: Database, circle: uuid.UUID) -> list[str]:
    """Return the ids of three objects from the middle of the feed."""
    query = sa.select(FeedEntry.stix_id).where(FeedEntry.collection_id == circle)
    middle = query.where(FeedEntry.seq.between(3_000, 3_002)).order_by(FeedEntry.seq)
    with database.reading() as session:
        return list(session.scalars(middle))


ALL = frozenset({Which.ALL})
ASKED: tuple[tuple[str, Filters, bool], ...] = (
    ("first page", Filters(limit=100), True),
    ("first page of 1,000", Filters(limit=1_000), True),
    ("deep page", Filters(limit=100, position=NUMBER - 300), True),
    ("deep page of 1,000", Filters(limit=1_000, position=NUMBER - 1_200), True),
    ("every version", Filters(limit=100, which=ALL), True),
    ("manifest", Filters(limit=100), False),
    ("deep manifest", Filters(limit=1_000, position=NUMBER - 1_200), False),
    ("after a date", Filters(limit=100, added_after=BEGIN + STEP * (NUMBER - 300)), True),
)


def test_pages_are_walked_along_an_index_from_where_they_begin(
    circle: uuid.UUID, statements: PageStatements, asked: list[tuple[Statement, Any]]
) -> None:
    """No sort, no table read as a whole; one lower bound, so that nothing before it is read."""
    is_sqlite = statements.asking.is_sqlite
    for what, filters, with_bodies in ASKED:
        asked.clear()
        question = Question(collection_id=circle, filters=filters, with_bodies=with_bodies)
        found, more = statements.page(question)
        assert (len(found), more) == (filters.limit, True), what
        assert len(asked) == (2 if filters.added_after else 1), what
        for statement, given in asked:
            text = plan(statements.asking, statement, given)
            assert is_walked(text), (what, text)
            if statement is not statements.end:
                bound = r"collection_id=\? AND seq>\?" if is_sqlite else r"seq > '?\d+"
                assert len(re.findall(bound, text)) == 1, (what, text)
    question = Question(collection_id=circle, filters=ASKED[-1][1], with_bodies=False)
    assert statements.page(question)[0][0][0] == NUMBER - 300 + 2


def test_an_object_is_looked_up_by_its_id(
    database: Database,
    circle: uuid.UUID,
    statements: PageStatements,
    asked: list[tuple[Statement, Any]],
) -> None:
    """By the index of ids, alone or among others; the few rows that are found are put in order."""
    name = names_of(database, circle)[0]
    for filters, stix_id in ((Filters(), name), (Filters(ids=frozenset({name})), None)):
        asked.clear()
        question = Question(collection_id=circle, filters=filters, stix_id=stix_id)
        found, more = statements.page(question)
        assert (len(found), more) == (1, False)
        text = plan(statements.asking, *asked[0])
        assert not re.search(r"Seq Scan|SCAN ", text), text
        assert re.search(r"stix_id=\?|stix_id\)?(::text)? = ", text), text


@pytest.mark.parametrize("types", ["malware", "malware campaign"])
def test_rare_types_are_found_along_the_index_of_types(
    types: str,
    database: Database,
    circle: uuid.UUID,
    statements: PageStatements,
    asked: list[tuple[Statement, Any]],
) -> None:
    """One object in 500 is asked for: the others are not looked at, in no order of asking."""
    if not database.is_sqlite:
        with database.writing() as session:
            session.execute(sa.text("ANALYZE feed_entry"))
    filters = Filters(limit=5, types=frozenset(types.split()), added_after=BEGIN + 3 * STEP)
    found, more = statements.page(Question(collection_id=circle, filters=filters))
    assert [row[0] for row in found] == [8, 508, 1_008, 1_508, 2_008]
    assert more
    with database.reading() as session:
        page = feed.page(session, circle, filters)
    assert [row.seq for row in page.rows] == [row[0] for row in found]
    text = plan(statements.asking, *asked[-1])
    walked = r"ix_feed_entry_type" if database.is_sqlite else r"_collection_id_type_seq_idx"
    assert len(re.findall(walked, text)) == len(filters.types or ()), text
    assert not re.search(r"Seq Scan|SCAN feed_entry", text), text


def _forms(database: Database, circle: uuid.UUID) -> dict[str, sa.Select[Any]]:
    """Return the ways in which questions say of which objects they want the entries."""
    names = names_of(database, circle)
    query = sa.select(FeedEntry.seq)
    latest = sa.orm.aliased(FeedEntry, name="latest")
    loose = (LooseObject.collection_id, LooseObject.stix_id)
    of_circle = LooseObject.collection_id == circle
    there = sa.select(latest.seq).where(named(*loose, latest), latest.is_last)
    of_loose = sa.select(LooseObject.stix_id).where(of_circle)
    one_and_more = sa.union_all(sa.select(sa.literal(names[0])), of_loose)
    joined = query.select_from(LooseObject).join(FeedEntry, named(*loose))
    return {
        "one": query.where(named(circle, names[0])),
        "several": query.where(named([circle], names)).order_by(FeedEntry.seq.desc()),
        "of a type": query.where(named(circle, names), FeedEntry.type == "indicator"),
        "a query": query.where(named(circle, of_loose)),
        "one and a query": query.where(named(circle, one_and_more)),
        "a column": joined.where(of_circle),
        "an alias": of_loose.where(there.correlate(LooseObject).exists()),
    }


def test_names_are_sought_by_an_index_in_every_form(database: Database, circle: uuid.UUID) -> None:
    """On SQLite through the store's index of names, the only one; on PostgreSQL by the feed's own."""
    names = names_of(database, circle)
    loose = [{"collection_id": circle, "stix_id": name} for name in names[1:]]
    with database.writing() as session:
        session.execute(sa.insert(LooseObject), loose)
        if not database.is_sqlite:
            for table in ("feed_entry", "object_version", "loose_object"):
                session.execute(sa.text(f"ANALYZE {table}"))
    expected = {"one": [3_000], "an alias": names[1:], "a query": [3_001, 3_002]}
    expected |= {"a column": expected["a query"]}
    forms = _forms(database, circle)
    with database.reading() as session:
        newest_first = sa.select(FeedEntry.seq).order_by(FeedEntry.seq.desc())
        forms["many"] = for_each_name(session, newest_first, circle, names)
        for form, query in forms.items():
            found = sorted(session.scalars(query))
            assert found == sorted(expected.get(form, [3_000, 3_001, 3_002])), form
            text = _plan_of(session, query)
            if database.is_sqlite:
                assert is_sought(str(query.compile(dialect=sqlite.dialect())), text), (form, text)
            else:
                assert "object_version" not in text, (form, text)
                assert not re.search(r"Seq Scan on feed_entry", text), (form, text)


def test_a_question_that_reads_a_whole_feed_is_found() -> None:
    """The guard of every test (see `name_plans`): names as one of two alternatives."""
    asked = "SELECT … FROM object_version AS named_version"
    assert not is_sought(
        asked, "SEARCH feed_entry USING INDEX ix_feed_entry_type (collection_id=?)"
    )
    index = "ix_feed_entry_object_version_id_collection_id"
    assert is_sought(asked, f"SEARCH feed_entry USING INDEX {index} (object_version_id=?)")


def test_ids_in_a_feed_are_asked_for_by_named_alone() -> None:
    """Compared in any other way, SQLite has no index to find them by."""
    compared = re.compile(r"\b(FeedEntry|entry|latest)\.stix_id( ==|\.in_\()")
    found = [
        f"{path.name}: {match[0]}"
        for path in sorted((ROOT / "incidents").rglob("*.py"))
        for match in compared.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
    assert compared.search("query.where(FeedEntry.stix_id == one)")


def _plan_of(session: sa.orm.Session, query: sa.Select[Any]) -> str:
    """Return how the database would answer a query."""
    connection = session.connection()
    written = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    is_sqlite = connection.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN (COSTS OFF)"
    return "\n".join(row[-1] for row in connection.exec_driver_sql(f"{explain} {written}"))
