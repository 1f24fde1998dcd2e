"""The index of what received objects say is brought up to date behind the arrivals, and misses none."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import jobs
from cirt.db import Database
from cirt.incidents import feed, object_store
from cirt.incidents.circle_models import Collection
from cirt.incidents.inbox import mentions
from cirt.incidents.inbox_models import ItemReference, LooseObject, Mention, MentionCursor
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast
from tests.functional import inbox_steps as steps


@pytest.fixture
def circle(database: Database, cast: Cast) -> uuid.UUID:
    """A circle without content."""
    return sharing.make_circle(database, cast)


def arrive(database: Database, cast: Cast, circle: uuid.UUID, *objects: dict[str, Any]) -> None:
    """Let objects arrive in one transaction, as an envelope does."""
    with database.writing() as session:
        owner = cast.administrations["XA"]
        items = [object_store.incoming(one, owner, TLP.GREEN) for one in objects]
        feed.append(session, circle, object_store.keep(session, items, via="taxii"))  # type: ignore[arg-type]


def asked_for(database: Database) -> list[jobs.Job]:
    """Return the readings that are waiting."""
    query = sa.select(jobs.Job).where(jobs.Job.kind == mentions.JOB, jobs.Job.state == "waiting")
    with database.reading() as session:
        return list(session.scalars(query))


def content(database: Database) -> list[list[Any]]:
    """Return everything that the index says."""
    with database.reading() as session:
        return [
            sorted(map(tuple, session.execute(sa.select(*model.__table__.c)).all()))
            for model in (Mention, ItemReference, LooseObject)
        ]


def test_many_arrivals_ask_once_and_the_next_ones_again(
    database: Database, installation: Any, cast: Cast, circle: uuid.UUID
) -> None:
    for number in range(4):
        arrive(database, cast, circle, steps.indicator(number, f"h{number}.example.net"))
    assert len(asked_for(database)) == 1
    jobs.run_pending(database, installation)
    assert len(content(database)[0]) == 4
    arrive(database, cast, circle, steps.indicator(9, "h9.example.net"))
    assert len(asked_for(database)) == 1
    jobs.run_pending(database, installation)
    assert len(content(database)[0]) == 5


def test_a_reading_that_failed_is_tried_again_with_the_next_arrival(
    database: Database, installation: Any, cast: Cast, circle: uuid.UUID
) -> None:
    """Else nothing would be read any more: a server that was killed five times fails its work."""
    arrive(database, cast, circle, steps.indicator(1, "one.example.net"))
    with database.writing() as session:
        session.execute(sa.update(jobs.Job).values(state="failed", attempts=5))
    arrive(database, cast, circle, steps.indicator(2, "two.example.net"))
    jobs.run_pending(database, installation)
    assert len(content(database)[0]) == 2


def test_an_arrival_does_not_wait_for_a_reading_that_ends_and_waits_for_it(
    database: Database, installation: Any, cast: Cast, circle: uuid.UUID
) -> None:
    """PostgreSQL would find out after a second, and end one of the two."""
    if database.engine.dialect.name == "sqlite":
        pytest.skip("one writes at a time there")
    arrive(database, cast, circle, steps.indicator(1, "one.example.net"))
    with database.writing() as session:
        session.execute(sa.update(jobs.Job).values(state="running"))
    with database.writing() as ending:
        ending.execute(sa.update(jobs.Job).values(state="done"))
        with database.writing() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
            item = object_store.incoming(
                steps.indicator(2, "two.example.net"), cast.administrations["XA"], TLP.GREEN
            )
            feed.append(session, circle, object_store.keep(session, [item], via="taxii"))  # type: ignore[arg-type]
        ending.rollback()
    with database.writing() as session:
        session.execute(sa.update(jobs.Job).values(state="waiting"))
    jobs.run_pending(database, installation)
    assert len(content(database)[0]) == 2


def test_who_goes_on_sending_comes_first_and_nothing_is_left_out(
    database: Database,
    installation: Any,
    cast: Cast,
    circle: uuid.UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rest waits while objects arrive, not when far behind; job by job the same as at once."""
    monkeypatch.setattr(mentions, "AT_ONCE", 3)
    found = [steps.indicator(number, f"h{number}.example.net") for number in range(7)]
    arrive(database, cast, circle, steps.report(1, found[2:5]), *found)
    assert jobs.run_next(database, installation)
    (rest,) = asked_for(database)
    assert rest.run_at > rest.created_at
    assert len(content(database)[0]) == 2
    monkeypatch.setattr(mentions, "FAR_BEHIND", 0)
    with database.writing() as session:
        session.execute(sa.update(jobs.Job).values(run_at=rest.created_at))
    jobs.run_pending(database, installation)
    assert asked_for(database) == []
    by_jobs = content(database)
    assert [len(part) for part in by_jobs] == [7, 3, 4]
    with database.writing() as session:
        for model in (Mention, ItemReference, LooseObject, MentionCursor):
            session.execute(sa.delete(model))
        mentions.catch_up(session, [circle])
    assert content(database) == by_jobs


def test_a_collection_that_was_removed_meanwhile_is_no_fault(
    database: Database, installation: Any, cast: Cast, circle: uuid.UUID
) -> None:
    arrive(database, cast, circle, steps.indicator(1, "one.example.net"))
    (job,) = asked_for(database)
    effect = mentions.read_mentions(jobs.Task(job.id, job.payload, None, None, installation))
    with database.writing() as session:
        for model in (FeedEntry, FeedCounter):
            session.execute(sa.delete(model))
        session.execute(sa.delete(Collection).where(Collection.id == circle))
    with database.writing() as session:
        assert effect(session) == {"read": 0}
    assert jobs.run_pending(database, installation)
    assert content(database) == [[], [], []]


@pytest.mark.parametrize("change", ["erased", "read by another", "more came"])
def test_what_changed_while_a_feed_was_read_is_read_again(
    database: Database, installation: Any, cast: Cast, circle: uuid.UUID, change: str
) -> None:
    arrive(database, cast, circle, steps.indicator(1, "one.example.net"))
    (job,) = asked_for(database)
    task = jobs.Task(job.id, job.payload, None, None, installation)
    effect = mentions.read_mentions(task)
    if change == "erased":
        with database.writing() as session:
            feed.erase(session, session.scalars(sa.select(ObjectVersion)).all())
    elif change == "read by another":
        jobs.run_pending(database, installation)
    else:
        arrive(database, cast, circle, steps.indicator(2, "two.example.net"))
    with database.writing() as session:
        session.execute(sa.delete(jobs.Job))
        effect(session)
    jobs.run_pending(database, installation)
    names = {row[2] for row in content(database)[0]}
    expected = {"erased": set(), "read by another": {1}, "more came": {1}}[change]
    assert names == {steps.indicator(number, "")["id"] for number in expected}
    if change == "more came":
        (rest,) = asked_for(database)
        with database.writing() as session:
            session.execute(sa.update(jobs.Job).values(run_at=rest.created_at))
        jobs.run_pending(database, installation)
        assert len(content(database)[0]) == 2
    with database.reading() as session:
        stands = session.scalars(sa.select(FeedCounter.n)).one()
        assert session.scalars(sa.select(MentionCursor.seq)).one() == stands
