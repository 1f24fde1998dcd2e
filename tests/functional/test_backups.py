"""Backups: encrypted, restored on trial, scheduled, and never a half one in the folder."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyrage
import pytest
import sqlalchemy as sa

from cirt import audit, backups, jobs, migrations
from cirt.accounts import directory
from cirt.accounts.models import Administration, User
from cirt.cli import age_stream
from cirt.cli.archive_making import make_backup
from cirt.db import Base, Database, open_database
from cirt.errors import DomainError, InvalidInputError, UnavailableError
from cirt.files import FileStore, StoredFile, content_of
from cirt.settings import Settings, read_settings
from cirt.web import Installation
from tests import postgresql
from tests.backups import restore_archive

FORMAT_1 = Path(__file__).resolve().parents[1] / "data" / "backups" / "format_1.cirt"

Installed = tuple[Settings, Database]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installed]:
    """An installation with one administration and a file of 300 kB, as `cirt init` makes it."""
    urls = postgresql.fresh_database(empty=True) if request.param == "postgresql" else iter([""])
    settings = read_settings({}, data_dir=tmp_path / "data", database_url=next(urls))
    database = open_database(settings)
    migrations.upgrade(database)
    with database.writing() as session:
        directory.add_administration(session, None, code="XA", names={"en": "State A"})
    settings.files_dir.mkdir()
    (settings.files_dir / "picture").write_bytes(os.urandom(300_000))
    yield settings, database
    database.dispose()
    for _rest in urls:
        pass


def _codes(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Administration.code).order_by("code")))


def _restored(content: bytes, folder: Path) -> tuple[Settings, Database]:
    settings = read_settings({}, data_dir=folder)
    database = open_database(settings)
    restore_archive(content, settings, database)
    return settings, database


def test_backup_of_the_first_format_and_of_older_tables_is_restored(tmp_path: Path) -> None:
    settings, database = _restored(FORMAT_1.read_bytes(), tmp_path / "data")
    assert migrations.is_current(database)
    assert _codes(database) == ["XA"]
    with database.reading() as session:
        assert [one.username for one in session.scalars(sa.select(User)).unique()] == ["root"]
        row = session.scalars(sa.select(StoredFile)).one()
        path = content_of(FileStore(settings.files_dir, 1), row)
        assert (row.name, path.read_text()) == ("تقرير.txt", "تقرير\n")
        assert list(audit.broken_links(session)) == []
    database.dispose()


def test_writers_go_on_and_the_backup_is_of_one_moment(
    installed: Installed, tmp_path: Path
) -> None:
    """A recipient's backup, tried while it is written; only the secret key opens it."""
    settings, database = installed
    identity, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    lock = age_stream.Recipient(str(identity.to_public()))
    added: list[int] = []

    def write(done: int, _of: int) -> None:
        if not added:
            added.append(done)
            with database.writing() as session:
                directory.add_administration(session, None, code="XB", names={"en": "State B"})

    made = make_backup(settings, database, tmp_path / "all.age", lock=lock, progress=write)
    assert added and _codes(database) == ["XA", "XB"]
    content = made.path.read_bytes()
    assert b"State A" not in content and b"picture" not in content
    restored, second = _restored(pyrage.decrypt(content, [identity]), tmp_path / "second")
    assert _codes(second) == ["XA"]
    name = "picture"
    assert (restored.files_dir / name).read_bytes() == (settings.files_dir / name).read_bytes()
    second.dispose()
    with pytest.raises(age_stream.WrongKeyError):
        age_stream.opened(io.BytesIO(content), age_stream.Identity(str(stranger)))
    assert list(settings.data_dir.glob("restore-trial-*")) == []


