"""Moves an assessment to another version of its instrument; no answer is lost on the way."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.assessments.answering import every_answer_of
from cirt.assessments.conduct import lock
from cirt.assessments.instruments import (
    InstalledInstrument,
    Instrument,
    instruments,
    load_instrument,
)
from cirt.assessments.instruments.upgrade import AnswerFate, Given, Upgrade, upgrade
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Answer, AnswerVersion, Assessment
from cirt.assessments.scoring import AnswerState
from cirt.clock import now
from cirt.errors import N_, DomainError, InvalidInputError

_KEY = frozenset({"assessment_id", "question_id", "revision"})
_CONTENT = tuple(
    column.key
    for column in sa.inspect(AnswerVersion).column_attrs
    if column.key in sa.inspect(Answer).column_attrs and column.key not in _KEY
)


def other_versions(assessment: Assessment) -> tuple[InstalledInstrument, ...]:
    """Return the installed versions that the assessment could move to, the newest first."""
    found = [
        each
        for each in instruments()
        if each.id == assessment.instrument_id and each.version != assessment.instrument_version
    ]
    return tuple(reversed(found))


def planned(session: Session, assessment: Assessment, version: str) -> Upgrade:
    """Return what moving an assessment to a version would do, without doing it.

    Raises NotFoundError for a version that is not installed, InvalidInputError for the present one.
    """
    if version == assessment.instrument_version:
        raise InvalidInputError(
            N_("The assessment is at version %(version)s already."), version=version
        )
    return upgrade(
        load_instrument(assessment.instrument_id, assessment.instrument_version),
        load_instrument(assessment.instrument_id, version),
        {
            key: Given(row.state != AnswerState.NOT_ANSWERED, row.level, row.instrument_version)
            for key, row in every_answer_of(session, assessment).items()
        },
        lambda given: _installed(assessment.instrument_id, given),
    )


def change_version(
    session: Session, actor: Actor | None, assessment: Assessment, version: str
) -> Upgrade:
    """Move an assessment to a version and return what became of its answers.

    actor: None for the operator at the command line. Answers whose question says the same are
    not touched; the others get a new version in their history. Raises as planned does, and
    ForbiddenError where the assessment is locked.
    """
    lock(session, assessment)
    state_after(assessment.standing, Act.PREPARE)
    done = planned(session, assessment, version)
    answers = every_answer_of(session, assessment)
    for each in done.answers:
        if each.fate in (AnswerFate.REVIEW, AnswerFate.OPENED):
            _mark(session, actor, answers[each.question_id], each.fate, done.comparison.after)
    before, assessment.instrument_version = assessment.instrument_version, version
    session.flush()
    audit.record(
        session,
        actor,
        "assessment.upgrade",
        assessment,
        chain_id=assessment.administration_id,
        before=before,
        after=version,
        digest=done.comparison.after.digest,
        answers={fate.value: len(done.of(fate)) for fate in AnswerFate},
    )
    return done


def gone_answers(session: Session, assessment: Assessment) -> Sequence[Answer]:
    """Return the answers to questions that the present version does not ask, by question id."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    found = every_answer_of(session, assessment)
    return [found[key] for key in sorted(found) if not instrument.has_question(key)]


def _mark(
    session: Session, actor: Actor | None, answer: Answer, fate: AnswerFate, after: Instrument
) -> None:
    question = after.question(answer.question_id)
    if fate is AnswerFate.OPENED:
        answer.state, answer.level = AnswerState.NOT_ANSWERED.value, None
    answer.for_review = True
    known = {function.id for function in question.functions}
    answer.functions = [each for each in answer.functions if each in known]
    answer.instrument_version = after.version
    answer.revision += 1
    answer.updated_by, answer.updated_at = actor.user_id if actor else None, now()
    session.add(
        AnswerVersion(
            assessment_id=answer.assessment_id,
            question_id=answer.question_id,
            revision=answer.revision,
            user_id=answer.updated_by,
            at=answer.updated_at,
            **{name: getattr(answer, name) for name in _CONTENT},
        )
    )


def _installed(instrument_id: str, version: str) -> Instrument | None:
    try:
        return load_instrument(instrument_id, version)
    except DomainError:  # gone from here, or its files are wrong
        return None
