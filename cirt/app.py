"""Joins the parts into one application: the only place that knows both halves."""

import gc
import multiprocessing.util
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import flask

import cirt.accounts.forgetting
import cirt.accounts.rights
from cirt import backups, heap, jobs, models, navigation, operations, routing, web
from cirt.accounts import directory_views
from cirt.accounts import views as account_views
from cirt.api import register as register_api
from cirt.assessments import register as register_assessments
from cirt.assessments.instruments import places
from cirt.db import open_database
from cirt.files import FileStore
from cirt.incidents import register as register_incidents
from cirt.large_bodies import LargeBodies
from cirt.operations import logs
from cirt.settings import Settings, read_settings
from cirt.unread_bodies import UnreadBodies

assert models and backups and cirt.accounts.rights and cirt.accounts.forgetting  # noqa: S101 - imported for what they register


def create_app(settings: Settings | None = None, *, with_jobs: bool = False) -> flask.Flask:
    """Return the application.

    with_jobs: whether this process runs background work too, as a server does.
    """
    settings = settings or read_settings()
    app = web.Application(
        "cirt",
        static_folder=str(resources.files("cirt") / "static"),
        template_folder=str(Path(str(resources.files("cirt.templates") / "base.html")).parent),
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    installation = open_installation(settings)
    web.init_app(app, installation)
    if with_jobs:
        app.wsgi_app = LargeBodies(app.wsgi_app)  # type: ignore[method-assign]

    from cirt import pages  # needs the accounts' views, which need the web

    home: list[Any] = []
    app.extensions["cirt_home"] = home
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(account_views.blueprint)
    app.register_blueprint(directory_views.blueprint)
    for register in (register_assessments, register_incidents):
        register(app, home)
    register_api(app)
    operations.register(app)
    app.context_processor(_links)
    routing.check_openings(app)
    if with_jobs:
        worker = jobs.Worker(installation.database, installation)
        worker.start()
        app.extensions["cirt_worker"] = worker
        # atexit is not asked in granian's child process, and this is asked in both
        multiprocessing.util.Finalize(None, worker.stop, exitpriority=1)
    return app


def _links() -> dict[str, Any]:
    from flask_login import current_user

    person = current_user.actor if current_user and current_user.is_authenticated else None
    return {
        "navigation": navigation.entries_for(person),
        "home_url": flask.url_for("web.home"),
        "help_url": flask.url_for("web.help_page"),
        "sign_in_url": flask.url_for("account.sign_in"),
        "sign_out_url": flask.url_for("account.sign_out"),
        "account_url": flask.url_for("account.profile"),
    }


def serve_app() -> Callable[..., Iterable[bytes]]:
    """Return the application of a server process, as WSGI has it, with background work and its log."""
    heap.keep_small()
    gc.disable()
    settings = read_settings()
    logs.set_up(settings.log)
    app = create_app(settings, with_jobs=True)
    gc.freeze()  # what is loaded now stays: the collector need not look at it, now or later
    # an envelope of a thousand objects is looked at twice, not often
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
    return app.wsgi_app


def granian_app() -> Callable[..., Iterable[bytes]]:
    """Return it for a server that hands requests over before their bodies came."""
    return UnreadBodies(serve_app())


def _data_folder_of_request() -> Path | None:
    if not flask.has_app_context():
        return None
    found: web.Installation | None = flask.current_app.extensions.get("cirt")
    return found.settings.data_dir if found else None


def open_installation(settings: Settings) -> web.Installation:
    """Return an installation without a web application, as the command line uses it."""
    places.use_data_folder(settings.data_dir)
    places.ask_for_data_folder(_data_folder_of_request)
    return web.Installation(
        settings=settings,
        database=open_database(settings),
        files=FileStore(settings.files_dir, settings.max_upload_mb * 1024 * 1024),
    )
