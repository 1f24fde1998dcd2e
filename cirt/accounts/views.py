"""Pages of signing in and of one's own account."""

import uuid
from typing import Any
from urllib.parse import urlsplit

import flask
import segno
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
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
from cirt.kept import Kept
from cirt.person import Person
from cirt.routing import PUBLIC, SIGNED_IN, opens
from cirt.web import actor, client_address, current_person, db_session, installation

blueprint = flask.Blueprint("account", __name__)

PENDING = "password_given"


def safe_next(target: str | None) -> str:
    """Return a page of this site to go on to; anything else becomes the home page."""
    address = _safe_address(target)
    site = flask.current_app.url_map.bind("")
    try:
        site.match(urlsplit(address).path, method="GET")
    except RequestRedirect:
        return address  # a missing slash
    except HTTPException:  # no page, or an address that only takes forms
        return flask.url_for("web.home")
    return address


def _safe_address(target: str | None) -> str:
    home = flask.url_for("web.home")
    if not target or not target.startswith("/") or target.startswith("//"):
        return home
    if "\\" in target or not target.isprintable():  # browsers drop or turn some of these
        return home
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else home


@blueprint.route("/sign-in", methods=["GET", "POST"])
@opens(PUBLIC)
def sign_in() -> Any:
    """User name and password; then the code where a second factor is on."""
    if flask.request.method != "POST":
        if current_user.is_authenticated:
            return flask.redirect(safe_next(flask.request.args.get("next")))
        form = SignInForm(next=flask.request.args.get("next", ""))
        return flask.render_template("account/sign_in.html", form=form, kept=Kept())
    form, kept = SignInForm(), Kept.of_sign_in_form()
    if form.validate_on_submit():
        attempt = signing.try_password(
            installation().database,
            form.username.data,
            form.password.data,
            address=client_address(),
        )
        if attempt.user is not None and attempt.needs_second_factor:
            flask.session[PENDING] = signing.password_given(
                attempt.user, settings=installation().settings
            )
            code = CodeForm(formdata=None, next=form.next.data)
            return flask.render_template("account/code.html", form=code, kept=kept)
        if attempt.user is not None:
            user = db_session().get_one(User, attempt.user.id)
            return _begin(user, form.next.data, kept)
        form.password.errors = [_(attempt.sentence) % {"minutes": signing.ADDRESS_WINDOW_MINUTES}]
    return flask.render_template("account/sign_in.html", form=form, kept=kept), 422


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@opens(PUBLIC)
def code() -> Any:
    """The second factor."""
    settings = installation().settings
    user = signing.user_who_gave(db_session(), flask.session.get(PENDING), settings=settings)
    form = CodeForm()
    kept = Kept.of_sign_in_form() if flask.request.method == "POST" else Kept()
    if user is None and flask.request.method != "POST":
        return flask.redirect(flask.url_for("account.sign_in"))
    if user is None:
        again = SignInForm(formdata=None, next=form.next.data)
        again.form_errors.append(_("The code was asked for too long ago. Begin again."))
        return flask.render_template("account/sign_in.html", form=again, kept=kept), 422
    if flask.request.method != "POST":  # the same page in another language
        return flask.render_template("account/code.html", form=form, kept=kept)
    if form.validate_on_submit():
        attempt = signing.try_code(
            db_session(), user, form.code.data, address=client_address(), settings=settings
        )
        if attempt.user is not None:
            return _begin(attempt.user, form.next.data, kept)
        form.code.errors = [_(attempt.sentence) % {"minutes": signing.ADDRESS_WINDOW_MINUTES}]
    return flask.render_template("account/code.html", form=form, kept=kept), 422


def _forget_browser() -> None:
    flask.session.clear()
    flask.g.pop("csrf_token", None)  # the page of this answer needs one of the new session


def _begin(user: User, target: str | None, kept: Kept) -> Any:
    settings = installation().settings
    if current_user.is_authenticated:  # another person at this browser, or the same once more
        signing.end_session(db_session(), actor(), current_person().session_id)
    _forget_browser()  # a new session identifier after the last factor
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
        return flask.render_template("account/resend.html", kept=kept, target=_safe_address(target))
    return flask.redirect(safe_next(target))


@blueprint.post("/sign-out")
@opens(SIGNED_IN)
def sign_out() -> Any:
    """End this session."""
    signing.end_session(db_session(), actor(), current_person().session_id)
    logout_user()
    _forget_browser()
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
    settings = installation().settings
    return flask.render_template(
        "account/profile.html",
        user=person.user,
        sessions=signing.sessions_of(db_session(), person.user.id, settings=settings),
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
            _confirm(form)
            user = db_session().get_one(User, person.user.id)
            directory.change_password(
                db_session(), user, form.password.data, keep=person.session_id
            )
        except DomainError as error:
            form.refuse(error, "password")
        else:
            flask.flash(_("Your password is changed; your other sessions have ended."), "success")
            return flask.redirect(flask.url_for("account.profile"))
    return flask.render_template("account/password.html", form=form), 422 if form.errors else 200


def _confirm(form: Any) -> None:
    """Compare the present password, before this request's transaction begins."""
    signing.confirm_password(
        installation().database,
        current_person().user,
        form.present_password.data,
        address=client_address(),
    )


def _own_row() -> User:
    """Return the row of the signed-in person, held until the end of this request."""
    return db_session().get_one(User, current_person().user.id, with_for_update={"of": User})


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
@opens(SIGNED_IN)
def enable_second_factor() -> Any:
    """Switch the second factor on: QR code, password and first code, then the codes to print."""
    if current_person().user.totp_secret is not None:
        return flask.redirect(flask.url_for("account.profile"))
    form = EnableCodeForm()
    secret = flask.session.get("new_totp_secret") or second_factor.new_totp_secret()
    flask.session["new_totp_secret"] = secret
    if form.validate_on_submit():
        try:
            _confirm(form)
            user = _own_row()
            if user.totp_secret is not None:  # the same form at the same moment
                return flask.redirect(flask.url_for("account.profile"))
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
    uri = second_factor.provisioning_uri(secret, current_person().user, "CIRT")
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
    if current_person().user.totp_secret is None:
        return flask.redirect(flask.url_for("account.profile"))
    form = PresentPasswordForm()
    if form.validate_on_submit():
        try:
            _confirm(form)
        except DomainError as error:
            form.refuse(error, "present_password")
        else:
            user = _own_row()
            audit.record(db_session(), actor(), f"user.second-factor.{what}", user)
            if what == "off":
                second_factor.disable(db_session(), user)
                flask.flash(_("The second factor is off."), "success")
                return flask.redirect(flask.url_for("account.profile"))
            codes = second_factor.renew_recovery_codes(
                db_session(), user, secret_key=installation().settings.secret_key
            )
            return flask.render_template("account/recovery_codes.html", codes=codes)
    page = flask.render_template("account/confirm.html", form=form, what=what)
    return page, 422 if form.errors else 200
