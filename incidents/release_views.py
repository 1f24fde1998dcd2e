"""Pages of releases: what a circle would get, byte by byte, and the approval of those bytes."""

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.access import require
from cirt.clock import now
from cirt.errors import DomainError
from cirt.incidents import release
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import incident_for, note_reading, refuse
from cirt.incidents.circle_forms import ApproveForm, EndForm
from cirt.incidents.circle_models import Collection
from cirt.incidents.object_store import objects_in
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.release_outlook import (
    has_second_person,
    may_be_approved_from,
    newest_approved,
    outlook,
    staleness,
)
from cirt.incidents.release_policy import POLICY_SENTENCES, Channel, need_of
from cirt.incidents.release_words import STATE_KINDS, STATE_NAMES, lines_of
from cirt.incidents.wire_content import NOT_SENT
from cirt.routing import opens
from cirt.stix.ids import in_order
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("releases", __name__)

SHOWN_CHARACTERS = 200_000


@blueprint.get("/incidents/<uuid:incident_id>/sharing")
@opens("release.list")
def sharing(incident_id: uuid.UUID) -> Any:
    """Which circles have the incident, what waits for approval, and where it could go."""
    incident = incident_for("incident.read", incident_id, page="sharing")
    query = access.visible(actor(), Collection, "circle.contribute").order_by(Collection.title)
    releases = _releases_of(incident)
    circles = [
        {
            "circle": circle,
            "outlook": outlook(db_session(), actor(), incident, circle),
            "newest": newest_approved(db_session(), incident, circle),
            "waiting": _waiting_for(incident, circle, releases),
        }
        for circle in db_session().scalars(query).unique()
    ]
    return flask.render_template(
        "releases/sharing.html",
        incident=incident,
        tab="sharing",
        circles=circles,
        releases=releases,
        policy=POLICY_SENTENCES,
        state_name=_state_name,
        state_kind=STATE_KINDS,
    )


@blueprint.post("/incidents/<uuid:incident_id>/sharing/<uuid:collection_id>")
@opens("release.prepare")
def prepare(incident_id: uuid.UUID, collection_id: uuid.UUID) -> Any:
    """Freeze what the circle would get."""
    incident = incident_for("release.prepare", incident_id, page="prepare")
    circle = access.load(
        db_session(), actor(), Collection, collection_id, seen_by="circle.contribute"
    )
    try:
        row = release.prepare_release(db_session(), actor(), incident, circle)
    except DomainError as error:
        flask.g.failed = True
        flask.flash(i18n.sentence(error), "danger")
        return flask.redirect(flask.url_for("releases.sharing", incident_id=incident_id))
    return flask.redirect(flask.url_for("releases.detail", release_id=row.id))


@blueprint.get("/releases/")
@opens("release.list")
def waiting() -> Any:
    """Releases that wait for a decision, newest first."""
    require(db_session(), actor(), "release.list")
    return flask.render_template(
        "releases/waiting.html",
        releases=waiting_releases(),
        own_id=actor().user_id,
        policy=POLICY_SENTENCES,
    )


def waiting_releases() -> list[Release]:
    """Return the open releases that the actor may see, newest first."""
    query = (
        access.visible(actor(), Release, "release.read")
        .where(Release.state == ReleaseState.PREPARED.value)
        .order_by(Release.prepared_at.desc())
    )
    return list(db_session().scalars(query).unique())


@blueprint.get("/releases/<uuid:release_id>")
@opens("release.read")
def detail(release_id: uuid.UUID) -> Any:
    """What a circle gets, or would get: readable, and the exact bytes."""
    row, incident = _release(release_id)
    raw = in_order(row.bundle.decode("utf-8"))
    return flask.render_template(
        "releases/detail.html",
        release=row,
        incident=incident,
        lines=lines_of(row.bundle),
        kinds=sorted(Counter(one["type"] for one in objects_in(row.bundle)).items()),
        raw=raw[:SHOWN_CHARACTERS],
        is_cut=len(raw) > SHOWN_CHARACTERS,
        not_sent=NOT_SENT,
        obstacle=_obstacle(row, incident),
        approvable_from=_approvable_from(row),
        policy=_policy(row),
        state_name=_state_name,
        state_kind=STATE_KINDS,
        own_id=actor().user_id,
    )


