"""How an operation answers: it reads the request, checks it, calls the view, writes the answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import flask

from cirt import strictjson
from cirt.api import idempotency, paging, schemas
from cirt.api.door import ADDRESS
from cirt.api.paging import Paged, PageRequest, WrongNextError
from cirt.api.parameters import read_query
from cirt.api.plain import plain_bytes
from cirt.api.problems import ProblemError
from cirt.web import actor, db_session, installation

if TYPE_CHECKING:
    from cirt.api.operations import Operation

_ETAG = re.compile(r'"r(\d{1,9})"', re.ASCII)
_ETAGS = re.compile(r'(?:W/)?"[!#-~]*"(?:\s*,\s*(?:W/)?"[!#-~]*")*', re.ASCII)  # RFC 9110, 8.8.3
_ANY: Final = "*"


@dataclass(frozen=True)
class Answer:
    """A JSON value with what stands in the headers.

    revision: of the thing, given as ETag. location: path below the API of what was made.
    """

    value: Any = None
    revision: int | None = None
    location: str | None = None


def answer_to(one: "Operation", path_values: dict[str, Any]) -> flask.Response:
    """Return the answer of an operation to this request. path_values: as the router read them."""
    arguments = _path_values(one, path_values)
    arguments |= read_query(one.query, flask.request.args.items(multi=True))
    if one.paged:
        arguments["page"] = _page(one, arguments)
    if one.conditional:
        arguments["revision"] = _revision()
    body = flask.request.get_data(cache=False) if one.method != "GET" else b""
    if one.request is not None:
        arguments["body"] = _body(one, body)
    elif body and one.method != "DELETE":
        raise ProblemError("malformed-request", "This operation takes no body.")
    key = flask.request.headers.get(idempotency.HEADER)
    if key is None or not one.repeatable:
        return _response(one, one.view(**arguments))
    return _once(one, arguments, idempotency.key_of(key), body)


def _once(one: "Operation", arguments: dict[str, Any], key: str, body: bytes) -> flask.Response:
    token_id = actor().token_id
    assert token_id is not None  # noqa: S101 - the door lets only tokens in
    digest = idempotency.digest_of(one.method, flask.request.full_path, body)
    with idempotency.at_work(token_id, key):
        again = idempotency.begin(db_session(), token_id, key, digest)
        if again is not None:
            return again
        response = _response(one, one.view(**arguments))
        idempotency.keep(db_session(), token_id, key, response)
        return response


def _path_values(one: "Operation", values: Mapping[str, Any]) -> dict[str, Any]:
    for parameter in one.path_parameters:
        value = values[parameter.name]
        if isinstance(value, str) and (
            "\0" in value or schemas.faults(schemas.compiled(parameter.schema), value)
        ):
            raise ProblemError("not-found")
    return dict(values)


def _page(one: "Operation", arguments: dict[str, Any]) -> PageRequest:
    limit, text = arguments.pop("limit"), arguments.pop("next")
    if text is None:
        return PageRequest(limit)
    try:
        return PageRequest(limit, paging.read_next(_key(), one.id, text))
    except WrongNextError as error:
        raise ProblemError(
            "wrong-parameter", str(error), errors=[{"parameter": "next", "detail": str(error)}]
        ) from None


def _revision() -> int | None:
    text = flask.request.headers.get("If-Match", "").strip()
    if not text:
        raise ProblemError("condition-needed")
    if text == _ANY:
        return None
    if len(text) > 1000 or not _ETAGS.fullmatch(text):
        raise ProblemError(
            "malformed-request",
            "If-Match is no ETag: send it with its quotes, as it was answered.",
            errors=[{"parameter": "If-Match", "detail": "It is no ETag."}],
        )
    found = _ETAG.fullmatch(text)
    if found is None:  # what this server never gave matches nothing
        raise ProblemError("stale")
    return int(found[1])


def check_revision(asked: int | None, present: int) -> None:
    """Raise the problem "stale" unless the thing is still as the client read it; None: whatever."""
    if asked is not None and asked != present:
        raise ProblemError("stale")


def _body(one: "Operation", body: bytes) -> Any:
    limits = strictjson.Limits(max_bytes=one.max_body, max_string=one.max_body)
    value = strictjson.loads(body, limits)
    errors = [
        {"pointer": place, "detail": sentence}
        for place, sentence in schemas.faults(one.request_validator, value)
    ]
    if errors:
        places = "1 place" if len(errors) == 1 else f"{len(errors)} places"
        raise ProblemError("invalid-body", f"{places} in the body to correct.", errors=errors)
    return value


def _response(one: "Operation", found: Any) -> flask.Response:
    answer = found if isinstance(found, Answer) else Answer(found)
    headers: dict[str, str] = {}
    value = answer.value
    if isinstance(value, Paged):
        value, headers = _page_value(one, value)
    if answer.revision is not None:
        headers["ETag"] = f'"r{answer.revision}"'
    if answer.location is not None:
        headers["Location"] = ADDRESS + answer.location
    if one.response is None:
        return flask.Response(b"", status=204, headers=headers)
    body = value if isinstance(value, bytes) else plain_bytes(value)
    response = flask.Response(body, status=one.status, content_type=one.media_type)
    response.headers.update(headers)
    return response


def _page_value(one: "Operation", page: Paged) -> tuple[dict[str, Any], dict[str, str]]:
    if page.next is None:
        return {"items": list(page.items), "next": None}, {}
    text = paging.write_next(_key(), one.id, page.next)
    query = [pair for pair in flask.request.args.items(multi=True) if pair[0] != "next"]
    address = flask.request.path + "?" + urlencode([*query, ("next", text)])
    return {"items": list(page.items), "next": text}, {"Link": f'<{address}>; rel="next"'}


def _key() -> bytes:
    return installation().settings.secret_key.encode()
