"""Content that no row names is removed after a day, and nothing else is."""

import io
import os
import uuid
from pathlib import Path

import pytest

from cirt import files, jobs
from cirt.clock import now
from cirt.db import Database
from cirt.errors import ConflictError
from cirt.files import FileStore, StoredFile
from cirt.web import Installation
from tests.conftest import Cast


def _keep(database: Database, store: FileStore, cast: Cast, *, fails: bool = False) -> Path:
    with database.writing() as session:
        row = files.keep_file(
            session, store, cast.actors["nadia"], io.BytesIO(b"text"), name="a.txt", tlp="amber"
        )
        path = store.path_of(row.id)
        if fails:
            session.rollback()
    return path


def _age(path: Path, hours: int) -> Path:
    moment = now().timestamp() - hours * 3600
    os.utime(path, (moment, moment))
    return path


def test_content_of_a_rolled_back_request_is_removed_after_a_day(
    database: Database, installation: Installation, cast: Cast
) -> None:
    store = installation.files
    kept = _age(_keep(database, store, cast), 25)
    old = _age(_keep(database, store, cast, fails=True), 25)
    new = _age(_keep(database, store, cast, fails=True), 23)
    part = new.with_suffix(".part")  # an upload that broke off
    part.write_text("te")
    _age(part, 25)
    strangers = [store.folder / "README", old.parent / "notes.txt", store.folder / "zz" / old.name]
    for stranger in strangers:
        stranger.parent.mkdir(exist_ok=True)
        stranger.write_text("not ours")
        _age(stranger, 1000)
    assert kept.exists()
    assert new.exists()
    with database.writing() as session:
        job = jobs.enqueue(session, "files.sweep", {})
    jobs.run_pending(database, installation)
    with database.reading() as session:
        assert session.get_one(jobs.Job, job.id).result == {"removed": 2}
    assert kept.exists()
    assert new.exists()
    assert not old.exists()
    assert not part.exists()
    assert all(stranger.exists() for stranger in strangers)


def test_folder_of_another_database_is_left_alone(
    database: Database, installation: Installation, cast: Cast
) -> None:
    store = installation.files
    paths = [_age(_keep(database, store, cast, fails=True), 50) for _ in range(25)]
    with pytest.raises(ConflictError, match="CIRT_DATABASE_URL"):
        files.sweep(database, store)
    assert all(path.exists() for path in paths)


def test_sweep_is_done_every_day(database: Database) -> None:
    jobs.enqueue_recurring(database)
    jobs.enqueue_recurring(database)
    with database.reading() as session:
        keys = [job.key for job in session.query(jobs.Job) if job.kind == "files.sweep"]
    assert keys == [f"files.sweep:{now().date().isoformat()}"]


def test_erased_file_says_so(installation: Installation) -> None:
    from cirt.errors import NotFoundError

    with pytest.raises(NotFoundError):
        files.content_of(installation.files, StoredFile(id=uuid.uuid4()))
