"""Who may do what to which assessment: one and many from the same rows, for everybody."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt import access
from cirt.access import Actor, Role
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.clock import now
from tests.functional.assessment_steps import started

ACTIONS = (
    "assessment.read",
    "assessment.answer",
    "assessment.close",
    "assessment.reopen",
    "assessment.export",
    "assessment.grant",
)
FOCAL_ONLY = ("assessment.reopen", "assessment.grant")


@pytest.fixture
def world(cast, database):
    """Four assessments: granted, once granted, ended early, never granted."""
    ids = {
        "XA": started(database, cast, by="amina", country="XA"),
        "XB": started(database, cast, by="amina", country="XB"),
        "XC": started(database, cast, by="amina", country="XC"),
        "XA own": started(database, cast),
    }
    with database.writing() as session:
        for country, change in (
            ("XB", {"until": now() - timedelta(seconds=1)}),
            ("XC", {"ended_at": now()}),
        ):
            session.execute(
                sa.update(AssessmentGrant)
                .where(AssessmentGrant.assessment_id == ids[country])
                .values(**change)
            )
    return ids


@pytest.mark.parametrize("action", ACTIONS)
def test_allowed_and_visible_say_the_same(cast, database, world, action):
    machine = Actor(
        cast.administrations["XA"], frozenset({Role.MACHINE}), scopes=frozenset({"taxii:read"})
    )
    actors = {**cast.actors, "machine": machine}
    with database.reading() as session:
        rows = session.scalars(sa.select(Assessment)).unique().all()
        for name, actor in actors.items():
            seen = {
                row.id
                for row in session.scalars(access.visible(actor, Assessment, action)).unique()
            }
            may = {row.id for row in rows if access.allowed(session, actor, action, row)}
            assert seen == may, (name, action)


@pytest.mark.parametrize("action", ACTIONS)
def test_only_the_country_and_whom_it_lets_in(cast, database, world, action):
    expected = {
        "farid": {world["XA"], world["XA own"]},
        "bela": {world["XB"]},
        "chen": {world["XC"]},
        "amina": set() if action in FOCAL_ONLY else {world["XA"]},
    }
    with database.reading() as session:
        for name, actor in cast.actors.items():
            query = access.visible(actor, Assessment, action)
            seen = {row.id for row in session.scalars(query).unique()}
            assert seen == expected.get(name, set()), (name, action)


def test_grant_is_of_no_use_without_the_role(cast, database, world):
    with database.writing() as session:
        session.add(
            AssessmentGrant(
                assessment_id=world["XA"],
                user_id=cast.users["boris"],
                until=now() + timedelta(days=1),
            )
        )
    with database.reading() as session:
        row = session.get_one(Assessment, world["XA"])
        assert not access.allowed(session, cast.actors["boris"], "assessment.read", row)
