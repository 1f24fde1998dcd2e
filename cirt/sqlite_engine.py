"""How SQLite is opened: which library, what it keeps in memory, and how writers take turns."""

import sqlite3
import threading
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

# The WAL-reset race can corrupt a database before this version (sqlite.org/wal.html).
FLOOR: Final = (3, 51, 3)

try:
    from pysqlite3 import dbapi2 as sqlite_module
except ImportError:  # no wheel for this machine: the interpreter's own library
    sqlite_module = sqlite3

# The heap is of the whole process: many connections do not hold so many caches.
_HEAP: Final = 8_000_000
_PATIENCE: Final = 30


def version() -> tuple[int, ...]:
    """Return the version of the SQLite library in use."""
    return tuple(int(part) for part in sqlite_module.sqlite_version.split("."))


def is_safe_for_wal() -> bool:
    """Return whether the SQLite library has the fix of the WAL-reset race."""
    return version() >= FLOOR


def sqlite_engine(url: sa.URL) -> Engine:
    """Return the engine of an address."""
    engine = sa.create_engine(
        url,
        module=sqlite_module,
        hide_parameters=True,  # what people typed stays out of the log
        pool_size=16,
        max_overflow=16,
        pool_use_lifo=True,  # a few connections are used again and again: each holds a schema
        connect_args={"timeout": _PATIENCE},
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we send BEGIN ourselves, see `begin`
        cursor = connection.cursor()
        for pragma in (
            "page_size=8192",
            # FULL: an acknowledged commit survives a power cut (WAL with NORMAL does not)
            "journal_mode=WAL" if is_safe_for_wal() else "journal_mode=DELETE",
            "synchronous=FULL" if is_safe_for_wal() else "synchronous=EXTRA",
            f"busy_timeout={_PATIENCE * 1000}",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cell_size_check=ON",
            "mmap_size=0",
            # a full envelope changes a thousand pages, many of them those of the one before: fewer
            # checkpoints write them fewer times; the journal then takes 130 MB at most
            "wal_autocheckpoint=16000",
            f"soft_heap_limit={_HEAP}",
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
            if not connection.info.get("turn") and not turn.acquire(timeout=_PATIENCE):
                locked = sqlite_module.OperationalError("database is locked")
                raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, locked)
            connection.info["turn"] = True
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
    rows = parameters if isinstance(parameters, list) else [parameters or ()]
    for column in zip(*rows, strict=True):
        try:
            text = "".join(column)  # thousands of texts are searched at once
        except TypeError:
            text = "".join([value for value in column if isinstance(value, str)])
        if "\x00" in text:
            raise sa.exc.DataError(statement, None, ValueError("a text holds NUL"))
