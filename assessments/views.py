"""Pages of an assessment as a whole: list, start, task list, details, close, reopen, access."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n, navigation
from cirt.access import require
from cirt.assessments import conduct, grants, queries
from cirt.assessments.answering import answers_of
from cirt.assessments.evidence import evidence_of
from cirt.assessments.forms import DetailsForm, GrantForm, ReopenForm, StartForm, stage_of
from cirt.assessments.instruments import instruments, load_instrument
from cirt.assessments.lifecycle import STATE_NAMES, Act, refusal
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    blueprint,
    instrument_of,
    render,
    status_of,
    the_assessment,
)
from cirt.errors import N_, InvalidInputError, NotFoundError
from cirt.routing import opens
from cirt.web import actor, db_session

navigation.add_entry("assessments.index", N_("Assessments"), action="assessment.list", order=10)

STATUS_NAMES = {
    "todo": N_("Not started"),
    "progress": N_("In progress"),
    "done": N_("Completed"),
}


@blueprint.get("/")
@opens("assessment.list")
def index() -> Any:
    """The assessments that the person may see."""
    require(db_session(), actor(), "assessment.list")
    page = max(1, flask.request.args.get("page", 1, type=int))
    total = queries.count_of(db_session(), actor())
    pages = max(1, -(-total // queries.PAGE_SIZE))
    page = min(page, pages)
    return flask.render_template(
        "assessments/index.html",
        assessments=queries.listed(db_session(), actor(), page=page),
        state_names={state.value: _(name) for state, name in STATE_NAMES.items()},
        language=i18n.current_language(),
        page=page,
        pages=pages,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@opens("assessment.create")
def start() -> Any:
    """Start an assessment."""
    require(db_session(), actor(), "assessment.create")
    language = i18n.current_language()
    form = StartForm(data={"language": language, "stage": "open"})
    countries = conduct.countries_for(db_session(), actor())
    form.country.choices = [
        (str(row.id), f"{row.code} – {row.name_in(language)}") for row in countries
    ]
    form.instrument.choices = _instrument_choices(language)
    if form.validate_on_submit():
        instrument_id, _sep, version = (form.instrument.data or "").partition("@")
        try:
            assessment = conduct.start_assessment(
                db_session(),
                actor(),
                administration_id=_uuid(form.country.data),
                title=form.title.data,
                instrument_id=instrument_id,
                instrument_version=version,
                language=form.language.data or "",
                cirt_exists=form.cirt_exists,
            )
        except (InvalidInputError, NotFoundError) as error:
            form.refuse(error, "instrument")
        else:
            flask.flash(_("The assessment was started."), "success")
            return flask.redirect(flask.url_for(".show", assessment_id=assessment.id))
    page = flask.render_template(
        "assessments/start.html",
        form=form,
        possible=bool(countries),
        until=grants.default_until(),
        days=grants.DEFAULT_DAYS,
        gets_grant=all(row.id != actor().administration_id for row in countries),
    )
    return page, status_of(form)


@blueprint.get("/<uuid:assessment_id>")
@opens("assessment.read")
def show(assessment_id: uuid.UUID) -> Any:
    """The task list: every dimension with its questions and progress."""
    assessment = the_assessment(assessment_id, "assessment.read")
    answers = answers_of(db_session(), assessment)
    answered = queries.answered_ids(answers)
    language = i18n.current_language()
    dimensions = [
        {
            "dimension": dimension,
            "questions": queries.asked(assessment, dimension.questions),
            "progress": queries.progress(assessment, dimension.questions, answered),
        }
        for dimension in queries.asked_dimensions(assessment)
    ]
    return render(
        "show.html",
        assessment,
        "show",
        instrument=instrument_of(assessment),
        tasks=[_task(assessment, one, language) for one in dimensions],
        dimensions=dimensions,
        answers=answers,
        evidence=evidence_of(db_session(), assessment),
        whole=queries.progress(assessment, instrument_of(assessment).questions, answered),
        status_names={key: _(name) for key, name in STATUS_NAMES.items()},
    )


@blueprint.route("/<uuid:assessment_id>/details", methods=["GET", "POST"])
@opens("assessment.read")
def details(assessment_id: uuid.UUID) -> Any:
    """What describes the assessment, and what has happened to it."""
    action = "assessment.answer" if flask.request.method == "POST" else "assessment.read"
    assessment = the_assessment(assessment_id, action)
    form = DetailsForm(
        data={
            "title": assessment.title,
            "language": assessment.language,
            "stage": stage_of(assessment.cirt_exists),
        }
    )
    if flask.request.method == "POST":
        _check_open(assessment)
    if form.validate_on_submit():
        try:
            conduct.change_details(
                db_session(),
                actor(),
                assessment,
                title=form.title.data,
                language=form.language.data or "",
                cirt_exists=form.cirt_exists,
            )
        except InvalidInputError as error:
            form.refuse(error, "title")
        else:
            flask.flash(_("The details were changed."), "success")
            return flask.redirect(flask.url_for(".details", assessment_id=assessment.id))
    page = render(
        "details.html",
        assessment,
        "details",
        form=form,
        instrument=instrument_of(assessment),
        steps=queries.steps_of(db_session(), assessment),
        state_names={state.value: _(name) for state, name in STATE_NAMES.items()},
    )
    return page, status_of(form)


@blueprint.route("/<uuid:assessment_id>/close", methods=["GET", "POST"])
@opens("assessment.close")
def close(assessment_id: uuid.UUID) -> Any:
    """The last question before an assessment is locked."""
    assessment = the_assessment(assessment_id, "assessment.close")
    if flask.request.method == "POST":
        conduct.close_assessment(db_session(), actor(), assessment)
        flask.flash(_("The assessment is closed. Its answers can no longer be changed."), "success")
        return flask.redirect(flask.url_for(".show", assessment_id=assessment.id))
    refused = refusal(assessment.standing, Act.CLOSE)
    if refused is not None:
        raise refused
    answered = queries.answered_ids(answers_of(db_session(), assessment))
    whole = queries.progress(assessment, instrument_of(assessment).questions, answered)
    return render("close.html", assessment, "details", open_questions=whole.total - whole.done)


@blueprint.route("/<uuid:assessment_id>/reopen", methods=["GET", "POST"])
@opens("assessment.reopen")
def reopen(assessment_id: uuid.UUID) -> Any:
    """Open a closed assessment again, with a reason."""
    assessment = the_assessment(assessment_id, "assessment.reopen")
    refused = refusal(assessment.standing, Act.REOPEN)
    if refused is not None:
        raise refused
    form = ReopenForm()
    if form.validate_on_submit():
        try:
            conduct.reopen_assessment(db_session(), actor(), assessment, reason=form.reason.data)
        except InvalidInputError as error:
            form.refuse(error, "reason")
        else:
            flask.flash(_("The assessment is open again."), "success")
            return flask.redirect(flask.url_for(".show", assessment_id=assessment.id))
    return render("reopen.html", assessment, "details", form=form), status_of(form)


@blueprint.route("/<uuid:assessment_id>/access", methods=["GET", "POST"])
@opens("assessment.grant")
def access(assessment_id: uuid.UUID) -> Any:
    """Which assessors have access until when; the country gives and ends it."""
    assessment = the_assessment(assessment_id, "assessment.grant")
    form = GrantForm(data={"until": grants.default_until().date()})
    if form.validate_on_submit():
        try:
            if form.until.data is None:
                raise InvalidInputError(N_("Choose the last day of access."), field="until")
            grants.give_grant(
                db_session(),
                actor(),
                assessment,
                user_id=grants.assessor_named(db_session(), form.username.data),
                until=grants.end_of(form.until.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "username")
        else:
            flask.flash(_("The assessor has access now."), "success")
            return flask.redirect(flask.url_for(".access", assessment_id=assessment.id))
    page = render(
        "access.html",
        assessment,
        "access",
        form=form,
        grants=grants.grants_of(db_session(), assessment),
    )
    return page, status_of(form)


@blueprint.post("/<uuid:assessment_id>/access/<uuid:grant_id>/end")
@opens("assessment.grant")
def end_access(assessment_id: uuid.UUID, grant_id: uuid.UUID) -> Any:
    """End an assessor's access at once."""
    assessment = the_assessment(assessment_id, "assessment.grant")
    grants.end_grant(db_session(), actor(), assessment, grant_id)
    flask.flash(_("The access has ended."), "success")
    return flask.redirect(flask.url_for(".access", assessment_id=assessment.id))


def _check_open(assessment: Assessment) -> None:
    refused = refusal(assessment.standing, Act.CHANGE)
    if refused is not None:
        raise refused


def _task(assessment: Assessment, one: dict[str, Any], language: str) -> dict[str, Any]:
    progress: queries.Progress = one["progress"]
    dimension = one["dimension"]
    return {
        "code": dimension.id,
        "title": dimension.title.in_language(language),
        "hint": dimension.description.in_language(language),
        "url": flask.url_for(
            ".question", assessment_id=assessment.id, question_id=one["questions"][0].id
        ),
        "status": progress.status,
        "status_label": _(STATUS_NAMES[progress.status]),
        "done": progress.done,
        "total": progress.total,
    }


def _instrument_choices(language: str) -> list[tuple[str, str]]:
    found = []
    for each in reversed(instruments()):
        title = load_instrument(each.id, each.version).title.in_language(language).text
        found.append((f"{each.id}@{each.version}", f"{title}, {each.version}"))
    return found


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
