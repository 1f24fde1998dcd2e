"""Every refusal and fault as an answer: one page (or JSON for scripts), the right status code."""

import contextlib
import errno
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import flask
import sqlalchemy.exc
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from cirt import errors, i18n
from cirt.errors import N_
from cirt.kept import Kept

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
    413: N_(
        "This is larger than this installation accepts (%(most)s MB, 2000 fields). Send less at once."
    ),
    500: N_(
        "Nothing was saved by this request. Try again; if it happens again, give the operator the number below."
    ),
    503: N_(
        "The database does not answer. Nothing was saved by this request; try again in a minute."
    ),
    507: N_(
        "There is no room left to save anything; reading goes on. Nothing was saved by this request. Tell the operator."
    ),
}

CSRF_TITLE = N_("Send this once more")
CSRF_SENTENCE = N_(
    "This form was open for too long or in another session. Nothing you typed is lost: check it and send it again."
)
CSRF_AT_SIGN_IN = N_(
    "This page was open for too long, or your browser keeps no cookies. Sign in here."
)
SESSION_ENDED = N_(
    "Your session has ended. Sign in; what you typed is kept below and can be sent then."
)
SESSION_ENDED_EMPTY = N_(
    "Your session has ended, and nothing was changed by this request. Sign in and do it again."
)
BUSY = N_(
    "Too many people are saving at this moment. Nothing was saved by this request; try again in a minute."
)
SAME_MOMENT = N_(
    "Somebody else changed the same thing in the same moment. Nothing was saved: look at it again, then send yours."
)
UNSTORABLE = N_(
    "A field holds what cannot be stored: it is too long, too large or no text. Correct it and send it again."
)

# Windows knows no quota
DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
MAX_NEXT = 2000  # characters; a longer address is not worth a header that a proxy refuses


_for_machines: dict[str, Callable[[HTTPException], flask.Response]] = {}


def answer_below(beginning: str, answer_to: Callable[[HTTPException], flask.Response]) -> None:
    """Let addresses that begin so, and lead nowhere, be answered in a form of their own."""
    _for_machines[beginning] = answer_to


