"""The door of the TAXII server: who calls, by which method, in which media type; and every refusal.

Machines sign in with an API token, by HTTP Basic or Bearer. Cookies are ignored, and no answer
leads to a sign-in page.
"""

import logging
import re
from collections.abc import Callable
from typing import Any, Final

import flask
import sqlalchemy.exc
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from cirt import access, errorpages, routing
from cirt.db import cause_of
from cirt.errors import N_, DomainError
from cirt.incidents import taxii_bodies, taxii_encoding
from cirt.incidents.strict_door import NotAnEnvelopeError
from cirt.incidents.taxii_bodies import BrokenBodyError, UnknownCodingError
from cirt.machine_sign_in import machine_of
from cirt.routing import View
from cirt.stix.taxii_filters import BadFilterError
from cirt.stix.taxii_protocol import (
    MAX_CONTENT_LENGTH,
    MEDIA_TYPE,
    error_resource,
    is_acceptable,
    is_readable,
)
from cirt.strictjson import StrictJsonError, TooLargeJsonError
from cirt.web import csrf

log = logging.getLogger("cirt.taxii")

blueprint = flask.Blueprint("taxii", __name__)
csrf.exempt(blueprint)  # no cookie is looked at, so no browser can be made to act here
blueprint.after_request(taxii_encoding.encode)

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_CHALLENGES: Final = (
    'Basic realm="CIRT exchange", charset="UTF-8"',
    'Bearer realm="CIRT exchange"',
)

_TITLES: Final = {
    400: N_("The request cannot be understood."),
    403: N_("This token may not do that."),
    404: N_("There is no such resource, or it is not yours to see."),
    405: N_("This address does not take that method."),
    413: N_("The body is larger than max_content_length."),
    500: N_("Something went wrong on the server; nothing was stored."),
    503: N_("The server cannot answer now; try again in a minute."),
}


class UnauthorizedError(Exception):
    """No valid token came with the request."""


