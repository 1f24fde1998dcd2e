"""Pages of circles: the frame for administrators, content for members, standing approvals."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, audit, i18n
from cirt.access import require
from cirt.errors import DomainError, NotFoundError
from cirt.incidents import (
    circle_contents,
    circles,
    deliveries,
    object_store,
    standing_approvals,
    taxii_polls,
)
from cirt.incidents.approval_forms import is_given
from cirt.incidents.case_pages import refuse
from cirt.incidents.circle_forms import WRITING_NAMES, ApprovalForm, CircleForm
from cirt.incidents.circle_frames import fill_policy, frame_of, policy_words
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.circle_words import access_name, onward_name, retention_name, shown_members
from cirt.incidents.joining_views import requests_to_decide
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.release_words import beginnings, lines_of_objects
from cirt.routing import opens
from cirt.stix.ids import is_stix_id
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("circles", __name__, url_prefix="/circles")


@blueprint.get("/")
@opens("circle.list")
def index() -> Any:
    """The circles that the actor may know of, and before them what is addressed to it alone."""
    require(db_session(), actor(), "circle.list")
    query = (
        access.visible(actor(), Collection, "circle.see")
        .where(Collection.kind != CollectionKind.INTAKE.value)
        .order_by(Collection.title)
    )
    found = db_session().scalars(query).unique().all()
    return flask.render_template(
        "circles/index.html",
        direct=next((one for one in found if one.kind == CollectionKind.DIRECT), None),
        circles=[one for one in found if one.kind == CollectionKind.CIRCLE],
        requests=requests_to_decide(),
        own_id=actor().administration_id,
        access_name=access_name,
        shown_members=_shown_members,
        size_band=circles.size_band,
        language=i18n.current_language(),
    )


@blueprint.get("/<uuid:circle_id>")
@opens("circle.see")
def detail(circle_id: uuid.UUID) -> Any:
    """One circle: members as far as they are shown, and for readers what was released to it."""
    circle = _circle(circle_id)
    reads = access.role_allows(actor(), "circle.read") and access.allowed(
        db_session(), actor(), "circle.read", circle
    )
    manages = _may("circle.manage", circle)
    return flask.render_template(
        "circles/detail.html",
        circle=circle,
        own=circle.member(actor().administration_id),
        members=_shown_members(circle),
        band=circles.size_band(len(circle.members)),
        policy=circles.policy_of(db_session(), circle),
        policy_words=policy_words(circle),
        obstacle=circles.obstacle(circle, actor().administration_id),
        requests=requests_to_decide(circle),
        language=i18n.current_language(),
        access_name=access_name,
        onward_name=onward_name,
        retention_name=retention_name,
        writing=_(WRITING_NAMES[circle.machine_writing]),
        reads=reads,
        manages=manages,
        changes_members=_may("circle.members", circle),
        leaves=_may("circle.leave", circle),
        received=circle_contents.received(db_session(), circle) if reads else [],
        object_count=circle_contents.object_count(db_session(), circle) if reads else 0,
        approval=_own_approval(circle),
        polls=_polls(circle) if manages or reads else [],
        root_url=f"{installation().settings.url}/exchange/",
    )


@blueprint.get("/<uuid:circle_id>/reports/<report_id>")
@opens("circle.read")
def report(circle_id: uuid.UUID, report_id: str) -> Any:
    """What a report in the circle says: it and the objects that it holds together."""
    circle = access.load(db_session(), actor(), Collection, circle_id, seen_by="circle.read")
    found = circle_contents.newest_bodies(
        db_session(), circle, [report_id] if is_stix_id(report_id) else []
    )
    if not found or found[0]["type"] != "report":
        raise NotFoundError
    # before it is shown, and in a transaction of its own: a reading one cannot write
    with installation().database.writing() as session:
        audit.record(session, actor(), "circle.report.view", circle, report=report_id)
        deliveries.note_reading(session, actor().administration_id, circle.id, report_id)
    held = circle_contents.newest_bodies(db_session(), circle, found[0].get("object_refs", []))
    lines = lines_of_objects(held)
    return flask.render_template(
        "circles/report.html",
        circle=circle,
        report=found[0],
        label=object_store.marking_of(found[0]),
        lines=beginnings(lines),
        line_count=len(lines),
        missing=len(set(found[0].get("object_refs", []))) - len(held),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@opens("circle.manage")
def add() -> Any:
    """Make a circle."""
    form = CircleForm()
    if form.validate_on_submit():
        try:
            circle = circles.make_circle(db_session(), actor(), frame_of(form, None))
        except DomainError as error:
            refuse(form, error, "title")
        else:
            flask.flash(_("The circle was made. Now add its members."), "success")
            return flask.redirect(flask.url_for("membership.members", circle_id=circle.id))
    return flask.render_template("circles/edit.html", form=form, circle=None), _status(form)


@blueprint.route("/<uuid:circle_id>/edit", methods=["GET", "POST"])
@opens("circle.manage")
def edit(circle_id: uuid.UUID) -> Any:
    """Change the frame of a circle."""
    circle = _circle(circle_id)
    require(db_session(), actor(), "circle.manage", circle)
    form = CircleForm(obj=circle)
    if flask.request.method == "GET":
        fill_policy(form, circle)
    if form.validate_on_submit():
        try:
            circles.change_circle(db_session(), actor(), circle, frame_of(form, circle))
        except DomainError as error:
            refuse(form, error, "title")
        else:
            flask.flash(_("The circle was changed."), "success")
            return flask.redirect(flask.url_for("circles.detail", circle_id=circle.id))
    return flask.render_template("circles/edit.html", form=form, circle=circle), _status(form)


@blueprint.route("/<uuid:circle_id>/standing-approval", methods=["GET", "POST"])
@opens("approval.give")
def give_approval(circle_id: uuid.UUID) -> Any:
    """Let the own machines add to the circle."""
    circle = _circle(circle_id)
    require(db_session(), actor(), "approval.give", circle)
    form = ApprovalForm()
    if is_given(form, circle):
        return flask.redirect(flask.url_for("circles.detail", circle_id=circle.id))
    return flask.render_template("circles/approval.html", form=form, circle=circle), _status(form)


@blueprint.post("/standing-approvals/<uuid:approval_id>/end")
@opens("approval.end")
def end_approval(approval_id: uuid.UUID) -> Any:
    """End a standing approval at once."""
    row = access.load(db_session(), actor(), StandingApproval, approval_id, seen_by="approval.end")
    require(db_session(), actor(), "approval.end", row)
    standing_approvals.end_approval(db_session(), actor(), row)
    flask.flash(_("The standing approval was ended."), "success")
    return flask.redirect(flask.url_for("circles.detail", circle_id=row.collection_id))


def _circle(circle_id: uuid.UUID) -> Collection:
    return access.load(db_session(), actor(), Collection, circle_id, seen_by="circle.see")


def _may(action: str, circle: Collection) -> bool:
    return bool(
        access.role_allows(actor(), action)
        and access.allowed(db_session(), actor(), action, circle)
    )


def _shown_members(circle: Collection) -> list[Any] | None:
    return shown_members(circle, is_administrator=_manages())


def _manages() -> bool:
    return bool(access.role_allows(actor(), "circle.manage"))


def _polls(circle: Collection) -> Any:
    """Return the polls of all machines to an administrator, those of the own ones to others."""
    own = None if _may("circle.manage", circle) else actor().administration_id
    return taxii_polls.polls(db_session(), circle.id, of=own)


def _own_approval(circle: Collection) -> StandingApproval | None:
    if not access.role_allows(actor(), "circle.contribute"):
        return None
    return standing_approvals.approval_for(db_session(), circle.id, actor().administration_id)


def _status(form: Any) -> int:
    return 422 if form.errors else 200
