"""A replica of the database that lags and falls silent: pollers lose nothing, whatever it does."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from werkzeug.test import Client

from cirt.accounts import tokens
from cirt.accounts.models import ApiToken
from cirt.app import create_app
from cirt.db import Database
from cirt.incidents import feed
from cirt.incidents.taxii_pages import PageServer
from cirt.settings import read_settings
from cirt.stix.taxii_filters import Filters
from tests import postgresql, sharing
from tests.conftest import store_cast
from tests.exchange.feed_history import append, some_object
from tests.postgresql import Cluster

pytestmark = pytest.mark.postgresql

LIMITS = (1, 7, 100)
COMMITS = 25


class Pair:
    """A database, a replica of it, and the product that uses both."""

    def __init__(self, url: str, follower: Cluster, data_dir: Any) -> None:
        name = url.rpartition("?")[0].rpartition("/")[2]
        self.follower = follower
        replica_url = follower.address.format(name=name)
        settings = read_settings(
            {},
            data_dir=data_dir,
            database_url=url,
            replica_url=replica_url.replace("postgresql://", "postgresql+psycopg://"),
        )
        self.app = create_app(settings)
        self.database: Database = self.app.extensions["cirt"].database
        self.cast = store_cast(self.database, settings)
        self.circle = sharing.make_circle(self.database, self.cast)
        server = self.app.wsgi_app
        assert isinstance(server, PageServer)
        assert server.replica is not None
        self.replica = server.replica

    def say(self, statement: str) -> Any:
        """Say something to the replica."""
        with psycopg.connect(
            self.follower.address.format(name="postgres"), autocommit=True
        ) as connection:
            row = connection.execute(statement).fetchone()
            return row and row[0]

    def wait(self) -> None:
        """Wait until the replica has got as far as the database."""
        with self.database.engine.connect() as connection:
            end = connection.exec_driver_sql("SELECT pg_current_wal_lsn()").scalar_one()
        for _ in range(200):
            if self.say(f"SELECT pg_last_wal_replay_lsn() >= '{end}'"):
                return
            time.sleep(0.05)
        raise AssertionError("the replica does not follow")

    def get(self, query: str) -> Any:
        """Ask for objects, as XB's machine."""
        answer = Client(self.app).get(
            f"/exchange/collections/{self.circle}/objects/{query}",
            headers={"Authorization": f"Bearer {self.cast.tokens['XB']}"},
        )
        assert answer.status_code == 200, answer.status
        return answer

    def append(self, number: int) -> list[str]:
        """Append objects to the feed and return their ids."""
        items = [some_object(self.cast.administrations["XA"]) for _ in range(number)]
        append(self.database, self.circle, items)
        return [item.stix_id for item in items]


@pytest.fixture(scope="module")
def follower() -> Iterator[Cluster]:
    """A second server that follows the tests' own."""
    found = postgresql.shared().replica(postgresql.new_folder())
    found.start()
    yield found
    postgresql.remove(found)


@pytest.fixture
def pair(follower: Cluster, tmp_path: Any, _cheap_passwords: None) -> Iterator[Pair]:
    """The database and its replica, which has got as far."""
    for url in postgresql.fresh_database():
        found = Pair(url, follower, tmp_path / "data")
        found.wait()
        yield found
        found.say("SELECT pg_wal_replay_resume()")
        found.database.dispose()