class RefusalError(Exception):
    """A refusal of HTTP itself: status, title and headers of the answer."""

    def __init__(self, status: int, title: str, **headers: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def endpoint(rule: str, *methods: str) -> Callable[[View], View]:
    """Route a view, with and without the slash at the end; other methods get 405 with Allow.

    Every method of the rule comes here, so that also a wrong one is answered in TAXII's form.
    """

    def add(view: View) -> View:
        served = {*methods, "HEAD"} if "GET" in methods else set(methods)
        routed = [method for method in METHODS if method in served or "GET" in methods]
        view.methods_served = served  # type: ignore[attr-defined]
        # POST and DELETE of the same rule may have views of their own
        own = getattr(view, "methods_elsewhere", ())
        blueprint.route(
            rule,
            methods=[method for method in routed if method not in own],
            strict_slashes=False,
            provide_automatic_options=False,
        )(view)
        return view

    return add


def leaves(*methods: str) -> Callable[[View], View]:
    """Say that another view answers these methods of the same rule; stands below `endpoint`."""

    def mark(view: View) -> View:
        view.methods_elsewhere = methods  # type: ignore[attr-defined]
        return view

    return mark


def gives_files(view: View) -> View:
    """Mark a view that answers in the media type of its files, whatever the request accepts."""
    view.gives_files = True  # type: ignore[attr-defined]
    return view


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> flask.Response:
    """Return a response in TAXII's media type."""
    return flask.Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


@blueprint.before_request
def _enter() -> flask.Response | None:
    flask.request.max_content_length = MAX_CONTENT_LENGTH
    machine = machine_of(flask.request.headers.get("Authorization", ""))
    if machine is None:
        raise UnauthorizedError
    flask.g.machine = machine
    opening = routing.opening_of(flask.current_app, flask.request.endpoint or "")
    if opening is None or opening.audience != routing.MACHINE or opening.action is None:
        raise RefusalError(403, _TITLES[403])  # closed until opened
    view: Any = flask.current_app.view_functions[flask.request.endpoint or ""]
    served = view.methods_served | set(getattr(view, "methods_elsewhere", ()))
    if flask.request.method == "OPTIONS":
        return answer(b"{}", headers={"Allow": ", ".join(sorted(served | {"OPTIONS"}))})
    if served and flask.request.method not in served:
        raise RefusalError(405, _TITLES[405], Allow=", ".join(sorted(served | {"OPTIONS"})))
    decision = access.role_allows(machine, opening.action)
    if not decision:
        raise RefusalError(403, decision.reason)
    if not getattr(view, "gives_files", False):
        _negotiate()
    return None


@blueprint.before_app_request
def _answer_what_no_rule_takes() -> flask.Response | None:
    """Refuse in TAXII's form what leads to no view: another method, an address with two slashes."""
    error = flask.request.routing_exception
    path = re.sub("/{2,}", "/", flask.request.path)
    if error is None or path.split("/")[1] not in ("taxii2", "exchange"):
        return None
    if machine_of(flask.request.headers.get("Authorization", "")) is None:
        return _unauthorized(UnauthorizedError())
    if isinstance(error, MethodNotAllowed):
        return _refusal(405, _TITLES[405], {"Allow": ", ".join(sorted(_served(error)))})
    return _refusal(404, _TITLES[404])


def _served(error: MethodNotAllowed) -> set[str]:
    known = set(error.valid_methods or ())
    adapter = request_ctx.url_adapter
    assert adapter is not None  # noqa: S101 - it found the method wrong
    try:
        view: Any = flask.current_app.view_functions[adapter.match(method="GET")[0]]
    except HTTPException:  # by that method, too, it leads to no view
        return known
    served = set(getattr(view, "methods_served", known))
    return served | set(getattr(view, "methods_elsewhere", ())) | {"OPTIONS"}


def _negotiate() -> None:
    if not is_acceptable(flask.request.headers.get("Accept")):
        raise RefusalError(406, N_("This server answers in application/taxii+json;version=2.1."))
    if flask.request.method != "POST":
        return
    if not is_readable(flask.request.headers.get("Content-Type")):
        title = N_("Send an envelope as application/taxii+json;version=2.1.")
        raise RefusalError(415, title, Accept=MEDIA_TYPE)
    taxii_bodies.coding_of(flask.request.headers.get("Content-Encoding"))


# refusals


def _refusal(status: int, title: str, headers: dict[str, str] | None = None) -> flask.Response:
    flask.g.failed = True
    number = flask.g.get("request_id", "")
    return answer(error_resource(status, title, error_id=number), status, headers)


@blueprint.errorhandler(UnauthorizedError)
def _unauthorized(_error: UnauthorizedError) -> flask.Response:
    response = _refusal(401, _wanted())
    for challenge in _CHALLENGES:
        response.headers.add("WWW-Authenticate", challenge)
    return response


def _wanted() -> str:
    """Return what to do about a 401: whether a token never was or is no longer good is not told."""
    if "Authorization" not in flask.request.headers:
        return N_("Give an API token, with HTTP Basic or Bearer.")
    return N_(
        "This API token is not good: it is misspelt, ended or expired, or another user name came"
        " with it."
    )


@blueprint.errorhandler(RefusalError)
def _refused(error: RefusalError) -> flask.Response:
    return _refusal(error.status, error.title, error.headers)


@blueprint.errorhandler(DomainError)
def _domain_error(error: DomainError) -> flask.Response:
    if isinstance(error, TooLargeJsonError):
        return _refusal(413, str(error))
    if isinstance(error, UnknownCodingError):
        return _refusal(415, str(error), {"Accept-Encoding": taxii_bodies.ACCEPTED})
    if isinstance(error, BadFilterError | StrictJsonError | BrokenBodyError):
        return _refusal(400, str(error))
    if isinstance(error, NotAnEnvelopeError):
        return _refusal(422, str(error))
    status = errorpages.status_of(error)
    # one sentence for all that is absent or hidden
    return _refusal(status, _TITLES[404] if status == 404 else str(error))


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> flask.Response:
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DomainError):  # refused at the very end, when it was being committed
        return _domain_error(cause)
    status = error.code or 500
    if status >= 500:
        log.error("fault in request %s", flask.g.get("request_id"), exc_info=cause)
    return _refusal(status, _TITLES.get(status, _TITLES[400 if status < 500 else 500]))


@blueprint.errorhandler(sqlalchemy.exc.OperationalError)
def _database_error(error: sqlalchemy.exc.OperationalError) -> flask.Response:
    # its own words may quote what somebody sent
    log.error(
        "database unavailable, request %s: %s",
        flask.g.get("request_id"),
        cause_of(error),
    )
    return _refusal(503, _TITLES[503], {"Retry-After": "60"})


@blueprint.errorhandler(Exception)
def _fault(error: Exception) -> flask.Response:
    log.exception("fault in request %s", flask.g.get("request_id"), exc_info=error)
    return _refusal(500, _TITLES[500])
