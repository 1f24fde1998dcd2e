"""Preparing releases: the bytes of every audience are frozen, for all audiences or for none."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, DomainError, ForbiddenError, InvalidInputError
from cirt.incidents import audience_ids, cases
from cirt.incidents.audience_ceilings import check_ceiling
from cirt.incidents.audience_view import is_unattributed
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.release_freeze import Frozen, freeze
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.release_outlook import (
    OVER_CEILING,
    Outlook,
    audience_as_kept,
    conflicts_of,
    counted_together,
    outlook,
    recipients_of,
)
from cirt.incidents.release_policy import may_enter
from cirt.incidents.release_sections import in_reading_order
from cirt.incidents.release_storing import store_prepared
from cirt.incidents.release_terms import ReleaseTerms, check_terms

MAX_AUDIENCES = 50

UNCHANGED = N_(
    "This circle already has the incident as it is now; there is nothing new to release."
)
NO_BASIS = N_(
    "Personal data are kept for this audience. Choose on which legal basis they leave, or decide"
    " that they are masked."
)

PERSON_FIRST = N_("A person prepared a release for this audience, and nobody decided about it yet.")

DEFAULT = ReleaseTerms()


class AudienceObstaclesError(ForbiddenError):
    """Nothing was prepared: something stands against at least one of the audiences.

    obstacles: each audience with what stands against it.
    """

    def __init__(self, obstacles: Sequence[tuple[Collection, DomainError]]) -> None:
        super().__init__(
            N_("Nothing was prepared: of the audiences, this many cannot get it: %(count)s."),
            count=len(obstacles),
        )
        self.obstacles = tuple(obstacles)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is about to be stored for one audience."""

    collection: Collection
    terms: ReleaseTerms
    view: Outlook
    frozen: Frozen


def prepare_release(
    session: Session,
    actor: Actor,
    incident: Incident,
    collection: Collection,
    terms: ReleaseTerms = DEFAULT,
) -> Release:
    """Freeze what one audience would get of the incident, for somebody to approve.

    An earlier preparation for the same audience that nobody decided about is withdrawn. Raises
    ForbiddenError when policy, circle or audience stand against it, InvalidInputError when a term
    is missing or unfit, ConflictError when the audience has exactly this already.
    """
    try:
        return prepare_batch(session, actor, incident, [(collection, terms)])[0]
    except AudienceObstaclesError as error:
        raise error.obstacles[0][1] from None


def prepare_batch(
    session: Session,
    actor: Actor,
    incident: Incident,
    plan: Sequence[tuple[Collection, ReleaseTerms]],
) -> list[Release]:
    """Freeze what several audiences would get, one release each, in the order of the plan.

    All or none: nothing is stored before every audience was found ready. Raises
    AudienceObstaclesError, with what stands against each.
    """
    if actor.user_id is None and actor.token_id is None:
        raise ForbiddenError(N_("A person or a machine must prepare a release."))
    if not 1 <= len({collection.id for collection, _terms in plan}) == len(plan) <= MAX_AUDIENCES:
        raise InvalidInputError(
            N_("Choose from 1 to %(most)s audiences, each once."),
            field="audiences",
            most=MAX_AUDIENCES,
        )
    cases.lock(session, incident)
    ready: list[_Ready] = []
    obstacles: list[tuple[Collection, DomainError]] = []
    for collection, terms in plan:
        try:
            ready.append(_readied(session, actor, incident, collection, terms))
        except DomainError as error:
            obstacles.append((collection, error))
    if obstacles:
        raise AudienceObstaclesError(obstacles)
    check_ceiling(
        session,
        incident.administration_id,
        actor.roles,
        recipients=counted_together([one.view.audience for one in ready]),
        tlp=max(one.frozen.bundle.tlp for one in ready),
    )
    batch_id = uuid.uuid4() if len(ready) > 1 else None
    return [_stored(session, actor, incident, one, batch_id) for one in ready]


def _readied(
    session: Session,
    actor: Actor,
    incident: Incident,
    collection: Collection,
    terms: ReleaseTerms,
) -> _Ready:
    check_terms(terms)
    view = outlook(session, actor, incident, collection, unattributed=terms.unattributed)
    if view.obstacle:
        raise ForbiddenError(view.obstacle, **(view.params or {}))
    frozen = freeze(session, incident, collection, terms)
    tlp = frozen.bundle.tlp
    if not may_enter(tlp, collection.tlp_ceiling):
        # the circle's policy of use can be stricter than the incident's marking
        raise ForbiddenError(OVER_CEILING, ceiling=collection.tlp_ceiling.label, marking=tlp.label)
    if frozen.view.keeps_personal and not terms.legal_basis:
        raise InvalidInputError(NO_BASIS, field="legal_basis")
    known = audience_ids.given_out(session, incident, collection)
    if known and known[0].sha256 == frozen.bundle.sha256:
        raise ConflictError(UNCHANGED)
    return _Ready(collection, terms, view, frozen)


def _stored(
    session: Session,
    actor: Actor,
    incident: Incident,
    one: _Ready,
    batch_id: uuid.UUID | None,
) -> Release:
    for earlier in open_releases(session, incident, one.collection):
        if actor.user_id is None and earlier.prepared_by is not None:
            raise ConflictError(PERSON_FIRST)
        _withdraw(session, actor, earlier)
    bundle, view = one.frozen.bundle, one.frozen.view
    release = Release(
        administration_id=incident.administration_id,
        incident_id=incident.id,
        incident_changed_at=incident.content_changed_at,
        collection_id=one.collection.id,
        collection=one.collection,
        title=incident.title,
        tlp=bundle.tlp.value,
        policy=one.view.need.value,
        recipients=recipients_of(one.collection, incident.administration_id),
        audience=audience_as_kept(one.view.audience),
        batch_id=batch_id,
        sections=[section.value for section in in_reading_order(one.terms.sections)],
        unattributed=is_unattributed(one.collection, one.terms),
        object_uuid=view.object_uuid,
        removed=list(view.removed),
        conflicts=conflicts_of(one.view.audience, bundle.tlp, one.terms.retention_days),
        legal_basis=one.terms.legal_basis,
        retention_days=one.terms.retention_days,
        bundle=bundle.body,
        sha256=bundle.sha256,
        size=len(bundle.body),
        object_count=len(bundle.objects),
    )
    return store_prepared(
        session,
        actor,
        release,
        incident=str(incident.id),
        batch=str(batch_id) if batch_id else None,
        sections=release.sections,
        unattributed=release.unattributed,
        legal_basis=release.legal_basis,
        retention_days=release.retention_days,
        removed=len(release.removed),
    )


def open_releases(
    session: Session, incident: Incident, collection: Collection
) -> Sequence[Release]:
    """Return the preparations for an audience that nobody decided about, held for this transaction."""
    query = sa.select(Release).where(
        Release.incident_id == incident.id,
        Release.collection_id == collection.id,
        Release.state == ReleaseState.PREPARED.value,
    )
    return session.scalars(query.with_for_update(of=Release)).all()


def _withdraw(session: Session, actor: Actor, release: Release) -> None:
    release.state = ReleaseState.WITHDRAWN.value
    release.ended_by, release.ended_at = actor.user_id, now()
    session.flush()
    audit.record(
        session,
        actor,
        "release.withdrawn",
        release,
        collection=str(release.collection_id),
        sha256=release.sha256,
        tlp=release.tlp,
    )
