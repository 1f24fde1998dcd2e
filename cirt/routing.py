"""Which routes are open to whom: closed until opened, one word beside every view.

`opens(PUBLIC)`, `opens(SIGNED_IN)`, `opens("incident.read")` or `opens(MACHINE, "taxii.read")`
stands above each view; the application does not start with a view that has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import flask

from cirt import access

PUBLIC = "public"
SIGNED_IN = "signed in"
MACHINE = "machine"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Opening:
    """To whom a view is open, and the action its role must allow (None: no action)."""

    audience: str
    action: str | None = None


def opens(audience: str, action: str | None = None) -> Callable[[View], View]:
    """Open a view to everyone (PUBLIC), to people (SIGNED_IN or an action), or to machines."""
    opening = (
        Opening(audience, action)
        if audience in (PUBLIC, SIGNED_IN, MACHINE)
        else Opening(SIGNED_IN, audience)
    )

    def mark(view: View) -> View:
        view.opening = opening  # type: ignore[attr-defined]
        return view

    return mark


def opening_of(app: flask.Flask, endpoint: str) -> Opening | None:
    """Return to whom an endpoint is open; None: to nobody."""
    if endpoint == "static":
        return Opening(PUBLIC)
    return getattr(app.view_functions.get(endpoint), "opening", None)


def check_openings(app: flask.Flask) -> None:
    """Raise LookupError when a view has no opening, or names an action that no right knows."""
    for endpoint in app.view_functions:
        opening = opening_of(app, endpoint)
        if opening is None:
            raise LookupError(f"the view {endpoint} says not to whom it is open")
        if opening.action is not None and opening.action not in access.actions():
            raise LookupError(f"the view {endpoint} names the unknown action {opening.action}")