def test_pollers_of_a_lagging_replica_lose_nothing(pair: Pair) -> None:
    """4 writers, 3 pollers, the replica held back again and again: 0 lost, 0 doubled, in order."""
    acknowledged: list[str] = []
    faults: list[BaseException] = []
    polled: dict[int, list[str]] = {limit: [] for limit in LIMITS}
    seen: list[list[int]] = []
    done = threading.Event()

    def guarded(work: Any, *arguments: Any) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as fault:  # noqa: BLE001 - shown by the test's own thread
                faults.append(fault)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def write(number: int) -> None:
        for _ in range(COMMITS):
            acknowledged.extend(pair.append(number))

    def poll(limit: int) -> None:
        following = ""
        while True:
            finished = done.is_set()
            found = pair.get(f"?limit={limit}{following}")
            objects = found.json.get("objects", [])
            polled[limit].extend(one["id"] for one in objects)
            if objects:
                following = f"&added_after={found.headers['X-TAXII-Date-Added-Last']}"
            elif finished:
                return

    def hold_back() -> None:
        while not done.is_set():
            pair.say("SELECT pg_wal_replay_pause()")
            time.sleep(0.15)
            pair.say("SELECT pg_wal_replay_resume()")
            time.sleep(0.15)

    def look() -> None:
        while not done.is_set():
            with pair.replica.database.reading() as session:
                page = feed.page(session, pair.circle, Filters(limit=10_000))
            seen.append([row.seq for row in page.rows])

    reading = [guarded(poll, limit) for limit in LIMITS] + [guarded(hold_back), guarded(look)]
    for thread in [guarded(write, number) for number in (1, 2, 3, 4)]:
        thread.join()
    done.set()
    for thread in reading:
        thread.join()
    assert faults == []
    with pair.database.reading() as session:
        order = [row.stix_id for row in feed.page(session, pair.circle, Filters(limit=10_000)).rows]
    assert sorted(order) == sorted(acknowledged)
    for found in polled.values():
        assert found == order
    assert pair.replica.served > 0
    # what the replica itself shows is the beginning of the feed, without a hole, at every moment
    assert all(one == list(range(1, len(one) + 1)) for one in seen)
    assert len({len(one) for one in seen}) > 1


def test_held_back_replica_gives_no_page_and_takes_none_along(pair: Pair) -> None:
    """New objects and withdrawals count at once, a revoked token too, while nothing is replayed."""
    first = pair.append(3)
    pair.wait()
    assert [one["id"] for one in pair.get("").json["objects"]] == first
    assert pair.replica.served == 1
    pair.say("SELECT pg_wal_replay_pause()")
    later = pair.append(2)
    for _ in range(2):
        assert [one["id"] for one in pair.get("").json["objects"]] == first + later
    with pair.database.writing() as session:
        rows = feed.page(session, pair.circle, Filters()).rows
        version = session.execute(
            feed.sa.select(feed.FeedEntry.object_version_id).where(
                feed.FeedEntry.collection_id == pair.circle, feed.FeedEntry.seq == rows[0].seq
            )
        ).scalar_one()
        feed.withdraw(session, pair.circle, [version])
    assert [one["id"] for one in pair.get("?limit=2").json["objects"]] == (first + later)[1:3]
    assert pair.replica.served == 1
    pair.say("SELECT pg_wal_replay_resume()")
    pair.wait()
    assert [one["id"] for one in pair.get("?limit=3").json["objects"]] == (first + later)[1:4]
    assert pair.replica.served == 2
    pair.say("SELECT pg_wal_replay_pause()")
    with pair.database.writing() as session:
        row = (
            session.query(ApiToken)
            .filter_by(administration_id=pair.cast.administrations["XB"])
            .one()
        )
        tokens.revoke_token(session, None, row.id)
    with pytest.raises(AssertionError, match="401"):
        pair.get("?limit=3")


def test_silent_replica_is_done_without_and_taken_back(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once that it is gone, and once that it is back."""
    sent = pair.append(2)
    pair.wait()
    clock = [0.0]
    pair.replica.clock = lambda: clock[0]
    pair.follower.stop("immediate")
    with caplog.at_level(logging.WARNING, "cirt.replica"):
        for limit in (1, 2, 3, 4):
            found = pair.get(f"?limit={limit}").json["objects"]
            assert [one["id"] for one in found] == sent[:limit]
        assert len(caplog.records) == 1
        clock[0] += 11  # tried again, and still gone
        assert len(pair.get("?limit=5").json["objects"]) == 2
        assert len(caplog.records) == 1
        pair.follower.start()
        pair.wait()
        assert len(pair.get("?limit=6").json["objects"]) == 2
        assert pair.replica.served == 0
        clock[0] += 11
        assert len(pair.get("?limit=7").json["objects"]) == 2
        assert pair.replica.served == 1
    assert [record.getMessage() for record in caplog.records][1:] == ["the replica answers again"]


def test_replica_of_another_installation_gives_nothing(pair: Pair) -> None:
    """A wrong CIRT_REPLICA_URL shows nobody anything."""
    sent = pair.append(1)
    for url in postgresql.fresh_database():
        stranger = Database(url)
        pair.replica.asking.engine = stranger.engine.execution_options(isolation_level="AUTOCOMMIT")
        pair.replica.asking.close()
        assert [one["id"] for one in pair.get("").json["objects"]] == sent
        assert pair.replica.served == 0
        pair.replica.asking.close()
        stranger.dispose()
