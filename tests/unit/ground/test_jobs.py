"""Background work: nothing is lost, nothing has its effect twice."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.clock import now
from cirt.db import Database
from cirt.errors import InvalidInputError
from cirt.jobs import Job, queue, registry, worker
from cirt.web import Installation
from tests.conftest import Cast
from tests.soak.jobs import kill_jobs

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

    jobs.handles("test.keep", may_cancel=False)(lambda _task: lambda _session: None)

    yield
    for kind in ("test.note", "test.refuse", "test.crash", "test.keep"):
        del registry._kinds[kind]


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


def test_what_a_person_gave_is_refused_and_nobody_elses_matter(
    database: Database, installation: Installation, cast: Cast
) -> None:
    with database.writing() as session:
        job_id = jobs.enqueue(session, "test.refuse", {}, actor=cast.actors["nadia"]).id
    jobs.run_pending(database, installation)
    assert _job(database, job_id).state == "refused"
    with database.writing() as session:
        assert not jobs.retry(session, cast.actors["root"], session.get_one(Job, job_id))


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
        assert not queue._end(session, job_id, late_token, state="done")
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


def test_job_that_kills_its_workers_fails_in_the_end(
    database: Database, installation: Installation
) -> None:
    job_id = _enqueue(database, "test.note", n=1)
    for _ in range(jobs.ATTEMPTS):
        assert jobs.take(database) is not None
        with database.writing() as session:
            session.execute(sa.update(Job).values(lease_until=now() - timedelta(seconds=1)))
    assert jobs.run_pending(database, installation) == 0
    assert (_job(database, job_id).state, ran) == ("failed", [])


def test_same_key_at_the_same_moment_is_one_job(database: Database) -> None:
    found, failed = [], []

    def enqueue() -> None:
        try:
            with database.writing() as session:
                found.append(jobs.enqueue(session, "test.note", {"n": 1}, key="same").id)
        except Exception as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=enqueue) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(found)) == 1


def test_worker_goes_on_after_a_fault_and_stops_when_asked(
    database: Database, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _enqueue(database, "test.note", n=1)
    run_next, faults = queue.run_next, [OSError("once"), RuntimeError("twice")]

    def faulty(*arguments: Any, **options: Any) -> bool:
        if faults:
            raise faults.pop()
        return run_next(*arguments, **options)

    monkeypatch.setattr(queue, "run_next", faulty)
    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0.01)
    background = jobs.Worker(database, installation)
    background.start()
    for _ in range(1000):
        if _job(database, job_id).state == "done":
            break
        threading.Event().wait(0.01)
    background.stop()
    assert ran == [1]
    assert not background.is_alive()


TWO_PROCESSES = """
import sys
from cirt import jobs
from cirt.db import Database, insert_for
from cirt.jobs import Job

@jobs.handles("test.process")
def handler(task):
    def effect(session):
        session.execute(insert_for(session, Job).values(
            kind="test.effect", key=f"effect-{task.payload['n']}", payload={}, state="done"))
    return effect

print(jobs.run_pending(Database(sys.argv[1]), None))
"""


def test_two_processes_run_each_job_once(database: Database, database_url: str) -> None:
    with database.writing() as session:
        session.add_all(Job(kind="test.process", payload={"n": n}, run_at=now()) for n in range(30))
    command = [sys.executable, "-c", TWO_PROCESSES, database_url]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = [int(process.communicate()[0]) for process in processes]
    with database.reading() as session:
        done = session.scalars(sa.select(Job).where(Job.kind == "test.process")).all()
        effects = session.scalars(sa.select(Job).where(Job.kind == "test.effect")).all()
    assert sum(counts) == 30
    assert {(job.state, job.attempts) for job in done} == {("done", 1)}
    assert len(effects) == 30


def test_killed_workers_lose_nothing_and_double_nothing(database_url: str) -> None:
    kill_jobs(database_url, count=60, kills=4, seed=7)


def test_recurring_work_comes_once_a_slot_and_not_over_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.handles("test.often", every=timedelta(minutes=15))(lambda _task: lambda _session: None)
    moment = datetime(2026, 3, 1, 10, 14, tzinfo=UTC)
    monkeypatch.setattr(queue, "now", lambda: moment)

    def keys() -> list[str | None]:
        jobs.enqueue_recurring(database)
        jobs.enqueue_recurring(database)
        with database.reading() as session:
            query = sa.select(Job.key).where(Job.kind == "test.often").order_by(Job.key)
            return list(session.scalars(query))

    try:
        first, second = (f"test.often:2026-03-01T10:{minute}:00+00:00" for minute in ("00", "30"))
        assert keys() == [first]
        moment += timedelta(minutes=2)
        assert keys() == [first], "the earlier run still waits"
        with database.writing() as session:
            session.execute(sa.update(Job).values(state="done"))
        moment += timedelta(minutes=15)
        assert keys() == [first, second]
    finally:
        del registry._kinds["test.often"]


@pytest.fixture
def stepping(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A kind whose handler stops at each step until somebody did something to its row."""
    monkeypatch.setattr(registry, "PROGRESS_SECONDS", 0.0)
    scene: dict[str, Any] = {"at": {}, "cleaned": 0}

    def cleaned(_session: Any, _task: jobs.Task) -> None:
        scene["cleaned"] += 1

    @jobs.handles("test.steps", cancelled=cleaned)
    def _steps(task: jobs.Task) -> jobs.Effect:
        for n in range(3):
            scene["at"].pop(n, lambda _task: None)(task)
            task.progress(n, 3)
        scene["at"].pop("end", lambda _task: None)(task)
        return lambda _session: ran.append("effect") or {}

    yield scene
    del registry._kinds["test.steps"]


