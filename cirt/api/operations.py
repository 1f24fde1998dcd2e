"""The operations of the API: one decorator, one registry, one way to answer.

A view below `@operation` gets typed parameters and the checked body as arguments, works by load,
allow, act, and returns plain JSON values. Routes, rights, checks and the description all come
from what the decorator says.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import flask

from cirt import access
from cirt.access import Role
from cirt.api import schemas
from cirt.api.answering import Answer, answer_to, check_revision
from cirt.api.door import ADDRESS, MAX_BODY, MEDIA_TYPE, blueprint
from cirt.api.parameters import LIMIT, NEXT, Parameter, path_id
from cirt.api.schemas import Schema
from cirt.routing import MACHINE, opens

__all__ = ["Answer", "Operation", "check_revision", "operation", "registry", "routed"]

View = Callable[..., Any]

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
registry: dict[str, "Operation"] = {}
"""Operation id -> operation, in the order of registration."""


@dataclass(frozen=True)
class Operation:
    """One method of one address, and everything that is said of it.

    action: of the table of rights, None for whatever token. response: None for no content.
    has_revision: answers bear an ETag. conditional: requests must bear If-Match; the view gets
    `revision`, None for "*". errors: kinds of problems beside those that follow from the rest.
    page: endpoint of the page to which a browser without a token is led instead.
    """

    id: str
    method: str
    path: str
    action: str | None
    summary: str
    description: str
    view: View
    response: Schema | None
    request: Schema | None = None
    status: int = 200
    paged: bool = False
    parameters: tuple[Parameter, ...] = ()
    tags: tuple[str, ...] = ()
    has_revision: bool = False
    conditional: bool = False
    media_type: str = MEDIA_TYPE
    max_body: int = MAX_BODY
    errors: tuple[str, ...] = ()
    page: str | None = None
    path_parameters: tuple[Parameter, ...] = field(default=(), init=False)

    @property
    def rule(self) -> str:
        """Return the rule of the router, below the address of the API."""
        found = self.path
        for one in self.path_parameters:
            kind = "uuid:" if one.schema.get("format") == "uuid" else ""
            found = found.replace("{" + one.name + "}", f"<{kind}{one.name}>")
        return found

    @property
    def address(self) -> str:
        """Return the whole path, with its parameters in braces."""
        return ADDRESS + self.path

    @property
    def query(self) -> tuple[Parameter, ...]:
        """Return the parameters of the query, those of a page included."""
        own = tuple(one for one in self.parameters if one.place == "query")
        return (*own, LIMIT, NEXT) if self.paged else own

    @property
    def repeatable(self) -> bool:
        """Return whether an Idempotency-Key is understood."""
        return self.method == "POST"

    @property
    def scopes(self) -> frozenset[str]:
        """Return the scopes of which one opens it; empty: whatever token."""
        return frozenset(
            row.scope
            for row in access.rights()
            if row.action == self.action and Role.MACHINE in row.roles and row.scope
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """Return the kinds of problems that it may answer with."""
        found = ["wrong-parameter", "sign-in-needed", "not-acceptable"]
        found += ["too-many-requests", "fault", "unavailable"]
        if self.action is not None:
            found.append("not-allowed")
        if self.path_parameters:
            found.append("not-found")
        if self.method != "GET":
            found += ["malformed-request", "conflict", "too-large", "invalid-body", "disk-full"]
        if self.request is not None:
            found.append("wrong-media-type")
        if self.conditional:
            found += ["condition-needed", "stale"]
        return tuple(dict.fromkeys([*found, *self.errors]))

    @cached_property
    def request_validator(self) -> Any:
        """Return the compiled schema of the body."""
        return schemas.compiled(self.request or {})

    @cached_property
    def response_validator(self) -> Any:
        """Return the compiled schema of the answer."""
        return schemas.compiled(self.response or {})


def operation(
    method: str,
    path: str,
    *,
    action: str | None,
    summary: str,
    response: Schema | None,
    tags: tuple[str, ...],
    parameters: tuple[Parameter, ...] = (),
    **said: Any,
) -> Callable[[View], View]:
    """Make a function an operation of the API; its name is the operation's id.

    path: below /api/v1, such as "/incidents/{incident_id}"; what stands in braces is an id unless
    `parameters` says otherwise. The function's docstring is the operation's description. said:
    what else Operation knows. Raises ValueError for an id or an address that is there already.
    """

    def add(view: View) -> View:
        named = {one.name: one for one in parameters if one.place == "path"}
        one = Operation(
            id=view.__name__,
            method=method,
            path=path,
            action=action,
            summary=summary,
            description=" ".join((view.__doc__ or "").split()),
            view=view,
            response=response,
            parameters=parameters,
            tags=tags,
            **said,
        )
        found = re.findall(r"\{(\w+)\}", path)
        ids = tuple(named.get(name) or path_id(name, "Its id.") for name in found)
        object.__setattr__(one, "path_parameters", ids)
        taken = {(each.method, each.path) for each in registry.values()}
        if method not in _METHODS or one.id in registry or (method, path) in taken:
            raise ValueError(f"{method} {path} ({one.id}) cannot be added to the API")
        registry[one.id] = one
        blueprint.add_url_rule(
            one.rule,
            endpoint=one.id,
            view_func=routed(one),
            methods=[one.method],
            strict_slashes=False,  # as TAXII, which takes both
        )
        return view

    return add


def routed(one: Operation) -> View:
    """Return what the router calls for an operation."""

    def answer(**path_values: Any) -> flask.Response:
        return answer_to(one, path_values)

    answer.operation = one  # type: ignore[attr-defined]
    return opens(MACHINE, one.action)(answer)
