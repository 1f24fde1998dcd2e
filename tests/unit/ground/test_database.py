"""Transactions: what happens at their end, and what a reader may do to a writer."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt import audit, db, sqlite_engine
from cirt.app import create_app
from cirt.audit import AuditEntry
from cirt.db import AUDIT_STAGE, FEED_STAGE, Base, Database, after_commit, before_commit
from cirt.settings import read_settings
from tests.conftest import Cast


def _actions(database: Database) -> list[str]:
    with database.reading() as session:
        query = sa.select(AuditEntry.action).where(AuditEntry.action.like("test.%"))
        return list(session.scalars(query.order_by(AuditEntry.n)))


def test_work_before_the_commit_runs_by_stage_whoever_asked_first(database: Database) -> None:
    order: list[int] = []
    with database.writing() as session:
        before_commit(session, FEED_STAGE, lambda _session: order.append(FEED_STAGE))
        before_commit(session, AUDIT_STAGE, lambda _session: order.append(AUDIT_STAGE))
    assert order == [AUDIT_STAGE, FEED_STAGE]


def test_work_that_asks_for_more_work_is_not_the_end(database: Database, cast: Cast) -> None:
    def late(session: sa.orm.Session) -> None:
        audit.record(session, cast.actors["nadia"], "test.late", "thing:1")

    with database.writing() as session:
        audit.record(session, cast.actors["nadia"], "test.early", "thing:1")
        before_commit(session, FEED_STAGE, late)
    assert _actions(database) == ["test.early", "test.late"]


def test_second_transaction_of_a_session_has_its_own_work(database: Database, cast: Cast) -> None:
    with database.writing_session() as session:
        audit.record(session, cast.actors["nadia"], "test.lost", "thing:1")
        session.execute(sa.text("SELECT 1"))
        session.rollback()
        audit.record(session, cast.actors["nadia"], "test.kept", "thing:1")
        session.commit()
        session.commit()
    assert _actions(database) == ["test.kept"]


def test_work_after_the_commit_is_dropped_with_a_rollback_and_cannot_undo_a_commit(
    database: Database, cast: Cast
) -> None:
    done: list[str] = []

    def fail() -> None:
        raise OSError("the file is gone already")

    with pytest.raises(RuntimeError), database.writing() as session:
        session.execute(sa.text("SELECT 1"))
        after_commit(session, lambda: done.append("rolled back"))
        raise RuntimeError
    with database.writing() as session:
        audit.record(session, cast.actors["nadia"], "test.kept", "thing:1")
        after_commit(session, fail)
        after_commit(session, lambda: done.append("committed"))
        assert done == []
    assert done == ["committed"]
    assert _actions(database) == ["test.kept"]


def test_savepoints_are_refused(database: Database) -> None:
    with database.writing() as session, pytest.raises(NotImplementedError):
        session.begin_nested()


def test_reading_session_refuses_to_write(database: Database, cast: Cast) -> None:
    with database.reading_session() as session:
        session.add(audit.AuditHead(chain_id=cast.administrations["XA"], n=1, hash=""))
        with pytest.raises(db.ReadOnlyError):
            session.flush()


def test_a_writer_gives_its_turn_back_however_it_ends(database: Database) -> None:
    """Else every later one would wait for nothing, half a minute each."""
    with database.writing() as session:
        session.execute(sa.text("SELECT 1"))
    with pytest.raises(RuntimeError), database.writing() as session:
        session.execute(sa.text("SELECT 1"))
        raise RuntimeError
    session = database.writing_session()
    session.connection().invalidate()
    session.close()
    ended: list[int] = []

    def write(number: int) -> None:
        for _ in range(3):
            with database.writing() as session:
                session.execute(sa.text("SELECT 1"))
                ended.append(number)

    writers = [threading.Thread(target=write, args=(one,), daemon=True) for one in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(20)
    assert sorted(ended) == sorted(3 * list(range(6)))


def test_what_was_typed_is_in_no_database_error(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError) as caught, database.reading() as session:
        session.execute(sa.text("SELECT * FROM no_such_table WHERE a = :a"), {"a": "hush-hush"})
    assert "hush-hush" not in str(caught.value)


def test_reader_does_not_stop_the_writer_of_the_same_request_without_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machines without the newer SQLite library: a page that notes that it was read must not hang."""
    for module in (db, sqlite_engine):
        monkeypatch.setattr(module, "is_safe_for_wal", lambda: False)
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with database.writing() as session:
        assert session.scalar(sa.text("PRAGMA journal_mode")) == "delete"
        Base.metadata.create_all(session.connection())
    with database.reading_session() as reading:
        assert reading.scalars(sa.select(AuditEntry)).all() == []
        with database.writing() as session:
            session.execute(sa.text("PRAGMA busy_timeout=100"))
            audit.record(session, None, "test.read", "thing:1")
    assert _actions(database) == ["test.read"]
    database.dispose()


def test_ready_only_with_the_tables_of_this_version(tmp_path: Path) -> None:
    from cirt import migrations

    app = create_app(read_settings({}, data_dir=tmp_path))
    client, database = app.test_client(), app.extensions["cirt"].database
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    migrations.upgrade(database)
    assert client.get("/health/ready").status_code == 200
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    assert client.get("/health/ready").status_code == 503
    database.dispose()
