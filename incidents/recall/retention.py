"""Retention: the daily work that erases what may not be kept any longer."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.clock import now
from cirt.errors import N_
from cirt.incidents.circle_models import Collection, CollectionKind, PolicyCard
from cirt.incidents.inbox_models import ItemReference, ReceivedItem
from cirt.incidents.object_store import STANDARD_BODIES, in_parts, objects_in
from cirt.incidents.recall import erasure, exposure, local_effects
from cirt.incidents.recall.holds import held_incidents
from cirt.incidents.recall.ledger import Ledger
from cirt.incidents.recall.safe import Safe, safe_of
from cirt.incidents.recall_models import Recall, RecallKind
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.store_models import FeedEntry
from cirt.jobs import Effect, Task, enqueue, handles
from cirt.stix.taxii_protocol import microseconds

JOB: Final = "recall.retention"
AT_ONCE: Final = 2_000
RELEASES_AT_ONCE: Final = 50


@handles(JOB, name=N_("Erasing what may not be kept longer"), daily=True, may_cancel=False)
def _retention(task: Task) -> Effect:
    safe = safe_of(task.services.settings)

    def effect(session: Session) -> dict[str, Any]:
        done, more = apply_retention(session, safe)
        if more:
            enqueue(session, JOB, {})
        return done

    return effect


def apply_retention(session: Session, safe: Safe) -> tuple[dict[str, int], bool]:
    """Erase what is overdue; return how much that was, and whether more is left for another run.

    releases: whose kept bytes were erased; received: versions of intakes; held: releases and
    intakes that a legal hold keeps.
    """
    moment = now()
    held = set(held_incidents(session))
    releases, kept_back, more_releases = _releases(session, safe.ledger, moment, held)
    bundles = _withdrawn_bundles(session, safe.ledger, held)
    received, more_received = _received(session, safe.ledger, moment, held)
    done = {"releases": releases + bundles, "received": received, "held": kept_back}
    if releases or bundles or received:
        audit.record(session, None, "retention.erase", "installation", erased=done)
    return done, more_releases or more_received


def _releases(
    session: Session, ledger: Ledger, moment: datetime, held: set[uuid.UUID]
) -> tuple[int, int, bool]:
    """Erase what releases put before their audiences, once their time is over."""
    overdue = [
        Release.state == ReleaseState.APPROVED.value,
        Release.keep_until <= moment,
        Release.bundle.is_not(None),
    ]
    query = sa.select(Release).where(*overdue).order_by(Release.keep_until)
    kept_back = 0
    if held:
        on_hold = sa.select(sa.func.count()).select_from(Release)
        kept_back = session.scalar(on_hold.where(*overdue, Release.incident_id.in_(held))) or 0
        query = query.where(sa.or_(Release.incident_id.is_(None), Release.incident_id.not_in(held)))
    rows = session.scalars(query.limit(RELEASES_AT_ONCE + 1)).unique().all()
    for release in rows[:RELEASES_AT_ONCE]:
        _erase_release(session, ledger, release, held)
    return len(rows[:RELEASES_AT_ONCE]), kept_back, len(rows) > RELEASES_AT_ONCE


def _erase_release(
    session: Session, ledger: Ledger, release: Release, held: set[uuid.UUID]
) -> None:
    collection = session.get_one(Collection, release.collection_id)
    wanted = _wanted_still(session, release, held)
    keys = {
        (one["id"], one.get("modified", "")) for one in objects_in(release.bundle or b"")
    } - wanted
    taken = [
        one
        for one in exposure.shown(session, collection, [stix_id for stix_id, _ in keys])
        if (one.stix_id, one.modified) in keys and one.owner_id == release.administration_id
    ]
    erasure.take_out(session, ledger, collection.id, [one.id for one in taken], cause="retention")
    local_effects.forget(session, collection, taken)
    erasure.erase_bundle(session, ledger, release, cause="retention")
    session.flush()


def _wanted_still(session: Session, release: Release, held: set[uuid.UUID]) -> set[tuple[str, str]]:
    """Return what other releases to the same audience hold, whose time is not over."""
    query = sa.select(Release.bundle).where(
        Release.administration_id == release.administration_id,
        Release.collection_id == release.collection_id,
        Release.id != release.id,
        Release.state == ReleaseState.APPROVED.value,
        Release.bundle.is_not(None),
        sa.or_(
            Release.keep_until.is_(None),
            Release.keep_until > now(),
            Release.incident_id.in_(held),
        ),
    )
    found: set[tuple[str, str]] = set()
    for bundle in session.scalars(query.execution_options(yield_per=20)):
        found |= {(one["id"], one.get("modified", "")) for one in objects_in(bundle or b"")}
    return found


def _withdrawn_bundles(session: Session, ledger: Ledger, held: set[uuid.UUID]) -> int:
    """Erase own copies of what was withdrawn while a hold was in force that has ended since."""
    withdrawn = (
        sa.select(Recall.id)
        .where(
            Recall.incident_id == Release.incident_id,
            Recall.collection_id == Release.collection_id,
            Recall.kind == RecallKind.NEVER_SENT.value,
            Recall.recalled_at >= Release.ended_at,
        )
        .correlate(Release)
        .exists()
    )
    query = sa.select(Release).where(
        Release.state == ReleaseState.APPROVED.value, Release.bundle.is_not(None), withdrawn
    )
    if held:
        query = query.where(Release.incident_id.not_in(held))
    rows = session.scalars(query.limit(RELEASES_AT_ONCE)).unique().all()
    for release in rows:
        erasure.erase_bundle(session, ledger, release, cause="withdrawn")
    return len(rows)


def _received(
    session: Session, ledger: Ledger, moment: datetime, held: set[uuid.UUID]
) -> tuple[int, bool]:
    """Erase what came into intakes longer ago than the administration's own policy card allows."""
    query = (
        sa.select(Collection, PolicyCard.retention_days)
        .join(PolicyCard, PolicyCard.administration_id == Collection.administration_id)
        .where(
            Collection.kind == CollectionKind.INTAKE.value, PolicyCard.retention_days.is_not(None)
        )
        .order_by(Collection.id)
    )
    count, more = 0, False
    for collection, days in session.execute(query).unique():
        before = microseconds(moment - timedelta(days=days or 0))
        entries = session.execute(
            sa.select(FeedEntry.object_version_id, FeedEntry.stix_id)
            .where(
                FeedEntry.collection_id == collection.id,
                FeedEntry.added_us < before,
                FeedEntry.withdrawn_at.is_(None),
                FeedEntry.owner_id != STANDARD_BODIES,
                FeedEntry.stix_id.not_in(_on_hold(collection, held)),
            )
            .order_by(FeedEntry.seq)
            .limit(AT_ONCE + 1)
        ).all()
        more = more or len(entries) > AT_ONCE
        taken = entries[:AT_ONCE]
        if taken:
            ids = {version_id for version_id, _stix_id in taken}
            erasure.take_out(session, ledger, collection.id, ids, cause="retention")
            for part in in_parts([stix_id for _version_id, stix_id in taken]):
                local_effects.forget_ids(session, collection, part)
        count += len(taken)
    return count, more


def _on_hold(collection: Collection, held: set[uuid.UUID]) -> sa.Select[Any]:
    """Return the query for what was merged into a case on hold, and what that holds together."""
    items = sa.select(ReceivedItem.stix_id).where(
        ReceivedItem.collection_id == collection.id, ReceivedItem.incident_id.in_(held)
    )
    parts = sa.select(ItemReference.stix_id).where(
        ItemReference.collection_id == collection.id, ItemReference.holder_id.in_(items)
    )
    return sa.select(items.union(parts).subquery().c.stix_id)
