"""Pages of answers in a spreadsheet: out, in, and what an import would change before it does."""

import io
import uuid
from typing import Any

import flask
from flask_babel import force_locale, gettext, ngettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import allowed, load, require
from cirt.assessments.answer_words import parts_of
from cirt.assessments.answering import AnswerContent, content_of
from cirt.assessments.conduct import lock
from cirt.assessments.instruments import Instrument, Question
from cirt.assessments.lifecycle import Act
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    MARKING,
    blueprint,
    check_possible,
    instrument_of,
    render,
    status_of,
    the_assessment,
    why_not,
)
from cirt.assessments.results_views import exported
from cirt.assessments.rounds.answers_workbook_columns import Words
from cirt.assessments.rounds.answers_workbook_export import exported_answers
from cirt.assessments.rounds.answers_workbook_import import (
    Decision,
    Keep,
    NotImportedError,
    Upload,
    check_name,
    forget_upload,
    import_answers,
    keep_upload,
    read_upload,
    upload_of,
)
from cirt.assessments.rounds.answers_workbook_preview import (
    Outcome,
    Preview,
    PreviewRow,
    preview_of,
)
from cirt.assessments.rounds.answers_workbook_reading import AnswersFile, answers_file
from cirt.assessments.rounds.forms import WorkbookForm
from cirt.assessments.shown_choices import number
from cirt.clock import now
from cirt.errors import (
    DomainError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnsupportedError,
)
from cirt.routing import opens
from cirt.sheet_tables import Problem, WorkbookError
from cirt.sheets import MAX_BYTES, Sheet, read_sheets
from cirt.web import actor, db_session, installation


@blueprint.get("/<uuid:assessment_id>/workbook")
@opens("assessment.read")
def workbook(assessment_id: uuid.UUID) -> Any:
    """Answers in a spreadsheet: the export and the import."""
    assessment = the_assessment(assessment_id, "assessment.read")
    return _page(assessment, WorkbookForm())


@blueprint.get("/<uuid:assessment_id>/workbook/<language>.xlsx")
@opens("assessment.export")
def workbook_file(assessment_id: uuid.UUID, language: str) -> Any:
    """The answers as a workbook, in a language of its own."""
    assessment = the_assessment(assessment_id, "assessment.export")
    if language not in i18n.CODES:
        raise NotFoundError
    body = exported_answers(
        db_session(), assessment, words(), language=language, marking=MARKING, at=now()
    )
    return exported(assessment, body, f"answers-{language}.xlsx")


@blueprint.post("/<uuid:assessment_id>/workbook")
@opens("assessment.answer")
def upload_workbook(assessment_id: uuid.UUID) -> Any:
    """Take a workbook, read it, and keep it until its person has looked at what it changes."""
    _check_allowed(assessment_id)
    form = WorkbookForm()
    problems: tuple[Problem, ...] = ()
    if form.validate_on_submit():
        chosen = form.file.data
        try:
            check_name(chosen.filename or "")
            data = chosen.stream.read(MAX_BYTES + 1)
            sheets = read_sheets(data)  # before the transaction: it takes a second
            assessment = the_assessment(assessment_id, "assessment.answer")
            preview_of(db_session(), assessment, _file(assessment, sheets), words())
            upload_id = keep_upload(
                db_session(),
                installation().files,
                actor(),
                assessment,
                io.BytesIO(data),
                name=chosen.filename or "",
            )
        except WorkbookError as error:
            form.refuse(error, "file")
            problems = error.problems
        except (InvalidInputError, TooLargeError, UnsupportedError) as error:
            form.refuse(error, "file")
        else:
            return flask.redirect(
                flask.url_for(".preview", assessment_id=assessment.id, upload_id=upload_id)
            )
    assessment = the_assessment(assessment_id, "assessment.answer")
    return _page(assessment, form, problems), status_of(form)


