"""Collects what a report says from the record, as plain values in the report's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from cirt import i18n
from cirt.assessments import queries
from cirt.assessments.answering import answers_of
from cirt.assessments.evidence import MARKINGS, evidence_of
from cirt.assessments.instruments import Dimension, Instrument, Question, load_instrument
from cirt.assessments.instruments.references import Provision, provisions
from cirt.assessments.lifecycle import State
from cirt.assessments.models import Answer, Assessment, Evidence
from cirt.assessments.report.model import (
    DimensionContent,
    EvidenceContent,
    ProvisionContent,
    QuestionContent,
    ReportContent,
)
from cirt.assessments.results import ShownFigure, ShownResults, shown_results
from cirt.assessments.scoring import AnswerState
from cirt.stix.marking import TLP, strictest


def results_of(session: Session, assessment: Assessment) -> ShownResults:
    """Return every figure of an assessment as it stands."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    return shown_results(
        instrument,
        {key: row.value for key, row in answers_of(session, assessment).items()},
        cirt_exists=assessment.cirt_exists,
        evidence=evidence_of(session, assessment),
    )


def report_content(
    session: Session, assessment: Assessment, language: str, *, at: datetime
) -> ReportContent:
    """Return what the report of an assessment says, in a language of the interface."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    answers = answers_of(session, assessment)
    evidence = evidence_of(session, assessment)
    results = results_of(session, assessment)
    files = [row.file for rows in evidence.values() for row in rows if row.file is not None]
    return ReportContent(
        language=language,
        direction="rtl" if i18n.direction_of(language) == "rtl" else "ltr",
        title=assessment.title,
        country=assessment.administration.name_in(language),
        country_code=assessment.administration.code,
        marking=strictest([MARKINGS[0], *(TLP(file.tlp) for file in files)]).label,
        generated_at=at,
        closed_at=assessment.closed_at,
        is_closed=assessment.state == State.CLOSED,
        cirt_exists=assessment.cirt_exists,
        instrument_title=instrument.title.in_language(language).text,
        instrument_version=instrument.version,
        scale=tuple(sentence.in_language(language).text for sentence in instrument.scale),
        results=results,
        dimensions=tuple(
            _dimension(assessment, instrument, dimension, figure, language, answers, evidence)
            for dimension, figure in results.dimensions
        ),
        provisions=_provisions(assessment, instrument, language),
    )


def _dimension(
    assessment: Assessment,
    instrument: Instrument,
    dimension: Dimension,
    figure: ShownFigure,
    language: str,
    answers: Mapping[str, Answer],
    evidence: Mapping[str, Sequence[Evidence]],
) -> DimensionContent:
    return DimensionContent(
        code=dimension.id,
        title=dimension.title.in_language(language).text,
        description=dimension.description.in_language(language).text,
        figure=figure,
        questions=tuple(
            _question(
                instrument,
                question,
                language,
                answers.get(question.id),
                evidence.get(question.id, ()),
            )
            for question in queries.asked(assessment, dimension.questions)
        ),
    )


def _question(
    instrument: Instrument,
    question: Question,
    language: str,
    answer: Answer | None,
    evidence: Sequence[Evidence],
) -> QuestionContent:
    level = answer.level if answer else None
    return QuestionContent(
        code=question.id,
        text=question.text.in_language(language).text,
        state=AnswerState(answer.state) if answer else AnswerState.NOT_ANSWERED,
        level=level,
        level_name="" if level is None else instrument.scale[level].in_language(language).text,
        level_text="" if level is None else question.levels[level].in_language(language).text,
        reason=answer.reason if answer else "",
        comment=answer.comment if answer else "",
        evidence=tuple(
            EvidenceContent(
                kind=row.kind,
                reference=row.reference,
                seen_on=row.seen_on,
                file_name=row.file.name if row.file else "",
                marking=TLP(row.file.tlp).label if row.file else "",
            )
            for row in evidence
        ),
    )


def _provisions(
    assessment: Assessment, instrument: Instrument, language: str
) -> tuple[ProvisionContent, ...]:
    """The provisions that the questions asked serve, in the order of the registry."""
    served: dict[str, list[str]] = {}
    for question in queries.asked(assessment, instrument.questions):
        for provision_id in question.crosswalk.provisions:
            served.setdefault(provision_id, []).append(question.id)
    return tuple(
        ProvisionContent(
            citation=provision.citation,
            # a place in a text is printed only where somebody has checked it in that text
            place=_place(provision) if provision.verified else "",
            paraphrase=provision.paraphrase.in_language(language).text,
            verified=provision.verified,
            questions=tuple(served[provision.id]),
        )
        for provision in provisions().values()
        if provision.id in served
    )


def _place(provision: Provision) -> str:
    return " ".join(part for part in (provision.clause, provision.paragraph) if part)
