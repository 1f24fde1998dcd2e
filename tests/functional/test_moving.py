"""`cirt move`: an installation goes to another database and back, the same row for row."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, migrations
from cirt.accounts.models import Administration
from cirt.app import open_installation
from cirt.cli import demonstration_folder, moving, table_rows
from cirt.db import Base, Database
from cirt.errors import ConflictError, DomainError
from cirt.settings import read_settings
from tests import postgresql
from tests.server import ROOT, free_port

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the demonstration, at rest."""
    folder = tmp_path_factory.mktemp("demonstration")
    settings = read_settings({}, data_dir=folder / "data")
    database = Database(settings.database)
    settings.data_dir.mkdir(exist_ok=True)
    migrations.upgrade(database)
    demonstration_folder._begin(settings)
    installation = open_installation(settings)
    demonstration_folder._load(installation)
    with installation.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    installation.database.dispose()
    database.dispose()
    return settings.data_dir / "cirt.sqlite3"


@pytest.fixture
def source(loaded: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of it."""
    shutil.copy(loaded, tmp_path / "cirt.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'cirt.sqlite3'}")
    yield database
    database.dispose()


@contextmanager
def _empty() -> Iterator[Database]:
    for url in postgresql.fresh_database(empty=True):
        database = Database(url, parts=postgresql.PARTS)
        yield database
        database.dispose()


@pytest.fixture
def target() -> Iterator[Database]:
    """An empty PostgreSQL database."""
    with _empty() as database:
        yield database


def _silent(_table: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def _digests(database: Database) -> dict[str, tuple[int, str]]:
    with database.reading() as session:
        found = {
            table.name: table_rows.digest(session, table) for table in Base.metadata.sorted_tables
        }
    return {name: (one.rows, one.value) for name, one in found.items()}


def _nulls(database: Database) -> dict[str, int]:
    """Return for every column how many of its values are absent, as the database itself says."""
    with database.reading() as session:
        return {
            f"{table.name}.{column.name}": session.scalar(
                sa.select(sa.func.count()).select_from(table).where(column.is_(sa.null()))
            )
            or 0
            for table in Base.metadata.sorted_tables
            for column in table.c
            if column.nullable
        }


def _tables(database: Database) -> list[str]:
    return sa.inspect(database.engine).get_table_names()


def test_there_and_back_every_row_is_the_same(
    source: Database, target: Database, tmp_path: Path
) -> None:
    """SQLite to PostgreSQL, from there to PostgreSQL with other partitions, and back to SQLite."""
    before = _digests(source)
    assert sum(rows for rows, _digest in before.values()) > 1_000
    told: list[tuple[str, int, int]] = []
    rows = moving.move(source, target, lambda *one: told.append(one))
    assert rows == sum(rows for rows, _digest in before.values())
    assert {table for table, done, of in told if done == of} == set(before)
    assert _digests(source) == _digests(target) == before
    assert _nulls(target) == _nulls(source)
    assert migrations.is_current(target)
    with target.reading() as session:
        assert list(audit.broken_links(session)) == []
    with _empty() as other:
        other = Database(other.url, parts=3)
        moving.move(target, other, _silent)
        assert "feed_entry_p002" in _tables(other)
        back = Database(f"sqlite:///{tmp_path / 'back.sqlite3'}")
        moving.move(other, back, _silent)
        assert _digests(back) == before
        assert migrations.is_current(back)
        back.dispose()
        other.dispose()


def test_difference_is_found_and_nothing_is_kept(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that changed on the way, a row too few, a broken audit chain: the target stays empty."""
    fill = table_rows.fill

    def spoil(name: str, changed: Callable[[list[bytes]], list[bytes]]) -> None:
        def filling(session: Session, table: sa.Table, lines: Iterable[bytes]) -> table_rows.Digest:
            rows = list(lines)
            found = table_rows.Digest()
            for row in rows:
                found.add(row)
            fill(session, table, changed(rows) if table.name == name else rows)
            return found

        monkeypatch.setattr(table_rows, "fill", filling)

    for name, changed in (
        ("incident", lambda rows: [rows[0].replace(b'"title": "', b'"title": "x'), *rows[1:]]),
        ("audit_entry", lambda rows: rows[1:]),
    ):
        spoil(name, changed)
        with pytest.raises(ConflictError, match="differ"):
            moving.move(source, target, _silent)
        assert _tables(target) == []
    monkeypatch.setattr(table_rows, "fill", fill)
    with source.writing() as session:
        session.execute(sa.update(audit.AuditEntry).where(audit.AuditEntry.n == 1).values(n=0))
    with pytest.raises(DomainError, match="audit chain"):
        moving.move(source, target, _silent)
    assert _tables(target) == []


def test_target_that_is_not_empty_or_the_same_is_refused(
    source: Database, target: Database
) -> None:
    """One table is enough."""
    with pytest.raises(DomainError, match="already"):
        moving.move(source, source, _silent)
    with target.writing() as session:
        session.execute(sa.text("CREATE TABLE something (n integer)"))
    with pytest.raises(DomainError, match="tables already"):
        moving.move(source, target, _silent)
    assert _tables(target) == ["something"]


def test_who_writes_meanwhile_is_noticed(source: Database, target: Database) -> None:
    """On SQLite nobody can; on PostgreSQL the move is given up."""

    def tell(database: Database) -> moving.Progress:
        def write(table: str, _done: int, _of: int) -> None:
            if table == "administration" and database is not source:
                with database.writing() as session:
                    session.execute(sa.update(Administration).values(team_name="changed"))

        return write

    moving.move(source, target, tell(source))
    with _empty() as other:
        with pytest.raises(ConflictError, match="meanwhile"):
            moving.move(target, other, tell(target))
        assert _tables(other) == []


KILLED = """
import os, signal, sys
from cirt.__main__ import main
from cirt.cli import moving
copied = moving._copied
def killed(reading, writing, table, progress):
    if table.name == "feed_entry":
        os.kill(os.getpid(), signal.SIGKILL)
    return copied(reading, writing, table, progress)
moving._copied = killed
sys.argv = ["cirt", "move", "--to-file", os.environ["TARGET_FILE"]]
main()
"""


def test_killed_on_the_way_and_given_again(
    source: Database, target: Database, tmp_path: Path
) -> None:
    """As a person does it: killed, then once more; it tells what to set, and no password."""
    (tmp_path / "address").write_text(
        str(target.url).replace("cirt@", "cirt:hush-hush@").replace("+psycopg", "")
    )
    environment = {name: text for name, text in os.environ.items() if "CIRT_" not in name} | {
        "CIRT_DATA_DIR": str(tmp_path),
        "CIRT_PARTITIONS": "2",
        "CIRT_PORT": str(free_port()),
        "TARGET_FILE": str(tmp_path / "address"),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("-c", KILLED).returncode == -signal.SIGKILL
    for _ in range(100):  # until the server noticed
        if not _tables(target):
            break
    assert _tables(target) == []
    done = run("-m", "cirt", "move", "--to-file", str(tmp_path / "address"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "feed_entry: " in done.stdout
    assert f"Set CIRT_DATABASE_URL_FILE to {tmp_path / 'address'}," in done.stdout
    assert "hush-hush" not in done.stdout
    assert _digests(source) == _digests(target)
    again = run("-m", "cirt", "move", "--to-file", str(tmp_path / "address"))
    assert again.returncode == 1
    assert "tables already" in again.stderr
