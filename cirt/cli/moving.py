"""`cirt move`: every row into another, empty database, the same row for row, or nothing at all.

Tables, rows and the proof that they agree are one transaction of the target. So whatever ends the
command before its last word (an error, a kill, a power cut) leaves the target as empty as it was,
and the command can be given again.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, migrations
from cirt import setting_kinds as kinds
from cirt.cli import serving, table_rows
from cirt.db import Base, Database, open_database
from cirt.errors import N_, ConflictError, InvalidInputError, UnavailableError
from cirt.settings import read_settings

TOLD_SECONDS: Final = 1.0

Progress = Callable[[str, int, int], None]
"""Takes the name of a table, how many of its rows are done, and of how many."""


def add_commands(commands: Any) -> None:
    """Add the command to the grammar."""
    move = commands.add_parser(
        "move", help="copy every row into another, empty database, and compare them"
    )
    to = move.add_mutually_exclusive_group(required=True)
    to.add_argument("--to", help="its address: postgresql://user:password@host/name or sqlite:///…")
    to.add_argument("--to-file", type=Path, help="a file that holds the address")
    move.set_defaults(run=_move)


def _move(options: argparse.Namespace) -> None:
    settings = read_settings()
    address = options.to if options.to_file is None else _address(options.to_file)
    name = "--to" if options.to_file is None else str(options.to_file)
    there = replace(settings, database_url=kinds.database_url(name, address))
    serving.refuse_busy_port(settings)  # a server that runs here would write meanwhile
    source, target = open_database(settings), open_database(there)
    started = time.monotonic()
    tell = _Telling()
    rows = move(source, target, tell)
    tell.end()
    shown = target.url.render_as_string(hide_password=True)
    print(f"Moved {rows} rows in {time.monotonic() - started:.0f} seconds to {shown}:")
    print("every table agrees with its digest, and the audit chains are whole.")
    if options.to_file is None:
        print("Set CIRT_DATABASE_URL to the address that you gave, with its password,")
    else:
        print(f"Set CIRT_DATABASE_URL_FILE to {options.to_file.absolute()},")
    print("run `cirt check`, then start the service. Attachments, keys and the ledger of erasures")
    print(
        f"stay in {settings.data_dir}. The old database was not changed: remove it when you are sure."
    )


def _address(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            N_("%(path)s cannot be read: %(reason)s."),
            path=path,
            reason=getattr(error, "strerror", None) or "it is no text",
        ) from error


class _Telling:
    """Progress on the screen: a line that moves on a terminal, a line for each large table else."""

    def __init__(self) -> None:
        self.told = 0.0
        self.is_terminal = sys.stdout.isatty()

    def __call__(self, table: str, done: int, of: int) -> None:
        """Tell how far a table is, at most once a second, and its end."""
        moment = time.monotonic()
        if done < of and moment - self.told < TOLD_SECONDS:
            return
        self.told = moment
        if self.is_terminal:
            print(f"\r\x1b[K{table}: {done} of {of}", end="", flush=True)
        elif of:
            print(f"{table}: {done} of {of}", flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self.is_terminal:
            print("\r\x1b[K", end="")


def move(source: Database, target: Database, progress: Progress) -> int:
    """Copy every row and return their number.

    The source is read in one consistent view; on SQLite nobody else can write meanwhile, on
    PostgreSQL it is compared once more at the end. Raises UnavailableError, ConflictError or
    InvalidInputError; the target is then as it was.
    """
    if source.url == target.url:
        raise InvalidInputError(N_("This is the database that the installation has already."))
    serving.refuse_old_tables(source)
    with _view(source) as reading, target.writing() as writing:
        _refuse_unless_empty(writing)
        _take_your_time(writing)
        connection = writing.connection()
        Base.metadata.create_all(connection)
        migrations.stamp(connection)
        moved = {
            table.name: _copied(reading, writing, table, progress)
            for table in Base.metadata.sorted_tables
        }
        for table in Base.metadata.sorted_tables:
            _compare(moved[table.name], table_rows.digest(writing, table), table)
        if list(audit.broken_links(writing)):
            raise InvalidInputError(
                N_(
                    "The audit chain is broken, in the old database already: nothing was moved."
                    " `cirt check` names the entries."
                )
            )
        if not target.is_sqlite:
            writing.execute(sa.text("ANALYZE"))
        if not source.is_sqlite:
            with _view(source) as again:
                for table in Base.metadata.sorted_tables:
                    _refuse_changed(moved[table.name], table_rows.digest(again, table))
    return sum(one.rows for one in moved.values())


@contextmanager
def _view(database: Database) -> Iterator[Session]:
    """Give a consistent view of the source; on SQLite with the lock that writers need."""
    if database.is_sqlite:
        with database.writing_session() as session:
            session.connection()
            try:
                yield session
            finally:
                session.rollback()
    else:
        with database.reading() as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            _take_your_time(session)
            yield session


def _take_your_time(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            session.execute(sa.text(f"SET LOCAL {name} = 0"))


def _refuse_unless_empty(session: Session) -> None:
    if sa.inspect(session.connection()).get_table_names():
        raise UnavailableError(
            N_("The database to move into has tables already: name an empty one.")
        )


def _copied(
    reading: Session, writing: Session, table: sa.Table, progress: Progress
) -> table_rows.Digest:
    of = reading.scalar(sa.select(sa.func.count()).select_from(table)) or 0

    def lines() -> Iterator[bytes]:
        for done, line in enumerate(table_rows.lines(reading, table)):
            if done % table_rows.BATCH == 0:
                progress(table.name, done, of)
            yield line

    found = table_rows.fill(writing, table, lines())
    progress(table.name, found.rows, of)
    return found


def _compare(expected: table_rows.Digest, found: table_rows.Digest, table: sa.Table) -> None:
    if (expected.rows, expected.value) != (found.rows, found.value):
        raise ConflictError(
            N_(
                "The rows of %(table)s differ after the move (%(before)s before, %(after)s after):"
                " nothing was kept."
            ),
            table=table.name,
            before=expected.rows,
            after=found.rows,
        )


def _refuse_changed(moved: table_rows.Digest, now: table_rows.Digest) -> None:
    if (moved.rows, moved.value) != (now.rows, now.value):
        raise ConflictError(
            N_("Somebody wrote into the old database meanwhile: stop every server, then try again.")
        )
