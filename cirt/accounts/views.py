"""Pages of signing in and of one's own account."""

import uuid
from typing import Any
from urllib.parse import urlsplit

import flask
import segno
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from cirt import audit
from cirt.accounts import directory, second_factor, signing
from cirt.accounts.forms import (
    ChangePasswordForm,
    ChoosePasswordForm,
    CodeForm,
    EnableCodeForm,
    PresentPasswordForm,
    SignInForm,
)
from cirt.accounts.models import User
from cirt.errors import DomainError
from cirt.routing import PUBLIC, SIGNED_IN, opens
from cirt.web import Person, actor, client_address, current_person, db_session, installation

blueprint = flask.Blueprint("account", __name__)

PENDING = "pending_user"
KEPT_PREFIX = "kept__"


def safe_next(target: str | None) -> str:
    """Return a path of this site to go on to; anything else becomes the home page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return flask.url_for("web.home")
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else flask.url_for("web.home")


def _kept() -> list[tuple[str, str]]:
    return [
        (name[len(KEPT_PREFIX) :], value)
        for name, value in flask.request.form.items(multi=True)
        if name.startswith(KEPT_PREFIX)
    ]


@blueprint.route("/sign-in", methods=["GET", "POST"])
@opens(PUBLIC)
def sign_in() -> Any:
    """User name and password; then the code where a second factor is on."""
    if flask.request.method == "GET" and current_user.is_authenticated:
        return flask.redirect(safe_next(flask.request.args.get("next")))
    form = SignInForm()
    if flask.request.method == "GET":
        form.next.data = flask.request.args.get("next", "")
        return flask.render_template("account/sign_in.html", form=form, kept=[])
    kept = _kept()
    if form.validate_on_submit():
        attempt = signing.try_password(
            db_session(), form.username.data, form.password.data, address=client_address()
        )
        if attempt.user is not None and attempt.needs_second_factor:
            flask.session[PENDING] = str(attempt.user.id)
            code = CodeForm(formdata=None, next=form.next.data)
            return flask.render_template("account/code.html", form=code, kept=kept)
        if attempt.user is not None:
            return _begin(attempt.user, form.next.data, kept)
        form.password.errors = [_(attempt.sentence) % {"minutes": signing.ADDRESS_WINDOW_MINUTES}]
    return flask.render_template("account/sign_in.html", form=form, kept=kept), 422


@blueprint.route("/sign-in/code", methods=["POST"])
@opens(PUBLIC)
def code() -> Any:
    """The second factor."""
    pending = flask.session.get(PENDING)
    user = db_session().get(User, uuid.UUID(pending)) if pending else None
    if user is None:
        return flask.redirect(flask.url_for("account.sign_in"))
    form = CodeForm()
    kept = _kept()
    if form.validate_on_submit():
        attempt = signing.try_code(
            db_session(),
            user,
            form.code.data,
            address=client_address(),
            settings=installation().settings,
        )
        if attempt.user is not None:
            return _begin(attempt.user, form.next.data, kept)
        form.code.errors = [_(attempt.sentence) % {"minutes": signing.ADDRESS_WINDOW_MINUTES}]
    return flask.render_template("account/code.html", form=form, kept=kept), 422


def _begin(user: User, target: str | None, kept: list[tuple[str, str]]) -> Any:
    settings = installation().settings
    flask.session.clear()  # a new session identifier after the last factor
    token = signing.begin_session(
        db_session(),
        user,
        address=client_address(),
        agent=flask.request.user_agent.string,
        settings=settings,
    )
    row = signing.session_of(db_session(), token, settings=settings)
    if row is None:
        raise RuntimeError("a session that just began is not running")
    login_user(Person(row, token))
    if kept:
        return flask.render_template("account/resend.html", kept=kept, target=safe_next(target))
    return flask.redirect(safe_next(target))


@blueprint.post("/sign-out")
@opens(SIGNED_IN)
def sign_out() -> Any:
    """End this session."""
    signing.end_session(db_session(), actor(), current_person().session_id)
    logout_user()
    flask.session.clear()
    response = flask.make_response(flask.render_template("account/signed_out.html"))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.route("/welcome/<token>", methods=["GET", "POST"])
@opens(PUBLIC)
def welcome(token: str) -> Any:
    """Choose a password by an invitation or reset link."""
    settings = installation().settings
    user = directory.person_of_link(db_session(), token, settings=settings)
    form = ChoosePasswordForm()
    if form.validate_on_submit():
        try:
            directory.choose_password(db_session(), token, form.password.data, settings=settings)
        except DomainError as error:
            if error.field is None:
                raise
            form.refuse(error, "password")
        else:
            flask.flash(_("Your password is set. Sign in with it."), "success")
            return flask.redirect(flask.url_for("account.sign_in"))
    status = 422 if form.errors else 200
    return flask.render_template("account/welcome.html", form=form, user=user), status


@blueprint.get("/account")
@opens(SIGNED_IN)
def profile() -> Any:
    """One's own account: sessions, password, second factor."""
    person = current_person()
    return flask.render_template(
        "account/profile.html",
        user=person.user,
        sessions=signing.sessions_of(db_session(), person.user.id),
        this_session=person.session_id,
    )


