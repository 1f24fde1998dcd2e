"""What the tests of plans and findings do often: answers, a proposal, an action, a finding."""

import uuid
from datetime import date

import sqlalchemy as sa

from cirt.assessments import conduct
from cirt.assessments.findings.findings import FindingContent, add_finding
from cirt.assessments.models import Assessment
from cirt.assessments.plan.actions import ActionContent, add_action
from cirt.assessments.plan.content import PlanContent
from cirt.assessments.plan.models import PlanAction
from cirt.assessments.plan.proposing import Proposed, propose
from cirt.assessments.plan.queries import plan_of
from cirt.db import Database
from tests.conftest import Cast
from tests.functional.assessment_steps import answered, started

BEGINNING = date(2026, 3, 2)
ANSWERS = {"D1-Q1": "1", "D1-Q2": "3", "D2-Q1": "2"}


def with_answers(database: Database, cast: Cast, **more: object) -> uuid.UUID:
    """Start an assessment with a few answers; to the other questions nobody has answered."""
    assessment_id = started(database, cast, **more)  # type: ignore[arg-type]
    for question_id, choice in ANSWERS.items():
        answered(database, cast, assessment_id, question_id, choice)
    return assessment_id


def proposed(
    database: Database, cast: Cast, assessment_id: uuid.UUID, by: str = "farid"
) -> Proposed:
    """Propose the plan of an assessment."""
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        return propose(session, cast.actors[by], row, starts_on=BEGINNING, at_once=3)


def plan(database: Database, assessment_id: uuid.UUID) -> PlanContent:
    """Return the plan as pages show it."""
    with database.reading() as session:
        return plan_of(session, session.get_one(Assessment, assessment_id))


def action(database: Database, assessment_id: uuid.UUID, code: str) -> PlanAction:
    """Return an action by its code, as it is stored."""
    query = sa.select(PlanAction).where(
        PlanAction.assessment_id == assessment_id, PlanAction.number == int(code[1:])
    )
    with database.reading() as session:
        return session.scalars(query).one()


def code_of(database: Database, assessment_id: uuid.UUID, question_id: str, level: int) -> str:
    """Return the code of the action for a step."""
    found = [
        one.code
        for one in plan(database, assessment_id).everything
        if (one.question_id, one.to_level) == (question_id, level)
    ]
    assert len(found) == 1
    return found[0]


def own_action(
    database: Database,
    cast: Cast,
    assessment_id: uuid.UUID,
    text: str = "Buy a bell",
    **more: object,
) -> PlanAction:
    """Add an action of somebody's own."""
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        return add_action(session, cast.actors["farid"], row, ActionContent(text, **more))  # type: ignore[arg-type]


def noted_finding(
    database: Database,
    cast: Cast,
    assessment_id: uuid.UUID,
    title: str = "No deputy",
    **more: object,
) -> uuid.UUID:
    """Note a finding."""
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        found = add_finding(session, cast.actors["farid"], row, FindingContent(title, **more))  # type: ignore[arg-type]
        return found.id


def url(assessment_id: uuid.UUID, rest: str = "plan") -> str:
    """Return an address within an assessment."""
    return f"/assessments/{assessment_id}/{rest}"


def closed(database: Database, cast: Cast, assessment_id: uuid.UUID) -> None:
    """Close an agreed assessment."""
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        conduct.close_assessment(session, cast.actors["farid"], row)
