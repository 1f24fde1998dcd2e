"""A database that runs everything serializable: what met another transaction is done again."""

import logging
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cirt import conflicts, jobs
from cirt.app import create_app
from cirt.db import Database
from cirt.incidents import feed, object_store, strict_door
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.store_models import FeedCounter
from cirt.jobs import Effect, Job, Task
from cirt.settings import read_settings
from cirt.stix.taxii_filters import Filters
from tests import postgresql, sharing
from tests.conftest import Cast, store_cast
from tests.exchange.feed_history import append, some_object
from tests.exchange.machine_objects import indicator
from tests.sharing import Machine

pytestmark = pytest.mark.postgresql


class Serializable:
    """The application on a database where every transaction is serializable."""

    def __init__(self, url: str, data_dir: Path) -> None:
        settings = read_settings({}, data_dir=data_dir, database_url=url)
        self.app: flask.Flask = create_app(settings)
        self.database: Database = self.app.extensions["cirt"].database
        self.cast: Cast = store_cast(self.database, settings)
        self.circle: uuid.UUID = sharing.make_circle(
            self.database, self.cast, writing=MachineWriting.DIRECT
        )
        sharing.give_standing_approval(self.database, self.cast, self.circle)
        self.machine = Machine(self.app, self.cast.tokens["XA"])
        self.url = f"/exchange/collections/{self.circle}/objects/"
        self.appended: list[str] = []

    def meddle(self, session: Session) -> None:
        """Look at the counter, then let another transaction change it."""
        session.scalar(sa.select(FeedCounter.n).where(FeedCounter.collection_id == self.circle))
        item = some_object(self.cast.administrations["XB"])
        append(self.database, self.circle, [item])
        self.appended.append(item.stix_id)

    def ids(self) -> list[str]:
        """Return what the feed holds, in its order."""
        with self.database.reading() as session:
            found = feed.page(session, self.circle, Filters())
        return [row.stix_id for row in found.rows]


@pytest.fixture
def serializable(tmp_path: Path, _cheap_passwords: None) -> Iterator[Serializable]:
    """The application on such a database."""
    for url in postgresql.fresh_database():
        name = url.rpartition("?")[0].rpartition("/")[2]
        with psycopg.connect(postgresql.server().format(name="postgres"), autocommit=True) as own:
            own.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
        found = Serializable(url, tmp_path / "data")
        yield found
        found.database.dispose()


def _meddling(
    serializable: Serializable, monkeypatch: pytest.MonkeyPatch, times: int
) -> Callable[[], int]:
    """Have other transactions come between a machine's post and its commit, so many times."""
    examine, left = strict_door.examine, [times]

    def examined(objects: Any, *, session: Session, **more: Any) -> Any:
        if left[0]:
            left[0] -= 1
            serializable.meddle(session)
        return examine(objects, session=session, **more)

    monkeypatch.setattr(strict_door, "examine", examined)
    return lambda: left[0]


def test_machine_s_post_is_done_again_and_has_its_effect_once(
    serializable: Serializable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """40001 twice, then 202: the object is in the feed once, after what came between."""
    left = _meddling(serializable, monkeypatch, 2)
    one = indicator()
    with caplog.at_level(logging.INFO, "cirt.db"):
        answer = serializable.machine.post(serializable.url, {"objects": [one]})
    assert answer.status_code == 202
    assert answer.json["success_count"] == 1
    assert left() == 0
    assert serializable.ids() == [*serializable.appended, one["id"]]
    assert len([record for record in caplog.records if "done again" in record.msg]) == 2


def test_post_that_always_meets_another_is_told_to_come_again(
    serializable: Serializable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, and nothing stored."""
    left = _meddling(serializable, monkeypatch, 100)
    one = indicator()
    answer = serializable.machine.post(serializable.url, {"objects": [one]})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert left() == 100 - conflicts.TIMES
    assert one["id"] not in serializable.ids()


def test_job_s_effect_is_done_again(
    serializable: Serializable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one attempt of the job."""
    item, meddled = some_object(serializable.cast.administrations["XA"]), []

    def handler(_task: Task) -> Effect:
        def effect(session: Session) -> dict[str, Any]:
            session.scalar(sa.select(FeedCounter.n))
            if not meddled:
                meddled.append(True)
                serializable.meddle(session)
            versions: Any = object_store.keep(session, [item], via="taxii")
            feed.append(session, serializable.circle, versions)
            return {"done": True}

        return effect

    kind = "test.conflict"
    monkeypatch.setitem(jobs.registry._kinds, kind, jobs.registry.Kind(handler=handler, name=kind))
    with serializable.database.writing() as session:
        job = jobs.enqueue(session, kind, {})
        job_id = job.id
    assert jobs.run_pending(serializable.database, None, most=1) == 1
    with serializable.database.reading() as session:
        row = session.get_one(Job, job_id)
        assert (row.state, row.attempts, row.result) == ("done", 1, {"done": True})
    assert serializable.ids() == [*serializable.appended, item.stix_id]


@pytest.mark.parametrize("code", [*conflicts.CODES, "57014", None])
def test_only_conflicts_are_tried_again(code: str | None) -> None:
    """A deadlock, too; a statement that took too long, or a database that is away, is not."""

    class Fault(Exception):  # noqa: N818 - as a driver's
        sqlstate = code

    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise OperationalError("statement", None, Fault())

    with pytest.raises(OperationalError):
        conflicts.again(work)
    assert len(tries) == (conflicts.TIMES if code in conflicts.CODES else 1)
    tries.clear()
    with pytest.raises(OperationalError):
        conflicts.again(work, unless=lambda: True)
    assert len(tries) == 1
