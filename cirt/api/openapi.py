"""The description of the API, made from the operations themselves.

Source: OpenAPI Specification 3.1.1, whose schemas are JSON Schema 2020-12.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from cirt.api import idempotency, schemas
from cirt.api.door import ADDRESS, MEDIA_TYPE
from cirt.api.operations import Operation, registry
from cirt.api.parameters import Parameter
from cirt.api.problems import KINDS, PROBLEM
from cirt.api.problems import MEDIA_TYPE as PROBLEM_MEDIA_TYPE

Json = dict[str, Any]

VERSION: Final = "1.0"
"""Of the API: the first number is the one in its address."""

_INTRODUCTION: Final = (
    "Incidents, releases, circles, assessments and the directory of one installation, for the"
    " machines of an administration. Sign in with an API token, as Bearer or by HTTP Basic. Lists"
    " come in pages: follow `next`. Errors are problem details (RFC 9457). A POST with an"
    " Idempotency-Key may be repeated. Within version 1, properties, operations and kinds of"
    " problems may be added; nothing is taken away or given another meaning."
)

TAGS: Final = {
    "Start": "Who am I, what is there, what does a problem mean.",
    "Directory": "Administrations known to this installation.",
    "Assessments": "The own administration's assessments and what follows from them.",
    "Incidents": "The own incidents. TLP:RED is for named persons and never seen by a machine.",
    "Circles": "Circles that the administration is in.",
    "Inbox": "What arrived from circles.",
    "Recalls": "What was taken back, and what is to be done about it.",
    "Releases": "What leaves, to whom; people approve.",
    "Webhooks": "Where this installation reports events to.",
    "Operations": "The running of this installation.",
}

_KEY: Final = Parameter(
    idempotency.HEADER,
    f"Name of this request, such as a UUID: repeated within {idempotency.KEPT_HOURS} hours with the"
    " same body, it has its effect once and gets the same answer.",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": idempotency.PATTERN},
    place="header",
    example="7f1b6a0e-2f0c-4d0b-8f6e-0d5b7c1e9a42",
)
_CONDITION: Final = Parameter(
    "If-Match",
    "The ETag with which the thing was read; * for whatever version.",
    {"type": "string", "maxLength": 200, "pattern": '^("r[0-9]{1,9}"|\\*)$'},
    place="header",
    required=True,
    example='"r3"',
)
_RATE_HEADERS: Final = {
    "RateLimit-Limit": "Requests that this token may make in a minute.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until the minute begins anew.",
}


@lru_cache(maxsize=4)
def document(url: str) -> Json:
    """Return the OpenAPI document. url: of the installation, without a slash at the end."""
    operations = list(registry.values())
    used = {tag for one in operations for tag in one.tags}
    paths: Json = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "CIRT",
            "version": VERSION,
            "description": _INTRODUCTION,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url + ADDRESS}],
        "tags": [{"name": tag, "description": TAGS.get(tag, "")} for tag in TAGS if tag in used],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components().items())),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token. The scopes that open an operation stand with it.",
                },
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The token's user name, and the token as password.",
                },
            },
            "headers": {
                name: {"description": text, "schema": {"type": "integer"}}
                for name, text in _RATE_HEADERS.items()
            },
        },
    }


def request_headers(one: Operation) -> tuple[Parameter, ...]:
    """Return the headers that an operation understands beside those of HTTP itself."""
    found = [each for each in one.parameters if each.place == "header"]
    if one.repeatable:
        found.append(_KEY)
    if one.conditional:
        found.append(_CONDITION)
    return tuple(found)


def _operation(one: Operation) -> Json:
    found: Json = {
        "operationId": one.id,
        "summary": one.summary,
        "description": one.description,
        "tags": list(one.tags),
        "parameters": [
            _parameter(each) for each in (*one.path_parameters, *one.query, *request_headers(one))
        ],
        "security": _security(one),
        "responses": {str(one.status if one.response else 204): _success(one), **_refusals(one)},
    }
    if one.request is not None:
        found["requestBody"] = {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": one.request}},
        }
    return found


def _parameter(one: Parameter) -> Json:
    found: Json = {
        "name": one.name,
        "in": one.place,
        "description": one.description,
        "required": one.required,
        "schema": one.schema,
    }
    if one.example is not None:
        found["example"] = one.example
    return found


def _security(one: Operation) -> list[Json]:
    wanted: Iterable[list[str]] = [[scope] for scope in sorted(one.scopes)] or [[]]
    return [{scheme: scopes} for scopes in wanted for scheme in ("token", "basic")]


def _success(one: Operation) -> Json:
    headers: Json = {name: {"$ref": f"#/components/headers/{name}"} for name in _RATE_HEADERS}
    if one.has_revision:
        headers["ETag"] = {
            "description": "Of this version of the thing; give it as If-Match to change it.",
            "schema": {"type": "string"},
        }
    if one.paged:
        headers["Link"] = {
            "description": 'The address of the next page, with rel="next"; absent on the last.',
            "schema": {"type": "string"},
        }
    found: Json = {"description": "Done.", "headers": headers}
    if one.response is not None:
        found["content"] = {one.media_type: {"schema": one.response}}
    return found


def _refusals(one: Operation) -> Json:
    by_status: dict[int, list[str]] = {}
    for kind in one.problems:
        by_status.setdefault(KINDS[kind].status, []).append(kind)
    return {str(status): _refusal(status, kinds) for status, kinds in sorted(by_status.items())}


def _refusal(status: int, kinds: list[str]) -> Json:
    headers: Json = {}
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if status in (429, 503):
        headers["Retry-After"] = {"description": "Seconds.", "schema": {"type": "integer"}}
    found: Json = {
        "description": " ".join(f"{KINDS[kind].title}. {KINDS[kind].remedy}" for kind in kinds),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": PROBLEM,
                "examples": {kind: {"value": example(kind)} for kind in kinds},
            }
        },
    }
    if headers:
        found["headers"] = headers
    return found


def example(kind: str) -> Json:
    """Return a problem of a kind, as it is answered."""
    found = KINDS[kind]
    return {
        "type": f"{ADDRESS}/problems/{kind}",
        "title": found.title,
        "status": found.status,
        "detail": found.remedy,
        "instance": "5f0c2a91d3b7",
    }
