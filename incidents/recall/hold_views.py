"""Pages of legal holds, and of what retention erased."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access
from cirt.access import require
from cirt.clock import now
from cirt.errors import DomainError
from cirt.forms import QuestionForm
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import incident_for, refuse
from cirt.incidents.recall import holds
from cirt.incidents.recall.forms import HoldForm
from cirt.incidents.recall.pages import blueprint
from cirt.incidents.recall_models import LegalHold
from cirt.incidents.release_models import Release
from cirt.incidents.release_pages import audience_name
from cirt.routing import opens
from cirt.web import actor, db_session

ERASED_SHOWN = 30


@blueprint.get("/holds/")
@opens("hold.list")
def hold_list() -> Any:
    """The legal holds of the own administration, and what the daily work erased."""
    require(db_session(), actor(), "hold.list")
    query = (
        access.visible(actor(), LegalHold, "hold.read")
        .join(Incident, Incident.id == LegalHold.incident_id)
        .add_columns(Incident.title, Incident.reference)
        .order_by(LegalHold.ended_at.is_not(None), LegalHold.held_at.desc())
    )
    erased = (
        access.visible(actor(), Release, "release.read")
        .where(Release.keep_until <= now(), Release.bundle.is_(None))
        .order_by(Release.keep_until.desc())
        .limit(ERASED_SHOWN)
    )
    return flask.render_template(
        "recall/holds.html",
        holds=db_session().execute(query).all(),
        erased=db_session().scalars(erased).unique().all(),
        audience_name=audience_name,
    )


@blueprint.route("/incidents/<uuid:incident_id>/hold", methods=["GET", "POST"])
@opens("hold.place")
def place_hold(incident_id: uuid.UUID) -> Any:
    """Put an incident on legal hold."""
    incident = incident_for("hold.place", incident_id, page="hold")
    form = HoldForm()
    if form.validate_on_submit():
        try:
            holds.place_hold(db_session(), actor(), incident, reason=form.reason.data or "")
        except DomainError as error:
            refuse(form, error, "reason")
        else:
            flask.flash(_("The legal hold is in force."), "success")
            return flask.redirect(flask.url_for("recall.hold_list"))
    page = flask.render_template("recall/hold.html", form=form, incident=incident, tab="sharing")
    return page, 422 if form.errors else 200


@blueprint.route("/holds/<uuid:hold_id>/end", methods=["GET", "POST"])
@opens("hold.end")
def end_hold(hold_id: uuid.UUID) -> Any:
    """End a legal hold, after a question."""
    row = access.load(db_session(), actor(), LegalHold, hold_id, seen_by="hold.read")
    require(db_session(), actor(), "hold.end", row)
    incident = db_session().get_one(Incident, row.incident_id)
    form = QuestionForm()
    if form.validate_on_submit():
        holds.end_hold(db_session(), actor(), row)
        flask.flash(_("The legal hold was ended."), "success")
        return flask.redirect(flask.url_for("recall.hold_list"))
    return flask.render_template("recall/end_hold.html", form=form, row=row, incident=incident)
