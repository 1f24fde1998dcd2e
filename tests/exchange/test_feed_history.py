"""The feed under load: whoever polls gets everything once and in order, whatever the writers do."""

import random
import threading
import uuid

import pytest

from cirt.db import Database
from cirt.incidents import feed, feed_writing
from cirt.incidents.feed_statements import Asking, PageStatements, Question
from cirt.incidents.object_store import Incoming
from cirt.stix.taxii_filters import Filters
from tests import sharing
from tests.conftest import Cast
from tests.exchange.feed_history import append as _append
from tests.exchange.feed_history import run_history
from tests.exchange.feed_history import some_object as _some_object


def test_pollers_get_everything_once_and_in_order(database: Database, cast: Cast) -> None:
    """4 writers, some of whose transactions fail, and 4 pollers: 0 lost, 0 twice, 0 out of order."""
    circle = sharing.make_circle(database, cast)
    owner = cast.administrations["XA"]
    figures = run_history(database, circle, owner, writers=4, commits=12, pollers=4, seed=0)
    assert "0 lost" in figures


def test_two_first_writers_of_one_object_meet_in_one_row(database: Database, cast: Cast) -> None:
    """Releases of the same administration bring the same identity at the same time."""
    circles = [sharing.make_circle(database, cast, title=name) for name in ["one", "two", "three"]]
    shared = [_some_object(cast.administrations["XA"]) for _ in range(20)]
    faults: list[BaseException] = []

    def write(circle: uuid.UUID, items: list[Incoming]) -> None:
        try:
            _append(database, circle, items)
        except BaseException as fault:  # noqa: BLE001 - shown by the test's own thread
            faults.append(fault)

    threads = [
        threading.Thread(target=write, args=(circle, random.Random(n).sample(shared, 20)))
        for n, circle in enumerate(circles * 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    for circle in circles:
        with database.reading() as session:
            rows = feed.page(session, circle, Filters()).rows
        assert sorted(row.stix_id for row in rows) == sorted(item.stix_id for item in shared)


def test_a_clock_that_goes_back_does_not_take_the_dates_along(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """date_added rises by a microsecond at least, and each addition ends at a whole millisecond."""
    from datetime import UTC, datetime

    circle = sharing.make_circle(database, cast)
    owner = cast.administrations["XA"]
    _append(database, circle, [_some_object(owner), _some_object(owner)])
    monkeypatch.setattr(feed_writing, "now", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    _append(database, circle, [_some_object(owner), _some_object(owner)])
    with database.reading() as session:
        dates = [row.added_us for row in feed.page(session, circle, Filters()).rows]
    assert dates == sorted(set(dates))
    assert dates[2] == dates[1] + 1
    assert dates[3] == dates[1] + 1_000


def test_the_same_version_is_appended_once(database: Database, cast: Cast) -> None:
    """Nothing new, no new entry; a new version is one."""
    circle = sharing.make_circle(database, cast)
    one = _some_object(cast.administrations["XA"])
    for _ in range(2):
        _append(database, circle, [one, one])
    later = _some_object(cast.administrations["XA"], one.stix_id, "2026-01-02T00:00:00.000Z")
    _append(database, circle, [later, one])
    with database.reading() as session:
        assert [row.seq for row in feed.page(session, circle, Filters()).rows] == [2]


def test_the_commit_fails_when_the_id_is_somebody_elses(database: Database, cast: Cast) -> None:
    """Also when nobody asked before: the feed itself keeps an id with its first owner."""
    circle = sharing.make_circle(database, cast)
    one = _some_object(cast.administrations["XA"])
    _append(database, circle, [one])
    with pytest.raises(feed.OtherProducerError):
        _append(
            database,
            circle,
            [_some_object(cast.administrations["XB"], one.stix_id, "2026-01-02T00:00:00.000Z")],
        )
    with database.reading() as session:
        assert len(feed.page(session, circle, Filters()).rows) == 1


def test_a_polling_connection_sees_what_was_committed_since(database: Database, cast: Cast) -> None:
    """A transaction that it began and never ended would show it the first state for ever."""
    circle = sharing.make_circle(database, cast)
    statements = PageStatements(database, Asking(database.engine))
    for count in (1, 2):
        _append(database, circle, [_some_object(cast.administrations["XA"])])
        rows, _more = statements.page(Question(collection_id=circle, filters=Filters()))
        assert len(rows) == count
