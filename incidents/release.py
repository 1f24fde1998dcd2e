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
from cirt.incidents import audience_ids, cases, circles, feed, object_store, standing_approvals
from cirt.incidents.audience_ceilings import check_ceiling
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.exits import Exit, may_leave
from cirt.incidents.object_store import DifferentContentError
from cirt.incidents.reasons import checked_reason
from cirt.incidents.release_feedback import prepare_feedback
from cirt.incidents.release_freeze import DAMAGED, objects_of
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.release_outlook import (
    OVER_CEILING,
    channel_of,
    counted_together,
    has_second_person,
    may_be_approved_from,
    needs_acknowledgement,
    preparer_for,
    staleness,
)
from cirt.incidents.release_policy import (
    POLICY_SENTENCES,
    Approval,
    Channel,
    Need,
    check_approval,
    check_standing,
    may_enter,
)
from cirt.incidents.release_preparation import (
    UNCHANGED,
    AudienceObstaclesError,
    prepare_batch,
    prepare_release,
)
from cirt.incidents.release_terms import ReleaseTerms
from cirt.stix.marking import TLP

__all__ = [
    "UNCHANGED",
    "AudienceObstaclesError",
    "ReleaseTerms",
    "approve_batch",
    "approve_release",
    "prepare_batch",
    "prepare_feedback",
    "prepare_release",
    "refuse_release",
    "stand_for",
]

NOT_OPEN = N_("Somebody decided about this release meanwhile.")
MACHINE_AND_ALONE = N_(
    "A machine prepared this release, and you are the only one who may approve it: you may do so"
    " from %(time)s UTC on."
)
NO_STANDING = N_(
    "No standing approval lets machines of your administration release directly to this audience."
    " A releasing officer approves this release."
)
NOT_STANDING = N_(
    "A standing approval does not cover what a file brought, what the recipients' policies speak"
    " against, and what was withdrawn before. A releasing officer approves this release."
)
NOT_YOURS_TO_END = N_("A person prepared this release; a person ends it.")


def approve_release(
    session: Session,
    actor: Actor,
    release: Release,
    *,
    sha256_seen: str,
    delay: timedelta,
    reason: str = "",
    acknowledged: bool = False,
    keep_days: int = 0,
) -> None:
    """Approve the bytes that the actor saw, and let exactly these out.

    sha256_seen: of the bytes on the page that was approved. delay: how long a one-person team
    waits; reason: why it did not wait for a second person, only then. acknowledged: the actor saw
    what the recipients' policies have against it. keep_days: how long the bodies stay here where
    the release itself names no time; 0 for as long as they are wanted. Everything that was true
    when the bytes were frozen is checked again; whatever is not raises, and nothing leaves.
    """
    incident, collection, bundle = _fit_to_leave(session, release, sha256_seen)
    if actor.user_id is None:
        raise ForbiddenError(N_("A person must approve a release."))
    reason = checked_reason(reason, missing="")
    preparer = preparer_for(session, release, actor.user_id)
    if release.prepared_by is None and preparer == actor.user_id:
        from_then = may_be_approved_from(release, delay)
        if now() < from_then:
            raise ForbiddenError(MACHINE_AND_ALONE, time=f"{from_then:%Y-%m-%d %H:%M}")
    met = check_approval(
        release.label,
        channel_of(incident),
        Approval(
            preparer=preparer,
            prepared_at=release.prepared_at,
            approver=actor.user_id,
            at=now(),
            has_second_person=has_second_person(session, release.administration_id, preparer),
            delay=delay,
            reason=reason,
        ),
    )
    audience = circles.audience_of(session, collection, release.administration_id)
    check_ceiling(
        session,
        release.administration_id,
        actor.roles,
        recipients=audience.counted,
        tlp=release.label,
    )
    if needs_acknowledgement(release) and not acknowledged:
        raise InvalidInputError(
            N_("Say that you saw what the recipients' policies have against it."),
            field="acknowledged",
        )
    release.reason = reason if met is Need.DELAY else ""
    _leave(session, actor, release, bundle, met, keep_days)


def stand_for(
    session: Session, actor: Actor, release: Release, *, sha256_seen: str, keep_days: int = 0
) -> None:
    """Let out, for a machine, the bytes that a standing approval covers; recorded as approved by it.

    Raises ForbiddenError, saying that a person approves, for everything else.
    """
    incident, collection, bundle = _fit_to_leave(session, release, sha256_seen)
    approval = standing_approvals.approval_for(session, collection.id, release.administration_id)
    if approval is None or collection.machine_writing != MachineWriting.DIRECT:
        raise ForbiddenError(NO_STANDING)
    if channel_of(incident) is Channel.IMPORT or needs_acknowledgement(release):
        raise ForbiddenError(NOT_STANDING)
    check_standing(release.label, Channel.MACHINE, ceiling=TLP(approval.ceiling))
    release.approval_id = approval.id
    _leave(session, actor, release, bundle, Need.STANDING_APPROVAL, keep_days)


