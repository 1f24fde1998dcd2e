"""The running of an installation: background work, health, figures and the log."""

import flask

from cirt import navigation
from cirt.errors import N_

blueprint = flask.Blueprint("operations", __name__)


def register(app: flask.Flask) -> None:
    """Attach the pages, the figures and the log of requests to the application."""
    from cirt.operations import health_views, job_views, metrics_views, request_log

    assert job_views and health_views  # noqa: S101 - imported for the routes they register
    navigation.add_entry(
        "operations.jobs_list", N_("Background work"), action="jobs.manage", order=90
    )
    navigation.add_entry("operations.health", N_("Health"), action="jobs.manage", order=91)
    app.register_blueprint(blueprint)
    metrics_views.init_app(app)
    request_log.init_app(app)
