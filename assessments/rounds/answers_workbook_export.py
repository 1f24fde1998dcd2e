"""The workbook of an assessment's answers, from the record."""

from datetime import datetime

from sqlalchemy.orm import Session

from cirt import i18n
from cirt.assessments.answering import answers_of, content_of
from cirt.assessments.evidence import evidence_of
from cirt.assessments.instruments import Question, load_instrument
from cirt.assessments.lifecycle import STATE_NAMES, State
from cirt.assessments.models import Answer, Assessment
from cirt.assessments.queries import asked
from cirt.assessments.rounds.answers_workbook import AnswerRow, Heading, answers_workbook
from cirt.assessments.rounds.answers_workbook_columns import FORMAT, Words
from cirt.errors import N_
from cirt.stix.marking import TLP

DRAFT = N_("Draft, not agreed to by the country: %(state)s")


def exported_answers(
    session: Session,
    assessment: Assessment,
    words: Words,
    *,
    language: str,
    marking: TLP,
    at: datetime,
) -> bytes:
    """Return the answers to the questions asked, as they stand, as an XLSX file."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    answers = answers_of(session, assessment)
    evidence = evidence_of(session, assessment)
    state = words.put(STATE_NAMES[State(assessment.state)], language)
    if not assessment.standing.locked:
        state = words.put(DRAFT, language) % {"state": state}
    heading = Heading(
        language,
        right_to_left=i18n.direction_of(language) == "rtl",
        about={
            "format": FORMAT,
            "assessment": str(assessment.id),
            "country": assessment.administration.name_in(language),
            "country_code": assessment.administration.code,
            "title": assessment.title,
            "round": str(assessment.round),
            "instrument": instrument.id,
            "version": instrument.version,
            "digest": instrument.digest,
            "language": language,
            "marking": marking.label,
            "state": state,
            "exported": f"{at:%Y-%m-%d %H:%M} UTC",
        },
    )
    rows = [
        _row(question, answers.get(question.id), len(evidence.get(question.id, ())))
        for question in asked(assessment, instrument.questions)
    ]
    return answers_workbook(instrument, heading, rows, words)


def _row(question: Question, answer: Answer | None, pieces: int) -> AnswerRow:
    if answer is None:
        return AnswerRow(question, content_of(None), evidence=pieces)
    by = answer.updater
    return AnswerRow(
        question,
        content_of(answer),
        revision=answer.revision,
        changed_by=f"{by.name} ({by.administration.code})" if by else "",
        changed_at=answer.updated_at,
        evidence=pieces,
    )
