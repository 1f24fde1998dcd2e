"""Taking back what an audience got: "no longer valid", and "should never have been sent"."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, ForbiddenError
from cirt.incidents import cases, feed, object_store
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed_clauses import STORED
from cirt.incidents.object_store import DifferentContentError, in_parts, object_in
from cirt.incidents.reasons import checked_reason
from cirt.incidents.recall import erasure, exposure, keys, local_effects
from cirt.incidents.recall.exposure import Shown
from cirt.incidents.recall.holds import is_held
from cirt.incidents.recall.safe import Safe
from cirt.incidents.recall_models import Recall, RecallKind
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix import withdrawal as wire
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP, strictest
from cirt.stix.withdrawal import Named

MOST_NAMED: Final = 4_000
"""Versions that one withdrawal names; more make a second one, so that none is too large to send."""

NOTHING_THERE: Final = N_("This audience has nothing of the incident; there is nothing to recall.")


def revoke(
    session: Session, actor: Actor, incident: Incident, collection: Collection, *, reason: str
) -> Recall:
    """Tell an audience that what it has of an incident is no longer valid.

    Everything that has versions gets one more, with `revoked`; nothing is taken away. Raises
    ConflictError when the audience has nothing that is valid.
    """
    reason = _checked(session, actor, incident, reason)
    releases = exposure.standing_releases(session, incident, collection)
    latest = [
        one
        for one in exposure.exposed(session, incident, collection, releases)
        if one.is_last and one.modified and one.body is not None
    ]
    valid = [(one, object_in(one.body or b"{}")) for one in latest]
    valid = [(one, body) for one, body in valid if not body.get("revoked")]
    if not valid:
        raise ConflictError(NOTHING_THERE)
    moment = _moment(collection, releases)
    changed = [
        (wire.revoked(body, modified=_free(session, one, moment)), one.tlp) for one, body in valid
    ]
    recall = _note(
        session,
        incident,
        collection,
        actor,
        kind=RecallKind.NO_LONGER_VALID,
        reason=reason,
        objects=[
            {"id": body["id"], "modified": body["modified"], "sha256": wire.digest(body)}
            for body, _tlp in changed
        ],
    )
    append(session, incident.administration_id, collection, changed)
    return recall


def withdraw(
    session: Session,
    actor: Actor,
    incident: Incident,
    collection: Collection,
    *,
    reason: str,
    safe: Safe,
) -> Recall:
    """Take back what an audience should never have got of an incident, at once.

    Nobody finds it here any more; every receiver that follows the protocol erases it and says so.
    The reason goes to them. Raises ConflictError when the audience has nothing of the incident.
    """
    reason = _checked(session, actor, incident, reason)
    owner = incident.administration_id
    releases = exposure.standing_releases(session, incident, collection)
    groups = _by_author(session, incident, collection, releases)
    taken = [one for versions in groups.values() for one in versions]
    if not taken:
        raise ConflictError(NOTHING_THERE)
    moment = _moment(collection, releases)
    recalls: list[Recall] = []
    withdrawals: list[tuple[dict[str, Any], str]] = []
    for author, versions in groups.items():
        private = _key_of(session, author, owner, collection, safe)
        for part in in_parts(versions, MOST_NAMED):
            tlp = strictest(TLP(one.tlp) for one in part)
            named = [Named(one.stix_id, one.modified, one.digest) for one in part]
            body = wire.withdrawal(
                wire.author_of(author), named, reason=reason, tlp=tlp, at=moment, private=private
            )
            withdrawals.append((body, tlp.value))
            recalls.append(
                _note(
                    session,
                    incident,
                    collection,
                    actor,
                    kind=RecallKind.NEVER_SENT,
                    reason=reason,
                    objects=[
                        {"id": one.stix_id, "modified": one.modified, "sha256": one.digest}
                        for one in part
                    ],
                    body=body,
                )
            )
    emptied = _scrubbed(session, collection, taken, withdrawals[0][0]["id"], moment)
    take_away(session, safe, collection, taken, cause="withdrawn")
    append(session, owner, collection, [*withdrawals, *emptied], with_definitions=True)
    first_seq = min(one.seq for one in taken)
    for row in recalls:
        local_effects.note_local_receipts(session, collection, row, first_seq)
    _end_open_releases(session, actor, incident, collection)
    if not is_held(session, incident.id):
        for release in releases:
            erasure.erase_bundle(session, safe.ledger, release, cause="withdrawn")
    session.flush()
    return recalls[0]


def take_away(
    session: Session, safe: Safe, collection: Collection, taken: Sequence[Shown], *, cause: str
) -> None:
    """Take versions from an audience: out of the feed, the indexes, the decisions of its readers."""
    erasure.take_out(session, safe.ledger, collection.id, [one.id for one in taken], cause=cause)
    local_effects.hide(session, collection, taken)


def _checked(session: Session, actor: Actor, incident: Incident, reason: str) -> str:
    if actor.user_id is None:
        raise ForbiddenError(N_("A person must recall what was released."))
    cases.lock(session, incident)
    return checked_reason(reason)


def _by_author(
    session: Session, incident: Incident, collection: Collection, releases: Sequence[Release]
) -> dict[uuid.UUID, list[Shown]]:
    """Return what is taken back by the identity that speaks for it: the producer's or the circle's."""
    owner = incident.administration_id
    groups: dict[uuid.UUID, list[Shown]] = {}
    assigned: set[uuid.UUID] = set()
    for release in releases:  # the newest first: it says in whose name an object stands now
        hidden = collection.is_confidential or release.unattributed
        author = collection.id if hidden else owner
        for one in exposure.exposed(session, incident, collection, [release]):
            if one.id not in assigned:
                assigned.add(one.id)
                groups.setdefault(author, []).append(one)
    own = collection.id if collection.is_confidential else owner
    taken = [one for versions in groups.values() for one in versions]
    following = exposure.followers(session, collection, owner, taken)
    if following:
        groups.setdefault(own, []).extend(following)
    return groups


def _key_of(
    session: Session, author: uuid.UUID, owner: uuid.UUID, collection: Collection, safe: Safe
) -> bytes:
    if author == owner:
        return keys.private_key(session, owner, safe.secret_key)
    return keys.circle_key(collection)


def _moment(collection: Collection, releases: Sequence[Release]) -> datetime:
    """Return the time that the messages bear: the whole hour where it could give the producer away."""
    moment = now()
    if collection.is_confidential or any(row.unattributed for row in releases):
        return moment.replace(minute=0, second=0, microsecond=0)
    return moment


def _free(session: Session, one: Shown, moment: datetime) -> str:
    """Return a `modified` after the present version's that no version of the object bears yet."""
    query = sa.select(ObjectVersion.modified).where(
        ObjectVersion.owner_id == one.owner_id, ObjectVersion.stix_id == one.stix_id
    )
    borne = set(session.scalars(query))
    found = wire.later(one.modified, moment)
    while found in borne:
        found = wire.later(found, moment + timedelta(milliseconds=1))
    return found


