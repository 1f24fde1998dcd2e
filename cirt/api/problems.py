"""Refusals and faults of the API, as problem details (RFC 9457)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import flask

from cirt.api.schemas import TEXT, described, record

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its status, title, and what to do about it."""

    status: int
    title: str
    remedy: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed-request": Kind(
        400, "The request cannot be understood", "Mend what `detail` names; do not repeat it as is."
    ),
    "wrong-parameter": Kind(
        400,
        "A parameter of the address does not fit",
        "`errors` names each parameter. Unknown ones are refused, so that no filter is lost by a"
        " misspelling.",
    ),
    "sign-in-needed": Kind(
        401,
        "No valid token came with the request",
        "Send an API token as Bearer, or with its user name by HTTP Basic. Tokens expire and can"
        " be ended.",
    ),
    "not-allowed": Kind(
        403,
        "This token may not do that",
        "`detail` says why. A scope is added by making a new token.",
    ),
    "not-found": Kind(
        404,
        "There is no such thing, or it is not yours to see",
        "Both are one answer, on purpose.",
    ),
    "wrong-method": Kind(
        405, "This address does not take that method", "`Allow` names those it takes."
    ),
    "not-acceptable": Kind(
        406, "The answer is not in a form that the request accepts", "Accept application/json."
    ),
    "conflict": Kind(
        409,
        "Something else happened meanwhile",
        "Read the thing again, then decide. Where another request with the same Idempotency-Key is"
        " at work, wait and repeat.",
    ),
    "stale": Kind(
        412,
        "The thing was changed since it was read",
        "Read it again and send its new ETag as If-Match.",
    ),
    "too-large": Kind(413, "The body is larger than this address takes", "Send less at once."),
    "wrong-media-type": Kind(
        415, "The body is not in a form that is read here", "Send application/json, not encoded."
    ),
    "invalid-body": Kind(
        422,
        "Something in the body needs correcting",
        "`errors` names each place by JSON pointer. Unknown properties are refused by name.",
    ),
    "condition-needed": Kind(
        428,
        "A change needs a condition",
        "Send the ETag of the version that you read as If-Match, so that nobody's change is lost.",
    ),
    "too-many-requests": Kind(
        429, "Too many requests", "Wait for as many seconds as `Retry-After` says."
    ),
    "fault": Kind(
        500,
        "Something went wrong on the server",
        "Nothing was stored. Tell the operator the number in `instance`.",
    ),
    "unavailable": Kind(
        503,
        "The server cannot answer now",
        "Nothing was stored. Try again after `Retry-After` seconds.",
    ),
    "disk-full": Kind(507, "The disk is full", "Nothing was stored; reading goes on."),
}
_OF_STATUS: Final = {kind.status: name for name, kind in reversed(list(KINDS.items()))}

PROBLEM: Final = record(
    "Problem",
    "What went wrong (RFC 9457).",
    {
        "type": described(
            TEXT,
            "Kind of the problem, an address at this installation: a browser gets a page that"
            " explains it, a token the same as JSON.",
        ),
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "instance": described(TEXT, "Number of the request, as in `X-Request-Id`."),
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["detail"],
                "properties": {
                    "detail": TEXT,
                    "pointer": described(TEXT, "Place in the body (RFC 6901)."),
                    "parameter": described(TEXT, "Name of the parameter."),
                },
            },
        },
    },
    optional=["errors"],
    example={
        "type": "/api/v1/problems/invalid-body",
        "title": "Something in the body needs correcting",
        "status": 422,
        "detail": "1 place in the body does not fit.",
        "instance": "5f0c2a91d3b7",
        "errors": [{"pointer": "/title", "detail": "This property is missing."}],
    },
)


class ProblemError(Exception):
    """A refusal in the words of HTTP.

    kind: one of KINDS. errors: {"pointer" or "parameter": …, "detail": …}. headers: of the answer.
    """

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        errors: Iterable[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = [dict(one) for one in errors]
        self.headers = dict(headers or {})


def kind_of(status: int) -> str:
    """Return the kind that answers with this status; for others "malformed-request" or "fault"."""
    return _OF_STATUS.get(status, "malformed-request" if status < 500 else "fault")


def answer(problem: ProblemError, *, status: int | None = None) -> flask.Response:
    """Return the answer; nothing of the request is stored then."""
    flask.g.failed = True
    kind = KINDS[problem.kind]
    body: dict[str, Any] = {
        "type": f"/api/v1/problems/{problem.kind}",
        "title": kind.title,
        "status": status or kind.status,
        "detail": problem.detail or kind.remedy,
        "instance": flask.g.get("request_id", ""),
    }
    if problem.errors:
        body["errors"] = problem.errors
    response = flask.Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status=status or kind.status,
        content_type=MEDIA_TYPE,
    )
    if kind.status in (429, 503):
        response.headers["Retry-After"] = "60"
    response.headers.update(problem.headers)
    return response
