"""The database: engine, sessions, column types; SQLite and PostgreSQL alike.

Reading and writing sessions are told apart: on SQLite a writing transaction begins with
BEGIN IMMEDIATE (a deferred one that turns into a writer fails under load), and a reading
session refuses to flush, so a page that is only looked at cannot change anything.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from cirt import partitions
from cirt.errors import N_, SettingError
from cirt.postgresql_engine import CONNECTIONS, PATIENCE, postgresql_engine
from cirt.settings import Settings
from cirt.sqlite_engine import is_safe_for_wal, sqlite_engine

log = logging.getLogger("cirt.db")


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware time in UTC; SQLite has no time zones, so it keeps naive UTC there."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table of the product."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcTime,
        uuid.UUID: sa.Uuid(as_uuid=True),
        dict[str, Any]: sa.JSON,
        list[str]: sa.JSON,
    }


def new_id() -> Any:
    """Return a primary key column of random UUIDs, for whatever may cross a border."""
    return mapped_column(sa.Uuid(as_uuid=True), primary_key=True, default=uuid.uuid4)


class ReadOnlyError(RuntimeError):
    """A reading session was about to write: a fault of the program, never of the user."""


class OneTransaction(Session):
    """A session without savepoints: what is to happen at the commit would happen at each of them."""

    def begin_nested(self) -> NoReturn:
        """Refuse, whoever asks."""
        raise NotImplementedError("a transaction is kept or rolled back as a whole")


class Database:
    """One database with its reading and writing sessions.

    generation: raised after every commit of a writing session of this process, before whoever
    committed learns of it. So an answer that was asked for while it stood as it stands now is
    outdated by no change that this process has acknowledged; of other processes it knows nothing.

    connections: most that this process opens to PostgreSQL at once. parts: how many partitions the
    largest tables get there when they are made. patience: seconds that one of its statements may
    take, and that a server which says nothing is waited for.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = CONNECTIONS,
        parts: int = partitions.NUMBER,
        patience: int = PATIENCE,
    ) -> None:
        self.url = sa.make_url(url)
        self.generation = 0
        self._generation_lock = threading.Lock()
        self.engine = (
            sqlite_engine(self.url)
            if self.is_sqlite
            else postgresql_engine(self.url, connections, parts, patience)
        )
        self._writer = self.engine.execution_options(cirt_writes=True)
        self._reader = self.engine
        if self.is_sqlite and not is_safe_for_wal():
            # there a reader's open transaction would stop every writer, its own thread's too
            self._reader = self.engine.execution_options(cirt_each_alone=True)

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is the one-file database."""
        return self.url.get_backend_name() == "sqlite"

    def reading_session(self) -> Session:
        """Return a session that refuses to write."""
        return self._refusing_to_write(self._reader)

    def _refusing_to_write(self, engine: Engine) -> Session:
        session = OneTransaction(engine, expire_on_commit=False)
        event.listen(session, "before_flush", _refuse_to_flush)
        return session

    def writing_session(self) -> Session:
        """Return a session whose transaction holds the write lock from its first statement."""
        session = OneTransaction(self._writer, expire_on_commit=False)
        event.listen(session, "after_commit", self._raise_generation)
        return session

    def _raise_generation(self, _session: Session) -> None:
        with self._generation_lock:
            self.generation += 1

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Run a block as one transaction: committed at its end, rolled back on any error."""
        with self.writing_session() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Run a block that only reads; on SQLite it sees one consistent view of the data."""
        with self._refusing_to_write(self.engine) as session:
            yield session

    def note(self, what: str, work: Callable[[Session], object]) -> bool:
        """Run `work(session)` as a short transaction; return whether it was kept.

        For traces of what was only read: a full disk leaves reading possible. what: for the log.
        """
        try:
            with self.writing() as session:
                work(session)
        except sa.exc.OperationalError as error:
            log.warning("%s could not be noted: %s", what, cause_of(error))
            return False
        return True

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; a missing SQLite folder is made."""
    try:
        database = Database(
            settings.database, connections=settings.connections, parts=settings.partitions
        )
    except (sa.exc.ArgumentError, ValueError) as error:
        raise SettingError(
            N_("%(name)s cannot be read: write it as postgresql://user:password@host/name ."),
            name="CIRT_DATABASE_URL",
        ) from error
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
    return database


def cause_of(error: sa.exc.SQLAlchemyError) -> str:
    """Return the kind of a database's error; its own words may quote an address with a password."""
    return type(getattr(error, "orig", None) or error).__name__


def _refuse_to_flush(session: Session, _context: object, _instances: object) -> None:
    if session.new or session.dirty or session.deleted:
        raise ReadOnlyError(
            f"a reading session holds changes: {[*session.new, *session.dirty, *session.deleted]!r}"
        )


def insert_for(where: Session | Connection, table: Any) -> Any:
    """Return an INSERT that knows ON CONFLICT, which both databases write alike."""
    bind = where.get_bind() if isinstance(where, Session) else where
    dialect = bind.dialect.name
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)


# Work that must be the last of a transaction, in this order whatever the caller's: rows that
# many transactions meet (chain heads, feed counters) are locked late, briefly, and always in
# the same order, so writers cannot wait for each other in a circle.
AUDIT_STAGE = 1
FEED_STAGE = 2
RECALL_STAGE = 3
ERASURE_STAGE = 4


def before_commit(session: Session, stage: int, work: Callable[[Session], None]) -> None:
    """Run `work(session)` once just before this transaction commits, ordered by stage.

    Work may ask for more work; everything asked for is done before the commit.
    """
    # noted in the session itself: SQLAlchemy's own list goes by addresses, which are used again
    if not session.info.get("listens_before_commit"):
        session.info["listens_before_commit"] = True
        event.listen(session, "before_commit", _run_before_commit)
        event.listen(session, "after_rollback", _forget_pending)
    session.info.setdefault("before_commit", {}).setdefault(stage, work)


def after_commit(session: Session, work: Callable[[], None]) -> None:
    """Run `work()` once this transaction is committed; it is dropped with a rollback.

    An error in it is logged and no more: what was committed is not undone by it.
    """
    if not session.info.get("listens_after_commit"):
        session.info["listens_after_commit"] = True
        event.listen(session, "after_commit", _run_after_commit)
        event.listen(session, "after_rollback", _forget_pending)
    session.info.setdefault("after_commit", []).append(work)


def _run_before_commit(session: Session) -> None:
    pending = session.info.get("before_commit", {})
    while pending:
        pending.pop(min(pending))(session)
    session.flush()


def _run_after_commit(session: Session) -> None:
    for work in session.info.pop("after_commit", []):
        try:
            work()
        except Exception:
            log.exception("work after a commit failed; the commit itself stands")


def _forget_pending(session: Session) -> None:
    for name in ("before_commit", "after_commit", "audit", "feed", "withdrawals", "erasures"):
        session.info.pop(name, None)
