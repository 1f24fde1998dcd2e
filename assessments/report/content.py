"""Collects what a report says from the record, as plain values in the report's language."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import i18n
from cirt.access import Actor
from cirt.accounts.models import Administration, User
from cirt.assessments.design.queries import sim3_round
from cirt.assessments.evidence import MARKINGS
from cirt.assessments.instruments import Question
from cirt.assessments.instruments.references import reference_models
from cirt.assessments.lifecycle import GrantRole
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.assessments.report import content_people as people
from cirt.assessments.report import content_results as results
from cirt.assessments.report.chapters import WRITTEN
from cirt.assessments.report.choosing import chosen
from cirt.assessments.report.content_design import design_content
from cirt.assessments.report.content_plan import findings_content, plan_content
from cirt.assessments.report.model import (
    ChapterText,
    Frame,
    InstrumentContent,
    NoticeContent,
    ReportContent,
)
from cirt.assessments.report.model_results import ComparisonContent
from cirt.assessments.report.models import ReportText
from cirt.assessments.report.texts import texts_of
from cirt.assessments.report.themes import themes_of
from cirt.assessments.results_reading import Reading, reading_of
from cirt.assessments.rounds.comparison import compare_rounds
from cirt.assessments.rounds.reading import round_before, rounds_to_compare
from cirt.errors import DataFileError, NotFoundError
from cirt.stix.marking import TLP, strictest

SIM3 = "sim3"


def report_content(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    language: str,
    *,
    at: datetime,
    names: bool = False,
) -> ReportContent:
    """Return what the report of an assessment says, in a language of the interface.

    The words of that language must be in force (flask_babel.force_locale): some sentences are
    made here. names: whether participants are named. Of other rounds of the country it uses those
    that the actor may read. Raises NotFoundError, DataFileError where the instrument is missing.
    """
    reading = reading_of(session, assessment)
    asked = tuple(line.question for line in reading.results.overall.questions)
    findings = findings_content(session, assessment)
    actions, plan = plan_content(session, assessment, language)
    services, design = design_content(session, assessment, asked, language)
    groups, participants = people.participants_content(session, assessment, language, names=names)
    sim3 = _sim3(session, actor, reading)
    verdict = results.verdict_content(reading, language)
    below = [line.question for line in verdict.lines if line.standing == "below"] if verdict else []
    return ReportContent(
        frame=_frame(session, reading, language, at),
        instrument=_instrument(reading, language, len(asked)),
        notices=_notices(reading, asked, language),
        texts=_texts(texts_of(session, assessment), language),
        summary=chosen(
            findings, actions, below=below, weights={each.id: each.weight for each in asked}
        ),
        overall=results.figure_content(reading.results.overall),
        dimensions=results.dimensions_content(reading, language),
        heat=results.heat_content(reading, language),
        verdict=verdict,
        profile_problem=i18n.sentence(reading.problem) if reading.problem else "",
        comparison=_comparison(session, actor, assessment, language),
        themes=themes_of(asked),
        facts=people.facts_content(session, assessment),
        tally=people.tally_content(session, assessment, language),
        parameters=results.parameters_content(asked, sim3),
        sim3_from=sim3.assessment.title if sim3 else "",
        services=services,
        design=design,
        findings=findings,
        actions=actions,
        plan=plan,
        groups=groups,
        participants=participants,
        names=names,
        agenda=people.agenda_content(session, assessment, language),
        documents=people.documents_content(session, assessment),
        provisions=people.provisions_content(session, asked, language),
        terms=people.terms_content(language),
    )


def report_marking(reading: Reading) -> TLP:
    """Return the strictest marking of anything in the report, at least that of assessments."""
    files = [row.file for rows in reading.evidence.values() for row in rows if row.file is not None]
    return strictest([MARKINGS[0], *(TLP(file.tlp) for file in files)])


def _frame(session: Session, reading: Reading, language: str, at: datetime) -> Frame:
    assessment = reading.assessment
    return Frame(
        language=language,
        direction="rtl" if i18n.direction_of(language) == "rtl" else "ltr",
        title=assessment.title,
        country=assessment.administration.name_in(language),
        country_code=assessment.administration.code,
        round=assessment.round,
        marking=report_marking(reading).label,
        generated_at=at,
        state=assessment.state,
        agreed_on=_day(assessment.agreed_at),
        closed_on=_day(assessment.closed_at),
        scope=assessment.scope,
        cirt_exists=assessment.cirt_exists,
        workshop_on=assessment.workshop_on,
        workshop_place=assessment.workshop_place,
        prepared_by=_prepared_by(session, assessment, language),
    )


def _prepared_by(session: Session, assessment: Assessment, language: str) -> tuple[str, ...]:
    """The country, and the bodies whose people it let in to assess; never the names of people."""
    query = (
        sa.select(Administration)
        .join(User, User.administration_id == Administration.id)
        .join(AssessmentGrant, AssessmentGrant.user_id == User.id)
        .where(
            AssessmentGrant.assessment_id == assessment.id,
            AssessmentGrant.role.in_([GrantRole.LEAD.value, GrantRole.ASSESSOR.value]),
        )
        .order_by(Administration.code)
    )
    own = assessment.administration
    others = {row.id: row.name_in(language) for row in session.scalars(query).unique()}
    others.pop(own.id, None)
    return (own.name_in(language), *others.values())


def _instrument(reading: Reading, language: str, asked: int) -> InstrumentContent:
    instrument = reading.instrument
    return InstrumentContent(
        id=instrument.id,
        version=instrument.version,
        title=instrument.title.in_language(language).text,
        description=instrument.description.in_language(language).text,
        notice=instrument.notice.in_language(language).text if instrument.notice else "",
        scale=tuple(sentence.in_language(language).text for sentence in instrument.scale),
        asked=asked,
    )


def _notices(
    reading: Reading, asked: tuple[Question, ...], language: str
) -> tuple[NoticeContent, ...]:
    """What the owners of the models that the report refers to want said."""
    found = []
    for model in reference_models().values():
        if any(getattr(each.crosswalk, model.id) for each in asked):
            name = f"{model.name}, {model.edition}"
            found.append(NoticeContent(name, model.owner, model.notice))
    if reading.profile is not None:
        name = reading.profile.name.in_language(language).text
        found.append(NoticeContent(name, reading.profile.owner, reading.profile.citation))
    return tuple(found)


def _texts(rows: Mapping[tuple[str, str], ReportText], language: str) -> dict[str, ChapterText]:
    found = {}
    for chapter in WRITTEN:
        own = rows.get((chapter.id, language))
        others = () if own else tuple(code for name, code in rows if name == chapter.id)
        found[chapter.id] = ChapterText(own.text if own else "", tuple(sorted(others)))
    return found


def _comparison(
    session: Session, actor: Actor, assessment: Assessment, language: str
) -> ComparisonContent | None:
    before = round_before(session, actor, assessment)
    if before is None or before.instrument_id != assessment.instrument_id:
        return None
    rounds = rounds_to_compare(session, [before, assessment])
    return results.comparison_content(compare_rounds(rounds), language)


def _sim3(session: Session, actor: Actor, reading: Reading) -> Reading | None:
    """This assessment if it is one with SIM3, else the country's newest that the actor may read."""
    if reading.instrument.id == SIM3:
        return reading
    other = sim3_round(session, actor, reading.assessment)
    if other is None:
        return None
    try:
        return reading_of(session, other)
    except (NotFoundError, DataFileError):  # its instrument is not installed here
        return None


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
