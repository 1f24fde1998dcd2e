"""Pages of circles: the frame for administrators, members and content for members."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, audit, i18n
from cirt.access import require
from cirt.accounts import directory
from cirt.accounts.models import AdministrationKind
from cirt.clock import now
from cirt.errors import DomainError, NotFoundError
from cirt.incidents import circles, object_store, standing_approvals, taxii_polls
from cirt.incidents.case_pages import refuse
from cirt.incidents.circle_forms import (
    ACCESS,
    ACCESS_NAMES,
    WRITING_NAMES,
    ApprovalForm,
    CircleForm,
    MemberForm,
)
from cirt.incidents.circle_models import CircleMember, Collection, MachineWriting
from cirt.incidents.circles import Frame
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.release_words import lines_of_objects
from cirt.routing import opens
from cirt.stix.ids import is_stix_id
from cirt.stix.marking import TLP
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("circles", __name__, url_prefix="/circles")


@blueprint.get("/")
@opens("circle.list")
def index() -> Any:
    """The circles that the actor may know of."""
    require(db_session(), actor(), "circle.list")
    query = access.visible(actor(), Collection, "circle.see").order_by(Collection.title)
    return flask.render_template(
        "circles/index.html",
        circles=db_session().scalars(query).unique().all(),
        own_id=actor().administration_id,
        access_name=_access_name,
    )


@blueprint.get("/<uuid:circle_id>")
@opens("circle.see")
def detail(circle_id: uuid.UUID) -> Any:
    """One circle: members, and for them what was released to it."""
    circle = _circle(circle_id)
    reads = access.role_allows(actor(), "circle.read") and access.allowed(
        db_session(), actor(), "circle.read", circle
    )
    manages = bool(access.role_allows(actor(), "circle.manage"))
    return flask.render_template(
        "circles/detail.html",
        circle=circle,
        members=sorted(circle.members, key=lambda member: member.administration.code),
        language=i18n.current_language(),
        access_name=_access_name,
        writing=_(WRITING_NAMES[circle.machine_writing]),
        reads=reads,
        manages=manages,
        received=circles.received(db_session(), circle) if reads else [],
        object_count=circles.object_count(db_session(), circle) if reads else 0,
        approval=_own_approval(circle),
        polls=taxii_polls.polls(db_session(), circle.id) if manages else [],
    )


@blueprint.get("/<uuid:circle_id>/reports/<report_id>")
@opens("circle.read")
def report(circle_id: uuid.UUID, report_id: str) -> Any:
    """What a report in the circle says: it and the objects that it holds together."""
    circle = access.load(db_session(), actor(), Collection, circle_id, seen_by="circle.read")
    found = circles.newest_bodies(
        db_session(), circle, [report_id] if is_stix_id(report_id) else []
    )
    if not found or found[0]["type"] != "report":
        raise NotFoundError
    # before it is shown, and in a transaction of its own: a reading one cannot write
    with installation().database.writing() as session:
        audit.record(session, actor(), "circle.report.view", circle, report=report_id)
    held = circles.newest_bodies(db_session(), circle, found[0].get("object_refs", []))
    return flask.render_template(
        "circles/report.html",
        circle=circle,
        report=found[0],
        label=object_store.marking_of(found[0]),
        lines=lines_of_objects(held),
        missing=len(set(found[0].get("object_refs", []))) - len(held),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@opens("circle.manage")
def add() -> Any:
    """Make a circle."""
    form = CircleForm()
    if form.validate_on_submit():
        try:
            circle = circles.make_circle(db_session(), actor(), _frame(form))
        except DomainError as error:
            refuse(form, error, "title")
        else:
            flask.flash(_("The circle was made. Now add its members."), "success")
            return flask.redirect(flask.url_for("circles.members", circle_id=circle.id))
    return flask.render_template("circles/edit.html", form=form, circle=None), _status(form)


@blueprint.route("/<uuid:circle_id>/edit", methods=["GET", "POST"])
@opens("circle.manage")
def edit(circle_id: uuid.UUID) -> Any:
    """Change the frame of a circle."""
    circle = _circle(circle_id)
    require(db_session(), actor(), "circle.manage", circle)
    form = CircleForm(obj=circle)
    if form.validate_on_submit():
        try:
            circles.change_circle(db_session(), actor(), circle, _frame(form))
        except DomainError as error:
            refuse(form, error, "title")
        else:
            flask.flash(_("The circle was changed."), "success")
            return flask.redirect(flask.url_for("circles.detail", circle_id=circle.id))
    return flask.render_template("circles/edit.html", form=form, circle=circle), _status(form)


@blueprint.route("/<uuid:circle_id>/members", methods=["GET", "POST"])
@opens("circle.manage")
def members(circle_id: uuid.UUID) -> Any:
    """Who is in the circle; add a member, or change what one may do."""
    circle = _circle(circle_id)
    require(db_session(), actor(), "circle.manage", circle)
    form = MemberForm()
    form.administration.choices = [
        (str(row.id), f"{row.code} – {row.name_in(i18n.current_language())}")
        for row in directory.administrations(db_session())
        if row.kind == AdministrationKind.MEMBER_STATE
    ]
    if form.validate_on_submit():
        reads, contributes = ACCESS[form.access.data]
        try:
            circles.set_member(
                db_session(),
                actor(),
                circle,
                uuid.UUID(form.administration.data),
                may_read=reads,
                may_contribute=contributes,
            )
        except DomainError as error:
            refuse(form, error, "administration")
        else:
            flask.flash(_("The members were changed."), "success")
            return flask.redirect(flask.url_for("circles.members", circle_id=circle.id))
    page = flask.render_template(
        "circles/members.html",
        form=form,
        circle=circle,
        members=sorted(circle.members, key=lambda member: member.administration.code),
        language=i18n.current_language(),
        access_name=_access_name,
    )
    return page, _status(form)


@blueprint.route(
    "/<uuid:circle_id>/members/<uuid:administration_id>/remove", methods=["GET", "POST"]
)
@opens("circle.manage")
def remove_member(circle_id: uuid.UUID, administration_id: uuid.UUID) -> Any:
    """Take an administration out of the circle, after a question."""
    circle = _circle(circle_id)
    require(db_session(), actor(), "circle.manage", circle)
    member = circle.member(administration_id)
    if member is None:
        raise NotFoundError
    if flask.request.method == "POST":
        circles.remove_member(db_session(), actor(), circle, administration_id)
        flask.flash(_("The administration was removed from the circle."), "success")
        return flask.redirect(flask.url_for("circles.members", circle_id=circle.id))
    return flask.render_template(
        "circles/remove_member.html",
        circle=circle,
        name=member.administration.name_in(i18n.current_language()),
    )


@blueprint.route("/<uuid:circle_id>/standing-approval", methods=["GET", "POST"])
@opens("approval.give")
def give_approval(circle_id: uuid.UUID) -> Any:
    """Let the own machines add to the circle."""
    circle = _circle(circle_id)
    require(db_session(), actor(), "approval.give", circle)
    form = ApprovalForm()
    if form.validate_on_submit():
        try:
            standing_approvals.give_approval(
                db_session(),
                actor(),
                circle,
                ceiling=TLP(form.ceiling.data),
                reason=form.reason.data or "",
                until=form.until.data or now(),
            )
        except DomainError as error:
            refuse(form, error, "reason")
        else:
            flask.flash(_("The standing approval holds from now on."), "success")
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


def _frame(form: CircleForm) -> Frame:
    return Frame(
        title=form.title.data or "",
        description=form.description.data or "",
        alias=form.alias.data or "",
        ceiling=TLP(form.ceiling.data),
        machine_writing=MachineWriting(form.machine_writing.data),
    )


def _own_approval(circle: Collection) -> StandingApproval | None:
    if not access.role_allows(actor(), "circle.contribute"):
        return None
    return standing_approvals.approval_for(db_session(), circle.id, actor().administration_id)


def _access_name(member: CircleMember | None) -> str:
    if member is None:
        return ""
    access_of = (member.may_read, member.may_contribute)
    return _(next(ACCESS_NAMES[name] for name, pair in ACCESS.items() if pair == access_of))


def _status(form: Any) -> int:
    return 422 if form.errors else 200
