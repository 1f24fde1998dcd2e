"""One line of the log and one count for each request that the views answer.

The line holds the template of the address, never the address itself (paths hold identifiers,
queries what people search for), and who acted by kind and id, never by name. Pages that the page
server answers are counted only.
"""

import logging
import time
from typing import Any, Final

import flask

from cirt.operations import metrics

log = logging.getLogger("cirt.request")

QUIET: Final = frozenset({"operations.live", "operations.ready", "metrics.figures", "static"})
"""What monitors and pages ask for all the time: written at the level DEBUG."""


def _started() -> None:
    flask.g.started_at = time.perf_counter()


def _ended(response: flask.Response) -> flask.Response:
    seconds = time.perf_counter() - flask.g.get("started_at", time.perf_counter())
    rule = flask.request.url_rule
    route = rule.rule if rule is not None else None
    metrics.count_request(route, flask.request.method, response.status_code, seconds)
    if response.status_code == 401 and flask.request.headers.get("Authorization"):
        metrics.failed_machines.inc()
    quiet = flask.request.endpoint in QUIET and response.status_code < 500
    level = logging.DEBUG if quiet else logging.INFO
    if log.isEnabledFor(level):
        log.log(level, "request", extra={"fields": _fields(route, response, seconds)})
    return response


def _fields(route: str | None, response: flask.Response, seconds: float) -> dict[str, Any]:
    method = flask.request.method
    return {
        "request_id": flask.g.get("request_id", ""),
        "method": method if method in metrics.METHODS else "other",
        "route": route or metrics.NO_ROUTE,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "bytes": response.content_length or 0,
        **_who(),
    }


def _who() -> dict[str, str]:
    machine = flask.g.get("machine")
    if machine is not None:
        return {"actor": "machine", "actor_id": str(machine.token_id)}
    # only if it was found out already: a page that was refused is not asked for its reader again
    person = flask.g.get("_login_user")
    if person is not None and person.is_authenticated:
        return {"actor": "person", "actor_id": str(person.user.id)}
    return {"actor": "nobody"}


def init_app(app: flask.Flask) -> None:
    """Attach the line and the count to the application; the first to begin, the last to end."""
    app.before_request_funcs.setdefault(None, []).insert(0, _started)
    app.after_request_funcs.setdefault(None, []).insert(0, _ended)
