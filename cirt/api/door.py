"""The door of the API: who calls, how often, in which media type; and every refusal.

Machines sign in with an API token, by Bearer or HTTP Basic. Cookies are neither read nor set.
"""

import logging
from typing import Any, Final

import flask
import sqlalchemy.exc
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from cirt import access, errorpages, routing
from cirt.api import problems
from cirt.api.limits import Limiter
from cirt.api.problems import ProblemError
from cirt.api.schemas import pointer
from cirt.db import cause_of
from cirt.errors import DomainError
from cirt.machine_sign_in import machine_of
from cirt.strictjson import StrictJsonError, TooLargeJsonError
from cirt.web import csrf, installation

log = logging.getLogger("cirt.api")

ADDRESS: Final = "/api/v1"
MAX_BODY: Final = 2_000_000
"""Most bytes of a body; an operation may take more."""

MEDIA_TYPE: Final = "application/json"

blueprint = flask.Blueprint("api", __name__, url_prefix=ADDRESS)
csrf.exempt(blueprint)  # no cookie is looked at, so no browser can be made to act here

_CHALLENGES: Final = ('Bearer realm="CIRT"', 'Basic realm="CIRT", charset="UTF-8"')
_BAD_REQUEST: Final = "The request is not well-formed HTTP."


@blueprint.before_request
def _enter() -> WerkzeugResponse | None:
    view: Any = flask.current_app.view_functions[flask.request.endpoint or ""]
    operation = view.operation
    if operation.page is not None and _is_browser():
        values = flask.request.view_args or {}
        return flask.redirect(flask.url_for(operation.page, **values), 303)
    flask.request.max_content_length = operation.max_body
    machine = machine_of(flask.request.headers.get("Authorization", ""))
    if machine is None or machine.token_id is None:
        raise ProblemError("sign-in-needed")
    flask.g.machine = machine
    most = installation().settings.api_requests_per_minute
    if most:
        limiter: Limiter = flask.current_app.extensions["cirt_api_limiter"]
        flask.g.allowance = limiter.take(machine.token_id, most)
        if flask.g.allowance.exceeded:
            raise ProblemError(
                "too-many-requests", headers={"Retry-After": str(flask.g.allowance.reset)}
            )
    opening = routing.opening_of(flask.current_app, flask.request.endpoint or "")
    if opening is not None and opening.action is not None:
        decision = access.role_allows(machine, opening.action)
        if not decision:
            scopes = " or ".join(sorted(operation.scopes))
            raise ProblemError("not-allowed", f"{decision.reason} It needs {scopes}.")
    _negotiate(operation.media_type, reads_body=operation.request is not None)
    return None


def _is_browser() -> bool:
    """Return whether a person follows a link: no token, and pages are liked better than JSON."""
    if "Authorization" in flask.request.headers:
        return False
    answers = [MEDIA_TYPE, problems.MEDIA_TYPE, "text/html"]
    return flask.request.accept_mimetypes.best_match(answers) == "text/html"


def _negotiate(media_type: str, *, reads_body: bool) -> None:
    accept = flask.request.accept_mimetypes
    if accept and not accept.best_match([media_type.partition(";")[0], media_type]):
        raise ProblemError("not-acceptable", f"This address answers in {media_type}.")
    if not reads_body or flask.request.method == "OPTIONS":
        return
    if flask.request.mimetype != MEDIA_TYPE:
        raise ProblemError("wrong-media-type")
    encoding = flask.request.headers.get("Content-Encoding", "identity").strip().lower()
    charset = flask.request.mimetype_params.get("charset", "utf-8").lower()
    if encoding not in ("", "identity") or charset not in ("utf-8", "utf8"):
        raise ProblemError("wrong-media-type")


@blueprint.after_request
def _say_what_is_left(response: flask.Response) -> flask.Response:
    if "allowance" in flask.g:
        response.headers.update(flask.g.allowance.headers)
    if response.status_code == 204 or flask.request.method == "OPTIONS":
        response.headers.pop("Content-Type", None)  # an empty answer is of no type
    return response


# refusals


@blueprint.errorhandler(ProblemError)
def _problem(error: ProblemError) -> flask.Response:
    response = problems.answer(error)
    if error.kind == "sign-in-needed":
        for challenge in _CHALLENGES:
            response.headers.add("WWW-Authenticate", challenge)
    return response


@blueprint.errorhandler(DomainError)
def _domain_error(error: DomainError) -> flask.Response:
    if isinstance(error, TooLargeJsonError):
        return problems.answer(ProblemError("too-large", str(error)))
    if isinstance(error, StrictJsonError):
        return problems.answer(ProblemError("malformed-request", str(error)))
    status = errorpages.status_of(error)
    kind = problems.kind_of(status)
    # one sentence for all that is absent or hidden
    detail = "" if status == 404 else str(error)
    place = pointer(*error.field.split("/")) if error.field else None
    errors = [{"pointer": place, "detail": str(error)}] if place else []
    return problems.answer(ProblemError(kind, detail, errors=errors), status=status)


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> flask.Response:
    """Return the answer to what the web framework refused, also where no operation is."""
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DomainError):  # refused at the very end, when it was being committed
        return _domain_error(cause)
    if isinstance(cause, sqlalchemy.exc.SQLAlchemyError):
        return _database_error(cause)
    flask.g.for_machines = True
    status = error.code or 500
    if status >= 500:
        log.error("fault in request %s", flask.g.get("request_id"), exc_info=cause)
    problem = ProblemError(problems.kind_of(status), _BAD_REQUEST if status == 400 else "")
    if status == 405:
        methods = getattr(error, "valid_methods", None) or ()
        problem.headers["Allow"] = ", ".join(sorted(methods))
    return problems.answer(problem)


@blueprint.errorhandler(sqlalchemy.exc.SQLAlchemyError)
def _database_error(error: sqlalchemy.exc.SQLAlchemyError) -> flask.Response:
    status, sentence = errorpages.refusal_of(error)
    if sentence is None:
        return _fault(error)
    # its own words may quote what was sent
    log.error("database, request %s: %s", flask.g.get("request_id"), cause_of(error))
    return problems.answer(ProblemError(problems.kind_of(status), sentence))


@blueprint.errorhandler(OSError)
def _system_error(error: OSError) -> flask.Response:
    if error.errno in errorpages.DISK_FULL:
        log.error("the disk is full, request %s", flask.g.get("request_id"))
        return problems.answer(ProblemError("disk-full"))
    return _fault(error)


@blueprint.errorhandler(Exception)
def _fault(error: Exception) -> flask.Response:
    log.exception("fault in request %s", flask.g.get("request_id"), exc_info=error)
    return problems.answer(ProblemError("fault"))
