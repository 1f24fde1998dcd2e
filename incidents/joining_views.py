"""Pages of those who would like to join a circle, and of those who decide about it."""

import uuid
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.access import require
from cirt.errors import N_, ConflictError, DomainError
from cirt.incidents import circles, joining
from cirt.incidents.case_pages import refuse
from cirt.incidents.circle_forms import ACCESS, JoinDecisionForm, JoinForm
from cirt.incidents.circle_frames import policy_words
from cirt.incidents.circle_models import Collection, JoinRequest, JoinState
from cirt.incidents.circle_words import onward_name, retention_name
from cirt.routing import opens
from cirt.web import actor, db_session

blueprint = flask.Blueprint("joining", __name__, url_prefix="/circles")

NEWEST = 50

STATE_NAMES: dict[str, tuple[str, str]] = {
    JoinState.ASKED: ("review", N_("Waits for an answer")),
    JoinState.ACCEPTED: ("done", N_("Accepted")),
    JoinState.DECLINED: ("blocked", N_("Declined")),
    JoinState.TAKEN_BACK: ("todo", N_("Taken back")),
}
ANSWERS: dict[str, str] = {"accept": N_("Accept"), "decline": N_("Decline")}


@blueprint.get("/others")
@opens("circle.others")
def others() -> Any:
    """Listed circles that the own administration is no member of, and what it asked."""
    query = access.visible(actor(), Collection, "circle.others").order_by(Collection.title)
    found = db_session().scalars(query).unique().all()
    own = access.visible(actor(), JoinRequest, "join.read").order_by(JoinRequest.asked_at.desc())
    requests = db_session().scalars(own.limit(NEWEST)).unique().all()
    return flask.render_template(
        "circles/others.html",
        circles=[
            {
                "circle": circle,
                "policy": circles.policy_of(db_session(), circle),
                "policy_words": policy_words(circle),
            }
            for circle in found
        ],
        waiting={one.collection_id for one in requests if one.state == JoinState.ASKED},
        requests=requests,
        states=STATE_NAMES,
        onward_name=onward_name,
        retention_name=retention_name,
    )


@blueprint.route("/<uuid:circle_id>/join", methods=["GET", "POST"])
@opens("join.ask")
def ask(circle_id: uuid.UUID) -> Any:
    """Ask that the own administration may join."""
    circle = access.load(db_session(), actor(), Collection, circle_id, seen_by="join.ask")
    form = JoinForm()
    if form.validate_on_submit():
        try:
            joining.ask(db_session(), actor(), circle, form.message.data or "")
        except DomainError as error:
            refuse(form, error, "message")
        else:
            flask.flash(_("The request was sent to those who moderate the circle."), "success")
            return flask.redirect(flask.url_for("joining.others"))
    return flask.render_template("circles/join.html", form=form, circle=circle), _status(form)


@blueprint.post("/requests/<uuid:request_id>/take-back")
@opens("join.take-back")
def take_back(request_id: uuid.UUID) -> Any:
    """Take an own request back."""
    request = access.load(db_session(), actor(), JoinRequest, request_id, seen_by="join.take-back")
    try:
        joining.take_back(db_session(), actor(), request)
    except ConflictError as error:
        flask.g.failed = True
        flask.flash(i18n.sentence(error), "danger")
    else:
        flask.flash(_("The request was taken back."), "success")
    return flask.redirect(flask.url_for("joining.others"))


@blueprint.route("/requests/<uuid:request_id>", methods=["GET", "POST"])
@opens("join.decide")
def decide(request_id: uuid.UUID) -> Any:
    """Accept or decline a request, with the circle's members in view."""
    request = access.load(db_session(), actor(), JoinRequest, request_id, seen_by="join.decide")
    require(db_session(), actor(), "join.decide", request)
    circle = request.collection
    form = JoinDecisionForm()
    form.decision.choices = [(name, _(text)) for name, text in ANSWERS.items()]
    if form.validate_on_submit():
        try:
            _decide(request, form)
        except DomainError as error:
            refuse(form, error, "reason")
        else:
            flask.flash(_("Your answer was sent."), "success")
            return flask.redirect(flask.url_for("circles.detail", circle_id=circle.id))
    page = flask.render_template(
        "circles/decide.html",
        form=form,
        circle=circle,
        request=request,
        states=STATE_NAMES,
        language=i18n.current_language(),
    )
    return page, _status(form)


def requests_to_decide(circle: Collection | None = None) -> list[JoinRequest]:
    """Return the open requests that the actor decides, to one circle or to any, oldest first."""
    if not access.role_allows(actor(), "join.decide"):
        return []
    query = access.visible(actor(), JoinRequest, "join.decide").where(
        JoinRequest.state == JoinState.ASKED.value,
        sa.true() if circle is None else JoinRequest.collection_id == circle.id,
    )
    return list(db_session().scalars(query.order_by(JoinRequest.asked_at)).unique())


def waiting_tasks() -> list[dict[str, Any]]:
    """Return the same as tasks of the start page."""
    return [
        {
            "title": request.administration.name_in(i18n.current_language()),
            "url": flask.url_for("joining.decide", request_id=request.id),
            "status": "review",
            "status_label": _("To decide"),
            "hint": _("Asks to join %(circle)s", circle=request.collection.title),
        }
        for request in requests_to_decide()
    ]


def _decide(request: JoinRequest, form: JoinDecisionForm) -> None:
    if form.decision.data == "decline":
        joining.decline(db_session(), actor(), request, form.reason.data or "")
        return
    reads, contributes = ACCESS[form.access.data]
    joining.accept(
        db_session(),
        actor(),
        request,
        may_read=reads,
        may_contribute=contributes,
        reason=form.reason.data or "",
    )


def _status(form: Any) -> int:
    return 422 if form.errors else 200
