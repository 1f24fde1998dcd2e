"""The audit trail: chained, complete, and broken by any change."""

import threading
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from cirt import audit
from cirt.audit import AuditEntry, AuditHead
from cirt.db import Database
from tests.conftest import Browser, Cast


def _write(database: Database, cast: Cast, count: int) -> None:
    for n in range(count):
        with database.writing() as session:
            audit.record(session, cast.actors["nadia"], "test.act", "thing:1", number=n)


def _broken(database: Database) -> list[tuple[uuid.UUID, int, str]]:
    with database.reading() as session:
        return list(audit.broken_links(session))


def test_whole_chain_has_no_broken_link(database: Database, cast: Cast) -> None:
    _write(database, cast, 5)
    assert _broken(database) == []


def test_rolled_back_work_leaves_no_entry(database: Database, cast: Cast) -> None:
    with pytest.raises(RuntimeError), database.writing() as session:
        audit.record(session, cast.actors["nadia"], "test.lost", "thing:1")
        raise RuntimeError
    with database.reading() as session:
        assert (
            session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "test.lost")).all()
            == []
        )


@pytest.mark.parametrize("change", ["edit", "delete", "swap", "truncate"])
def test_any_change_is_found(database: Database, cast: Cast, change: str) -> None:
    _write(database, cast, 5)
    chain = AuditEntry.chain_id == cast.administrations["XA"]
    with database.writing() as session:
        last = session.scalars(sa.select(sa.func.max(AuditEntry.n)).where(chain)).one()
        if change == "edit":
            session.execute(
                sa.update(AuditEntry)
                .where(chain, AuditEntry.n == last - 1)
                .values(outcome="refused")
            )
        elif change == "delete":
            session.execute(sa.delete(AuditEntry).where(chain, AuditEntry.n == last - 1))
        elif change == "truncate":
            session.execute(sa.delete(AuditEntry).where(chain, AuditEntry.n == last))
        else:
            for n, new in ((last, 10_000), (last - 1, last), (10_000, last - 1)):
                session.execute(sa.update(AuditEntry).where(chain, AuditEntry.n == n).values(n=new))
    assert _broken(database)


def test_parallel_writers_keep_one_chain(database: Database, cast: Cast) -> None:
    threads = [threading.Thread(target=_write, args=(database, cast, 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _broken(database) == []
    with database.reading() as session:
        head = session.get_one(AuditHead, cast.administrations["XA"])
        count = session.scalar(
            sa.select(sa.func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.chain_id == cast.administrations["XA"])
        )
        acts = session.scalar(
            sa.select(sa.func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.action == "test.act")
        )
    assert (head.n, acts) == (count, 40)


def test_administrators_see_acts_on_accounts_and_nothing_of_the_content(
    browser: Callable[[str | None], Browser], database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        audit.record(session, cast.actors["nadia"], "incident.view", "incident:1")
        audit.record(session, cast.actors["root"], "user.change", "user_account:1")
    page = browser("root").get("/audit")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "user.change" in text
    assert "incident." not in text
    assert browser("nadia").get("/audit").status_code == 403
