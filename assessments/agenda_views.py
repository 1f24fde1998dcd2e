"""Pages of the workshop's agenda: items, their order, a usual agenda to start from."""

import uuid
from typing import Any

import flask
from flask_babel import force_locale, gettext
from flask_babel import gettext as _

from cirt import i18n
from cirt.assessments import agenda
from cirt.assessments.models import Assessment
from cirt.assessments.pages import blueprint, instrument_of
from cirt.assessments.preparation import prepared_row
from cirt.assessments.preparation_forms import AgendaItemForm, FillForm
from cirt.assessments.preparation_models import AgendaItem
from cirt.assessments.preparation_pages import back_to, edited, opened, removed
from cirt.assessments.shown_choices import dimension_choices, group_choices, number
from cirt.routing import opens
from cirt.web import actor, db_session

FIELDS = ("day", "starts", "ends", "title", "dimensions", "groups", "note")


@blueprint.post("/<uuid:assessment_id>/agenda/fill")
@opens("assessment.prepare")
def fill_agenda(assessment_id: uuid.UUID) -> Any:
    """Write a usual agenda into an empty one, in the language of the workshop."""
    assessment = opened(assessment_id)
    form = FillForm()
    language = assessment.language if assessment.language in i18n.CODES else None
    with force_locale(language or i18n.current_language()):
        agenda.fill_agenda(
            db_session(), actor(), assessment, days=number(form.days.data), translated=gettext
        )
    flask.flash(_("A usual agenda was written. Change it as you need it."), "success")
    return back_to(assessment, "agenda")


@blueprint.route("/<uuid:assessment_id>/agenda/new", methods=["GET", "POST"])
@opens("assessment.prepare")
def add_agenda_item(assessment_id: uuid.UUID) -> Any:
    """Add an item to the agenda."""
    assessment = opened(assessment_id)
    form = AgendaItemForm(data={"day": flask.request.args.get("day", "1")})
    return _item(assessment, form, _("Add an item to the agenda"), None)


@blueprint.route("/<uuid:assessment_id>/agenda/<uuid:item_id>", methods=["GET", "POST"])
@opens("assessment.prepare")
def agenda_item(assessment_id: uuid.UUID, item_id: uuid.UUID) -> Any:
    """Change an item of the agenda."""
    assessment = opened(assessment_id)
    row = prepared_row(db_session(), assessment, AgendaItem, item_id)
    return _item(assessment, AgendaItemForm(data=_data(row)), _("Change an item"), row)


@blueprint.post("/<uuid:assessment_id>/agenda/<uuid:item_id>/move")
@opens("assessment.prepare")
def move_agenda_item(assessment_id: uuid.UUID, item_id: uuid.UUID) -> Any:
    """Let an item change places with the one before or after it."""
    assessment = opened(assessment_id)
    up = flask.request.form.get("direction") == "up"
    agenda.move_item(db_session(), actor(), assessment, item_id, up=up)
    return back_to(assessment, f"item-{item_id}")


@blueprint.route("/<uuid:assessment_id>/agenda/<uuid:item_id>/remove", methods=["GET", "POST"])
@opens("assessment.prepare")
def remove_agenda_item(assessment_id: uuid.UUID, item_id: uuid.UUID) -> Any:
    """Ask, then remove an item from the agenda."""
    return removed(assessment_id, AgendaItem, item_id, _("Remove this item from the agenda?"))


def _item(assessment: Assessment, form: AgendaItemForm, title: str, row: AgendaItem | None) -> Any:
    form.dimensions.choices = dimension_choices(assessment, instrument_of(assessment))
    form.groups.choices = group_choices()

    def save() -> None:
        agenda.save_item(
            db_session(),
            actor(),
            assessment,
            day=number(form.day.data),
            starts=form.starts.data or "",
            ends=form.ends.data or "",
            title=form.title.data,
            note=form.note.data or "",
            dimensions=form.dimensions.data or (),
            groups=form.groups.data or (),
            row_id=row.id if row else None,
            revision=number(form.revision.data),
        )

    remove_url = ""
    if row is not None:
        remove_url = flask.url_for(
            ".remove_agenda_item", assessment_id=assessment.id, item_id=row.id
        )
    return edited(assessment, form, FIELDS, title, save, "agenda", _data, remove_url)


def _data(row: AgendaItem) -> dict[str, Any]:
    return {
        "day": str(row.day),
        "starts": row.starts,
        "ends": row.ends,
        "title": row.title,
        "dimensions": list(row.dimensions),
        "groups": list(row.groups),
        "note": row.note,
        "revision": row.revision,
    }
