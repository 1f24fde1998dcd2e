"""The exchange side of the incident half: circles, releases, the TAXII server."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import flask

    from cirt.homepart import HomePart, MakeHomePart


def register(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    """Attach rights, pages, the TAXII server and the start-page panel to the application."""
    from cirt.incidents.taxii_pages import PageServer

    _register_releases(app)
    _register_circles(app)
    _register_receiving(app, home)
    _register_recalls(app)
    _register_webhooks(app)
    _register_api()
    _register_figures()
    home.append(home_part)
    here = app.extensions["cirt"]
    app.wsgi_app = PageServer(app.wsgi_app, here.database, here.settings)  # type: ignore[method-assign]


# what only registers itself by being imported (rights, handlers, pages of a shared address) is
# named in an assertion, so that nobody takes the import for a forgotten one


def _register_releases(app: "flask.Flask") -> None:
    from cirt import navigation
    from cirt.errors import N_
    from cirt.incidents import exchange_rights, protection_views, release_plan_views, release_views

    assert exchange_rights and release_plan_views  # noqa: S101 - see above
    app.register_blueprint(release_views.blueprint)
    app.register_blueprint(protection_views.blueprint)
    protection_views.add_words(app)
    navigation.add_entry("releases.waiting", N_("Releases"), action="release.list", order=25)


def _register_circles(app: "flask.Flask") -> None:
    from cirt import navigation
    from cirt.errors import N_
    from cirt.incidents import (
        audience_ceiling_views,
        circle_member_views,
        circle_rights,
        circle_views,
        detection_views,
        direct_collections,
        joining_views,
        misp_feed_views,
        policy_card_views,
        taxii_views,
    )

    assert circle_rights and direct_collections  # noqa: S101 - see above
    for part in (
        *(circle_views, circle_member_views, joining_views, policy_card_views),
        *(audience_ceiling_views, detection_views, misp_feed_views, taxii_views),
    ):
        app.register_blueprint(part.blueprint)
    navigation.add_entry("circles.index", N_("Circles"), action="circle.list", order=30)


def _register_receiving(app: "flask.Flask", home: "list[MakeHomePart]") -> None:
    from cirt import navigation
    from cirt.errors import N_
    from cirt.incidents import inbox_rights, peer_rights, submission_rights, submission_views
    from cirt.incidents.inbox import registering
    from cirt.incidents.peers import polling, views

    assert inbox_rights and submission_rights and peer_rights and polling  # noqa: S101 - see above
    registering.register(app, home)
    app.register_blueprint(submission_views.blueprint)
    app.register_blueprint(views.blueprint)
    navigation.add_entry(
        "submissions.index", N_("Sent by machines"), action="submission.list", order=26
    )
    navigation.add_entry("peers.index", N_("Peers"), action="peer.list", order=29)


def _register_recalls(app: "flask.Flask") -> None:
    from cirt import navigation
    from cirt.errors import N_
    from cirt.incidents import recall_rights
    from cirt.incidents.recall import hold_views, key_views, pages, retention, views

    assert recall_rights and hold_views and key_views and retention and views  # noqa: S101 - see above
    app.register_blueprint(pages.blueprint)
    navigation.add_entry("recall.index", N_("Recalls"), action="recall.list", order=27)


def _register_api() -> None:
    from cirt.incidents.api import (
        circles,
        impacts,
        inbox,
        incidents,
        observables,
        recalls,
        releases,
        tasks,
    )
    from cirt.incidents.api import webhooks as api_webhooks

    assert incidents and observables and impacts and tasks  # noqa: S101 - see above
    assert circles and releases and recalls and inbox and api_webhooks  # noqa: S101 - the same


def _register_webhooks(app: "flask.Flask") -> None:
    from cirt import navigation
    from cirt.errors import N_
    from cirt.incidents import webhook_rights
    from cirt.incidents.webhooks import looking, sending, views

    assert webhook_rights and looking and sending  # noqa: S101 - see above
    app.register_blueprint(views.blueprint)
    navigation.add_entry("webhooks.index", N_("Webhooks"), action="webhook.list", order=31)


def _register_figures() -> None:
    import sqlalchemy as sa

    from cirt.incidents.store_models import FeedCounter
    from cirt.operations import metrics_views

    metrics_views.add_total(
        "cirt_feed_entries",
        "Entries that were ever added to feeds of collections.",
        sa.select(sa.func.sum(FeedCounter.n)),
    )


def home_part() -> "HomePart | None":
    """Return the circles of the person, and the releases that wait for their approval."""
    import flask
    from flask_babel import gettext as _

    from cirt import access
    from cirt.homepart import HomePart
    from cirt.incidents import joining_views
    from cirt.incidents.circle_models import Collection, CollectionKind
    from cirt.incidents.release_pages import audience_name, waiting_releases
    from cirt.incidents.submission_views import waiting_tasks
    from cirt.web import actor, db_session

    if not access.role_allows(actor(), "circle.list"):
        return None
    of_a_circle = Collection.kind == CollectionKind.CIRCLE.value
    query = access.visible(actor(), Collection, "circle.see").where(of_a_circle)
    circles = db_session().scalars(query).unique().all()
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
                "hint": _("Release to %(circle)s", circle=audience_name(row.collection)),
            }
            for row in waiting_releases()
            if row.prepared_by != actor().user_id
        ]
    tasks += joining_views.waiting_tasks()
    if access.role_allows(actor(), "submission.list"):
        tasks += waiting_tasks()
    return HomePart(half=half, tasks=tasks)
