"""Pages of those who take part in the workshop."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt.assessments import preparation
from cirt.assessments.models import Assessment
from cirt.assessments.pages import blueprint
from cirt.assessments.preparation_forms import (
    ATTENDED,
    ATTENDED_VALUES,
    ParticipantForm,
    attended_word,
)
from cirt.assessments.preparation_models import Participant
from cirt.assessments.preparation_pages import back_to, edited, opened, preparation_page, removed
from cirt.assessments.shown_choices import group_choices, number
from cirt.routing import opens
from cirt.web import actor, db_session

FIELDS = ("name", "organization", "function", "group", "attended")


@blueprint.route("/<uuid:assessment_id>/participants/new", methods=["GET", "POST"])
@opens("assessment.prepare")
def add_participant(assessment_id: uuid.UUID) -> Any:
    """Name somebody who takes part."""
    assessment = opened(assessment_id)
    form = ParticipantForm(data={"group": flask.request.args.get("group", "")})
    return _participant(assessment, form, _("Add a participant"), None)


@blueprint.route(
    "/<uuid:assessment_id>/participants/<uuid:participant_id>", methods=["GET", "POST"]
)
@opens("assessment.prepare")
def participant(assessment_id: uuid.UUID, participant_id: uuid.UUID) -> Any:
    """Change what is said of a participant."""
    assessment = opened(assessment_id)
    row = preparation.prepared_row(db_session(), assessment, Participant, participant_id)
    form = ParticipantForm(data=_data(row))
    return _participant(assessment, form, _("Change a participant"), row)


@blueprint.route(
    "/<uuid:assessment_id>/participants/<uuid:participant_id>/remove", methods=["GET", "POST"]
)
@opens("assessment.prepare")
def remove_participant(assessment_id: uuid.UUID, participant_id: uuid.UUID) -> Any:
    """Ask, then remove a participant."""
    return removed(assessment_id, Participant, participant_id, _("Remove this participant?"))


@blueprint.route("/<uuid:assessment_id>/participants/attendance", methods=["GET", "POST"])
@opens("assessment.prepare")
def attendance(assessment_id: uuid.UUID) -> Any:
    """Note for all participants at once whether they came."""
    assessment = opened(assessment_id)
    rows = preparation.participants_of(db_session(), assessment)
    if flask.request.method == "POST":
        for row in rows:
            word = flask.request.form.get(f"attended:{row.id}")
            if word in ATTENDED_VALUES and ATTENDED_VALUES[word] is not row.attended:
                preparation.note_attendance(
                    db_session(), actor(), assessment, row.id, ATTENDED_VALUES[word]
                )
        flask.flash(_("The attendance was noted."), "success")
        return back_to(assessment, "participants")
    return preparation_page(
        "attendance.html",
        assessment,
        participants=rows,
        choices=[(word, _(name)) for word, name in ATTENDED],
        attended_word=attended_word,
    )


def _participant(
    assessment: Assessment, form: ParticipantForm, title: str, row: Participant | None
) -> Any:
    form.group.choices = group_choices()

    def save() -> None:
        preparation.save_participant(
            db_session(),
            actor(),
            assessment,
            name=form.name.data,
            organization=form.organization.data,
            function=form.function.data,
            group=form.group.data or "",
            attended=ATTENDED_VALUES.get(form.attended.data),
            row_id=row.id if row else None,
            revision=number(form.revision.data),
        )

    remove_url = ""
    if row is not None:
        remove_url = flask.url_for(
            ".remove_participant", assessment_id=assessment.id, participant_id=row.id
        )
    return edited(assessment, form, FIELDS, title, save, "participants", _data, remove_url)


def _data(row: Participant) -> dict[str, Any]:
    return {
        "name": row.name,
        "organization": row.organization,
        "function": row.function,
        "group": row.group,
        "attended": attended_word(row.attended),
        "revision": row.revision,
    }
