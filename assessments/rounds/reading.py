"""Which rounds a person may set side by side, and what was answered in them. Reads only."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.profiles import profile_or_problem
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.rounds.comparison import Round
from cirt.assessments.scoring import AnswerState, AnswerValue
from cirt.errors import DataFileError, NotFoundError


def comparable_rounds(session: Session, actor: Actor, assessment: Assessment) -> list[Assessment]:
    """Return the country's assessments with this instrument that the actor may see, oldest first.

    The given one is among them. Never those of another country. One whose version of the
    instrument is not installed is left out.
    """
    query = (
        visible(actor, Assessment, "assessment.read")
        .where(
            Assessment.administration_id == assessment.administration_id,
            Assessment.instrument_id == assessment.instrument_id,
        )
        .order_by(Assessment.round, Assessment.created_at, Assessment.id)
    )
    return [row for row in session.scalars(query).unique() if _installed(row)]


def round_before(session: Session, actor: Actor, assessment: Assessment) -> Assessment | None:
    """Return the round before, where there is one that the actor may see and that is installed."""
    if assessment.previous_id is None:
        return None
    query = visible(actor, Assessment, "assessment.read").where(
        Assessment.id == assessment.previous_id,
        Assessment.administration_id == assessment.administration_id,
    )
    row = session.scalars(query).unique().one_or_none()
    return row if row is not None and _installed(row) else None


def round_after(session: Session, actor: Actor, assessment: Assessment) -> Assessment | None:
    """Return the round that was started from this one, where the actor may see it."""
    query = visible(actor, Assessment, "assessment.read").where(
        Assessment.previous_id == assessment.id
    )
    return session.scalars(query.order_by(Assessment.created_at)).unique().first()


def rounds_to_compare(session: Session, assessments: Sequence[Assessment]) -> list[Round]:
    """Return these assessments as the comparison takes them, in their order.

    Each is judged by its own profile; one that cannot be used counts as none.
    """
    answers = answer_values(session, [each.id for each in assessments])
    found = []
    for each in assessments:
        instrument = load_instrument(each.instrument_id, each.instrument_version)
        profile, _problem = profile_or_problem(instrument, each.profile)
        found.append(
            Round(
                key=str(each.id),
                number=each.round,
                instrument=instrument,
                answers={
                    key: value
                    for key, value in answers[each.id].items()
                    if instrument.has_question(key)
                },
                cirt_exists=each.cirt_exists,
                profile=profile,
            )
        )
    return found


def answer_values(
    session: Session, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, dict[str, AnswerValue]]:
    """Return the answers of several assessments in one question to the database."""
    found: dict[uuid.UUID, dict[str, AnswerValue]] = {each: {} for each in ids}
    query = sa.select(
        Answer.assessment_id, Answer.question_id, Answer.state, Answer.level, Answer.reason
    ).where(Answer.assessment_id.in_(ids))
    for assessment_id, question_id, state, level, reason in session.execute(query):
        kind = AnswerState(state)
        found[assessment_id][question_id] = AnswerValue(
            kind, level, reason if kind is AnswerState.NOT_APPLICABLE else ""
        )
    return found


def _installed(assessment: Assessment) -> bool:
    try:
        load_instrument(assessment.instrument_id, assessment.instrument_version)
    except (NotFoundError, DataFileError):
        return False
    return True