def _fit_to_leave(
    session: Session, release: Release, sha256_seen: str
) -> tuple[Incident | None, Collection, bytes]:
    """Return incident, circle and bytes, the release being held, or raise what stands against it."""
    incident, collection = _locked(session, release)
    if not hmac.compare_digest(sha256_seen.encode(), release.sha256.encode()):
        raise ConflictError(N_("You saw other bytes than these. Look at them again."))
    bundle = _undamaged(release)
    still = staleness(session, release, incident, collection)
    if still is not None:
        raise ConflictError(still)
    _check_marking(release, incident, collection)
    return incident, collection, bundle


def _leave(
    session: Session, actor: Actor, release: Release, bundle: bytes, met: Need, keep_days: int
) -> None:
    """Let the bytes out, and note by what they were approved."""
    _let_out(session, release, bundle, by_person=met is not Need.STANDING_APPROVAL)
    if release.incident_id is not None:
        session.get_one(Incident, release.incident_id).released_at = now()
        audience_ids.note_id(session, release, now())
    release.policy = met.value
    days = release.retention_days or keep_days
    release.keep_until = now() + timedelta(days=days) if days else None
    _end(session, actor, release, ReleaseState.APPROVED, reason="")


def approve_batch(
    session: Session,
    actor: Actor,
    seen: Sequence[tuple[Release, str]],
    *,
    delay: timedelta,
    reason: str = "",
    acknowledged: bool = False,
    keep_days: int = 0,
) -> None:
    """Approve several preparations of one act, each by the digest of the bytes that were seen.

    All or none: the first that cannot leave raises, and the caller's transaction ends without any.
    """
    if not seen:
        raise InvalidInputError(N_("Choose at least one release to approve."), field="releases")
    audiences = [
        circles.audience_of(session, row.collection, row.administration_id) for row, _sha in seen
    ]
    first = seen[0][0]
    check_ceiling(
        session,
        first.administration_id,
        actor.roles,
        recipients=counted_together(audiences),
        tlp=max(row.label for row, _sha in seen),
    )
    # in one order whoever approves, so that two people never wait for each other in a circle
    for row, sha256_seen in sorted(seen, key=lambda pair: pair[0].id):
        approve_release(
            session,
            actor,
            row,
            sha256_seen=sha256_seen,
            delay=delay,
            reason=reason,
            acknowledged=acknowledged,
            keep_days=keep_days,
        )


def refuse_release(session: Session, actor: Actor, release: Release, *, reason: str) -> None:
    """End a preparation: withdrawn by who prepared it, refused by anybody else, with a reason."""
    _locked(session, release)
    reason = checked_reason(reason, N_("Say why, so that the others learn it."))
    if actor.user_id is None and release.prepared_by is not None:
        raise ForbiddenError(NOT_YOURS_TO_END)
    own = actor.user_id == release.prepared_by
    state = ReleaseState.WITHDRAWN if own else ReleaseState.REFUSED
    _end(session, actor, release, state, reason=reason)


def _check_marking(release: Release, incident: Incident | None, collection: Collection) -> None:
    """Raise ForbiddenError unless the bytes still are as strict as the incident, and may enter."""
    present = incident.marking if incident is not None else release.label
    strictest = max(present, release.label)
    if not may_enter(strictest, collection.tlp_ceiling) or release.label < present:
        raise ForbiddenError(
            OVER_CEILING, ceiling=collection.tlp_ceiling.label, marking=strictest.label
        )


def _undamaged(release: Release) -> bytes:
    if release.bundle is None or hashlib.sha256(release.bundle).hexdigest() != release.sha256:
        raise ConflictError(DAMAGED)
    return release.bundle


def _locked(session: Session, release: Release) -> tuple[Incident | None, Collection]:
    """Return incident and circle, with the release held by this transaction and still open."""
    incident = None
    if release.incident_id is not None:
        incident = session.get_one(Incident, release.incident_id)
        cases.lock(session, incident)
    query = sa.select(Release.id).where(Release.id == release.id).with_for_update()
    session.execute(query)
    session.refresh(release)
    if not release.is_open:
        raise ConflictError(NOT_OPEN)
    collection = session.get_one(Collection, release.collection_id, populate_existing=True)
    return incident, collection


def _let_out(session: Session, release: Release, bundle: bytes, *, by_person: bool) -> None:
    """Store the frozen objects and queue them for the circle's feed, or raise."""
    objects = objects_of(bundle, release.administration_id, release.collection_id)
    owners = feed.owners_in(session, release.collection_id, [one.stix_id for one in objects])
    for one in objects:
        if not may_leave(one.tlp, Exit.COLLECTION):
            raise ForbiddenError(POLICY_SENTENCES[Need.NEVER])
        if owners.get(one.stix_id, one.owner_id) != one.owner_id:
            raise feed.OtherProducerError(one.stix_id)
    kept = object_store.keep(session, objects, via="release")
    versions = []
    for result in kept:
        if isinstance(result, DifferentContentError):
            raise result
        versions.append(result)
    if not by_person:
        ids = [version.id for version in versions]
        if feed.versions_in(session, release.collection_id, ids, only_withdrawn=True):
            raise ForbiddenError(NOT_STANDING)
    # a person approved these bytes: what was withdrawn of them comes back
    feed.append(session, release.collection_id, versions, even_withdrawn=by_person)


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
