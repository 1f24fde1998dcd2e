"""The exchange side of the incident half: circles, releases, the TAXII server."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import flask

    from cirt.homepart import HomePart, MakeHomePart


def register(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    """Attach rights, pages, the TAXII server and the start-page panel to the application."""
    from cirt import navigation
    from cirt.errors import N_
    from cirt.incidents import circle_views, exchange_rights, release_views, taxii_views
    from cirt.incidents.taxii_pages import PageServer

    assert exchange_rights  # noqa: S101 - imported for the rights it registers
    for part in (circle_views, release_views, taxii_views):
        app.register_blueprint(part.blueprint)
    navigation.add_entry("circles.index", N_("Circles"), action="circle.list", order=30)
    navigation.add_entry("releases.waiting", N_("Releases"), action="release.list", order=25)
    home.append(home_part)
    here = app.extensions["cirt"]
    app.wsgi_app = PageServer(app.wsgi_app, here.database, here.settings)  # type: ignore[method-assign]


def home_part() -> "HomePart | None":
    """Return the circles of the person, and the releases that wait for their approval."""
    import flask
    from flask_babel import gettext as _

    from cirt import access
    from cirt.homepart import HomePart
    from cirt.incidents.circle_models import Collection
    from cirt.incidents.release_views import waiting_releases
    from cirt.web import actor, db_session

    if not access.role_allows(actor(), "circle.list"):
        return None
    circles = db_session().scalars(access.visible(actor(), Collection, "circle.see")).unique().all()
    half = {
        "title": _("Circles"),
        "sentence": _("Who shares with whom, what was released to them, and their machine access."),
        "url": flask.url_for("circles.index"),
        "action": _("Go to the circles"),
        "figures": [(len(circles), _("Circles"))],
    }
    tasks: list[Any] = []
    if access.role_allows(actor(), "release.approve"):
        tasks = [
            {
                "title": row.title,
                "url": flask.url_for("releases.detail", release_id=row.id),
                "status": "review",
                "status_label": _("To approve"),
                "hint": _("Release to %(circle)s", circle=row.collection.title),
            }
            for row in waiting_releases()
            if row.prepared_by != actor().user_id
        ]
    return HomePart(half=half, tasks=tasks)
