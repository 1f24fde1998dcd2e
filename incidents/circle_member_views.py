"""Pages of a circle's members: for administrators, and for the members that moderate it."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.access import require
from cirt.accounts import directory
from cirt.accounts.models import AdministrationKind, Place
from cirt.errors import DomainError, NotFoundError
from cirt.forms import Form
from cirt.incidents import circles
from cirt.incidents.case_pages import refuse
from cirt.incidents.circle_forms import ACCESS, MemberForm
from cirt.incidents.circle_models import Collection
from cirt.incidents.circle_words import access_name
from cirt.routing import opens
from cirt.web import actor, db_session

blueprint = flask.Blueprint("membership", __name__, url_prefix="/circles")


@blueprint.route("/<uuid:circle_id>/members", methods=["GET", "POST"])
@opens("circle.members")
def members(circle_id: uuid.UUID) -> Any:
    """Who is in the circle; add a member, or change what one may do."""
    circle = _circle(circle_id)
    form = MemberForm()
    form.administration.choices = [
        (str(row.id), _choice(row.code, row.name_in(i18n.current_language()), row.place))
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
                may_moderate=form.may_moderate.data,
            )
        except DomainError as error:
            refuse(form, error, "administration")
        else:
            flask.flash(_("The members were changed."), "success")
            return flask.redirect(flask.url_for("membership.members", circle_id=circle.id))
    page = flask.render_template(
        "circles/members.html",
        form=form,
        circle=circle,
        members=sorted(circle.members, key=lambda member: member.administration.code),
        language=i18n.current_language(),
        access_name=access_name,
    )
    return page, _status(form)


@blueprint.route(
    "/<uuid:circle_id>/members/<uuid:administration_id>/remove", methods=["GET", "POST"]
)
@opens("circle.members")
def remove(circle_id: uuid.UUID, administration_id: uuid.UUID) -> Any:
    """Take an administration out of the circle, after a question."""
    circle = _circle(circle_id)
    member = circle.member(administration_id)
    if member is None:
        raise NotFoundError
    name = member.administration.name_in(i18n.current_language())
    form = Form()
    errors = []
    if form.validate_on_submit():
        try:
            circles.remove_member(db_session(), actor(), circle, administration_id)
        except DomainError as error:
            flask.g.failed = True
            errors = [(i18n.sentence(error), None)]
        else:
            flask.flash(_("The administration was removed from the circle."), "success")
            target = (
                flask.url_for("circles.index")
                if administration_id == actor().administration_id
                else flask.url_for("membership.members", circle_id=circle_id)
            )
            return flask.redirect(target)
    page = flask.render_template(
        "circles/remove_member.html", form=form, circle=circle, name=name, errors=errors
    )
    return page, 422 if errors else _status(form)


@blueprint.route("/<uuid:circle_id>/leave", methods=["GET", "POST"])
@opens("circle.leave")
def leave(circle_id: uuid.UUID) -> Any:
    """Take the own administration out of the circle, after a question that says what happens."""
    circle = access.load(db_session(), actor(), Collection, circle_id, seen_by="circle.see")
    require(db_session(), actor(), "circle.leave", circle)
    form = Form()
    if form.validate_on_submit():
        title = circle.title
        circles.leave(db_session(), actor(), circle)
        flask.flash(_("Your administration left the circle %(circle)s.", circle=title), "success")
        return flask.redirect(flask.url_for("circles.index"))
    own = circle.member(actor().administration_id)
    moderators = [member for member in circle.members if member.may_moderate]
    page = flask.render_template(
        "circles/leave.html",
        form=form,
        circle=circle,
        # of a confidential circle the page says the same whoever else is in it
        is_last=not circle.is_confidential and len(circle.members) == 1,
        is_last_moderator=not circle.is_confidential and moderators == [own],
    )
    return page, _status(form)


def _circle(circle_id: uuid.UUID) -> Collection:
    circle = access.load(db_session(), actor(), Collection, circle_id, seen_by="circle.see")
    require(db_session(), actor(), "circle.members", circle)
    return circle


def _choice(code: str, name: str, place: str) -> str:
    text = f"{code} – {name}"
    return f"{text} ({_('at another installation')})" if place == Place.REMOTE else text


def _status(form: Any) -> int:
    return 422 if form.errors else 200
