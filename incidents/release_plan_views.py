"""The page “Sharing” of a case: who has it, and the plan of a release to one or several audiences."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.errors import DomainError, NotFoundError
from cirt.incidents import audience_ids, release
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import incident_for
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.circle_words import onward_name, retention_name
from cirt.incidents.release_forms import PlanForm
from cirt.incidents.release_models import Release
from cirt.incidents.release_outlook import newest_approved, outlook
from cirt.incidents.release_pages import audience_name, blueprint, obstacle_of, releases_of
from cirt.incidents.release_plan import PLANNED, chosen_ids, column, terms_in
from cirt.incidents.release_policy import POLICY_SENTENCES
from cirt.incidents.release_preparation import MAX_AUDIENCES, AudienceObstaclesError
from cirt.incidents.release_sections import SECTION_HINTS, SECTION_NAMES, Section, filled
from cirt.incidents.release_terms import ReleaseTerms
from cirt.incidents.wire_content import content_of
from cirt.routing import opens
from cirt.web import actor, db_session


@blueprint.get("/incidents/<uuid:incident_id>/sharing")
@opens("release.list")
def sharing(incident_id: uuid.UUID) -> Any:
    """Who has the incident, what waits for approval, and to whom it could go."""
    incident = incident_for("incident.read", incident_id, page="sharing")
    releases = releases_of(incident)
    recalls = audience_ids.recalls_of(db_session(), incident)
    reached = {row.collection_id for row in releases}
    audiences = _audiences()
    shown = [one for one in audiences if one.kind == CollectionKind.CIRCLE or one.id in reached]
    return flask.render_template(
        "releases/sharing.html",
        incident=incident,
        tab="sharing",
        rows=[
            {
                "circle": circle,
                "outlook": outlook(db_session(), actor(), incident, circle),
                "newest": newest_approved(db_session(), incident, circle),
                "recall": recalls.get(circle.id),
                "waiting": _waiting_for(incident, circle, releases),
            }
            for circle in shown
        ],
        administrations=[one for one in audiences if one.kind == CollectionKind.DIRECT],
        releases=releases,
        recalls=recalls,
        may_prepare=access.allowed(db_session(), actor(), "release.prepare", incident),
    )


@blueprint.route("/incidents/<uuid:incident_id>/sharing/plan", methods=["GET", "POST"])
@opens("release.prepare")
def plan(incident_id: uuid.UUID) -> Any:
    """What of the incident goes to which audience; posted, it is frozen for all of them or none."""
    incident = incident_for("release.prepare", incident_id, page="plan")
    values = flask.request.form if flask.request.method == "POST" else flask.request.args
    form = PlanForm(values)
    collections = [_audience(key) for key in chosen_ids(values)[:MAX_AUDIENCES]]
    if not collections:
        flask.flash(_("Choose at least one audience."), "warning")
        return flask.redirect(flask.url_for("releases.sharing", incident_id=incident.id))
    basis = form.legal_basis.data or ""
    days = form.retention_days.data
    obstacles: dict[uuid.UUID, str] = {}
    problem = ""
    planned: list[tuple[Collection, ReleaseTerms]] = []
    try:
        planned = [
            (one, terms_in(values, one, legal_basis=basis, retention_days=days))
            for one in collections
        ]
        if values.get("go") == "prepare" and form.validate_on_submit():
            return _prepared(release.prepare_batch(db_session(), actor(), incident, planned))
    except AudienceObstaclesError as error:
        flask.g.failed = True
        problem = i18n.sentence(error)
        obstacles = {one.id: i18n.sentence(why) for one, why in error.obstacles}
    except DomainError as error:
        flask.g.failed = True
        problem = i18n.sentence(error)
        planned = planned or [(one, ReleaseTerms()) for one in collections]
    columns = [column(db_session(), actor(), incident, one, terms) for one, terms in planned]
    chosen = {one.id for one in collections}
    page = flask.render_template(
        "releases/plan.html",
        form=form,
        incident=incident,
        columns=columns,
        obstacles=obstacles,
        problem=problem,
        sections=list(Section),
        section_names=SECTION_NAMES,
        section_hints=SECTION_HINTS,
        filled=filled(content_of(db_session(), incident)),
        others=[one for one in _audiences() if one.id not in chosen],
        planned=PLANNED,
        policy=POLICY_SENTENCES,
        onward_name=onward_name,
        retention_name=retention_name,
        language=i18n.current_language(),
    )
    return page, 422 if problem or form.errors else 200


def _prepared(rows: list[Release]) -> Any:
    if len(rows) == 1:
        return flask.redirect(flask.url_for("releases.detail", release_id=rows[0].id))
    return flask.redirect(flask.url_for("releases.batch", batch_id=rows[0].batch_id))


def _audiences() -> list[Collection]:
    """Return the audiences to which the actor's administration can release, by name."""
    query = access.visible(actor(), Collection, "circle.contribute")
    found = [
        one
        for one in db_session().scalars(query).unique()
        if one.kind in (CollectionKind.CIRCLE, CollectionKind.DIRECT)
    ]
    return sorted(found, key=lambda one: (one.kind, audience_name(one).casefold(), one.id))


def _audience(key: uuid.UUID) -> Collection:
    found = access.load(db_session(), actor(), Collection, key, seen_by="circle.contribute")
    if found.kind == CollectionKind.INTAKE:
        raise NotFoundError
    return found


def _waiting_for(incident: Incident, circle: Collection, rows: list[Release]) -> Release | None:
    """Return the release to this audience that still could be approved."""
    for row in rows:
        if row.is_open and row.collection_id == circle.id and not obstacle_of(row, incident):
            return row
    return None
