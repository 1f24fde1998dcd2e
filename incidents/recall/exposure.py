"""What an audience has of an incident, and what follows it: the reach of a recall."""

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed_clauses import STORED, in_feed
from cirt.incidents.object_store import STANDARD_BODIES, in_parts, object_in, objects_in
from cirt.incidents.recall_models import Recall, RecallKind
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.references import references_of

_NEVER_TAKEN: Final = ("marking-definition", "extension-definition")
"""Types that belong to no single incident."""

_ID: Final = re.compile(
    rb"[a-z][a-z0-9-]*--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One version that an audience sees, with its place in the feed."""

    id: uuid.UUID
    stix_id: str
    type: str
    modified: str
    version_key: str
    digest: str
    tlp: str
    seq: int
    is_last: bool
    owner_id: uuid.UUID
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Audience:
    """An audience that has an incident.

    is_revoked: it was told already that the incident is no longer valid. shares_with: other
    audiences that know it under the same identifiers.
    """

    collection: Collection
    releases: tuple[Release, ...]
    is_revoked: bool
    shares_with: tuple[Collection, ...]


def audiences(session: Session, incident: Incident) -> list[Audience]:
    """Return who has an incident now, by title."""
    found: list[tuple[Collection, tuple[Release, ...], bool, set[uuid.UUID]]] = []
    for collection_id in _collections(session, incident):
        collection = session.get_one(Collection, collection_id)
        releases = standing_releases(session, incident, collection)
        uuids = {row.object_uuid or incident.id for row in releases}
        latest = [
            one
            for one in shown(session, collection, [f"incident--{each}" for each in uuids])
            if one.owner_id == incident.administration_id and one.is_last
        ]
        if latest:
            revoked = all(object_in(one.body or b"{}").get("revoked") for one in latest)
            found.append((collection, tuple(releases), revoked, uuids))
    found.sort(key=lambda row: (row[0].title, row[0].id))
    return [
        Audience(
            collection,
            releases,
            revoked,
            tuple(
                other
                for other, _releases, _revoked, others in found
                if other is not collection and others & uuids
            ),
        )
        for collection, releases, revoked, uuids in found
    ]


def _collections(session: Session, incident: Incident) -> Sequence[uuid.UUID]:
    query = sa.select(Release.collection_id).where(
        Release.incident_id == incident.id, Release.state == ReleaseState.APPROVED.value
    )
    return session.scalars(query.distinct()).all()


def standing_releases(
    session: Session, incident: Incident, collection: Collection
) -> Sequence[Release]:
    """Return the approved releases that no withdrawal has taken back yet, the newest first."""
    query = sa.select(Release).where(
        Release.incident_id == incident.id,
        Release.collection_id == collection.id,
        Release.state == ReleaseState.APPROVED.value,
    )
    withdrawn_at = last_withdrawal(session, incident.id, collection.id)
    if withdrawn_at is not None:
        query = query.where(Release.ended_at > withdrawn_at)
    return session.scalars(query.order_by(Release.ended_at.desc())).unique().all()


def last_withdrawal(
    session: Session, incident_id: uuid.UUID, collection_id: uuid.UUID
) -> datetime | None:
    """Return when an incident was withdrawn from an audience last, None if never."""
    return session.scalar(
        sa.select(sa.func.max(Recall.recalled_at)).where(
            Recall.incident_id == incident_id,
            Recall.collection_id == collection_id,
            Recall.kind == RecallKind.NEVER_SENT.value,
        )
    )


def shown(session: Session, collection: Collection, stix_ids: Sequence[str]) -> list[Shown]:
    """Return every version of these objects that a collection shows, in the order of its feed."""
    found: list[Shown] = []
    for part in in_parts(sorted(set(stix_ids))):
        found += _rows(session, collection, names=part)
    return sorted(found, key=lambda one: one.seq)


def exposed(
    session: Session, incident: Incident, collection: Collection, releases: Sequence[Release]
) -> list[Shown]:
    """Return every version that an audience got by these releases, in the order of the feed.

    Left out is what is not the incident's alone: what standard bodies publish, who the producer
    is, and what another incident's release to the same audience holds as well.
    """
    owner = incident.administration_id
    ids = {one["id"] for row in releases if row.bundle for one in objects_in(row.bundle)}
    ids -= {f"identity--{owner}", f"identity--{collection.id}"}
    ids -= _held_by_others(session, incident, collection, ids)
    return [
        one
        for one in shown(session, collection, sorted(ids))
        if one.owner_id == owner and one.type not in _NEVER_TAKEN
    ]


def followers(
    session: Session, collection: Collection, owner: uuid.UUID, taken: Sequence[Shown]
) -> list[Shown]:
    """Return what the same producer has in the collection that refers to what is taken back.

    Sightings, notes, relationships, reports and whatever else, and what refers to those in turn.
    """
    known = {one.stix_id for one in taken}
    others = [
        one
        for one in _rows(session, collection, FeedEntry.owner_id == owner)
        if one.stix_id not in known and one.type not in _NEVER_TAKEN
    ]
    found: dict[str, Shown] = {}
    names = set(known)
    while True:
        new = [one for one in others if one.stix_id not in names and _refers(one, names)]
        if not new:
            break
        for one in new:
            found[one.stix_id] = one
        names |= {one.stix_id for one in new}
    every_version = [one for one in others if one.stix_id in found]
    return sorted(every_version, key=lambda one: one.seq)


def dangling(
    session: Session, collection: Collection, owner: uuid.UUID, names: Iterable[str], most: int
) -> list[Shown]:
    """Return the newest own objects in a collection that refer to what is not there any more."""
    wanted = set(names)
    rows = _rows(
        session, collection, FeedEntry.owner_id == owner, FeedEntry.is_last.is_(True), most=most
    )
    return [one for one in rows if one.stix_id not in wanted and _refers(one, wanted)]


def _refers(one: Shown, names: set[str]) -> bool:
    body = one.body or b""
    if not any(match.decode() in names for match in _ID.findall(body)):
        return False
    return bool(names & (set(references_of(object_in(body))) - {one.stix_id}))


def _held_by_others(
    session: Session, incident: Incident, collection: Collection, ids: set[str]
) -> set[str]:
    """Return which ids another incident's release put before the same audience as well."""
    query = sa.select(Release.bundle).where(
        Release.administration_id == incident.administration_id,
        Release.collection_id == collection.id,
        Release.state == ReleaseState.APPROVED.value,
        sa.or_(Release.incident_id != incident.id, Release.incident_id.is_(None)),
        Release.bundle.is_not(None),
    )
    wanted = {one.encode() for one in ids}
    found: set[bytes] = set()
    for bundle in session.scalars(query.execution_options(yield_per=20)):
        found |= wanted & set(_ID.findall(bundle or b""))
    return {one.decode() for one in found}


def _rows(
    session: Session,
    collection: Collection,
    *conditions: sa.ColumnElement[bool],
    names: Sequence[str] | None = None,
    most: int | None = None,
) -> Iterator[Shown]:
    query = (
        sa.select(
            ObjectVersion.id,
            ObjectVersion.stix_id,
            ObjectVersion.type,
            ObjectVersion.modified,
            FeedEntry.version_key,
            ObjectVersion.digest,
            ObjectVersion.tlp,
            FeedEntry.seq,
            FeedEntry.is_last,
            FeedEntry.owner_id,
            ObjectVersion.body,
        )
        .join(FeedEntry, STORED)
        .where(
            in_feed(collection.id, names),
            FeedEntry.withdrawn_at.is_(None),
            FeedEntry.owner_id != STANDARD_BODIES,
            *conditions,
        )
        .order_by(FeedEntry.seq.desc())
    )
    if most is not None:
        query = query.limit(most)
    for row in session.execute(query):
        yield Shown(*row)
