"""Pages of releases: what an audience would get, byte by byte, and the approval of those bytes."""

import uuid
from collections import Counter
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import access
from cirt.access import require
from cirt.errors import DomainError, NotFoundError
from cirt.incidents import release
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import refuse
from cirt.incidents.object_store import objects_in
from cirt.incidents.release_changes import changes_of
from cirt.incidents.release_forms import ApproveBatchForm, ApproveForm, EndForm
from cirt.incidents.release_models import Release
from cirt.incidents.release_outlook import needs_acknowledgement
from cirt.incidents.release_pages import (
    approvable_from,
    blueprint,
    delay,
    is_alone,
    keep_days,
    obstacle_of,
    policy_of,
    release_for,
    waiting_releases,
)
from cirt.incidents.release_policy import POLICY_SENTENCES
from cirt.incidents.release_sections import Section
from cirt.incidents.release_words import lines_of, reading_of
from cirt.incidents.wire_content import NOT_SENT
from cirt.routing import opens
from cirt.stix.ids import in_order
from cirt.web import actor, db_session

__all__ = ["blueprint"]

SHOWN_CHARACTERS = 200_000


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


@blueprint.get("/releases/<uuid:release_id>")
@opens("release.read")
def detail(release_id: uuid.UUID) -> Any:
    """What an audience gets, or would get: readable, and the exact bytes."""
    row, incident = release_for(release_id)
    raw = in_order(row.bundle.decode("utf-8")) if row.bundle is not None else ""
    objects = objects_in(row.bundle) if row.bundle is not None else []
    return flask.render_template(
        "releases/detail.html",
        release=row,
        incident=incident,
        reading=reading_of(row.bundle) if row.bundle is not None else None,
        lines=lines_of(row.bundle) if row.bundle is not None else [],
        kinds=sorted(Counter(one["type"] for one in objects).items()),
        raw=raw[:SHOWN_CHARACTERS],
        is_cut=len(raw) > SHOWN_CHARACTERS,
        left_out=[one for one in Section if one not in row.sections] if incident else [],
        changes=changes_of(db_session(), row),
        not_sent=NOT_SENT if incident else (),
        obstacle=obstacle_of(row, incident),
        approvable_from=approvable_from(row),
        policy=policy_of(row),
        own_id=actor().user_id,
    )


@blueprint.get("/releases/<uuid:release_id>/bundle.json")
@opens("release.read")
def bundle(release_id: uuid.UUID) -> Any:
    """The frozen bytes as a file."""
    row, _incident = release_for(release_id)
    if row.bundle is None:
        raise NotFoundError
    response = flask.Response(row.bundle, content_type="application/stix+json;version=2.1")
    response.headers["Content-Disposition"] = f'attachment; filename="release-{row.id}.json"'
    return response


@blueprint.route("/releases/<uuid:release_id>/approve", methods=["GET", "POST"])
@opens("release.approve")
def approve(release_id: uuid.UUID) -> Any:
    """Approve these bytes, named by their hash."""
    row, incident = release_for(release_id)
    require(db_session(), actor(), "release.approve", row)
    form = ApproveForm()
    if form.validate_on_submit():
        try:
            release.approve_release(
                db_session(),
                actor(),
                row,
                sha256_seen=form.sha256.data or "",
                delay=delay(),
                reason=form.reason.data or "",
                acknowledged=form.acknowledged.data,
                keep_days=keep_days(),
            )
        except DomainError as error:
            refuse(form, error, "sha256")
        else:
            flask.flash(_("Released. The audience can read it now."), "success")
            return flask.redirect(_after(row, incident))
    else:
        form.sha256.data = row.sha256
    page = flask.render_template(
        "releases/approve.html",
        form=form,
        release=row,
        incident=incident,
        policy=policy_of(row),
        alone=is_alone(row),
        must_acknowledge=needs_acknowledgement(row),
        changes=changes_of(db_session(), row),
    )
    return page, 422 if form.errors else 200


@blueprint.route("/releases/batches/<uuid:batch_id>", methods=["GET", "POST"])
@opens("release.list")
def batch(batch_id: uuid.UUID) -> Any:
    """The releases that were prepared in one act; several can be approved at once, each by its hash."""
    rows = _of_batch(batch_id)
    pairs = [release_for(row.id) for row in rows]
    obstacles = {row.id: obstacle_of(row, incident) for row, incident in pairs}
    open_ones = [row for row in rows if row.is_open and not obstacles[row.id]]
    form = ApproveBatchForm()
    form.releases.choices = [(f"{row.id}:{row.sha256}", row.sha256) for row in open_ones]
    if form.is_submitted():
        for row in rows:
            require(db_session(), actor(), "release.approve", row)
    if form.validate_on_submit():
        try:
            release.approve_batch(
                db_session(),
                actor(),
                _seen(rows, form.releases.data or []),
                delay=delay(),
                reason=form.reason.data or "",
                acknowledged=form.acknowledged.data,
                keep_days=keep_days(),
            )
        except DomainError as error:
            refuse(form, error, "releases")
        else:
            flask.flash(_("Released. The audiences can read it now."), "success")
            return flask.redirect(flask.url_for("releases.batch", batch_id=batch_id))
    page = flask.render_template(
        "releases/batch.html",
        form=form,
        releases=rows,
        obstacles=obstacles,
        incident=pairs[0][1],
        may_approve=bool(open_ones) and access.role_allows(actor(), "release.approve"),
        alone=any(is_alone(row) for row in open_ones),
        must_acknowledge=any(needs_acknowledgement(row) for row in open_ones),
        policies=sorted({policy_of(row) for row in open_ones}),
    )
    return page, 422 if form.errors else 200


def _of_batch(batch_id: uuid.UUID) -> list[Release]:
    query = (
        access.visible(actor(), Release, "release.read")
        .where(Release.batch_id == batch_id)
        .order_by(Release.id)
    )
    rows = list(db_session().scalars(query).unique())
    if not rows:
        raise NotFoundError
    return sorted(rows, key=lambda row: (row.collection.title, row.id))


def _seen(rows: list[Release], ticked: list[str]) -> list[tuple[Release, str]]:
    """Return the ticked releases of this batch with the hash that the page showed of each."""
    by_id = {str(row.id): row for row in rows}
    pairs = [value.partition(":") for value in ticked]
    return [(by_id[key], sha256) for key, _colon, sha256 in pairs if key in by_id]


@blueprint.route("/releases/<uuid:release_id>/end", methods=["GET", "POST"])
@opens("release.end")
def end(release_id: uuid.UUID) -> Any:
    """Refuse a preparation, or withdraw one's own."""
    row, incident = release_for(release_id)
    require(db_session(), actor(), "release.end", row)
    form = EndForm()
    if form.validate_on_submit():
        try:
            release.refuse_release(db_session(), actor(), row, reason=form.reason.data or "")
        except DomainError as error:
            refuse(form, error, "reason")
        else:
            flask.flash(_("Nothing was released."), "success")
            return flask.redirect(_after(row, incident))
    own = row.prepared_by == actor().user_id
    page = flask.render_template(
        "releases/end.html", form=form, release=row, incident=incident, own=own
    )
    return page, 422 if form.errors else 200


def _after(row: Release, incident: Incident | None) -> str:
    """Return where to go when a release was decided."""
    if row.batch_id is not None:
        return flask.url_for("releases.batch", batch_id=row.batch_id)
    if incident is None:
        return flask.url_for("releases.waiting")
    return flask.url_for("releases.sharing", incident_id=incident.id)
