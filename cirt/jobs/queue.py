"""The queue: into it, out of it, and how work ends; every step one transaction."""

import logging
import secrets
import threading
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, conflicts
from cirt.access import Actor
from cirt.clock import now
from cirt.db import Database, insert_for
from cirt.errors import N_, DomainError
from cirt.jobs import registry
from cirt.jobs.models import Job
from cirt.jobs.registry import (
    Effect,
    JobCancelledError,
    LeaseLostError,
    StoppingError,
    Task,
    Watch,
    kinds,
)

log = logging.getLogger("cirt.jobs")

ATTEMPTS = 5

FAULT = N_("This work failed %(attempts)s times. The operator finds the reason in the log.")
CANCELLED = N_("This work was cancelled; it changed nothing.")

CANCELLABLE = ("waiting", "running", "failed")


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    actor: Actor | None = None,
    key: str | None = None,
    run_at: datetime | None = None,
) -> Job:
    """Add a job to the transaction; with a key that exists already, return the existing one."""
    if kind not in kinds:
        raise KeyError(f"no handler for jobs of kind {kind!r}")
    values: dict[str, Any] = {
        "kind": kind,
        "key": key,
        "payload": payload,
        "administration_id": actor.administration_id if actor else None,
        "user_id": actor.user_id if actor else None,
        "run_at": run_at or now(),
    }
    if key is not None:  # two at the same moment: the second waits and finds the first one's row
        session.execute(
            insert_for(session, Job)
            .values(**values)
            .on_conflict_do_nothing(index_elements=[Job.key])
        )
        return session.scalars(sa.select(Job).where(Job.key == key)).one()
    job = Job(**values)
    session.add(job)
    session.flush()
    return job


def retry(session: Session, actor: Actor, job: Job) -> bool:
    """Let a failed or cancelled job run again now; return whether it was one."""
    again = session.execute(
        sa.update(Job)
        .where(Job.id == job.id, Job.state.in_(("failed", "cancelled")))
        .values(
            state="waiting",
            attempts=0,
            run_at=now(),
            message="",
            message_params={},
            progress_done=0,
            progress_of=None,
            cancel_asked_at=None,
            started_at=None,
            ended_at=None,
        )
        .execution_options(synchronize_session="fetch")
    )
    if again.rowcount != 1:  # type: ignore[attr-defined]
        return False
    audit.record(session, actor, "job.retry", job)
    return True


def cancel(session: Session, services: Any, actor: Actor, job: Job) -> bool:
    """End what waits at once, and ask what runs to end; return whether it was not too late.

    Running work that was asked to end has no effect from then on, however far it is. What failed
    counts as cancelled from then on, with its reason, and nobody has to look after it any more.
    Kinds that may not be cancelled are left alone.
    """
    if not may_cancel(job.kind):
        return False
    query = sa.select(Job).where(Job.id == job.id).execution_options(populate_existing=True)
    # locked: its effect is being written at this moment, which is too late
    found = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if found is None or found.state not in CANCELLABLE or found.cancel_asked_at:
        return False
    if found.state == "failed":
        found.state = "cancelled"
        _clean_up(session, _task_of(found, services))
    elif found.state == "waiting":
        found.state, found.ended_at, found.message = "cancelled", now(), CANCELLED
        _clean_up(session, _task_of(found, services))
    else:
        found.cancel_asked_at = now()
    session.flush()
    audit.record(session, actor, "job.cancel", found)
    return True


def may_cancel(kind: str) -> bool:
    """Return whether work of this kind may be cancelled at all."""
    return kind not in kinds or kinds[kind].may_cancel