def test_progress_is_kept_and_keeps_the_lease(
    database: Database, installation: Installation, stepping: dict[str, Any]
) -> None:
    job_id = _enqueue(database, "test.steps")

    def look(_task: jobs.Task) -> None:
        with database.writing() as session:
            session.execute(sa.update(Job).values(lease_until=now() + timedelta(seconds=1)))

    stepping["at"][2] = look
    jobs.run_next(database, installation)
    job = _job(database, job_id)
    assert (job.state, job.progress_done, job.progress_of, ran) == ("done", 2, 3, ["effect"])


@pytest.mark.parametrize("step", [0, 2, "end"])
def test_running_work_that_is_cancelled_has_no_effect(
    database: Database, installation: Installation, cast: Cast, stepping: dict[str, Any], step: Any
) -> None:
    job_id = _enqueue(database, "test.steps")

    def cancel(_task: jobs.Task) -> None:
        with database.writing() as session:
            job = session.get_one(Job, job_id)
            assert jobs.cancel(session, installation, cast.actors["root"], job)
        with database.writing() as session:  # a second time asks for nothing new
            job = session.get_one(Job, job_id)
            assert not jobs.cancel(session, installation, cast.actors["root"], job)

    stepping["at"][step] = cancel
    jobs.run_next(database, installation)
    assert (_job(database, job_id).state, ran, stepping["cleaned"]) == ("cancelled", [], 1)
    with database.writing() as session:
        assert jobs.retry(session, cast.actors["root"], session.get_one(Job, job_id))
    jobs.run_next(database, installation)
    assert (_job(database, job_id).state, ran) == ("done", ["effect"])
    with database.writing() as session:
        job = session.get_one(Job, job_id)
        assert not jobs.cancel(session, installation, cast.actors["root"], job), "it is done"


def test_waiting_work_is_cancelled_at_once_unless_its_kind_has_to_run(
    database: Database, installation: Installation, cast: Cast, stepping: dict[str, Any]
) -> None:
    assert jobs.kinds["peer.erase"].may_cancel is False
    job_id, kept_id = _enqueue(database, "test.steps"), _enqueue(database, "test.keep")
    with database.writing() as session:
        job, kept = session.get_one(Job, job_id), session.get_one(Job, kept_id)
        assert jobs.cancel(session, installation, cast.actors["root"], job)
        assert not jobs.cancel(session, installation, cast.actors["root"], kept)
    assert jobs.run_pending(database, installation) == 1
    assert (_job(database, job_id).state, ran, stepping["cleaned"]) == ("cancelled", [], 1)
    assert _job(database, kept_id).state == "done"


def test_work_goes_back_when_the_server_stops_and_lets_go_when_it_lost_the_lease(
    database: Database, installation: Installation, stepping: dict[str, Any]
) -> None:
    job_id, stopping = _enqueue(database, "test.steps"), threading.Event()
    stepping["at"][1] = lambda _task: stopping.set()
    jobs.run_next(database, installation, stopping=stopping)
    job = _job(database, job_id)
    assert (job.state, job.attempts, ran) == ("waiting", 0, [])

    def lose(_task: jobs.Task) -> None:
        with database.writing() as session:
            session.execute(sa.update(Job).values(token="another"))

    stepping["at"][1] = lose
    jobs.run_next(database, installation)
    assert (_job(database, job_id).state, _job(database, job_id).token) == ("running", "another")
    assert ran == []