def _spoil(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("mode", ["plain", "passphrase", "recipient"])
@pytest.mark.parametrize("installed", ["sqlite"], indirect=True)
def test_backup_that_the_disk_spoils_is_none(
    installed: Installed, tmp_path: Path, mode: str
) -> None:
    """The file is changed on the disk after it was written and before it is looked at again."""
    settings, database = installed
    folder = tmp_path / "backups"
    folder.mkdir()
    passphrase = age_stream.Passphrase("four words and a comma", work=10)
    public = str(pyrage.x25519.Identity.generate().to_public())
    lock: Any = {"passphrase": passphrase, "recipient": age_stream.Recipient(public)}.get(mode)
    opener = passphrase if mode == "passphrase" else None
    fsync, spoilt = os.fsync, []

    def spoiling(descriptor: int) -> None:
        fsync(descriptor)
        for part in folder.glob(".all*"):
            spoilt.append(part)
            _spoil(part, part.stat().st_size // 2)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(DomainError) as refused:
        patch.setattr(os, "fsync", spoiling)
        make_backup(settings, database, folder / "all", lock=lock, opener=opener)
    assert isinstance(refused.value, InvalidInputError | UnavailableError)
    assert spoilt and list(folder.iterdir()) == []


FULL_DISK = """
import resource, sys
from cirt.cli import run
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # of every file: the archive is larger
sys.exit(run(["backup", sys.argv[1]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
@pytest.mark.parametrize("installed", ["sqlite"], indirect=True)
def test_full_disk_leaves_no_half_backup(installed: Installed, tmp_path: Path) -> None:
    settings, database = installed
    database.dispose()
    (tmp_path / "backups").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "backups" / "all.cirt")],
        env={**os.environ, "CIRT_DATA_DIR": str(settings.data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be read or written: File too large" in done.stderr
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.fixture
def scheduled(installed: Installed, tmp_path: Path) -> Installation:
    """An installation that makes a backup a day and keeps two."""
    settings, database = installed
    folder = tmp_path / "backups"
    folder.mkdir()
    settings = replace(settings, backup_dir=folder, backup_keep=2, backup_passphrase="long words")
    return Installation(settings, database, FileStore(settings.files_dir, 1))


def test_daily_backup_is_made_noted_and_old_ones_go(scheduled: Installation) -> None:
    settings, database = scheduled.settings, scheduled.database
    folder = settings.backup_dir
    assert folder is not None
    old = [f"cirt-2026010{n}T000000Z.cirt.age" for n in range(1, 4)]
    for name in [*old, "notes.txt"]:
        (folder / name).write_text("of before")
    jobs.enqueue_recurring(database, scheduled)
    assert jobs.run_next(database, scheduled, long=True)
    with database.reading() as session:
        job = session.scalars(sa.select(jobs.Job).where(jobs.Job.kind == backups.JOB)).one()
        assert (job.state, job.message % job.message_params) == ("done", "")
        newest = backups.newest(session)
    assert newest is not None and newest.encrypted and newest.rows > 3
    names = sorted(one.name for one in folder.iterdir())
    assert names == [old[2], newest.file, "notes.txt"]
    content = pyrage.passphrase.decrypt((folder / newest.file).read_bytes(), "long words")
    _settings, second = _restored(content, settings.data_dir.parent / "second")
    assert _codes(second) == ["XA"]
    second.dispose()


@pytest.mark.parametrize("installed", ["sqlite"], indirect=True)
def test_daily_backup_that_fails_says_why_and_keeps_the_old_ones(scheduled: Installation) -> None:
    settings, database = scheduled.settings, scheduled.database
    folder = settings.backup_dir
    assert folder is not None
    for n in range(1, 5):
        (folder / f"cirt-2026010{n}T000000Z.cirt.age").write_text("of before")
    with database.writing() as session:
        session.execute(sa.update(audit.AuditEntry).values(outcome="changed"))
    jobs.enqueue_recurring(database, scheduled)
    assert jobs.run_next(database, scheduled, long=True)
    with database.reading() as session:
        job = session.scalars(sa.select(jobs.Job).where(jobs.Job.kind == backups.JOB)).one()
        assert job.state == "failed"
        assert "audit chain in this backup is broken" in job.message % job.message_params
        assert backups.newest(session) is None
    assert len(list(folder.iterdir())) == 4


def test_no_backup_is_planned_without_a_folder(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, database = installed
    services = Installation(settings, database, FileStore(settings.files_dir, 1))
    jobs.enqueue_recurring(database, services)
    with database.reading() as session:
        kinds = set(session.scalars(sa.select(jobs.Job.kind)))
    assert "jobs.forget" in kinds and backups.JOB not in kinds


def test_age_streams_are_those_of_the_library() -> None:
    """C2SP age v1: pyrage reads what is written here, and the other way round, at every seam."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    for size in (0, 1, 65_536, 65_537, 200_000):
        data = os.urandom(size)
        ways: list[tuple[Any, Any, Callable[[bytes], bytes], Callable[[bytes], bytes]]] = [
            (
                age_stream.Recipient(public),
                age_stream.Identity(str(identity)),
                lambda sealed: pyrage.decrypt(sealed, [identity]),
                lambda plain: pyrage.encrypt(plain, [identity.to_public()]),
            ),
            (
                age_stream.Passphrase("four words", work=8),
                age_stream.Passphrase("four words"),
                lambda sealed: pyrage.passphrase.decrypt(sealed, "four words"),
                lambda plain: _sealed(plain, age_stream.Passphrase("four words", work=8)),
            ),
        ]
        for lock, opener, decrypt, encrypt in ways:
            sealed = _sealed(data, lock)
            assert decrypt(sealed) == data
            assert age_stream.opened(io.BytesIO(encrypt(data)), opener).read() == data
            for cut in (1, 17, 65_552):
                if cut < size:
                    with pytest.raises(InvalidInputError):
                        age_stream.opened(io.BytesIO(sealed[:-cut]), opener).read()


def _sealed(data: bytes, lock: Any) -> bytes:
    out = io.BytesIO()
    sealer = age_stream.Sealer(out, lock)
    for start in range(0, len(data), 9_999):
        sealer.write(data[start : start + 9_999])
    sealer.finish()
    return out.getvalue()


def test_every_table_is_in_a_backup_and_none_refers_twice_to_itself() -> None:
    for table in Base.metadata.sorted_tables:
        own = [key for key in table.foreign_keys if key.column.table is table]
        assert len(own) < 2, table.name
