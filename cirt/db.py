"""The database: engine, sessions, column types; SQLite and PostgreSQL alike.

Reading and writing sessions are told apart: on SQLite a writing transaction begins with
BEGIN IMMEDIATE (a deferred one that turns into a writer fails under load), and a reading
session refuses to flush, so a page that is only looked at cannot change anything.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from cirt.settings import Settings

# The WAL-reset race can corrupt a database before this version (sqlite.org/wal.html).
SQLITE_FLOOR = (3, 51, 3)

try:
    from pysqlite3 import dbapi2 as sqlite_module
except ImportError:  # no wheel for this machine: the interpreter's own library
    sqlite_module = sqlite3


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


class Database:
    """One database with its reading and writing sessions."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._writer = self.engine.execution_options(cirt_writes=True)

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is the one-file database."""
        return self.url.get_backend_name() == "sqlite"

    def reading_session(self) -> Session:
        """Return a session that refuses to write."""
        session = Session(self.engine, expire_on_commit=False)
        event.listen(session, "before_flush", _refuse_to_flush)
        return session

    def writing_session(self) -> Session:
        """Return a session whose transaction holds the write lock from its first statement."""
        return Session(self._writer, expire_on_commit=False)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Run a block as one transaction: committed at its end, rolled back on any error."""
        with self.writing_session() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Run a block on one consistent view of the data."""
        with self.reading_session() as session:
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; a missing SQLite folder is made."""
    database = Database(settings.database)
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
    return database


def sqlite_version() -> tuple[int, ...]:
    """Return the version of the SQLite library in use."""
    return tuple(int(part) for part in sqlite_module.sqlite_version.split("."))


def sqlite_is_safe_for_wal() -> bool:
    """Return whether the SQLite library has the fix of the WAL-reset race."""
    return sqlite_version() >= SQLITE_FLOOR


def _refuse_to_flush(session: Session, _context: object, _instances: object) -> None:
    if session.new or session.dirty or session.deleted:
        raise ReadOnlyError(
            f"a reading session holds changes: {[*session.new, *session.dirty, *session.deleted]!r}"
        )


def _sqlite_engine(url: sa.URL) -> Engine:
    engine = sa.create_engine(
        url, module=sqlite_module, pool_size=16, max_overflow=16, connect_args={"timeout": 30}
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we send BEGIN ourselves, see `begin`
        cursor = connection.cursor()
        for pragma in (
            "page_size=8192",
            # FULL: an acknowledged commit survives a power cut (WAL with NORMAL does not)
            "journal_mode=WAL" if sqlite_is_safe_for_wal() else "journal_mode=DELETE",
            "synchronous=FULL" if sqlite_is_safe_for_wal() else "synchronous=EXTRA",
            "busy_timeout=30000",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cell_size_check=ON",
            "mmap_size=0",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("cirt_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: sa.URL) -> Engine:
    return sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=16,
        max_overflow=16,
        connect_args={
            "connect_timeout": 10,
            "options": "-c timezone=UTC -c statement_timeout=30000 -c lock_timeout=15000"
            " -c idle_in_transaction_session_timeout=60000",
        },
    )


# Work that must be the last of a transaction, in this order whatever the caller's: rows that
# many transactions meet (chain heads, feed counters) are locked late, briefly, and always in
# the same order, so writers cannot wait for each other in a circle.
AUDIT_STAGE = 1
FEED_STAGE = 2


def before_commit(session: Session, stage: int, work: Callable[[Session], None]) -> None:
    """Run `work(session)` just before this transaction commits, ordered by stage."""
    pending = session.info.setdefault("before_commit", {})
    if not pending and not event.contains(session, "before_commit", _run_before_commit):
        event.listen(session, "before_commit", _run_before_commit)
        event.listen(session, "after_rollback", _forget_pending)
    pending.setdefault(stage, work)


def after_commit(session: Session, work: Callable[[], None]) -> None:
    """Run `work()` once this transaction is committed; it is dropped with a rollback."""
    if "after_commit" not in session.info:
        session.info["after_commit"] = []
        event.listen(session, "after_commit", _run_after_commit)
        event.listen(session, "after_rollback", _forget_pending)
    session.info["after_commit"].append(work)


def _run_before_commit(session: Session) -> None:
    pending = session.info.pop("before_commit", {})
    for stage in sorted(pending):
        pending[stage](session)
    session.flush()


def _run_after_commit(session: Session) -> None:
    works, session.info["after_commit"] = session.info.get("after_commit", []), []
    for work in works:
        work()


def _forget_pending(session: Session) -> None:
    session.info.pop("before_commit", None)
    session.info.pop("audit", None)
    session.info.pop("feed", None)
    if "after_commit" in session.info:
        session.info["after_commit"] = []
