"""What the tests of assessments do often: start one, answer a question, read the record."""

import uuid
from typing import Any

import sqlalchemy as sa

from cirt.assessments import conduct
from cirt.assessments.answering import answer_content, save_answer
from cirt.assessments.lifecycle import Act, State, possible
from cirt.assessments.models import Answer, AnswerVersion, Assessment
from cirt.db import Database
from tests.conftest import Cast

INSTRUMENT = ("cirt-readiness", "1.0.0")
FIRST, SECOND, THIRD = "D1-Q1", "D1-Q2", "D2-Q1"


def started(
    database: Database,
    cast: Cast,
    by: str = "farid",
    country: str = "XA",
    title: str = "Round one",
    cirt_exists: bool | None = None,
    begun: bool = True,
    instrument: tuple[str, str] = INSTRUMENT,
) -> uuid.UUID:
    """Start an assessment of a country and return its id; begun: answers are collected already."""
    with database.writing() as session:
        row = conduct.start_assessment(
            session,
            cast.actors[by],
            administration_id=cast.administrations[country],
            title=title,
            instrument_id=instrument[0],
            instrument_version=instrument[1],
            language="ar",
            cirt_exists=cirt_exists,
        )
        if begun:
            conduct.advance(session, cast.actors[by], row, Act.BEGIN)
        return row.id


def led_to(
    database: Database, cast: Cast, assessment_id: uuid.UUID, state: State, by: str = "farid"
) -> None:
    """Lead an assessment, step by step, to a later state of its life."""
    actor = cast.actors[by]
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        for act in (Act.BEGIN, Act.WORKSHOP, Act.REVIEW):
            if row.state == state:
                return
            if possible(row.standing, act):
                conduct.advance(session, actor, row, act)
        if row.state != state:
            conduct.agree_assessment(session, actor, row)
        if row.state != state:
            conduct.close_assessment(session, actor, row)


def answered(
    database: Database,
    cast: Cast,
    assessment_id: uuid.UUID,
    question_id: str,
    choice: str,
    *,
    by: str = "farid",
    reason: str = "",
    comment: str = "",
    revision: int | None = None,
    **marks: Any,
) -> int:
    """Save an answer and return its revision; revision None: the present one is overwritten."""
    with database.writing() as session:
        row = session.get_one(Assessment, assessment_id)
        present = session.get(Answer, (assessment_id, question_id))
        saved = save_answer(
            session,
            cast.actors[by],
            row,
            question_id,
            answer_content(choice, reason=reason, comment=comment, **marks),
            revision=(present.revision if present else 0) if revision is None else revision,
            language="en",
        )
        return saved.revision if saved else 0


def present(database: Database, assessment_id: uuid.UUID, question_id: str) -> Answer | None:
    """Return the answer as it is stored."""
    with database.reading() as session:
        return session.get(Answer, (assessment_id, question_id))


def versions(database: Database, assessment_id: uuid.UUID, question_id: str) -> list[AnswerVersion]:
    """Return every version of an answer, the oldest first."""
    query = (
        sa.select(AnswerVersion)
        .where(
            AnswerVersion.assessment_id == assessment_id, AnswerVersion.question_id == question_id
        )
        .order_by(AnswerVersion.revision)
    )
    with database.reading() as session:
        return list(session.scalars(query))


def question_url(assessment_id: uuid.UUID, question_id: str = FIRST) -> str:
    """Return the address of a question's page."""
    return f"/assessments/{assessment_id}/questions/{question_id}"


def page(response: Any) -> str:
    """Return the text of an answer."""
    return str(response.get_data(as_text=True))
