"""Remarks: what people write to each other about a question. Nothing of it is changed later."""

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.instruments import load_instrument
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import MAX_REMARK, AnswerRemark, Assessment
from cirt.assessments.wording import written
from cirt.errors import N_, InvalidInputError


def add_remark(
    session: Session, actor: Actor, assessment: Assessment, question_id: str, text: str
) -> AnswerRemark:
    """Add a remark to a question.

    Raises ForbiddenError for a locked assessment, NotFoundError for an unknown question,
    InvalidInputError for an empty remark or one that is too long.
    """
    load_instrument(assessment.instrument_id, assessment.instrument_version).question(question_id)
    text = written(text, most=MAX_REMARK, field="text")
    if not text:
        raise InvalidInputError(N_("Write the remark first."), field="text")
    lock(session, assessment)
    state_after(assessment.standing, Act.REMARK)
    row = AnswerRemark(
        assessment_id=assessment.id, question_id=question_id, text=text, user_id=actor.user_id
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "assessment.remark",
        assessment,
        f"answer_remark:{row.id}",
        question=question_id,
    )
    return row
