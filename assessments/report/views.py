"""The report on the screen and as files: its chapters, one page to read, PDF, JSON."""

import uuid
from datetime import datetime
from typing import Any

import flask
from flask_babel import force_locale, gettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.conduct import record
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import blueprint, render, the_assessment
from cirt.assessments.report.chapters import CHAPTERS
from cirt.assessments.report.content import report_content
from cirt.assessments.report.document import report_document, written_chapters
from cirt.assessments.report.json_form import report_json
from cirt.assessments.report.model import ReportContent
from cirt.assessments.report.page import shown_blocks
from cirt.assessments.report.texts import facts_of, texts_of
from cirt.clock import now
from cirt.documents.production import produce_pdf
from cirt.errors import N_, NotFoundError, UnavailableError
from cirt.limited import LimitedProcessError
from cirt.routing import opens
from cirt.web import actor, db_session, installation

WITH_NAMES = "names"  # ?people=names


@blueprint.get("/<uuid:assessment_id>/report")
@opens("assessment.read")
def chapters(assessment_id: uuid.UUID) -> Any:
    """Every chapter: what fills it, and in which languages people have written words for it."""
    assessment = the_assessment(assessment_id, "assessment.read")
    content = _content(assessment, i18n.current_language(), now())
    texts = texts_of(db_session(), assessment)
    empty = {each.chapter.id: each.is_empty for each in written_chapters(content, gettext)}
    return render(
        "report/chapters.html",
        assessment,
        "chapters",
        act=Act.REPORT,
        action="assessment.report",
        rows=[
            {
                "chapter": chapter,
                "title": _(chapter.title),
                "fed_by": _(chapter.fed_by),
                "state": _state(chapter.id, content, empty[chapter.id]),
                "written": [one.code for one in i18n.LANGUAGES if (chapter.id, one.code) in texts],
            }
            for chapter in CHAPTERS
        ],
        report_languages=i18n.LANGUAGES,
        facts=len(facts_of(db_session(), assessment)),
        is_draft=content.frame.is_draft,
    )


def _state(chapter_id: str, content: ReportContent, is_empty: bool) -> tuple[str, str]:
    """The state of a chapter as marks.status takes it: (kind, label)."""
    text = content.texts.get(chapter_id)
    if text is not None and text.text:
        return "done", _("Written")
    if is_empty or (text is not None and text.elsewhere and not _is_fed(chapter_id, content)):
        return "todo", _("Empty")
    return "progress", _("Computed")


def _is_fed(chapter_id: str, content: ReportContent) -> bool:
    """Whether a chapter has more than words; those that only words fill are these three."""
    fed = {
        "country": bool(content.facts),
        "findings": bool(content.findings),
        "recommendations": bool(content.actions),
    }
    return fed.get(chapter_id, True)


@blueprint.get("/<uuid:assessment_id>/report/read")
@opens("assessment.read")
def read_report(assessment_id: uuid.UUID) -> Any:
    """The whole report as one page, in the language of the interface."""
    assessment = the_assessment(assessment_id, "assessment.read")
    content = _content(assessment, i18n.current_language(), now())
    document = report_document(content, gettext)
    return render(
        "report/read.html",
        assessment,
        "chapters",
        act=Act.REPORT,
        action="assessment.report",
        document=document,
        blocks=list(shown_blocks(document)),
        names=content.names,
        report_languages=i18n.LANGUAGES,
    )


@blueprint.get("/<uuid:assessment_id>/report/<language>.pdf")
@opens("assessment.export")
def report(assessment_id: uuid.UUID, language: str) -> Any:
    """The report as PDF, in a language of its own."""
    assessment = the_assessment(assessment_id, "assessment.export")
    content = _in_own_language(assessment, language)
    with force_locale(language):
        document = report_document(content, gettext)
    try:
        pdf = produce_pdf(document)
    except LimitedProcessError as error:
        raise UnavailableError(
            N_(
                "The report could not be made just now. Try again; if it happens again, tell the operator."
            )
        ) from error
    return _file(assessment, content, pdf, "application/pdf", "pdf")


@blueprint.get("/<uuid:assessment_id>/report/<language>.json")
@opens("assessment.export")
def report_data(assessment_id: uuid.UUID, language: str) -> Any:
    """The report as JSON for programs; see docs/json/report.schema.json."""
    assessment = the_assessment(assessment_id, "assessment.export")
    content = _in_own_language(assessment, language)
    with force_locale(language):
        body = report_json(content, written_chapters(content, gettext))
    return _file(assessment, content, body, "application/json", "json")


def _in_own_language(assessment: Assessment, language: str) -> ReportContent:
    if language not in i18n.CODES:
        raise NotFoundError
    return _content(assessment, language, now())


def _content(assessment: Assessment, language: str, at: datetime) -> ReportContent:
    """Collect the report; with the names of people only where the address asks for them."""
    with force_locale(language):
        return report_content(
            db_session(),
            actor(),
            assessment,
            language,
            at=at,
            names=flask.request.args.get("people") == WITH_NAMES,
        )


def _file(
    assessment: Assessment, content: ReportContent, body: bytes, mimetype: str, ending: str
) -> flask.Response:
    """Answer with a file, and note who took it."""
    language = content.frame.language
    with installation().database.writing() as session:
        record(
            session,
            actor(),
            "assessment.export",
            assessment,
            file=f"report.{ending}",
            language=language,
            names=content.names,
            size=len(body),
        )
    response = flask.Response(body, mimetype=mimetype)
    day = f"{content.frame.generated_at:%Y-%m-%d}"
    name = f"{content.frame.country_code}-readiness-{day}-{language}.{ending}"
    kind = "inline" if ending == "pdf" else "attachment"
    response.headers.set("Content-Disposition", kind, filename=name)
    return response
