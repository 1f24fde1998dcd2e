"""`python -m tests.bench.partitions [objects]`: what partitions cost and what an object takes.

The same rows in PostgreSQL's tables without partitions and with 4 and 16, on one machine, one
after the other: for comparing the columns with each other, not with other machines.
"""

import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cirt import models
from cirt.db import Base, Database
from cirt.incidents.feed_statements import Asking, PageStatements, Question
from cirt.incidents.object_store import Incoming
from cirt.settings import read_settings
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP
from cirt.stix.taxii_filters import Filters
from tests import postgresql, sharing
from tests.conftest import store_cast
from tests.exchange.feed_history import append

assert models

TABLES = {"object_version": "owner_id", "feed_entry": "collection_id", "audit_entry": "chain_id"}
BODY = 830  # bytes: the mean of the data set of `make bench`
TRIES = 30


def _tables(database: Database, parts: int) -> None:
    """Make all tables; parts: 0 for tables without partitions."""
    options = {name: Base.metadata.tables[name].dialect_options["postgresql"] for name in TABLES}
    if parts == 0:
        for option in options.values():
            option["partition_by"] = None
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    for name, column in TABLES.items():
        options[name]["partition_by"] = f"HASH ({column})"


def _object(owner: uuid.UUID) -> Incoming:
    stix_id, modified = f"indicator--{uuid.uuid4()}", "2026-01-01T00:00:00.000Z"
    known = {"id": stix_id, "modified": modified, "description": ""}
    known["description"] = "x" * (BODY - len(canonical_json(known)))
    body = canonical_json(known)
    return Incoming(owner, stix_id, "indicator", "2.1", modified, modified, TLP.GREEN, body)


def _median(work: Callable[[], Any]) -> str:
    times = []
    for _ in range(TRIES):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return f"{statistics.median(times) * 1000:.2f} ms"


def _figures(url: str, parts: int, objects: int) -> dict[str, str]:
    database = Database(url, parts=max(parts, 1))
    _tables(database, parts)
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({}, data_dir=Path(folder), database_url=url)
        cast = store_cast(database, settings)
    circles, seconds = [], 0.0
    for title, owner in (("one", "XA"), ("two", "XB"), ("three", "XC"), ("four", "XA")):
        circles.append(sharing.make_circle(database, cast, "XA XB XC", title=title))
        for start in range(0, objects // 4, 1_000):
            count = min(1_000, objects // 4 - start)
            items = [_object(cast.administrations[owner]) for _ in range(count)]
            moment = time.perf_counter()
            append(database, circles[-1], items)
            seconds += time.perf_counter() - moment
    with database.writing() as session:
        for table in TABLES:
            session.execute(sa.text(f"ANALYZE {table}"))
        size = session.scalar(
            sa.text(
                "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables"
                " WHERE relname LIKE 'object_version%' OR relname LIKE 'feed_entry%'"
            )
        )
    pages = PageStatements(database, Asking(database.engine))
    found = {"kept and appended": f"{objects / seconds:.0f} objects/s"}
    half = objects // 8

    def page(limit: int, position: int) -> None:
        filters = Filters(limit=limit, position=position)
        rows, _more = pages.page(Question(collection_id=circles[0], filters=filters))
        assert len(rows) == limit

    for limit, position in ((100, 0), (100, half), (1_000, 0), (1_000, half)):
        found[f"page of {limit} from {position}"] = _median(lambda p=(limit, position): page(*p))
    found["bytes an object"] = f"{int(size or 0) / objects:.0f}"
    database.dispose()
    return found


def main() -> None:
    """Print a table."""
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    columns = {}
    for parts in (16, 0, 4):
        for url in postgresql.fresh_database(empty=True):
            columns[parts] = _figures(url, parts, objects)
    print(
        f"| {objects} objects of {BODY} bytes | no partitions | 4 | 16 |\n| --- | --- | --- | --- |"
    )
    for name in columns[0]:
        print(f"| {name} | {columns[0][name]} | {columns[4][name]} | {columns[16][name]} |")


if __name__ == "__main__":
    main()
