"""The exact bytes that an audience would get of an incident now, and the objects in frozen bytes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from cirt.errors import N_, ConflictError, ForbiddenError
from cirt.incidents import audience_ids, feed, object_store
from cirt.incidents.audience_view import AudienceContent, audience_content
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.object_store import DifferentContentError, Incoming, incoming
from cirt.incidents.producers import MILLISECOND, time_of
from cirt.incidents.release_models import Release
from cirt.incidents.release_sections import sections_from
from cirt.incidents.release_terms import ReleaseTerms
from cirt.stix import wire
from cirt.stix.ids import bundle_of, canonical_json
from cirt.stix.iep import iep_labels

DAMAGED = N_("The stored bytes are damaged. Prepare the release again.")

# how often a version that somebody was given with other bytes is passed over
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Frozen:
    """What would leave: the view of the audience, and its bytes."""

    view: AudienceContent
    bundle: wire.WireBundle


def freeze(
    session: Session,
    incident: Incident,
    collection: Collection,
    terms: ReleaseTerms,
    *,
    object_uuid: UUID | None = None,
) -> Frozen:
    """Return the bytes that an audience would get now; nothing is stored by it.

    When nothing changed for this audience, these are the bytes that it has. Else every object is
    later than what the audience has, and no object bears an id and a time that were given out with
    other bytes, whether here or elsewhere. object_uuid: as it was chosen at the preparation.
    """
    found = _frozen(session, incident, collection, terms, object_uuid)
    if object_uuid is None and _is_taken(session, incident, collection, found):
        # somebody brought an id of ours into this collection first: it gets ids of its own
        return _frozen(session, incident, collection, terms, uuid4())
    return found


def _frozen(
    session: Session,
    incident: Incident,
    collection: Collection,
    terms: ReleaseTerms,
    object_uuid: UUID | None,
) -> Frozen:
    view = audience_content(session, incident, collection, terms, object_uuid=object_uuid)
    written = audience_ids.last_version(session, collection, view.object_uuid)
    last = None if written is None else time_of(written)
    modified = view.content.modified
    if last is not None:
        same = wire.build(replace(view.content, modified=max(last, view.content.created)))
        known = audience_ids.given_out(session, incident, collection)
        if known and known[0].sha256 == same.sha256:
            return Frozen(view, same)
        modified = max(modified, last + MILLISECOND)
    refusal: DifferentContentError | None = None
    for _try in range(_TRIES):
        content = replace(view.content, modified=modified)
        bundle = wire.build(content)
        found = objects_of(bundle.body, incident.administration_id, collection.id)
        refusal = object_store.differing(session, found)
        if refusal is None:
            return Frozen(replace(view, content=content), bundle)
        modified += MILLISECOND
    raise refusal or ConflictError(DAMAGED)


def _is_taken(session: Session, incident: Incident, collection: Collection, frozen: Frozen) -> bool:
    """Return whether an id in the bytes belongs to somebody else in this collection."""
    objects = objects_of(frozen.bundle.body, incident.administration_id, collection.id)
    owners = feed.owners_in(session, collection.id, [one.stix_id for one in objects])
    return any(owners.get(one.stix_id, one.owner_id) != one.owner_id for one in objects)


def terms_of(release: Release) -> ReleaseTerms:
    """Return the terms by which a release was prepared."""
    return ReleaseTerms(
        sections=sections_from(release.sections),
        unattributed=release.unattributed,
        legal_basis=release.legal_basis,
        retention_days=release.retention_days,
    )


def frozen_again(
    session: Session, release: Release, incident: Incident, collection: Collection
) -> Frozen:
    """Return what would leave today instead of the frozen bytes of a release."""
    return freeze(session, incident, collection, terms_of(release), object_uuid=release.object_uuid)


def objects_of(bundle: bytes, administration_id: UUID, collection_id: UUID) -> list[Incoming]:
    """Return the objects in frozen bytes, with their owners.

    They are the producer's; only what every member's unattributed releases have in common, the
    identity and the policy of the circle, is the circle's. Raises ConflictError unless their
    canonical forms are the very bytes of the bundle.
    """
    read = object_store.object_in(bundle)
    if bundle_of(read["id"], map(canonical_json, read["objects"])) != bundle:
        raise ConflictError(DAMAGED)
    return list(_owned(read["objects"], administration_id, collection_id))


def _owned(
    objects: list[dict[str, Any]], administration_id: UUID, collection_id: UUID
) -> Iterable[Incoming]:
    policies = iep_labels(objects)
    circle = f"identity--{collection_id}"
    for one in objects:
        marking = object_store.marking_of(one, policies)
        if marking is None:
            raise ForbiddenError(N_("An object bears a marking that is not known here."))
        is_circles = one["type"] in ("identity", "marking-definition")
        if is_circles and one.get("created_by_ref") == circle:
            yield incoming(one, collection_id, marking)
        else:
            yield incoming(one, administration_id, marking)
