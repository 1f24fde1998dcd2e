"""Pages that belong to no half: home, preferences, capabilities, background work, health."""

import uuid
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _
from flask_login import current_user

from cirt import audit, capabilities, i18n, jobs, navigation
from cirt.access import require
from cirt.accounts.models import User
from cirt.accounts.views import safe_next
from cirt.errors import N_, NotFoundError
from cirt.homepart import HomePart
from cirt.routing import PUBLIC, SIGNED_IN, opens
from cirt.web import actor, current_person, db_session, installation

blueprint = flask.Blueprint("web", __name__)

INTRODUCTION = N_(
    "Assess how ready a country's national CIRT is, and handle incidents and share them with exactly"
    " the partners you choose."
)
navigation.add_entry("web.home", N_("Home"), action=None, order=0)
navigation.add_entry("web.capabilities_list", N_("Capabilities"), action=None, order=70)
navigation.add_entry("web.audit_trail", N_("Record of acts"), action="audit.read", order=85)
navigation.add_entry("web.jobs_list", N_("Background work"), action="jobs.manage", order=90)


@blueprint.get("/")
@opens(PUBLIC)
def home() -> Any:
    """What there is to do; visitors learn what this is and sign in."""
    parts: list[HomePart] = []
    if current_user.is_authenticated:
        parts = [part for make in flask.current_app.extensions["cirt_home"] if (part := make())]
    return flask.render_template(
        "home.html",
        introduction=_(INTRODUCTION),
        tasks=[task for part in parts for task in part.tasks],
        halves=[part.half for part in parts],
    )


@blueprint.get("/help")
@opens(PUBLIC)
def help_page() -> Any:
    """The shortest way to each task."""
    return flask.render_template("help.html")


@blueprint.post("/preferences")
@opens(PUBLIC)
def preferences() -> Any:
    """Language and look, kept with the person or in a cookie."""
    response = flask.redirect(safe_next(flask.request.form.get("next")))
    language, theme = flask.request.form.get("language"), flask.request.form.get("theme")
    user = (
        db_session().get_one(User, current_person().user.id)
        if current_user.is_authenticated
        else None
    )
    secure = installation().settings.secure
    for value, valid, cookie, column in (
        (language, i18n.CODES, i18n.LANGUAGE_COOKIE, "language"),
        (theme, i18n.THEMES, i18n.THEME_COOKIE, "theme"),
    ):
        if value in valid:
            response.set_cookie(
                cookie,
                str(value),
                max_age=365 * 86400,
                httponly=True,
                samesite="Lax",
                secure=secure,
            )
            if user is not None:
                setattr(user, column, value)
    return response


@blueprint.get("/capabilities")
@opens(SIGNED_IN)
def capabilities_list() -> Any:
    """What a national CIRT can do: the words that join assessments and incidents."""
    return flask.render_template(
        "capabilities.html",
        capabilities=capabilities.capabilities(),
        language=i18n.current_language(),
        questions=flask.current_app.extensions.get("cirt_capability_questions", dict)(),
    )


@blueprint.get("/jobs")
@opens("jobs.manage")
def jobs_list() -> Any:
    """Background work: what waits, runs, ended or failed."""
    require(db_session(), actor(), "jobs.manage")
    rows = (
        db_session()
        .scalars(sa.select(jobs.Job).order_by(jobs.Job.created_at.desc()).limit(200))
        .all()
    )
    return flask.render_template("jobs.html", jobs=rows)


@blueprint.post("/jobs/<uuid:job_id>/retry")
@opens("jobs.manage")
def retry_job(job_id: uuid.UUID) -> Any:
    """Let a failed job run again."""
    job = db_session().get(jobs.Job, job_id)
    if job is None:
        raise NotFoundError
    require(db_session(), actor(), "jobs.manage")
    jobs.retry(db_session(), actor(), job)
    flask.flash(_("The work will be tried again."), "success")
    return flask.redirect(flask.url_for("web.jobs_list"))


@blueprint.get("/audit")
@opens("audit.read")
def audit_trail() -> Any:
    """The newest acts on accounts and the installation, and whether the record is whole."""
    require(db_session(), actor(), "audit.read")
    entries = audit.administrative_acts(db_session())
    return flask.render_template(
        "audit.html", entries=entries, names=audit.names_of_actors(db_session(), entries)
    )


@blueprint.get("/health/live")
@opens(PUBLIC)
def health_live() -> Any:
    """Whether the process answers."""
    return flask.jsonify(status="live")


@blueprint.get("/health/ready")
@opens(PUBLIC)
def health_ready() -> Any:
    """Whether the database answers and holds the tables of this version."""
    from cirt.migrations import is_current

    try:
        ready = is_current(installation().database)
    except sa.exc.SQLAlchemyError:
        ready = False
    return flask.jsonify(status="ready" if ready else "not ready"), 200 if ready else 503
