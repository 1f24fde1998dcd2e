"""The demonstration's answers, with their remarks and evidence."""

import io
from datetime import date, timedelta

from sqlalchemy.orm import Session

from cirt.assessments import answering, evidence, remarks
from cirt.assessments.models import Assessment
from cirt.cli.demonstration_people import Stage
from cirt.clock import now
from cirt.datafiles import DataMap
from cirt.documents.model import Document, Heading, Paragraph, plain
from cirt.documents.production import produce_pdf
from cirt.i18n import direction_of
from cirt.stix.marking import TLP


def answer(session: Session, stage: Stage, assessment: Assessment, one: DataMap) -> None:
    """Give the answers of a data file: those of its tables, then those with words and evidence."""
    for table in one.sections("tables") if "tables" in one else ():
        levels = table.section("levels")
        for question in levels:
            level, _space, confidence = levels.text(question).partition(" ")
            content = answering.answer_content(level, confidence=confidence)
            _save(session, stage, assessment, question, table.text("by"), content, revision=0)
    for each in one.sections("answers") if "answers" in one else ():
        _answer(session, stage, assessment, each)


def _answer(session: Session, stage: Stage, assessment: Assessment, said: DataMap) -> None:
    question, by = said.text("question"), said.text("by")
    if "earlier" in said:
        before = said.section("earlier")
        _save(session, stage, assessment, question, before.text("by"), _content(before), revision=0)
    revision = int("earlier" in said)
    _save(session, stage, assessment, question, by, _content(said), revision=revision)
    actor = stage.actors[by]
    for remark in said.sections("remarks") if "remarks" in said else ():
        author = stage.actors[remark.text("by")]
        remarks.add_remark(session, author, assessment, question, remark.text("text"))
    for entry in said.sections("evidence") if "evidence" in said else ():
        evidence.add_entry(
            session,
            actor,
            assessment,
            question,
            kind=evidence.Kind(entry.text("kind")),
            reference=entry.text("reference"),
            seen_on=_seen(entry),
        )
    if "file" in said:
        file = said.section("file")
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
            seen_on=_seen(file),
        )


def _content(said: DataMap) -> answering.AnswerContent:
    return answering.answer_content(
        str(said["choice"]),
        reason=said.get("reason", ""),
        comment=said.get("comment", ""),
        confidence=said.get("confidence", ""),
        for_review=said.get("for_review", False),
        disputed=said.get("disputed", False),
        functions=said.texts("functions"),
    )


def _save(
    session: Session,
    stage: Stage,
    assessment: Assessment,
    question: str,
    by: str,
    content: answering.AnswerContent,
    *,
    revision: int,
) -> None:
    answering.save_answer(
        session,
        stage.actors[by],
        assessment,
        question,
        content,
        revision=revision,
        language=assessment.language,
    )


def _seen(entry: DataMap) -> date:
    """Return the day so many days ago."""
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
