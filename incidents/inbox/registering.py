"""Attaches the inbox to the application: pages, jobs, menu, start page."""

from typing import TYPE_CHECKING

from cirt import navigation
from cirt.errors import N_
from cirt.incidents.inbox import (
    decision_views,
    feedback_views,
    intake,
    intake_views,
    mentions,
    pages,
    views,
)
from cirt.incidents.inbox.words import object_kind

if TYPE_CHECKING:
    import flask

    from cirt.homepart import MakeHomePart

# imported for what they register: pages, handlers of jobs
assert decision_views and feedback_views and intake_views and intake and mentions  # noqa: S101 - see above


def register(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    """Attach the inbox to the application."""
    app.jinja_env.globals["object_kind"] = object_kind
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(views.of_incidents)
    navigation.add_entry("inbox.index", N_("Inbox"), action="inbox.list", order=22)
    home.append(views.home_part)
