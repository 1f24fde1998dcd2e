"""Pages of the preparation: what is missing, and what frames the workshop."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments import preparation, requested_documents
from cirt.assessments.agenda import agenda_of
from cirt.assessments.checklist import Check, checklist
from cirt.assessments.evidence import evidence_of
from cirt.assessments.instruments.profiles import profiles_for
from cirt.assessments.lifecycle import Act, State
from cirt.assessments.models import Assessment
from cirt.assessments.pages import blueprint, check_possible, instrument_of, the_assessment
from cirt.assessments.preparation_forms import (
    ATTENDED,
    ATTENDED_VALUES,
    FillForm,
    FrameForm,
    InstrumentForm,
)
from cirt.assessments.preparation_pages import day_of, edited, opened, preparation_page
from cirt.assessments.shown_choices import instrument_choices, number, profile_choices
from cirt.clock import now
from cirt.routing import opens
from cirt.taxonomies import stakeholder_groups
from cirt.web import actor, db_session

FRAME = ("scope", "profile", "workshop_on", "workshop_place")


@blueprint.get("/<uuid:assessment_id>/prepare")
@opens("assessment.read")
def prepare(assessment_id: uuid.UUID) -> Any:
    """What is settled and what is missing before the workshop, with everything behind it."""
    assessment = the_assessment(assessment_id, "assessment.read")
    instrument = instrument_of(assessment)
    language = i18n.current_language()
    participants = preparation.participants_of(db_session(), assessment)
    documents = requested_documents.documents_of(db_session(), assessment)
    agenda = agenda_of(db_session(), assessment)
    fitting = {one.id: one for one in profiles_for(instrument)}
    checks = checklist(
        assessment,
        instrument,
        participants=participants,
        documents=documents,
        agenda=agenda,
        has_profiles=bool(fitting),
        today=now().date(),
    )
    groups = {key: one.name.in_language(language) for key, one in stakeholder_groups().items()}
    titles = {one.id: one.title.in_language(language) for one in instrument.dimensions}
    chosen = fitting.get(assessment.profile)
    noted = {row.id for rows in evidence_of(db_session(), assessment).values() for row in rows}
    return preparation_page(
        "prepare.html",
        assessment,
        checks=[(check, _check_url(assessment, check)) for check in checks],
        settled=sum(1 for check in checks if check.done),
        instrument=instrument,
        profile=chosen.name.in_language(language) if chosen else None,
        participants=participants,
        documents=documents,
        agenda=agenda,
        days=sorted({item.day for item in agenda}),
        groups=groups,
        titles=titles,
        attended_names={ATTENDED_VALUES[word]: _(name) for word, name in ATTENDED},
        noted=noted,
        today=now().date().isoformat(),
        fill_form=FillForm(formdata=None),
        is_preparing=assessment.state == State.PREPARING,
    )


@blueprint.route("/<uuid:assessment_id>/prepare/frame", methods=["GET", "POST"])
@opens("assessment.prepare")
def prepare_frame(assessment_id: uuid.UUID) -> Any:
    """Change the scope, the profile, the day and place of the workshop."""
    assessment = opened(assessment_id)
    shown = frame_data(assessment)
    form = FrameForm(data=shown)
    form.profile.choices = profile_choices(instrument_of(assessment), assessment.profile)

    def save() -> None:
        preparation.change_frame(
            db_session(),
            actor(),
            assessment,
            scope=form.scope.data,
            profile=form.profile.data or "",
            workshop_on=form.workshop_on.data,
            workshop_place=form.workshop_place.data,
            revision=number(form.revision.data),
        )

    return edited(assessment, form, FRAME, _("Scope, profile, workshop"), save, "frame", frame_data)


@blueprint.route("/<uuid:assessment_id>/prepare/instrument", methods=["GET", "POST"])
@opens("assessment.prepare")
def prepare_instrument(assessment_id: uuid.UUID) -> Any:
    """Choose another instrument, while nothing rests on the present one."""
    assessment = the_assessment(assessment_id, "assessment.prepare", needs_instrument=False)
    check_possible(assessment, Act.PREPARE)
    present = f"{assessment.instrument_id}@{assessment.instrument_version}"
    form = InstrumentForm(data={"instrument": present})
    form.instrument.choices = instrument_choices(i18n.current_language())

    def save() -> None:
        instrument_id, _sep, version = (form.instrument.data or "").partition("@")
        preparation.change_instrument(
            db_session(), actor(), assessment, instrument_id=instrument_id, version=version
        )

    return edited(assessment, form, ("instrument",), _("Another instrument"), save, "instrument")


def frame_data(assessment: Assessment) -> dict[str, Any]:
    """Return what the form of the frame shows."""
    return {
        "scope": assessment.scope,
        "profile": assessment.profile,
        "workshop_on": day_of(assessment.workshop_on),
        "workshop_place": assessment.workshop_place,
        "revision": assessment.revision,
    }


def _check_url(assessment: Assessment, check: Check) -> str:
    if check.part == "details":
        return flask.url_for(".details", assessment_id=assessment.id)
    if check.part == "frame":
        return flask.url_for(".prepare_frame", assessment_id=assessment.id)
    return f"#{check.part}"
