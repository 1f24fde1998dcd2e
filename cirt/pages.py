"""Pages that belong to no half: home, help, preferences, capabilities, the record of acts."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_login import current_user

from cirt import audit, capabilities, i18n, navigation
from cirt.access import require
from cirt.accounts.models import User
from cirt.accounts.views import safe_next
from cirt.errors import N_
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


@blueprint.get("/audit")
@opens("audit.read")
def audit_trail() -> Any:
    """The newest acts on accounts and the installation, and whether the record is whole."""
    require(db_session(), actor(), "audit.read")
    entries = audit.administrative_acts(db_session())
    return flask.render_template(
        "audit.html", entries=entries, names=audit.names_of_actors(db_session(), entries)
    )