def take(database: Database, *, long: bool | None = None) -> tuple[Job, str] | None:
    """Lease the next due job, also one whose worker died, and return it with the lease's token.

    long: only kinds that may take minutes (True), only the others (False), None: any.
    """
    moment = now()
    due = [
        sa.or_(
            sa.and_(Job.state == "waiting", Job.run_at <= moment),
            sa.and_(Job.state == "running", Job.lease_until < moment),
        ),
        *_lane(long),
    ]
    if database.is_sqlite:  # a look that finds nothing need not hold up the writers
        with database.reading() as session:
            if session.scalar(sa.select(Job.id).where(*due).limit(1)) is None:
                return None
    with database.writing() as session:
        query = (
            sa.select(Job)
            .where(*due)
            .order_by(Job.run_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job = session.scalars(query).one_or_none()
        if job is None:
            return None
        if job.attempts >= ATTEMPTS:  # its workers died of it: what ends is put back or failed
            job.state, job.token, job.lease_until, job.ended_at = "failed", None, None, now()
            job.message, job.message_params = FAULT, {"attempts": job.attempts}
            return None
        job.state, job.token = "running", secrets.token_hex(16)
        job.attempts += 1
        job.started_at = moment
        job.lease_until = moment + timedelta(seconds=registry.LEASE_SECONDS)
        session.flush()
        return job, job.token


def _lane(long: bool | None) -> list[sa.ColumnElement[bool]]:
    if long is None:
        return []
    slow = [name for name, kind in kinds.items() if kind.long]
    return [Job.kind.in_(slow) if long else Job.kind.not_in(slow)]


def run_next(
    database: Database,
    services: Any,
    *,
    long: bool | None = None,
    stopping: threading.Event | None = None,
) -> bool:
    """Run one due job to its end; return False when none was due."""
    taken = take(database, long=long)
    if taken is None:
        return False
    job, token = taken
    watch = Watch(database, job.id, token, stopping or threading.Event())
    task = _task_of(job, services, watch)
    try:
        if job.cancel_asked_at is not None:  # asked for while its worker was dying
            raise JobCancelledError
        effect = kinds[job.kind].handler(task)
        conflicts.again(lambda: _finish(database, task, token, effect))
    except JobCancelledError:
        with database.writing() as session:
            _end_cancelled(session, task, token)
    except LeaseLostError:
        log.warning("job %s of kind %s was taken over by another worker", job.id, job.kind)
    except StoppingError:
        with database.writing() as session:
            _wait(session, job, token, now(), attempts=job.attempts - 1)
    except DomainError as error:  # trying again cannot help
        refused = task.user_id is not None and isinstance(error, registry.REFUSALS)
        state = "refused" if refused else "failed"
        with database.writing() as session:
            _end(session, job.id, token, state=state, message=error.message, params=error.params)
    except Exception:
        log.exception("job %s of kind %s, attempt %s", job.id, job.kind, job.attempts)
        _put_back(database, job, token)
    return True


def _finish(database: Database, task: Task, token: str, effect: Effect) -> None:
    with database.writing() as session:
        if _end(session, task.id, token, state="done"):
            if (result := effect(session)) is not None:
                session.execute(sa.update(Job).where(Job.id == task.id).values(result=result))
        else:
            _end_cancelled(session, task, token)


def _task_of(job: Job, services: Any, watch: Watch | None = None) -> Task:
    return Task(job.id, job.payload, job.administration_id, job.user_id, services, watch)


def _end(
    session: Session,
    job_id: uuid.UUID,
    token: str,
    *,
    state: str,
    message: str = "",
    params: dict[str, Any] | None = None,
) -> bool:
    """End a job whose lease is still ours, unless it is to end as cancelled."""
    own = [Job.id == job_id, Job.token == token, Job.state == "running"]
    if state == "cancelled":
        own.append(Job.cancel_asked_at.is_not(None))
    elif state == "done":
        own.append(Job.cancel_asked_at.is_(None))
    ended = session.execute(
        sa.update(Job)
        .where(*own)
        .values(
            state=state,
            token=None,
            lease_until=None,
            ended_at=now(),
            message=message,
            message_params=params or {},
        )
    )
    return bool(ended.rowcount == 1)  # type: ignore[attr-defined]


def _end_cancelled(session: Session, task: Task, token: str) -> None:
    if _end(session, task.id, token, state="cancelled", message=CANCELLED):
        _clean_up(session, task)


def _clean_up(session: Session, task: Task) -> None:
    kind = session.scalar(sa.select(Job.kind).where(Job.id == task.id))
    found = kinds.get(kind or "")
    if found is not None and found.cancelled is not None:
        found.cancelled(session, task)


def _put_back(database: Database, job: Job, token: str) -> None:
    with database.writing() as session:
        if job.attempts >= ATTEMPTS:
            params = {"attempts": job.attempts}
            _end(session, job.id, token, state="failed", message=FAULT, params=params)
        else:
            pause = timedelta(seconds=10 * 4 ** (job.attempts - 1))
            _wait(session, job, token, now() + pause, attempts=job.attempts)


def _wait(session: Session, job: Job, token: str, run_at: datetime, *, attempts: int) -> None:
    session.execute(
        sa.update(Job)
        .where(Job.id == job.id, Job.token == token)
        .values(state="waiting", token=None, lease_until=None, run_at=run_at, attempts=attempts)
    )


def enqueue_recurring(
    database: Database, services: Any = None, *, known: Collection[str] = ()
) -> set[str]:
    """Enqueue the present run of every kind that comes by itself, once, whoever asks first.

    known: keys that were enqueued already, so that nobody asks the database for them. Return the
    keys of the present runs.
    """
    moment, present = now(), set()
    for name, kind in list(kinds.items()):
        if kind.every is None or (kind.when and services is not None and not kind.when(services)):
            continue
        key = f"{name}:{kind.slot(moment)}"
        present.add(key)
        if key in known:
            continue
        with database.reading() as session:
            earlier = sa.and_(Job.kind == name, Job.state.in_(("waiting", "running")))
            own = sa.and_(earlier, Job.key.startswith(f"{name}:", autoescape=True))
            query = sa.select(Job.id).where(sa.or_(Job.key == key, own)).limit(1)
            if session.scalar(query) is not None:
                continue
        with database.writing() as session:
            enqueue(session, name, {}, key=key)
    return present


def run_pending(database: Database, services: Any, *, most: int = 1000) -> int:
    """Run every due job now and return how many ran."""
    ran = 0
    while ran < most and run_next(database, services):
        ran += 1
    return ran
