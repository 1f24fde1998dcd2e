"""What pages ask about assessments: lists, progress, history. Reads only."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.assessments.answering import answers_of, content_of
from cirt.assessments.evidence import evidence_of
from cirt.assessments.instruments import Dimension, Question, load_instrument
from cirt.assessments.lifecycle import State
from cirt.assessments.models import (
    Answer,
    AnswerRemark,
    AnswerVersion,
    Assessment,
    AssessmentStep,
)
from cirt.assessments.scoring import AnswerState
from cirt.assessments.selection import Selection
from cirt.errors import DataFileError, NotFoundError

PAGE_SIZE = 50


@dataclass(frozen=True)
class Progress:
    """How many of the questions asked have an answer; "not known" is an answer here."""

    done: int
    total: int

    @property
    def status(self) -> str:
        """Return "todo", "progress" or "done", as marks.status takes it."""
        if self.done == 0:
            return "todo"
        return "done" if self.done >= self.total else "progress"


@dataclass(frozen=True)
class ListedAssessment:
    """One line of the list. changed_at: the newest answer, or the start."""

    assessment: Assessment
    progress: Progress
    changed_at: datetime


@dataclass(frozen=True)
class Neighbours:
    """The questions around one, and its place among those asked (from 1)."""

    previous: Question | None
    next: Question | None
    position: int
    total: int


def asked(assessment: Assessment, questions: Sequence[Question]) -> tuple[Question, ...]:
    """Return the questions that are asked at the stage of this country."""
    return tuple(each for each in questions if each.applies.asked(assessment.cirt_exists))


def progress(
    assessment: Assessment, questions: Sequence[Question], answered: Collection[str]
) -> Progress:
    """Return how far these questions are answered. answered: ids of questions with an answer."""
    put = asked(assessment, questions)
    return Progress(sum(1 for each in put if each.id in answered), len(put))


def asked_dimensions(assessment: Assessment) -> tuple[Dimension, ...]:
    """Return the dimensions in which at least one question is asked."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    return tuple(each for each in instrument.dimensions if asked(assessment, each.questions))


def neighbours(
    assessment: Assessment, question_id: str, among: Collection[str] | None = None
) -> Neighbours:
    """Return what stands before and after a question; one that is not asked has position 0.

    among: ids of the questions to step through, None for all that are asked. The question itself
    counts as one of them: it may have dropped out while it was answered.
    """
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    put = [
        each
        for each in asked(assessment, instrument.questions)
        if among is None or each.id in among or each.id == question_id
    ]
    place = next((n for n, each in enumerate(put) if each.id == question_id), None)
    if place is None:
        return Neighbours(None, None, 0, len(put))
    return Neighbours(
        previous=put[place - 1] if place else None,
        next=put[place + 1] if place + 1 < len(put) else None,
        position=place + 1,
        total=len(put),
    )


def chosen(session: Session, assessment: Assessment, selection: Selection) -> tuple[Question, ...]:
    """Return the questions asked that a selection takes, in the questionnaire's order."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    put = asked(assessment, instrument.questions)
    if selection.is_whole:
        return put
    answers = answers_of(session, assessment)
    evidence = evidence_of(session, assessment)
    return tuple(
        each
        for each in put
        if selection.takes(each, content_of(answers.get(each.id)), len(evidence.get(each.id, ())))
    )


def remarks_of(
    session: Session, assessment: Assessment, question_id: str
) -> Sequence[AnswerRemark]:
    """Return what people wrote to each other about a question, the oldest first."""
    return session.scalars(
        sa.select(AnswerRemark)
        .where(
            AnswerRemark.assessment_id == assessment.id,
            AnswerRemark.question_id == question_id,
        )
        .order_by(AnswerRemark.at, AnswerRemark.id)
    ).all()


def answered_ids(answers: Mapping[str, Answer]) -> frozenset[str]:
    """Return the ids of the questions that have an answer."""
    return frozenset(key for key, row in answers.items() if row.state != AnswerState.NOT_ANSWERED)


def count_of(session: Session, actor: Actor, *, states: Collection[State] = ()) -> int:
    """Return how many assessments the actor may see. states: only in these; empty for all."""
    query = visible(actor, Assessment, "assessment.read")
    if states:
        query = query.where(Assessment.state.in_(states))
    count = query.with_only_columns(sa.func.count(Assessment.id), maintain_column_froms=True)
    return session.scalar(count) or 0


def listed(
    session: Session,
    actor: Actor,
    *,
    page: int = 1,
    states: Collection[State] = (),
    size: int = PAGE_SIZE,
) -> list[ListedAssessment]:
    """Return a page of the assessments that the actor may see, the last changed first.

    Never in an order that depends on a score.
    """
    changed = sa.func.coalesce(Assessment.answered_at, Assessment.created_at)
    query = visible(actor, Assessment, "assessment.read").add_columns(
        sa.type_coerce(changed, Assessment.created_at.type)
    )
    if states:
        query = query.where(Assessment.state.in_(states))
    query = query.order_by(changed.desc(), Assessment.id).limit(size).offset((page - 1) * size)
    rows = session.execute(query).unique().all()
    answered = _answered(session, [assessment.id for assessment, _ in rows])
    return [
        ListedAssessment(assessment, _whole(assessment, answered[assessment.id]), changed_at)
        for assessment, changed_at in rows
    ]


def _whole(assessment: Assessment, answered: Collection[str]) -> Progress:
    try:
        instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    except (NotFoundError, DataFileError):  # its instrument is missing: the list still shows it
        return Progress(0, 0)
    return progress(assessment, instrument.questions, answered)


def _answered(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    found: dict[uuid.UUID, set[str]] = {each: set() for each in ids}
    query = sa.select(Answer.assessment_id, Answer.question_id).where(
        Answer.assessment_id.in_(ids), Answer.state != AnswerState.NOT_ANSWERED.value
    )
    for assessment_id, question_id in session.execute(query):
        found[assessment_id].add(question_id)
    return found


def versions_of(
    session: Session, assessment: Assessment, question_id: str, *, most: int | None = None
) -> Sequence[AnswerVersion]:
    """Return what an answer has said, the newest first."""
    return session.scalars(
        sa.select(AnswerVersion)
        .where(
            AnswerVersion.assessment_id == assessment.id,
            AnswerVersion.question_id == question_id,
        )
        .order_by(AnswerVersion.revision.desc())
        .limit(most)
    ).all()


def steps_of(session: Session, assessment: Assessment) -> Sequence[AssessmentStep]:
    """Return the assessment's changes of state, the oldest first."""
    return session.scalars(
        sa.select(AssessmentStep)
        .where(AssessmentStep.assessment_id == assessment.id)
        .order_by(AssessmentStep.n)
    ).all()
