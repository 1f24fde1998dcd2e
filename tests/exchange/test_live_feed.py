"""Nothing is lost over HTTP either: real servers, killed at random while machines write and poll."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.db import Database
from cirt.incidents import circles
from cirt.incidents.circle_models import Collection
from cirt.incidents.store_models import FeedCounter
from tests import postgresql, sharing
from tests.conftest import Cast
from tests.exchange.jumping_clock import FILE, jumps
from tests.exchange.live_feed import SMALL, live_history
from tests.exchange.live_site import running

SEED = 20261122


def test_members_are_changed_while_machines_write(database: Database, cast: Cast) -> None:
    """A stream of writers, each of which refers to the circle, keeps nobody from being removed."""
    circle_id = sharing.make_circle(database, cast)
    if database.is_sqlite:
        return  # one writes at a time there
    with database.writing() as writer:
        counter = FeedCounter(collection_id=circle_id)
        writer.add(counter)
        writer.flush()
        with database.writing() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
            circle = session.get_one(Collection, circle_id)
            circles.remove_member(session, cast.actors["root"], circle, cast.administrations["XB"])
        writer.rollback()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables; the server's own migrations make them."""
    if request.param == "sqlite":
        (tmp_path / "data").mkdir()
        yield f"sqlite:///{tmp_path / 'data' / 'cirt.sqlite3'}"
    else:
        yield from postgresql.fresh_database(empty=True)


def test_nobody_loses_anything_while_servers_are_killed_and_clocks_jump(
    empty_database: str, tmp_path: Path, _cheap_passwords: None
) -> None:
    """On PostgreSQL two servers share the database; TAXII 2.1, sections 3.4 and 3.5."""
    clock = tmp_path / "clock"
    workers = (1,) if empty_database.startswith("sqlite") else (1, 1)
    with (
        jumps(clock, SEED),
        running(
            empty_database,
            tmp_path,
            workers=workers,
            module="tests.exchange.jumping_clock",
            settings={FILE: str(clock)},
        ) as site,
    ):
        assert "0 lost" in live_history(site, SMALL, SEED)