class SignInNeededError(Exception):
    """The route is for people who signed in, and nobody did."""


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status that belongs to a refusal."""
    return next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 400)


def here() -> str:
    """Return the path of this page as a link to this site, whatever was asked for."""
    return "/" + quote(flask.request.path.lstrip("/"))


def _here_with_query() -> str:
    query = [one for one in flask.request.args.items(multi=True) if one[0] != "lang"]
    return f"{here()}?{urlencode(query)}" if query else here()


def answer(
    status: int, sentence: str, *, title: str = "", kept: Kept | None = None, **extra: Any
) -> flask.Response:
    """Return the error page, or its JSON for a script, in the language of the request.

    Nothing of the request is saved then. extra: what errors/error.html reads besides.
    """
    from cirt.web import wants_json

    _roll_back()
    title = title or _(TITLES.get(status, TITLES[400 if status < 500 else 500]))
    if wants_json():
        number = flask.g.get("request_id")
        body = {"status": status, "title": title, "message": sentence, "request_id": number}
        response = flask.jsonify(body)
    else:
        response = flask.make_response(_page(status, title, sentence, kept or Kept(), extra))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "60"
    return response


def _page(status: int, title: str, sentence: str, kept: Kept, extra: dict[str, Any]) -> str:
    address = _here_with_query() if kept else ""
    try:
        return flask.render_template(
            "errors/error.html",
            status=status,
            title=title,
            sentence=sentence,
            kept=kept,
            retry_url=address,
            **extra,
        )
    except Exception:  # the fault may be in what every page needs
        log.exception("no error page in request %s", flask.g.get("request_id"))
        return f"<!doctype html><title>{escape(title)}</title><h1>{escape(title)}</h1>" + (
            f"<p>{escape(sentence)}</p><p>{flask.g.get('request_id')}</p>"
        )


def _roll_back() -> None:
    flask.g.failed = True
    session: Session | None = flask.g.get("db_session")
    if session is not None:
        with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):  # it is gone already
            session.rollback()


def _domain_error(error: errors.DomainError) -> Any:
    return answer(status_of(error), i18n.sentence(error), kept=Kept.of_refused_form())


def _sign_in_needed(_error: SignInNeededError) -> Any:
    from cirt.web import wants_json

    if flask.request.endpoint == "account.sign_out":  # a second click: there is nothing to end
        return flask.redirect(flask.url_for("account.sign_in"))
    address = _here_with_query()
    address = address if len(address) <= MAX_NEXT else ""
    if flask.request.method in ("GET", "HEAD") and not wants_json():
        return flask.redirect(flask.url_for("account.sign_in", next=address))
    kept = Kept.of_refused_form()
    sentence = _(SESSION_ENDED) if kept else _(SESSION_ENDED_EMPTY)
    return _sign_in_page(401, sentence, kept, address)


def _sign_in_page(status: int, sentence: str, kept: Kept, address: str) -> flask.Response:
    """Return the page that shows what was typed above a form to sign in, which carries it on."""
    from cirt.accounts.forms import SignInForm  # the forms know the rules, which know this module

    form = SignInForm(formdata=None, next=address)
    return answer(status, sentence, title=_(TITLES[401]), kept=kept, sign_in_form=form)


def _csrf_error(_error: CSRFError) -> Any:
    if flask.request.endpoint in ("account.sign_in", "account.code"):
        kept = Kept.of_sign_in_form()
        return _sign_in_page(400, _(CSRF_AT_SIGN_IN), kept, flask.request.form.get("next", ""))
    kept = Kept.of_refused_form()
    return answer(400, _(CSRF_SENTENCE), title=_(CSRF_TITLE), kept=kept)


def _http_error(error: HTTPException) -> Any:
    for beginning, answer_to in _for_machines.items():
        if flask.request.path.startswith(beginning):
            return answer_to(error)
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, sqlalchemy.exc.SQLAlchemyError):  # while an error was being answered
        return _database_error(cause)
    status = error.code or 500
    if status < 400:
        return error
    most = flask.current_app.extensions["cirt"].settings.max_upload_mb
    text = SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])
    response = answer(status, _(text) % {"most": most} if "%(" in text else _(text))
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _database_error(error: sqlalchemy.exc.SQLAlchemyError) -> Any:
    """Answer what the database refused; its own words may quote what was typed and are not logged."""
    status, sentence = refusal_of(error)
    if sentence is None:
        return _fault(error)
    cause = getattr(error, "orig", None) or error
    number, code = flask.g.get("request_id"), getattr(cause, "sqlstate", None) or ""
    log.error("database, request %s: %s %s", number, type(cause).__name__, code)
    if status >= 500:
        _ask_nobody()
    return answer(status, _(sentence), kept=Kept.of_refused_form())


def refusal_of(error: sqlalchemy.exc.SQLAlchemyError) -> tuple[int, str | None]:
    """Return status and sentence for what the database refused; no sentence: a fault of the program."""
    cause = getattr(error, "orig", None)
    text, code = str(cause).lower(), getattr(cause, "sqlstate", None)
    if isinstance(error, sqlalchemy.exc.IntegrityError):
        # a taken key or a vanished row is a race; anything else is a fault of the program
        is_race = code in ("23505", "23503") or text.startswith(("unique ", "foreign key "))
        return 409, SAME_MOMENT if is_race else None
    if isinstance(error, StaleDataError):
        return 409, SAME_MOMENT
    if isinstance(error, sqlalchemy.exc.DataError):
        return 422, UNSTORABLE
    if "disk is full" in text or code == "53100":
        return 507, SENTENCES[507]
    if "is locked" in text or code in ("40001", "40P01", "55P03", "57014"):
        return 503, BUSY
    away = (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError)
    if isinstance(error, (*away, sqlalchemy.exc.TimeoutError)):
        return 503, SENTENCES[503]
    return 500, None


def _system_error(error: OSError) -> Any:
    if error.errno in DISK_FULL:
        log.error("the disk is full, request %s", flask.g.get("request_id"))
        return answer(507, _(SENTENCES[507]), kept=Kept.of_refused_form())
    return _fault(error)


def _fault(error: Exception) -> Any:
    log.exception("fault in request %s", flask.g.get("request_id"), exc_info=error)
    _ask_nobody()
    return answer(500, _(SENTENCES[500]), kept=Kept.of_refused_form())


def _ask_nobody() -> None:
    """Let the page not ask for its reader when that was not found out before the fault."""
    if "_login_user" not in flask.g:
        flask.g._login_user = AnonymousUserMixin()


def init_app(app: flask.Flask) -> None:
    """Attach the error pages to the application."""
    app.register_error_handler(errors.DomainError, _domain_error)
    app.register_error_handler(SignInNeededError, _sign_in_needed)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(sqlalchemy.exc.SQLAlchemyError, _database_error)
    app.register_error_handler(OSError, _system_error)
    app.register_error_handler(Exception, _fault)
