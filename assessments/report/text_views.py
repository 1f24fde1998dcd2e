"""Pages on which people write for the report: the words of a chapter, the facts about the country."""

import uuid
from datetime import UTC
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    blueprint,
    check_possible,
    render,
    status_of,
    the_assessment,
    why_not,
)
from cirt.assessments.report.chapters import BY_ID, WRITTEN
from cirt.assessments.report.facts import FACTS, FactValue, fact_value
from cirt.assessments.report.forms import FactsForm, TextForm, facts_data
from cirt.assessments.report.models import ReportText
from cirt.assessments.report.texts import (
    ReportConflictError,
    facts_of,
    facts_revision,
    save_facts,
    save_text,
    text_of,
)
from cirt.assessments.shown_choices import number
from cirt.errors import InvalidInputError, NotFoundError
from cirt.routing import opens
from cirt.web import actor, db_session, wants_json


@blueprint.get("/<uuid:assessment_id>/report/text/<chapter>/<language>")
@opens("assessment.read")
def chapter_text(assessment_id: uuid.UUID, chapter: str, language: str) -> Any:
    """The words of a chapter in one language, to read or to write."""
    assessment = the_assessment(assessment_id, "assessment.read")
    row = _row(assessment, chapter, language)
    form = TextForm(data={"text": row.text if row else ""})
    form.revision.data = row.revision if row else 0
    return _text_page(assessment, chapter, language, form, row)


@blueprint.post("/<uuid:assessment_id>/report/text/<chapter>/<language>")
@opens("assessment.report")
def write_chapter(assessment_id: uuid.UUID, chapter: str, language: str) -> Any:
    """Save the words of a chapter, from the page or from its autosave."""
    assessment = the_assessment(assessment_id, "assessment.report")
    _row(assessment, chapter, language)
    check_possible(assessment, Act.REPORT)
    form = TextForm()
    try:
        if not form.validate():
            return _refused_text(assessment, chapter, language, form)
        row = save_text(
            db_session(),
            actor(),
            assessment,
            chapter,
            language,
            form.text.data or "",
            revision=number(form.revision.data),
        )
    except InvalidInputError as error:
        form.refuse(error, "text")
        return _refused_text(assessment, chapter, language, form)
    except ReportConflictError as error:
        return _text_conflict(assessment, chapter, language, form, error)
    if wants_json():
        return flask.jsonify(
            saved=True,
            revision=row.revision if row else 0,
            saved_at=row.updated_at.astimezone(UTC).isoformat() if row else None,
        )
    flask.flash(_("The words of the chapter were saved."), "success")
    return flask.redirect(flask.url_for(".chapters", assessment_id=assessment.id, _anchor=chapter))


def _row(assessment: Assessment, chapter: str, language: str) -> ReportText | None:
    """Return what is written; NotFoundError for a chapter or a language that nobody writes in."""
    if language not in i18n.CODES:
        raise NotFoundError
    return text_of(db_session(), assessment, chapter, language)


def _text_page(
    assessment: Assessment,
    chapter_id: str,
    language: str,
    form: TextForm,
    row: ReportText | None,
    theirs: ReportText | None = None,
    is_conflict: bool = False,
) -> Any:
    chapter = BY_ID[chapter_id]
    place = WRITTEN.index(chapter)
    page = render(
        "report/text.html",
        assessment,
        "chapters",
        act=Act.REPORT,
        action="assessment.report",
        form=form,
        chapter=chapter,
        title=_(chapter.title),
        hint=_(chapter.hint),
        fed_by=_(chapter.fed_by),
        text_language=next(one for one in i18n.LANGUAGES if one.code == language),
        report_languages=i18n.LANGUAGES,
        row=row,
        theirs=theirs,
        is_conflict=is_conflict,
        previous=WRITTEN[place - 1] if place else None,
        following=WRITTEN[place + 1] if place + 1 < len(WRITTEN) else None,
        autosave_key=f"report:{actor().user_id}:{assessment.id}:{chapter_id}:{language}",
    )
    return page, 409 if is_conflict else status_of(form)


def _refused_text(assessment: Assessment, chapter: str, language: str, form: TextForm) -> Any:
    flask.g.failed = True
    if wants_json():
        message = " ".join(sentence for field in form for sentence in field.errors)
        return flask.jsonify(message=message, errors=form.errors), 422
    return _text_page(assessment, chapter, language, form, _row(assessment, chapter, language))


def _text_conflict(
    assessment: Assessment,
    chapter: str,
    language: str,
    form: TextForm,
    error: ReportConflictError,
) -> Any:
    flask.g.failed = True
    theirs = error.text.text if error.text else ""
    if wants_json():
        fields = [{"label": _("Words of the chapter"), "text": theirs}]
        body = {"message": i18n.sentence(error), "revision": error.revision, "fields": fields}
        return flask.jsonify(conflict=body), 409
    form.revision.data, form.revision.raw_data = error.revision, None
    flask.flash(i18n.sentence(error), "warning")
    return _text_page(
        assessment, chapter, language, form, error.text, theirs=error.text, is_conflict=True
    )


@blueprint.get("/<uuid:assessment_id>/report/facts")
@opens("assessment.read")
def country_facts(assessment_id: uuid.UUID) -> Any:
    """The facts about the country, each with its year and its source."""
    assessment = the_assessment(assessment_id, "assessment.read")
    form = FactsForm(data=facts_data(facts_of(db_session(), assessment)))
    form.revision.data = facts_revision(db_session(), assessment)
    return _facts_page(assessment, form)


@blueprint.post("/<uuid:assessment_id>/report/facts")
@opens("assessment.report")
def write_facts(assessment_id: uuid.UUID) -> Any:
    """Save the facts about the country, all or none."""
    assessment = the_assessment(assessment_id, "assessment.report")
    check_possible(assessment, Act.REPORT)
    form = FactsForm()
    values: dict[str, FactValue] = {}
    if form.validate():
        for fact, value, year, source in form.rows():
            try:
                values[fact.id] = fact_value(fact, value.data, year.data, source.data)
            except InvalidInputError as error:
                form.refuse(error, f"{fact.id}-value")
    if form.errors:
        flask.g.failed = True
        return _facts_page(assessment, form)
    try:
        save_facts(db_session(), actor(), assessment, values, revision=number(form.revision.data))
    except ReportConflictError as error:
        flask.g.failed = True
        form.revision.data, form.revision.raw_data = error.revision, None
        flask.flash(i18n.sentence(error), "warning")
        theirs = {
            key: error.facts.get(key, FactValue())
            for key, value in values.items()
            if error.facts.get(key, FactValue()) != value
        }
        return _facts_page(assessment, form, theirs)
    flask.flash(_("The facts about the country were saved."), "success")
    return flask.redirect(
        flask.url_for(".chapters", assessment_id=assessment.id, _anchor="country")
    )


def _facts_page(
    assessment: Assessment, form: FactsForm, theirs: dict[str, FactValue] | None = None
) -> Any:
    labels = {fact.id: _(fact.label) for fact in FACTS}
    page = render(
        "report/facts.html",
        assessment,
        "chapters",
        act=Act.REPORT,
        action="assessment.report",
        form=form,
        labels=labels,
        theirs=theirs,
        may_write=why_not(assessment, Act.REPORT, "assessment.report") is None,
    )
    return page, 409 if theirs is not None else status_of(form)
