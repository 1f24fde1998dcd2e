"""Pages of the directory, for administrators: administrations, users, tokens."""

import uuid
from collections.abc import Mapping
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n, navigation
from cirt.access import Role, require
from cirt.accounts import directory, tokens
from cirt.accounts.forms import AdministrationForm, ChangeUserForm, TokenForm, UserForm
from cirt.accounts.models import Administration, AdministrationKind, Place, User
from cirt.errors import N_, DomainError, NotFoundError
from cirt.forms import Form, QuestionForm
from cirt.routing import opens
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("directory", __name__, url_prefix="/directory")
navigation.add_entry("directory.index", N_("Directory"), action="directory.manage", order=80)


@blueprint.get("/")
@opens("directory.manage")
def index() -> Any:
    """Administrations, users and tokens."""
    require(db_session(), actor(), "directory.manage")
    return flask.render_template(
        "directory/index.html",
        administrations=directory.administrations(db_session()),
        users=directory.users(db_session()),
        tokens=tokens.tokens(db_session()),
        token_state=tokens.state_of,
        language=i18n.current_language(),
    )


def _administration_choices(*, local_only: bool) -> list[tuple[str, str]]:
    return [
        (str(row.id), f"{row.code} – {row.name_in(i18n.current_language())}")
        for row in directory.administrations(db_session())
        if not local_only or row.place == Place.LOCAL
    ]


@blueprint.route("/administrations/new", methods=["GET", "POST"])
@opens("directory.manage")
def add_administration() -> Any:
    """Add an administration."""
    require(db_session(), actor(), "directory.manage")
    form = AdministrationForm()
    if form.validate_on_submit():
        try:
            directory.add_administration(
                db_session(),
                actor(),
                code=form.code.data,
                names={"en": form.name_en.data or "", "ar": form.name_ar.data or ""},
                team_name=form.team_name.data or "",
                kind=AdministrationKind(form.kind.data),
                place=Place(form.place.data),
                contact_email=form.contact_email.data or "",
                source=form.source.data or "",
            )
        except DomainError as error:
            form.refuse(error, "code")
        else:
            flask.flash(_("The administration was added."), "success")
            return flask.redirect(flask.url_for("directory.index"))
    return _add_page(form, _("Add an administration"), _("Add the administration"))


@blueprint.route("/users/new", methods=["GET", "POST"])
@opens("directory.manage")
def add_user() -> Any:
    """Add a user and show the invitation link once."""
    require(db_session(), actor(), "directory.manage")
    form = UserForm()
    form.administration.choices = _administration_choices(local_only=True)
    if form.validate_on_submit():
        try:
            user = directory.add_user(
                db_session(),
                actor(),
                administration=db_session().get_one(
                    Administration, uuid.UUID(form.administration.data)
                ),
                username=form.username.data,
                name=form.name.data,
                roles=[Role(name) for name in form.roles.data],
                email=form.email.data or "",
            )
        except DomainError as error:
            form.refuse(error, "username")
        else:
            return _link_page(user)
    return _add_page(form, _("Add a user"), _("Add the user and show the invitation"))


@blueprint.route("/users/<uuid:user_id>", methods=["GET", "POST"])
@opens("directory.manage")
def change_user(user_id: uuid.UUID) -> Any:
    """Roles and state of a user."""
    user = _user(user_id)
    require(db_session(), actor(), "directory.manage")
    form = ChangeUserForm(data={"roles": sorted(user.roles), "active": user.active})
    if form.validate_on_submit():
        try:
            directory.change_user(
                db_session(),
                actor(),
                user,
                roles=[Role(name) for name in form.roles.data],
                active=form.active.data,
            )
        except DomainError as error:
            form.refuse(error, "roles")
        else:
            flask.flash(_("The account was changed."), "success")
            return flask.redirect(flask.url_for("directory.index"))
    page = flask.render_template("directory/change_user.html", form=form, user=user)
    return page, _status(form)


@blueprint.post("/users/<uuid:user_id>/link")
@opens("directory.manage")
def make_link(user_id: uuid.UUID) -> Any:
    """Make a new invitation or reset link and show it once."""
    user = _user(user_id)
    require(db_session(), actor(), "directory.manage")
    return _link_page(user)


@blueprint.post("/users/<uuid:user_id>/second-factor/off")
@opens("directory.manage")
def remove_second_factor(user_id: uuid.UUID) -> Any:
    """Switch off a person's lost second factor."""
    user = _user(user_id)
    require(db_session(), actor(), "directory.manage")
    directory.remove_second_factor(db_session(), actor(), user)
    flask.flash(_("The second factor of this person is off; their sessions have ended."), "success")
    return flask.redirect(flask.url_for("directory.change_user", user_id=user.id))


@blueprint.route("/tokens/new", methods=["GET", "POST"])
@opens("directory.manage")
def add_token() -> Any:
    """Make a machine token and show it once."""
    require(db_session(), actor(), "directory.manage")
    form = TokenForm()
    form.administration.choices = _administration_choices(local_only=False)
    if form.validate_on_submit():
        try:
            row, text = tokens.make_token(
                db_session(),
                actor(),
                administration=db_session().get_one(
                    Administration, uuid.UUID(form.administration.data)
                ),
                label=form.label.data,
                scopes=form.scopes.data,
                days=form.days.data,
                settings=installation().settings,
            )
        except DomainError as error:
            form.refuse(error, "label")
        else:
            return flask.render_template(
                "directory/token.html", token=row, text=text, scope_names=tokens.SCOPES
            )
    headings = {names[0]: _(heading) for heading, names in tokens.SCOPE_GROUPS}
    return _add_page(form, _("Make a token"), _("Make the token"), headings)


@blueprint.route("/tokens/<uuid:token_id>/revoke", methods=["GET", "POST"])
@opens("directory.manage")
def revoke_token(token_id: uuid.UUID) -> Any:
    """End a token, after a question."""
    row = tokens.token_of_id(db_session(), token_id)
    require(db_session(), actor(), "directory.manage")
    form = QuestionForm()
    if form.validate_on_submit():
        tokens.revoke_token(db_session(), actor(), row.id)
        flask.flash(_("The token has ended."), "success")
        return flask.redirect(flask.url_for("directory.index"))
    return flask.render_template(
        "directory/end_token.html", form=form, token=row, scope_names=tokens.SCOPES
    )


def _user(user_id: uuid.UUID) -> User:
    user = db_session().get(User, user_id)
    if user is None:
        raise NotFoundError
    return user


def _link_page(user: User) -> str:
    link = directory.make_link(db_session(), actor(), user, settings=installation().settings)
    return flask.render_template(
        "directory/link.html", user=user, link=link, hours=directory.LINK_HOURS
    )


def _add_page(
    form: Form, title: str, button: str, headings: Mapping[str, str] | None = None
) -> tuple[str, int]:
    page = flask.render_template(
        "directory/add.html", form=form, title=title, button=button, headings=headings or {}
    )
    return page, _status(form)


def _status(form: Form) -> int:
    return 422 if form.errors else 200
