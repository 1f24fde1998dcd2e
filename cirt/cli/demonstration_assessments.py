"""The demonstration's assessments: started, answered, evidenced and closed as people do it."""

import io
from datetime import date, timedelta

from sqlalchemy.orm import Session

from cirt.assessments import answering, conduct, evidence, grants
from cirt.assessments.instruments import latest_instrument
from cirt.assessments.models import Assessment
from cirt.cli.demonstration_people import Stage, seed
from cirt.clock import now
from cirt.datafiles import DataMap, read_map
from cirt.documents.model import Document, Heading, Paragraph, plain
from cirt.documents.production import produce_pdf
from cirt.i18n import direction_of
from cirt.stix.marking import TLP

INSTRUMENT = "cirt-readiness"


def load(stage: Stage) -> None:
    """Add the assessments, each in one transaction."""
    for one in read_map(seed("assessments.yml")).sections("assessments"):
        with stage.installation.database.writing() as session:
            _add_assessment(session, stage, one)


def _add_assessment(session: Session, stage: Stage, one: DataMap) -> None:
    instrument = latest_instrument(INSTRUMENT)
    starter = stage.actors[one.text("started_by")]
    assessor = stage.actors[one.text("assessor")]
    assessment = conduct.start_assessment(
        session,
        starter,
        administration_id=stage.administrations[one.text("administration")],
        title=one.text("title"),
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        language=one.text("language"),
        cirt_exists=one.get("cirt_exists"),
    )
    if assessor.user_id is not None:
        grants.give_grant(
            session, starter, assessment, user_id=assessor.user_id, until=grants.default_until()
        )
    for answer in one.sections("answers"):
        _answer(session, stage, assessment, answer)
    if one.boolean("closed"):
        conduct.close_assessment(session, starter, assessment)


def _answer(session: Session, stage: Stage, assessment: Assessment, answer: DataMap) -> None:
    question = answer.text("question")
    if "earlier" in answer:
        _save(session, stage, assessment, question, answer.section("earlier"), revision=0)
    _save(session, stage, assessment, question, answer, revision=int("earlier" in answer))
    actor = stage.actors[answer.text("by")]
    if "evidence" in answer:
        for entry in answer.sections("evidence"):
            evidence.add_entry(
                session,
                actor,
                assessment,
                question,
                kind=evidence.Kind(entry.text("kind")),
                reference=entry.text("reference"),
                seen_on=_day(entry),
            )
    if "file" in answer:
        file = answer.section("file")
        evidence.add_file(
            session,
            stage.installation.files,
            actor,
            assessment,
            question,
            io.BytesIO(_pdf(file)),
            name=file.text("name"),
            tlp=TLP(file.text("tlp")).value,
            reference=file.text("reference"),
            seen_on=_day(file),
        )


def _save(
    session: Session,
    stage: Stage,
    assessment: Assessment,
    question: str,
    answer: DataMap,
    *,
    revision: int,
) -> None:
    content = answering.answer_content(
        str(answer["choice"]),
        reason=answer.get("reason", ""),
        comment=answer.get("comment", ""),
    )
    answering.save_answer(
        session,
        stage.actors[answer.text("by")],
        assessment,
        question,
        content,
        revision=revision,
        language=assessment.language,
    )


def _day(entry: DataMap) -> date:
    return now().date() - timedelta(days=entry.integer("seen", 0, 3650))


def _pdf(file: DataMap) -> bytes:
    title, language = file.text("title"), file.text("language")
    paragraphs = [Paragraph(plain(text)) for text in file.texts("paragraphs")]
    return produce_pdf(
        Document(
            title=title,
            language=language,
            direction="rtl" if direction_of(language) == "rtl" else "ltr",
            blocks=(Heading(1, plain(title)), *paragraphs),
            generated_at=now(),
            marking=TLP(file.text("tlp")).label,
        )
    )