@blueprint.get("/<uuid:assessment_id>/workbook/<uuid:upload_id>")
@opens("assessment.answer")
def preview(assessment_id: uuid.UUID, upload_id: uuid.UUID) -> Any:
    """What an uploaded workbook would change; nothing is stored yet."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    upload = upload_of(db_session(), actor(), assessment, upload_id)
    file = _file(assessment, read_sheets(read_upload(installation().files, upload)))
    found = preview_of(db_session(), assessment, file, words())
    return _preview_page(assessment, upload, found)


@blueprint.post("/<uuid:assessment_id>/workbook/<uuid:upload_id>")
@opens("assessment.answer")
def import_workbook(assessment_id: uuid.UUID, upload_id: uuid.UUID) -> Any:
    """Import what the person confirmed, all of it or nothing."""
    sheets = _sheets_of(assessment_id, upload_id)
    assessment = the_assessment(assessment_id, "assessment.answer")
    upload = upload_of(db_session(), actor(), assessment, upload_id)
    decisions = _decisions(instrument_of(assessment))
    without_errors = flask.request.form.get("without_errors") == "yes"
    try:
        saved = import_answers(
            db_session(),
            installation().files,
            actor(),
            assessment,
            upload_id,
            _file(assessment, sheets),
            words(),
            decisions=decisions,
            without_errors=without_errors,
        )
    except NotImportedError as error:
        flask.g.failed = True
        page = _preview_page(assessment, upload, error.preview, error, decisions)
        return page, 409 if error.moved else 422
    if saved:
        flask.flash(
            ngettext("%(num)s answer was imported.", "%(num)s answers were imported.", len(saved)),
            "success",
        )
    else:
        flask.flash(_("Nothing was changed."), "info")
    return flask.redirect(flask.url_for(".show", assessment_id=assessment.id))


@blueprint.post("/<uuid:assessment_id>/workbook/<uuid:upload_id>/remove")
@opens("assessment.answer")
def remove_upload(assessment_id: uuid.UUID, upload_id: uuid.UUID) -> Any:
    """Forget an upload; nothing of it is imported."""
    assessment = the_assessment(assessment_id, "assessment.answer")
    lock(db_session(), assessment)  # removed twice at once, or removed while it is imported
    upload = upload_of(db_session(), actor(), assessment, upload_id)
    forget_upload(db_session(), installation().files, actor(), upload)
    flask.flash(_("The file was removed. Nothing was imported."), "info")
    return flask.redirect(flask.url_for(".workbook", assessment_id=assessment.id))


def words() -> Words:
    """Return the words of workbooks in every language of the interface."""

    def into(language: str) -> Any:
        def translate(text: str) -> str:
            with force_locale(language):
                return str(gettext(text))

        return translate

    return Words({code: into(code) for code in i18n.CODES})


def _check_allowed(assessment_id: uuid.UUID) -> None:
    """Refuse before a file is read, in a session of its own: reading it holds no write lock."""
    with installation().database.reading() as session:
        row = load(session, actor(), Assessment, assessment_id, seen_by="assessment.read")
        require(session, actor(), "assessment.answer", row)
        check_possible(row, Act.ANSWER)


def _sheets_of(assessment_id: uuid.UUID, upload_id: uuid.UUID) -> tuple[Sheet, ...]:
    """Read an upload, in a session of its own for the same reason."""
    with installation().database.reading() as session:
        row = load(session, actor(), Assessment, assessment_id, seen_by="assessment.read")
        require(session, actor(), "assessment.answer", row)
        check_possible(row, Act.ANSWER)
        upload = upload_of(session, actor(), row, upload_id)
        data = read_upload(installation().files, upload)
    return read_sheets(data)


def _file(assessment: Assessment, sheets: tuple[Sheet, ...]) -> AnswersFile:
    questions = instrument_of(assessment).questions
    return answers_file(
        sheets,
        words(),
        with_functions=any(one.functions for one in questions),
        language=i18n.current_language(),
    )


def _decisions(instrument: Instrument) -> dict[str, Decision]:
    form = flask.request.form
    found = {}
    for question in instrument.questions:
        if f"seen:{question.id}" in form:
            keep = form.get(f"keep:{question.id}", "")
            found[question.id] = Decision(
                Keep(keep) if keep in list(Keep) else None, number(form.get(f"seen:{question.id}"))
            )
    return found


def _page(assessment: Assessment, form: WorkbookForm, problems: tuple[Problem, ...] = ()) -> str:
    return render(
        "rounds/workbook.html",
        assessment,
        "show",
        form=form,
        problems=[_told(problem) for problem in problems],
        languages=i18n.LANGUAGES,
        no_export=_reason(assessment, "assessment.export"),
    )


def _reason(assessment: Assessment, action: str) -> str:
    decision = allowed(db_session(), actor(), action, assessment)
    return "" if decision else _(decision.reason)


def _preview_page(
    assessment: Assessment,
    upload: Upload,
    found: Preview,
    error: NotImportedError | None = None,
    decisions: dict[str, Decision] | None = None,
) -> str:
    instrument = instrument_of(assessment)
    shown = found.of(Outcome.NEW, Outcome.CHANGED)
    return render(
        "rounds/workbook_preview.html",
        assessment,
        "show",
        upload=upload,
        preview=found,
        counts={each.value: found.count(each) for each in Outcome},
        changes=[(row, _parts(row, instrument)) for row in shown],
        conflicts=[(row, _parts(row, instrument)) for row in found.of(Outcome.CONFLICT)],
        errors=[
            (row, [_told(problem) for problem in row.problems]) for row in found.of(Outcome.ERROR)
        ],
        unchanged=found.of(Outcome.UNCHANGED),
        newer=[row for row in found.rows if row.is_newer],
        emptied=[row for row in shown if row.empties],
        decisions=decisions or {},
        error=i18n.sentence(error) if error else "",
        error_about=error.about if error else "",
        without_errors=flask.request.form.get("without_errors") == "yes",
        may_import=why_not(assessment, Act.ANSWER, "assessment.answer") is None,
    )


def _told(problem: Problem) -> dict[str, str]:
    sentence = i18n.sentence(DomainError(problem.message, **problem.params))
    return {"sheet": problem.sheet, "cell": problem.cell, "sentence": sentence}


def _parts(row: PreviewRow, instrument: Instrument) -> list[tuple[str, str, str]]:
    """Return (label, what stands here, what the file says) of the parts in which they differ."""
    assert row.question is not None and row.content is not None  # noqa: S101 - for the type checker
    ours, file = (
        _said(content, instrument, row.question)
        for content in (content_of(row.answer), row.content)
    )
    return [
        (label, before, after)
        for (label, before), (_label, after) in zip(ours, file, strict=True)
        if before != after
    ]


def _said(
    content: AnswerContent, instrument: Instrument, question: Question
) -> list[tuple[str, str]]:
    """Return the parts of an answer, its level with the number that stands in the file."""
    parts = parts_of(content, instrument, question, lambda text: text.text)
    (label, choice), *others = parts
    return [(label, choice if content.level is None else f"{content.level} – {choice}"), *others]