@blueprint.post("/account/sessions/<uuid:session_id>/end")
@opens(SIGNED_IN)
def end_session(session_id: uuid.UUID) -> Response:
    """End one of one's own sessions."""
    signing.end_session(db_session(), actor(), session_id)
    flask.flash(_("The session has ended."), "success")
    return flask.redirect(flask.url_for("account.profile"))


@blueprint.route("/account/password", methods=["GET", "POST"])
@opens(SIGNED_IN)
def password() -> Any:
    """Change one's own password."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        person = current_person()
        try:
            user = db_session().get_one(User, person.user.id)
            directory.change_password(
                db_session(),
                user,
                form.present_password.data,
                form.password.data,
                keep=person.session_id,
            )
        except DomainError as error:
            form.refuse(error, "password")
        else:
            flask.flash(_("Your password is changed; your other sessions have ended."), "success")
            return flask.redirect(flask.url_for("account.profile"))
    return flask.render_template("account/password.html", form=form), 422 if form.errors else 200


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
@opens(SIGNED_IN)
def enable_second_factor() -> Any:
    """Switch the second factor on: QR code, first code, then the recovery codes to print."""
    user = db_session().get_one(User, current_person().user.id)
    if user.totp_secret is not None:
        return flask.redirect(flask.url_for("account.profile"))
    form = EnableCodeForm()
    secret = flask.session.get("new_totp_secret") or second_factor.new_totp_secret()
    flask.session["new_totp_secret"] = secret
    if form.validate_on_submit():
        try:
            codes = second_factor.enable(
                db_session(),
                user,
                secret,
                form.code.data,
                secret_key=installation().settings.secret_key,
            )
        except DomainError as error:
            form.refuse(error, "code")
        else:
            flask.session.pop("new_totp_secret")
            audit.record(db_session(), actor(), "user.second-factor", user)
            return flask.render_template("account/recovery_codes.html", codes=codes)
    uri = second_factor.provisioning_uri(secret, user, "CIRT")
    qr = segno.make(uri).svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    drawing = Markup(qr)  # noqa: S704 - segno's own drawing
    page = flask.render_template("account/second_factor.html", form=form, qr=drawing, secret=secret)
    return page, 422 if form.errors else 200


@blueprint.route("/account/recovery-codes", methods=["GET", "POST"])
@opens(SIGNED_IN)
def recovery_codes() -> Any:
    """Replace the recovery codes, after the password."""
    return _confirmed("recovery_codes")


@blueprint.route("/account/second-factor/off", methods=["GET", "POST"])
@opens(SIGNED_IN)
def disable_second_factor() -> Any:
    """Switch the second factor off, after the password."""
    return _confirmed("off")


def _confirmed(what: str) -> Any:
    user = db_session().get_one(User, current_person().user.id)
    if user.totp_secret is None:
        return flask.redirect(flask.url_for("account.profile"))
    form = PresentPasswordForm()
    if form.validate_on_submit():
        try:
            signing.confirm_password(user, form.present_password.data)
        except DomainError as error:
            form.refuse(error, "present_password")
        else:
            audit.record(db_session(), actor(), f"user.second-factor.{what}", user)
            if what == "off":
                second_factor.disable(db_session(), user)
                flask.flash(_("The second factor is off."), "success")
                return flask.redirect(flask.url_for("account.profile"))
            codes = second_factor.renew_recovery_codes(
                db_session(), user, secret_key=installation().settings.secret_key
            )
            return flask.render_template("account/recovery_codes.html", codes=codes)
    return flask.render_template(
        "account/confirm.html", form=form, what=what
    ), 422 if form.errors else 200
