"""Under which identifier an audience knows an incident, and which version of it comes next.

What an audience sees as everybody does bears the incident's own id. What it sees differently has
an id of that audience alone, so that two audiences cannot tell by it that they have the same case;
it keeps that id from version to version, until the incident is recalled there.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed_clauses import named
from cirt.incidents.object_store import insert_if_absent
from cirt.incidents.recall_models import Recall
from cirt.incidents.release_models import AudienceIncident, Release, ReleaseState
from cirt.incidents.store_models import FeedEntry


def chosen_id(
    session: Session,
    incident: Incident,
    collection: Collection,
    *,
    is_common: bool,
    unattributed: bool,
) -> uuid.UUID:
    """Return the id under which an audience gets an incident; a new random one is stored nowhere.

    is_common: it sees the incident as everybody does. unattributed: in the name of the circle;
    a version in another name is another object (STIX 2.1, section 3.6), and so is whatever comes
    after a recall, since a revoked object has no later versions.
    """
    known = given_out(session, incident, collection)
    for row in known:
        if row.object_uuid != incident.id and row.unattributed == unattributed:
            return row.object_uuid or uuid.uuid4()
    # what was recalled from one audience is revoked there for good, and its members may be in others
    recalled = is_recalled(session, incident, collection) or not known
    if is_common and not (recalled and is_recalled(session, incident)):
        return incident.id
    return uuid.uuid4()


def given_out(session: Session, incident: Incident, collection: Collection) -> Sequence[Release]:
    """Return the releases by which an audience has an incident, newest first; no recalled ones."""
    query = sa.select(Release).where(
        Release.incident_id == incident.id,
        Release.collection_id == collection.id,
        Release.state == ReleaseState.APPROVED.value,
    )
    recalled_at = _recalled_at(session, incident, collection)
    if recalled_at is not None:
        query = query.where(Release.ended_at > recalled_at)
    return session.scalars(query.order_by(Release.ended_at.desc())).all()


def recalls_of(session: Session, incident: Incident) -> dict[uuid.UUID, Recall]:
    """Return the newest recall of an incident from each audience that ever lost it."""
    query = sa.select(Recall).where(Recall.incident_id == incident.id).order_by(Recall.recalled_at)
    return {row.collection_id: row for row in session.scalars(query).unique()}


def is_recalled(session: Session, incident: Incident, collection: Collection | None = None) -> bool:
    """Return whether the incident was ever recalled from this audience, or from any."""
    return _recalled_at(session, incident, collection) is not None


def last_version(session: Session, collection: Collection, object_uuid: uuid.UUID) -> str | None:
    """Return `modified` of the newest version that an audience has under an id, None if none."""
    return session.scalar(
        sa.select(FeedEntry.version)
        .where(named(collection.id, f"incident--{object_uuid}"))
        .order_by(FeedEntry.version_key.desc())
        .limit(1)
    )


def note_id(session: Session, release: Release, at: datetime) -> None:
    """Remember under which id the audience of an approved release knows the incident."""
    session.execute(
        insert_if_absent(session, AudienceIncident.__table__).values(
            incident_id=release.incident_id,
            collection_id=release.collection_id,
            object_uuid=release.object_uuid,
            since=at,
        )
    )


def _recalled_at(
    session: Session, incident: Incident, collection: Collection | None
) -> datetime | None:
    query = sa.select(sa.func.max(Recall.recalled_at)).where(Recall.incident_id == incident.id)
    if collection is not None:
        query = query.where(Recall.collection_id == collection.id)
    return session.scalar(query)
