"""Background work: nothing is lost, nothing has its effect twice."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.clock import now
from cirt.db import Database
from cirt.errors import InvalidInputError
from cirt.jobs import Job
from cirt.web import Installation
from tests.conftest import Cast

ran: list[Any] = []


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    ran.clear()

    @jobs.handles("test.note")
    def _note(task: jobs.Task) -> jobs.Effect:
        return lambda _session: ran.append(task.payload["n"]) or {"n": task.payload["n"]}

    @jobs.handles("test.refuse")
    def _refuse(_task: jobs.Task) -> jobs.Effect:
        raise InvalidInputError(
            "This file is no event: choose another than %(name)s.", name="x.json"
        )

    @jobs.handles("test.crash")
    def _crash(_task: jobs.Task) -> jobs.Effect:
        raise RuntimeError("boom")

    yield
    for kind in ("test.note", "test.refuse", "test.crash"):
        del jobs._handlers[kind]


def _enqueue(database: Database, kind: str, **payload: Any) -> Any:
    with database.writing() as session:
        return jobs.enqueue(session, kind, payload).id


def _job(database: Database, job_id: Any) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job_id)


def test_job_runs_once_and_keeps_its_result(database: Database, installation: Installation) -> None:
    job_id = _enqueue(database, "test.note", n=1)
    assert jobs.run_pending(database, installation) == 1
    assert jobs.run_pending(database, installation) == 0
    assert ran == [1]
    assert (_job(database, job_id).state, _job(database, job_id).result) == ("done", {"n": 1})


def test_job_of_a_rolled_back_transaction_does_not_exist(
    database: Database, installation: Installation
) -> None:
    with pytest.raises(RuntimeError), database.writing() as session:
        jobs.enqueue(session, "test.note", {"n": 1})
        raise RuntimeError
    assert jobs.run_pending(database, installation) == 0


def test_same_key_is_enqueued_once(database: Database) -> None:
    with database.writing() as session:
        first = jobs.enqueue(session, "test.note", {"n": 1}, key="one").id
    with database.writing() as session:
        assert jobs.enqueue(session, "test.note", {"n": 2}, key="one").id == first


def test_refused_input_fails_at_once_with_its_sentence(
    database: Database, installation: Installation
) -> None:
    job_id = _enqueue(database, "test.refuse")
    jobs.run_pending(database, installation)
    job = _job(database, job_id)
    assert job.state == "failed"
    assert job.message % job.message_params == "This file is no event: choose another than x.json."


def test_crashing_job_is_tried_again_later_and_fails_in_the_end(
    database: Database, installation: Installation, cast: Cast
) -> None:
    job_id = _enqueue(database, "test.crash")
    for attempt in range(1, jobs.ATTEMPTS + 1):
        assert jobs.run_pending(database, installation) == 1
        assert _job(database, job_id).attempts == attempt
        assert jobs.run_pending(database, installation) == 0, "it waits before it is tried again"
        with database.writing() as session:
            session.execute(sa.update(Job).where(Job.state == "waiting").values(run_at=now()))
    assert _job(database, job_id).state == "failed"
    with database.writing() as session:
        jobs.retry(session, cast.actors["root"], session.get_one(Job, job_id))
    assert _job(database, job_id).state == "waiting"


def test_dead_workers_job_is_taken_over_and_the_late_effect_is_dropped(
    database: Database, installation: Installation
) -> None:
    job_id = _enqueue(database, "test.note", n=7)
    taken = jobs.take(database)
    assert taken is not None
    _late_job, late_token = taken
    assert jobs.take(database) is None, "leased to the first worker"
    with database.writing() as session:
        session.execute(sa.update(Job).values(lease_until=now() - timedelta(seconds=1)))
    assert jobs.run_pending(database, installation) == 1
    with database.writing() as session:
        assert not jobs._end(session, job_id, late_token, state="done")
    assert ran == [7]


def test_parallel_workers_run_each_job_once(database: Database, installation: Installation) -> None:
    for n in range(20):
        _enqueue(database, "test.note", n=n)
    threads = [
        threading.Thread(target=jobs.run_pending, args=(database, installation)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran) == list(range(20))
