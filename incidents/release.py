"""Releases: freeze the bytes, let the policy's person approve those bytes, store only them."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, ForbiddenError, InvalidInputError
from cirt.incidents import cases, feed, object_store
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.object_store import DifferentContentError, Incoming, incoming
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.release_outlook import (
    OVER_CEILING,
    has_second_person,
    newest_approved,
    outlook,
    recipients_of,
    staleness,
)
from cirt.incidents.release_policy import (
    POLICY_SENTENCES,
    Approval,
    Channel,
    Need,
    check_approval,
    may_enter,
)
from cirt.incidents.wire_content import content_of
from cirt.stix import wire
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP

MAX_REASON = 2_000

UNCHANGED = N_(
    "This circle already has the incident as it is now; there is nothing new to release."
)
NOT_OPEN = N_("Somebody decided about this release meanwhile.")


def prepare_release(
    session: Session, actor: Actor, incident: Incident, collection: Collection
) -> Release:
    """Freeze what the circle would get of the incident, for somebody to approve.

    An earlier preparation for the same circle that nobody decided about is withdrawn. Raises
    ForbiddenError when policy, circle or audience stand against it, ConflictError when the circle
    has exactly this already or an object of it was given out with other content.
    """
    if actor.user_id is None:
        raise ForbiddenError(N_("A person must prepare a release."))
    cases.lock(session, incident)
    view = outlook(session, actor, incident, collection)
    if view.obstacle:
        raise ForbiddenError(view.obstacle, **(view.params or {}))
    bundle = wire.build(content_of(session, incident))
    newest = newest_approved(session, incident, collection)
    if newest is not None and newest.sha256 == bundle.sha256:
        raise ConflictError(UNCHANGED)
    different = object_store.differing(session, _objects_of(bundle.body, incident))
    if different is not None:
        raise different
    for earlier in _open_releases(session, incident, collection):
        _end(session, actor, earlier, ReleaseState.WITHDRAWN, reason="")
    release = Release(
        administration_id=incident.administration_id,
        incident_id=incident.id,
        incident_changed_at=incident.content_changed_at,
        collection_id=collection.id,
        collection=collection,
        title=incident.title,
        tlp=bundle.tlp.value,
        policy=view.need.value,
        recipients=recipients_of(collection, incident.administration_id),
        bundle=bundle.body,
        sha256=bundle.sha256,
        size=len(bundle.body),
        object_count=len(bundle.objects),
        prepared_by=actor.user_id,
        prepared_at=now(),
        state=ReleaseState.PREPARED.value,
    )
    session.add(release)
    session.flush()
    audit.record(
        session,
        actor,
        "release.prepare",
        release,
        incident=str(incident.id),
        collection=str(collection.id),
        sha256=release.sha256,
        size=release.size,
        tlp=release.tlp,
    )
    return release


def approve_release(
    session: Session,
    actor: Actor,
    release: Release,
    *,
    sha256_seen: str,
    delay: timedelta,
    reason: str = "",
) -> None:
    """Approve the bytes that the actor saw, and let exactly these out.

    sha256_seen: of the bytes on the page that was approved. delay: how long a one-person team
    waits; reason: why it did not wait for a second person, only then. Everything that was true
    when the bytes were frozen is checked again; whatever is not raises, and nothing leaves.
    """
    incident, collection = _locked(session, release)
    if not hmac.compare_digest(sha256_seen.encode(), release.sha256.encode()):
        raise ConflictError(N_("You saw other bytes than these. Look at them again."))
    if hashlib.sha256(release.bundle).hexdigest() != release.sha256:
        raise ConflictError(N_("The stored bytes are damaged. Prepare the release again."))
    still = staleness(session, release, incident, collection)
    if still is not None:
        raise ConflictError(still)
    if (
        not may_enter(release.label, collection.tlp_ceiling)
        or release.label is not incident.marking
    ):
        raise ForbiddenError(
            OVER_CEILING, ceiling=collection.tlp_ceiling.label, marking=incident.marking.label
        )
    if actor.user_id is None:
        raise ForbiddenError(N_("A person must approve a release."))
    _check_length(reason)
    met = check_approval(
        release.label,
        Channel.PERSON,
        Approval(
            preparer=release.prepared_by,
            prepared_at=release.prepared_at,
            approver=actor.user_id,
            at=now(),
            has_second_person=has_second_person(
                session, release.administration_id, release.prepared_by
            ),
            delay=delay,
            reason=reason,
        ),
    )
    _let_out(session, release, incident)
    release.policy = met.value
    release.reason = reason.strip() if met is Need.DELAY else ""
    _end(session, actor, release, ReleaseState.APPROVED, reason="")


def refuse_release(session: Session, actor: Actor, release: Release, *, reason: str) -> None:
    """End a preparation: withdrawn by who prepared it, refused by anybody else, with a reason."""
    _locked(session, release)
    if not reason.strip():
        raise InvalidInputError(N_("Say why, so that the others learn it."), field="reason")
    _check_length(reason)
    own = actor.user_id == release.prepared_by
    state = ReleaseState.WITHDRAWN if own else ReleaseState.REFUSED
    _end(session, actor, release, state, reason=reason.strip())


def _check_length(reason: str) -> None:
    if len(reason) > MAX_REASON:
        raise InvalidInputError(
            N_("Shorten this to %(most)s characters; it has %(length)s."),
            field="reason",
            most=MAX_REASON,
            length=len(reason),
        )


def _locked(session: Session, release: Release) -> tuple[Incident, Collection]:
    """Return incident and circle, with the release held by this transaction and still open."""
    incident = session.get_one(Incident, release.incident_id)
    cases.lock(session, incident)
    query = sa.select(Release.id).where(Release.id == release.id).with_for_update()
    session.execute(query)
    session.refresh(release)
    if not release.is_open:
        raise ConflictError(NOT_OPEN)
    collection = session.get_one(Collection, release.collection_id, populate_existing=True)
    return incident, collection


def _open_releases(
    session: Session, incident: Incident, collection: Collection
) -> Sequence[Release]:
    query = sa.select(Release).where(
        Release.incident_id == incident.id,
        Release.collection_id == collection.id,
        Release.state == ReleaseState.PREPARED.value,
    )
    return session.scalars(query.with_for_update(of=Release)).all()


def _objects_of(bundle: bytes, incident: Incident) -> list[Incoming]:
    """Return the objects in frozen bytes, owned by the incident's administration.

    Raises ConflictError unless their canonical forms are the very bytes of the bundle.
    """
    read = object_store.object_in(bundle)
    joined = b",".join(canonical_json(one) for one in read["objects"])
    if b'{"id":"%s","objects":[%s],"type":"bundle"}' % (read["id"].encode(), joined) != bundle:
        raise ConflictError(N_("The stored bytes are damaged. Prepare the release again."))
    found = []
    for one in read["objects"]:
        marking = object_store.marking_of(one)
        if marking is None:
            raise ForbiddenError(N_("An object bears a marking that is not known here."))
        found.append(incoming(one, incident.administration_id, marking))
    return found


def _let_out(session: Session, release: Release, incident: Incident) -> None:
    """Store the frozen objects and queue them for the circle's feed, or raise."""
    objects = _objects_of(release.bundle, incident)
    owners = feed.owners_in(session, release.collection_id, [one.stix_id for one in objects])
    for one in objects:
        if one.tlp is TLP.RED:
            raise ForbiddenError(POLICY_SENTENCES[Need.NEVER])
        if owners.get(one.stix_id, one.owner_id) != one.owner_id:
            raise feed.OtherProducerError(one.stix_id)
    kept = object_store.keep(session, objects, via="release")
    versions = []
    for result in kept:
        if isinstance(result, DifferentContentError):
            raise result
        versions.append(result)
    feed.append(session, release.collection_id, versions)
    incident.released_at = now()


def _end(
    session: Session, actor: Actor, release: Release, state: ReleaseState, *, reason: str
) -> None:
    release.state = state.value
    release.ended_by, release.ended_at, release.end_reason = actor.user_id, now(), reason
    session.flush()
    audit.record(
        session,
        actor,
        f"release.{state.value}",
        release,
        collection=str(release.collection_id),
        sha256=release.sha256,
        tlp=release.tlp,
        policy=release.policy,
        recipients=[one["code"] for one in release.recipients],
    )