def _scrubbed(
    session: Session,
    collection: Collection,
    taken: Sequence[Shown],
    withdrawal_id: str,
    moment: datetime,
) -> list[tuple[dict[str, Any], str]]:
    """Return empty revoked versions, for tools that do not know withdrawals.

    Only of objects that no other audience has: `revoked` speaks to everybody, and for good.
    """
    elsewhere: set[str] = set()
    for part in in_parts(sorted({one.stix_id for one in taken})):
        # by the versions of the owner, which have an index; a feed has one for each collection
        query = (
            sa.select(ObjectVersion.stix_id)
            .join(FeedEntry, STORED)
            .where(
                ObjectVersion.owner_id == taken[0].owner_id,
                ObjectVersion.stix_id.in_(part),
                FeedEntry.collection_id != collection.id,
                FeedEntry.withdrawn_at.is_(None),
            )
        )
        elsewhere.update(session.scalars(query))
    found = []
    for one in taken:
        if not one.is_last or not one.modified or one.body is None or one.stix_id in elsewhere:
            continue
        modified = _free(session, one, moment)
        body = wire.scrubbed(object_in(one.body), modified=modified, withdrawal_id=withdrawal_id)
        if body is not None:
            found.append((body, one.tlp))
    return found


def append(
    session: Session,
    owner: uuid.UUID,
    collection: Collection,
    objects: Sequence[tuple[dict[str, Any], str]],
    *,
    with_definitions: bool = False,
) -> None:
    """Put what a recall says, each with its marking, into the audience's feed."""
    items = [object_store.incoming(body, owner, TLP(tlp)) for body, tlp in objects]
    if with_definitions:
        items += [object_store.incoming(one, owner, TLP.CLEAR) for one in wire.published()]
    versions = []
    for result in object_store.keep(session, items, via="recall"):
        if isinstance(result, DifferentContentError):
            raise result
        versions.append(result)
    feed.append(session, collection.id, versions)


def _note(
    session: Session,
    incident: Incident,
    collection: Collection,
    actor: Actor,
    *,
    kind: RecallKind,
    reason: str,
    objects: list[dict[str, Any]],
    body: dict[str, Any] | None = None,
) -> Recall:
    row = Recall(
        administration_id=incident.administration_id,
        incident_id=incident.id,
        collection_id=collection.id,
        collection=collection,
        kind=kind.value,
        reason=reason,
        stix_id=body["id"] if body else None,
        objects=objects,
        body=canonical_json(body) if body else None,
        recalled_by=actor.user_id,
        recalled_at=now(),
    )
    session.add(row)
    session.flush()
    fields = {"count": len(objects), "values": [collection.title]}
    cases.note_change(
        session, actor, incident, f"recall-{kind.value}", fields=fields, reason=reason
    )
    audit.record(
        session,
        actor,
        f"recall.{kind.value}",
        row,
        incident=str(incident.id),
        collection=str(collection.id),
        objects=len(objects),
    )
    return row


def _end_open_releases(
    session: Session, actor: Actor, incident: Incident, collection: Collection
) -> None:
    """Withdraw what was prepared for the audience and not decided: it must be looked at anew."""
    query = sa.select(Release).where(
        Release.incident_id == incident.id,
        Release.collection_id == collection.id,
        Release.state == ReleaseState.PREPARED.value,
    )
    for row in session.scalars(query.with_for_update(of=Release)).unique():
        row.state = ReleaseState.WITHDRAWN.value
        row.ended_by, row.ended_at = actor.user_id, now()
