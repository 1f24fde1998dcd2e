"""Pages of an assessment as a whole: list, start, task list, details."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n, navigation
from cirt.access import require
from cirt.assessments import conduct, grants, queries
from cirt.assessments.answering import CONFIDENCE_NAMES, answers_of
from cirt.assessments.evidence import evidence_of
from cirt.assessments.forms import DetailsForm, StartForm, stage_of
from cirt.assessments.instruments import instruments, load_instrument
from cirt.assessments.instruments.profiles import profiles
from cirt.assessments.life_views import steps_from
from cirt.assessments.lifecycle import STATE_HINTS, STATE_NAMES, Act, State
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    blueprint,
    check_possible,
    instrument_of,
    render,
    status_of,
    the_assessment,
)
from cirt.assessments.selection import Selection
from cirt.assessments.shown_choices import (
    chosen_selection,
    instrument_choices,
    selection_words,
)
from cirt.assessments.strength import STRENGTH_NAMES, strength
from cirt.errors import N_, DataFileError, InvalidInputError, NotFoundError
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
    wanted = flask.request.args.get("state", "")
    states = (State(wanted),) if wanted in list(State) else ()
    page = max(1, flask.request.args.get("page", 1, type=int))
    total = queries.count_of(db_session(), actor(), states=states)
    pages = max(1, -(-total // queries.PAGE_SIZE))
    page = min(page, pages)
    language = i18n.current_language()
    return flask.render_template(
        "assessments/index.html",
        assessments=queries.listed(db_session(), actor(), page=page, states=states),
        state_names={state.value: _(name) for state, name in STATE_NAMES.items()},
        instrument_titles=_instrument_titles(language),
        profile_names={one.id: one.name.in_language(language) for one in profiles()},
        language=language,
        wanted=wanted if states else "",
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
    form.instrument.choices = instrument_choices(language)
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
            flask.flash(_("The assessment was started. Prepare it first."), "success")
            return flask.redirect(flask.url_for(".prepare", assessment_id=assessment.id))
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
    """The task list: every dimension with its progress, and the questions somebody looks for."""
    assessment = the_assessment(assessment_id, "assessment.read")
    selection = chosen_selection()
    answers = answers_of(db_session(), assessment)
    evidence = evidence_of(db_session(), assessment)
    answered = queries.answered_ids(answers)
    language = i18n.current_language()
    taken = {one.id for one in queries.chosen(db_session(), assessment, selection)}
    dimensions = [
        {
            "dimension": dimension,
            "questions": [
                one for one in queries.asked(assessment, dimension.questions) if one.id in taken
            ],
            "progress": queries.progress(assessment, dimension.questions, answered),
        }
        for dimension in queries.asked_dimensions(assessment)
    ]
    dimensions = [one for one in dimensions if one["questions"]]
    return render(
        "show.html",
        assessment,
        "show",
        instrument=instrument_of(assessment),
        tasks=[_task(assessment, one, language, selection) for one in dimensions],
        dimensions=dimensions,
        answers=answers,
        strengths={
            key: strength([piece.kind for piece in rows]).value for key, rows in evidence.items()
        },
        strength_names={one.value: _(name) for one, name in STRENGTH_NAMES.items()},
        confidence_names={one.value: _(name) for one, name in CONFIDENCE_NAMES.items()},
        whole=queries.progress(assessment, instrument_of(assessment).questions, answered),
        found=len(taken),
        status_names={key: _(name) for key, name in STATUS_NAMES.items()},
        **selection_words(selection),
    )


@blueprint.route("/<uuid:assessment_id>/details", methods=["GET", "POST"])
@opens("assessment.read")
def details(assessment_id: uuid.UUID) -> Any:
    """What describes the assessment, where it stands, and what has happened to it."""
    action = "assessment.prepare" if flask.request.method == "POST" else "assessment.read"
    assessment = the_assessment(assessment_id, action)
    form = DetailsForm(
        data={
            "title": assessment.title,
            "language": assessment.language,
            "stage": stage_of(assessment.cirt_exists),
        }
    )
    if flask.request.method == "POST":
        check_possible(assessment, Act.PREPARE)
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
        act=Act.PREPARE,
        action="assessment.prepare",
        form=form,
        instrument=instrument_of(assessment),
        steps=queries.steps_of(db_session(), assessment),
        next_steps=steps_from(assessment),
        state_hint=_(STATE_HINTS[State(assessment.state)]),
        state_names={state.value: _(name) for state, name in STATE_NAMES.items()},
        states=[state.value for state in State],
    )
    return page, status_of(form)


def _task(
    assessment: Assessment, one: dict[str, Any], language: str, selection: Selection
) -> dict[str, Any]:
    progress: queries.Progress = one["progress"]
    dimension = one["dimension"]
    return {
        "code": dimension.id,
        "title": dimension.title.in_language(language),
        "hint": dimension.description.in_language(language),
        "url": flask.url_for(
            ".question",
            assessment_id=assessment.id,
            question_id=one["questions"][0].id,
            **selection.arguments,
        ),
        "table_url": flask.url_for(
            ".table",
            assessment_id=assessment.id,
            dimension=dimension.id,
            **selection.arguments,
        ),
        "status": progress.status,
        "status_label": _(STATUS_NAMES[progress.status]),
        "done": progress.done,
        "total": progress.total,
    }


def _instrument_titles(language: str) -> dict[str, Any]:
    found = {}
    for each in instruments():
        try:
            title = load_instrument(each.id, each.version).title
        except DataFileError:
            continue
        found[f"{each.id}@{each.version}"] = title.in_language(language)
    return found


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
