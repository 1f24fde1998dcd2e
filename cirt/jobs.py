"""Background work as leased rows: enqueued in the transaction that needs it, never lost.

A worker takes a row for a time (the lease); if it dies, the next worker takes the row after
the lease. The effect of a job and its end are one transaction that checks the lease's token,
so a job that ran twice has its effect once. Same code on SQLite and PostgreSQL.
"""

import logging
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.db import Base, Database, insert_for, new_id
from cirt.errors import N_, DomainError

log = logging.getLogger("cirt.jobs")

LEASE_SECONDS = 180
ATTEMPTS = 5
PAUSE_SECONDS = 1.0
STOP_SECONDS = 5.0
KEPT_DAYS = 30


class Job(Base):
    """One piece of work. state: waiting, running, done, failed. `key` makes it unique when given."""

    __tablename__ = "job"

    id: Mapped[uuid.UUID] = new_id()
    kind: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    administration_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    run_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime | None]
    token: Mapped[str | None] = mapped_column(sa.String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(sa.Text, default="")  # a message id for gettext
    message_params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_job_state_run_at", "state", "run_at"),)


@dataclass(frozen=True)
class Task:
    """A taken job, for its handler: what to do, for whom, and where the installation's parts are."""

    id: uuid.UUID
    payload: dict[str, Any]
    administration_id: uuid.UUID | None
    user_id: uuid.UUID | None
    services: Any


# A handler does the slow part and returns the work that writes its effect in one transaction.
Effect = Callable[[Session], dict[str, Any] | None]
Handler = Callable[[Task], Effect]

_handlers: dict[str, Handler] = {}
_daily: list[str] = []


def handles(kind: str, *, daily: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job; daily ones are enqueued once a day by themselves."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        if daily and kind not in _daily:
            _daily.append(kind)
        return handler

    return register


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
    if kind not in _handlers:
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


def retry(session: Session, actor: Actor, job: Job) -> None:
    """Let a failed job run again now."""
    if job.state == "failed":
        job.state, job.attempts, job.run_at, job.message = "waiting", 0, now(), ""
        audit.record(session, actor, "job.retry", job)


def take(database: Database) -> tuple[Job, str] | None:
    """Lease the next due job, also one whose worker died, and return it with the lease's token."""
    with database.writing() as session:
        moment = now()
        query = (
            sa.select(Job)
            .where(
                sa.or_(
                    sa.and_(Job.state == "waiting", Job.run_at <= moment),
                    sa.and_(Job.state == "running", Job.lease_until < moment),
                )
            )
            .order_by(Job.run_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job = session.scalars(query).one_or_none()
        if job is None:
            return None
        if (
            job.attempts >= ATTEMPTS
        ):  # its workers died of it: a job that ends is put back or failed
            _fail(job)
            return None
        job.state, job.token = "running", secrets.token_hex(16)
        job.attempts += 1
        job.lease_until = moment + timedelta(seconds=LEASE_SECONDS)
        session.flush()
        return job, job.token


def _fail(job: Job) -> None:
    job.state, job.token, job.lease_until, job.ended_at = "failed", None, None, now()
    job.message, job.message_params = FAULT, {"attempts": job.attempts}


def run_next(database: Database, services: Any) -> bool:
    """Run one due job to its end; return False when none was due."""
    taken = take(database)
    if taken is None:
        return False
    job, token = taken
    task = Task(job.id, job.payload, job.administration_id, job.user_id, services)
    try:
        effect = _handlers[job.kind](task)
        with database.writing() as session:
            if (
                _end(session, job.id, token, state="done")
                and (result := effect(session)) is not None
            ):
                session.execute(sa.update(Job).where(Job.id == job.id).values(result=result))
    except DomainError as error:
        with database.writing() as session:  # a refusal of the input: trying again cannot help
            _end(session, job.id, token, state="failed", message=error.message, params=error.params)
    except Exception:
        log.exception("job %s of kind %s, attempt %s", job.id, job.kind, job.attempts)
        _put_back(database, job, token)
    return True


def _end(
    session: Session,
    job_id: uuid.UUID,
    token: str,
    *,
    state: str,
    message: str = "",
    params: dict[str, Any] | None = None,
) -> bool:
    ended = session.execute(
        sa.update(Job)
        .where(Job.id == job_id, Job.token == token, Job.state == "running")
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


FAULT = N_("This work failed %(attempts)s times. The operator finds the reason in the log.")


def _put_back(database: Database, job: Job, token: str) -> None:
    with database.writing() as session:
        if job.attempts >= ATTEMPTS:
            _end(
                session,
                job.id,
                token,
                state="failed",
                message=FAULT,
                params={"attempts": job.attempts},
            )
        else:
            session.execute(
                sa.update(Job)
                .where(Job.id == job.id, Job.token == token)
                .values(
                    state="waiting",
                    token=None,
                    lease_until=None,
                    run_at=now() + timedelta(seconds=10 * 4 ** (job.attempts - 1)),
                )
            )


def enqueue_daily(database: Database) -> None:
    """Enqueue today's run of every daily job, once, whoever asks first."""
    day = now().date().isoformat()
    for kind in _daily:
        key = f"{kind}:{day}"
        with database.reading() as session:
            if session.scalar(sa.select(Job.id).where(Job.key == key)) is not None:
                continue
        with database.writing() as session:
            enqueue(session, kind, {}, key=key)


def run_pending(database: Database, services: Any, *, most: int = 1000) -> int:
    """Run every due job now and return how many ran."""
    ran = 0
    while ran < most and run_next(database, services):
        ran += 1
    return ran


class Worker(threading.Thread):
    """The background thread of a server process that runs jobs one after the other."""

    def __init__(self, database: Database, services: Any) -> None:
        super().__init__(name="jobs", daemon=True)
        self._database = database
        self._services = services
        self._stop_asked = threading.Event()
        self._day: date | None = None

    def run(self) -> None:
        """Run due jobs until asked to stop, whatever goes wrong with one of them."""
        while not self._stop_asked.is_set():
            try:
                if self._day != now().date():
                    enqueue_daily(self._database)
                    self._day = now().date()
                if run_next(self._database, self._services):
                    continue
            except sa.exc.SQLAlchemyError as error:
                log.warning("jobs wait for the database: %s", type(error).__name__)
            except Exception:
                log.exception("jobs go on after a fault")
            self._stop_asked.wait(PAUSE_SECONDS)

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """Let the thread end after its present job; a longer job is taken over after its lease."""
        self._stop_asked.set()
        self.join(seconds)
        log.info("background work has stopped")


@handles("jobs.forget", daily=True)
def _forget(_task: Task) -> Effect:
    def effect(session: Session) -> dict[str, Any]:
        gone = session.execute(
            sa.delete(Job).where(
                Job.state == "done", Job.ended_at < now() - timedelta(days=KEPT_DAYS)
            )
        )
        return {"forgotten": gone.rowcount}  # type: ignore[attr-defined]

    return effect
