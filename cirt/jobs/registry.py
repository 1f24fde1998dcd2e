"""Kinds of background work: who handles them, how people call them, when they come by themselves."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.db import Database
from cirt.errors import (
    N_,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnsupportedError,
)
from cirt.jobs.models import Job

log = logging.getLogger("cirt.jobs")

LEASE_SECONDS = 180.0
PROGRESS_SECONDS = 1.0

REFUSALS = (
    InvalidInputError,
    UnsupportedError,
    TooLargeError,
    ForbiddenError,
    NotFoundError,
    ConflictError,
)
"""Errors about what a person gave or may do: where one asked for the work, no operator can help."""


class JobCancelledError(Exception):
    """Somebody cancelled the job; the handler lets it pass."""


class LeaseLostError(Exception):
    """Another worker has the job by now; the handler lets it pass."""


class StoppingError(Exception):
    """The server is stopping: the job goes back and runs again; the handler lets it pass."""


@dataclass
class Watch:
    """The line from a running handler to its row: progress out, cancellation in."""

    database: Database
    job_id: uuid.UUID
    token: str
    stopping: threading.Event = field(default_factory=threading.Event)
    asked: float = 0.0

    def is_due(self) -> bool:
        """Return whether the row may be looked at again: at most once a second."""
        if self.stopping.is_set():
            raise StoppingError
        moment = time.monotonic()
        if self.asked and moment - self.asked < PROGRESS_SECONDS:
            return False
        self.asked = moment
        return True

    def note(self, done: int, of: int | None) -> None:
        """Write the progress and keep the lease; raise if the job is not to go on."""
        own = sa.and_(Job.id == self.job_id, Job.token == self.token, Job.state == "running")
        values = {
            "progress_done": done,
            "progress_of": of,
            "lease_until": now() + timedelta(seconds=LEASE_SECONDS),
        }
        try:
            with self.database.writing() as session:
                kept = session.execute(
                    sa.update(Job).where(own, Job.cancel_asked_at.is_(None)).values(values)
                )
        except sa.exc.SQLAlchemyError as error:  # progress is told for comfort alone
            log.warning("progress could not be noted: %s", type(error).__name__)
            return
        if kept.rowcount != 1:  # type: ignore[attr-defined]
            self.look()
            raise LeaseLostError

    def look(self) -> None:
        """Raise if the job is not to go on."""
        with self.database.reading() as session:
            row = session.execute(
                sa.select(Job.token, Job.cancel_asked_at).where(Job.id == self.job_id)
            ).one_or_none()
        if row is None or row.token != self.token:
            raise LeaseLostError
        if row.cancel_asked_at is not None:
            raise JobCancelledError


@dataclass(frozen=True)
class Task:
    """A taken job, for its handler: what to do, for whom, and where the installation's parts are."""

    id: uuid.UUID
    payload: dict[str, Any]
    administration_id: uuid.UUID | None
    user_id: uuid.UUID | None
    services: Any
    watch: Watch | None = None

    def progress(self, done: int, of: int | None = None) -> None:
        """Tell how much is done, of how much (None: nobody knows); not from within an effect.

        Cheap to call often: the row is written at most once a second. Ends the handler like
        `check_cancelled`.
        """
        if self.watch is not None and self.watch.is_due():
            self.watch.note(done, of)

    def check_cancelled(self) -> None:
        """End the handler if the job was cancelled or the server stops; looks once a second."""
        if self.watch is not None and self.watch.is_due():
            self.watch.look()


# A handler does the slow part and returns the work that writes its effect in one transaction.
Effect = Callable[[Session], dict[str, Any] | None]
Handler = Callable[[Task], Effect]


@dataclass(frozen=True)
class Kind:
    """A kind of work.

    name: message id, what people call it. every: how often it comes by itself, None for work that
    is asked for. when: whether it comes at all here, asked of the installation. long: it may take
    minutes, and has a thread of its own so that nothing waits for it. cancelled: what is written
    in the transaction that cancels it, such as forgetting an upload.
    """

    handler: Handler
    name: str
    every: timedelta | None = None
    when: Callable[[Any], bool] | None = None
    long: bool = False
    may_cancel: bool = True
    cancelled: Callable[[Session, Task], None] | None = None

    def slot(self, moment: datetime) -> str:
        """Return the name of the time slot of a moment: one run for each."""
        assert self.every is not None  # noqa: S101 - asked for recurring kinds alone
        if self.every == timedelta(days=1):
            return moment.date().isoformat()
        n = int(moment.timestamp() // self.every.total_seconds())
        start = datetime.fromtimestamp(n * self.every.total_seconds(), UTC)
        return start.isoformat(timespec="seconds")


_kinds: dict[str, Kind] = {}
kinds: Mapping[str, Kind] = MappingProxyType(_kinds)


def handles(
    kind: str,
    *,
    name: str = "",
    every: timedelta | None = None,
    daily: bool = False,
    when: Callable[[Any], bool] | None = None,
    long: bool = False,
    may_cancel: bool = True,
    cancelled: Callable[[Session, Task], None] | None = None,
) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job; see Kind for what may be said about it."""

    def register(handler: Handler) -> Handler:
        often = timedelta(days=1) if daily else every
        _kinds[kind] = Kind(handler, name, often, when, long, may_cancel, cancelled)
        return handler

    return register


def name_of(kind: str) -> str:
    """Return the message id of what people call a kind of work."""
    found = _kinds.get(kind)
    return found.name if found and found.name else OTHER


OTHER = N_("Other work")