@blueprint.get("/releases/<uuid:release_id>/bundle.json")
@opens("release.read")
def bundle(release_id: uuid.UUID) -> Any:
    """The frozen bytes as a file."""
    row, _incident = _release(release_id)
    response = flask.Response(row.bundle, content_type="application/stix+json;version=2.1")
    response.headers["Content-Disposition"] = f'attachment; filename="release-{row.id}.json"'
    return response


@blueprint.route("/releases/<uuid:release_id>/approve", methods=["GET", "POST"])
@opens("release.approve")
def approve(release_id: uuid.UUID) -> Any:
    """Approve these bytes, named by their hash."""
    row, incident = _release(release_id)
    require(db_session(), actor(), "release.approve", row)
    form = ApproveForm()
    if form.validate_on_submit():
        try:
            release.approve_release(
                db_session(),
                actor(),
                row,
                sha256_seen=form.sha256.data or "",
                delay=_delay(),
                reason=form.reason.data or "",
            )
        except DomainError as error:
            refuse(form, error, "sha256")
        else:
            flask.flash(_("Released. The members of the circle can read it now."), "success")
            return flask.redirect(flask.url_for("releases.sharing", incident_id=incident.id))
    else:
        form.sha256.data = row.sha256
    page = flask.render_template(
        "releases/approve.html",
        form=form,
        release=row,
        incident=incident,
        policy=_policy(row),
        alone=_is_alone(row),
    )
    return page, 422 if form.errors else 200


@blueprint.route("/releases/<uuid:release_id>/end", methods=["GET", "POST"])
@opens("release.end")
def end(release_id: uuid.UUID) -> Any:
    """Refuse a preparation, or withdraw one's own."""
    row, incident = _release(release_id)
    require(db_session(), actor(), "release.end", row)
    form = EndForm()
    if form.validate_on_submit():
        try:
            release.refuse_release(db_session(), actor(), row, reason=form.reason.data or "")
        except DomainError as error:
            refuse(form, error, "reason")
        else:
            flask.flash(_("Nothing was released."), "success")
            return flask.redirect(flask.url_for("releases.sharing", incident_id=incident.id))
    own = row.prepared_by == actor().user_id
    page = flask.render_template(
        "releases/end.html", form=form, release=row, incident=incident, own=own
    )
    return page, 422 if form.errors else 200


def _release(release_id: uuid.UUID) -> tuple[Release, Incident]:
    row = access.load(db_session(), actor(), Release, release_id, seen_by="release.read")
    incident = db_session().get_one(Incident, row.incident_id)
    note_reading(incident, "release")
    return row, incident


def _releases_of(incident: Incident) -> list[Release]:
    query = (
        access.visible(actor(), Release, "release.read")
        .where(Release.incident_id == incident.id)
        .order_by(sa.func.coalesce(Release.ended_at, Release.prepared_at).desc())
    )
    return list(db_session().scalars(query).unique())


def _waiting_for(incident: Incident, circle: Collection, rows: list[Release]) -> Release | None:
    """Return the release to this circle that still could be approved."""
    for row in rows:
        if row.is_open and row.collection_id == circle.id and not _obstacle(row, incident):
            return row
    return None


def _obstacle(row: Release, incident: Incident) -> str:
    if not row.is_open:
        return ""
    found = staleness(db_session(), row, incident, row.collection)
    return _(found) if found else ""


def _policy(row: Release) -> str:
    """Return what must happen, or for a decided release what has happened, as a sentence."""
    need: str = row.policy
    if row.is_open:
        others = has_second_person(db_session(), row.administration_id, row.prepared_by)
        need = need_of(row.label, Channel.PERSON, has_second_person=others)
    return _(POLICY_SENTENCES[need])


def _delay() -> timedelta:
    return timedelta(hours=installation().settings.release_delay_hours)


def _is_alone(row: Release) -> bool:
    """Whether the actor prepared it and no second person could approve it."""
    if actor().user_id != row.prepared_by:
        return False
    return not has_second_person(db_session(), row.administration_id, row.prepared_by)


def _approvable_from(row: Release) -> Any:
    """Return from when the actor may approve alone; None when that is not the case or is past."""
    moment = may_be_approved_from(row, _delay())
    return moment if _is_alone(row) and moment > now() else None


def _state_name(row: Release) -> str:
    return _(STATE_NAMES[row.state])
