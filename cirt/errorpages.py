"""Every refusal and fault as an answer: one page (or JSON for scripts), the right status code."""

import logging
from typing import Any

import flask
import sqlalchemy.exc
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from cirt import errors, i18n
from cirt.errors import N_

log = logging.getLogger("cirt.web")

STATUSES: dict[type[errors.DomainError], int] = {
    errors.NotFoundError: 404,
    errors.ForbiddenError: 403,
    errors.ConflictError: 409,
    errors.TooLargeError: 413,
    errors.UnsupportedError: 415,
    errors.UnavailableError: 503,
    errors.InvalidInputError: 422,
}

TITLES: dict[int, str] = {
    400: N_("This request cannot be understood"),
    401: N_("Sign in to go on"),
    403: N_("You may not do this"),
    404: N_("Page not found"),
    405: N_("This address does not take that kind of request"),
    409: N_("Somebody changed this meanwhile"),
    413: N_("Too large"),
    415: N_("This kind of file is not accepted"),
    422: N_("Something needs correcting"),
    429: N_("Too many requests"),
    500: N_("Something went wrong on our side"),
    503: N_("Not available just now"),
    507: N_("The disk is full"),
}

SENTENCES: dict[int, str] = {
    400: N_("Go back, reload the page and try again."),
    404: N_("There is no such page or record, or it is not yours to see."),
    405: N_("Go back and use the buttons of the page."),
    413: N_("This is larger than this installation accepts (%(most)s MB). Send a smaller file."),
    500: N_(
        "Nothing was saved by this request. Try again; if it happens again, give the operator the number below."
    ),
    503: N_(
        "The database does not answer. Nothing was saved by this request; try again in a minute."
    ),
}

CSRF_SENTENCE = N_(
    "This form was open for too long or in another session. Nothing you typed is lost: check it and send it again."
)
SIGN_IN_SENTENCE = N_(
    "Your session has ended. Sign in; what you typed is kept below and can be sent then."
)
SIGN_IN_FIRST = N_("Sign in to see this page.")

# kept fields are echoed into a page: enough for a long comment, not for an attack on memory
MAX_KEPT_CHARACTERS = 200_000


class SignInNeededError(Exception):
    """The route is for people who signed in, and nobody did."""


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status that belongs to a refusal."""
    return next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 400)


def kept_fields() -> list[tuple[str, str]]:
    """Return what was typed into the refused form, without secrets and form tokens."""
    if flask.request.method != "POST":
        return []
    kept, room = [], MAX_KEPT_CHARACTERS
    for name, value in flask.request.form.items(multi=True):
        if name == "csrf_token" or "password" in name or name in ("code", "token"):
            continue
        room -= len(value)
        if room < 0:
            break
        kept.append((name, value))
    return kept


def answer(
    status: int, sentence: str, *, kept: list[tuple[str, str]] | None = None, **extra: Any
) -> tuple[flask.Response | str, int]:
    """Return the error page, or its JSON for a script, in the language of the request."""
    from cirt.web import wants_json

    flask.g.failed = True
    title = _(TITLES.get(status, TITLES[500]))
    if wants_json():
        body = {
            "status": status,
            "title": title,
            "message": sentence,
            "request_id": flask.g.get("request_id"),
        }
        return flask.jsonify({**body, **extra}), status
    page = flask.render_template(
        "errors/error.html",
        status=status,
        title=title,
        sentence=sentence,
        kept=kept or [],
        retry_url=flask.request.path if kept else "",
        **extra,
    )
    return page, status


def _domain_error(error: errors.DomainError) -> Any:
    return answer(status_of(error), i18n.sentence(error), kept=kept_fields())


def _sign_in_needed(_error: SignInNeededError) -> Any:
    from cirt.web import wants_json

    kept = kept_fields()
    if kept or wants_json() or flask.request.method != "GET":
        # the typed fields travel through the sign-in form and come back for sending
        return answer(401, _(SIGN_IN_SENTENCE), kept=kept, sign_in=True)
    here = flask.request.full_path.rstrip("?")
    return flask.redirect(flask.url_for("account.sign_in", next=here))


def _csrf_error(_error: CSRFError) -> Any:
    from flask_login import current_user

    if not current_user.is_authenticated:
        return _sign_in_needed(SignInNeededError())
    return answer(400, _(CSRF_SENTENCE), kept=kept_fields())


def _http_error(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    most = flask.current_app.extensions["cirt"].settings.max_upload_mb
    text = SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])
    body, status = answer(status, _(text) % {"most": most} if "%(" in text else _(text))
    response = flask.make_response(body, status)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _database_error(error: sqlalchemy.exc.OperationalError) -> Any:
    log.error(
        "database unavailable, request %s: %s", flask.g.get("request_id"), type(error.orig).__name__
    )
    flask.g._login_user = AnonymousUserMixin()  # the page must not ask the database who reads it
    return answer(503, _(SENTENCES[503]))


def _fault(error: Exception) -> Any:
    log.exception("fault in request %s", flask.g.get("request_id"), exc_info=error)
    return answer(500, _(SENTENCES[500]))


def init_app(app: flask.Flask) -> None:
    """Attach the error pages to the application."""
    app.register_error_handler(errors.DomainError, _domain_error)
    app.register_error_handler(SignInNeededError, _sign_in_needed)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(sqlalchemy.exc.OperationalError, _database_error)
    app.register_error_handler(Exception, _fault)
