"""The database: engine, sessions, column types; SQLite and PostgreSQL alike.

Reading and writing sessions are told apart: on SQLite a writing transaction begins with
BEGIN IMMEDIATE (a deferred one that turns into a writer fails under load), and a reading
session refuses to flush, so a page that is only looked at cannot change anything.
"""

import logging
import sqlite3
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

log = logging.getLogger("cirt.db")

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
            _sqlite_engine(self.url)
            if self.is_sqlite
            else postgresql_engine(self.url, connections, parts, patience)
        )
        self._writer = self.engine.execution_options(cirt_writes=True)
        self._reader = self.engine
        if self.is_sqlite and not sqlite_is_safe_for_wal():
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


# The heap is of the whole process: many connections that wrote do not hold so many caches.
_SQLITE_WRITER_KIB = 8_000
_SQLITE_HEAP = 16_000_000
_SQLITE_PATIENCE = 30


def _sqlite_engine(url: sa.URL) -> Engine:
    engine = sa.create_engine(
        url,
        module=sqlite_module,
        hide_parameters=True,  # what people typed stays out of the log
        pool_size=16,
        max_overflow=16,
        connect_args={"timeout": _SQLITE_PATIENCE},
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
            f"busy_timeout={_SQLITE_PATIENCE * 1000}",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cell_size_check=ON",
            "mmap_size=0",
            # a full envelope changes two thousand pages: fewer checkpoints write them fewer times
            "wal_autocheckpoint=4000",
            f"soft_heap_limit={_SQLITE_HEAP}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    turn = threading.Lock()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("cirt_writes"):
            # writers of this process follow each other at once; SQLite would let them look again
            # after up to 100 ms
            if not connection.info.get("turn"):
                connection.info["turn"] = turn.acquire(timeout=_SQLITE_PATIENCE)
            # what one transaction changes stays in memory until its end: else it is written twice
            connection.exec_driver_sql(f"PRAGMA cache_size=-{_SQLITE_WRITER_KIB}")
        if not options.get("cirt_each_alone"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("cirt_writes") else "BEGIN")

    @event.listens_for(engine, "checkin")
    def give_back(_connection: Any, record: Any) -> None:
        if record.info.pop("turn", False):
            turn.release()

    event.listen(engine, "before_cursor_execute", _refuse_nul)
    return engine


def _refuse_nul(
    _connection: Connection, _cursor: object, statement: str, parameters: Any, *_more: object
) -> None:
    """Refuse the one character that PostgreSQL cannot keep and no person types."""
    for row in parameters if isinstance(parameters, list) else (parameters or (),):
        for value in row:
            if isinstance(value, str) and "\x00" in value:
                raise sa.exc.DataError(statement, None, ValueError("a text holds NUL"))


def insert_for(session: Session, model: type[Base]) -> Any:
    """Return an INSERT that knows ON CONFLICT, which both databases write alike."""
    dialect = session.get_bind().dialect.name
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(model)


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
