"""The REST API: its door, its operations, their description. Knows neither half; both add to it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import flask


def register(app: "flask.Flask") -> None:
    """Attach the API to the application, after both halves have added their operations."""
    from cirt import errorpages
    from cirt.api import door, pages, resources
    from cirt.api.limits import Limiter

    assert resources  # noqa: S101 - imported for what it registers
    app.extensions["cirt_api_limiter"] = Limiter()
    app.register_blueprint(door.blueprint)
    app.register_blueprint(pages.blueprint)
    errorpages.answer_below("/api/", door.http_error)
