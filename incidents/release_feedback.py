"""What goes back to the producer of something received: sightings and proposals, as a release."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ForbiddenError, InvalidInputError
from cirt.incidents import feed, object_store
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.feed_clauses import STORED, named
from cirt.incidents.inbox_models import ReceivedItem
from cirt.incidents.object_store import object_in, published_object
from cirt.incidents.producers import (
    administration_producer,
    circle_producer,
    identity_object,
)
from cirt.incidents.release_freeze import objects_of
from cirt.incidents.release_models import Release, ReleaseKind
from cirt.incidents.release_outlook import (
    audience_as_kept,
    conflicts_of,
    outlook_for,
    recipients_of,
)
from cirt.incidents.release_storing import store_prepared
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.ids import bundle_of, canonical_json, object_id
from cirt.stix.marking import strictest
from cirt.stix.references import references_of
from cirt.stix.validation import check_object

MOST_OBJECTS: Final = 1_000
KINDS: Final = (ReleaseKind.SIGHTING, ReleaseKind.PROPOSAL)

NOT_TO_THEM = N_(
    "What came without a producer's name is answered in its circle: anything else would tell whom"
    " it came from."
)


def prepare_feedback(
    session: Session,
    actor: Actor,
    received_item: ReceivedItem,
    collection: Collection,
    objects: Sequence[Mapping[str, Any]],
    kind: ReleaseKind,
    *,
    title: str = "",
) -> Release:
    """Freeze objects about something received, for somebody to approve like any release.

    collection: the direct collection of its producer; for what came without a producer's name, the
    circle it came by. objects: complete STIX 2.1 objects in the own name (in the circle's, there);
    the identity of their author and published markings are added. title: for the own pages, "" for the title of
    what was received. Raises ForbiddenError when policy or audience stand against it,
    InvalidInputError for objects that are unfit or speak in another's name.
    """
    if actor.user_id is None:
        raise ForbiddenError(N_("A person must prepare a release."))
    if received_item.administration_id != actor.administration_id or kind not in KINDS:
        raise ForbiddenError(N_("Only what your administration received can be answered."))
    source = received_item.collection
    is_direct = collection.kind == CollectionKind.DIRECT and not source.is_confidential
    if not is_direct and collection.id != source.id:
        raise ForbiddenError(NOT_TO_THEM)
    author = (
        circle_producer(session, collection)
        if collection.is_confidential
        else administration_producer(session, actor.administration_id)
    )
    complete = _complete(session, collection, objects, identity_object(author))
    body = _bundle(received_item, complete)
    found = objects_of(body, actor.administration_id, collection.id)
    tlp = strictest(one.tlp for one in found)
    view = outlook_for(session, actor, actor.administration_id, collection, tlp)
    if view.obstacle:
        raise ForbiddenError(view.obstacle, **(view.params or {}))
    different = object_store.differing(session, found)
    if different is not None:
        raise different
    release = Release(
        kind=kind.value,
        administration_id=actor.administration_id,
        incident_id=None,
        received_id=received_item.id,
        incident_changed_at=now(),
        collection_id=collection.id,
        collection=collection,
        title=title or _title_of(session, received_item),
        tlp=tlp.value,
        policy=view.need.value,
        recipients=recipients_of(collection, actor.administration_id),
        audience=audience_as_kept(view.audience),
        unattributed=collection.is_confidential,
        conflicts=conflicts_of(view.audience, tlp, None),
        bundle=body,
        sha256=hashlib.sha256(body).hexdigest(),
        size=len(body),
        object_count=len(found),
    )
    return store_prepared(session, actor, release, received=str(received_item.id), kind=kind.value)


def _complete(
    session: Session,
    collection: Collection,
    objects: Sequence[Mapping[str, Any]],
    signature: Mapping[str, Any],
) -> list[Mapping[str, Any]]:
    """Return the objects with their author and the published ones, or raise what is wrong."""
    author = signature["id"]
    if not 1 <= len(objects) <= MOST_OBJECTS:
        raise InvalidInputError(
            N_("Give from 1 to %(most)s objects."), field="objects", most=MOST_OBJECTS
        )
    found: dict[str, Mapping[str, Any]] = {}
    for one in objects:
        problems = [each for each in check_object(one, now=now()) if each.severity == "error"]
        if problems:
            raise InvalidInputError(problems[0].message, **problems[0].params)
        claims = one.get("created_by_ref", author) == author
        if one["id"] == author:
            continue  # signed below, in the version that was given out before
        if not claims or one["type"] == "identity":
            raise InvalidInputError(
                N_("%(id)s speaks in the name of somebody else."), field="objects", id=one["id"]
            )
        if one["id"] in found:
            raise InvalidInputError(N_("%(id)s stands twice."), field="objects", id=one["id"])
        found[one["id"]] = one
    found[author] = signature
    outward = {ref for one in found.values() for ref in references_of(one)} - found.keys()
    for ref in sorted(outward):
        published = published_object(ref)
        if published is not None:
            found[ref] = published
        elif not _is_known_there(session, collection, ref):
            raise InvalidInputError(
                N_("The recipient does not have %(id)s, to which an object refers."),
                field="objects",
                id=ref,
            )
    return list(found.values())


def _is_known_there(session: Session, collection: Collection, stix_id: str) -> bool:
    """Return whether the recipient can have an object: it is its own, or the circle holds it."""
    recipient = collection.administration_id
    if stix_id in (f"identity--{recipient}", f"identity--{collection.id}"):
        return True
    query = sa.select(sa.literal(1)).where(
        ObjectVersion.stix_id == stix_id, ObjectVersion.owner_id == recipient
    )
    return session.scalar(query.limit(1)) is not None or feed.holds(session, collection.id, stix_id)


def _bundle(received_item: ReceivedItem, objects: Sequence[Mapping[str, Any]]) -> bytes:
    ordered = sorted(objects, key=lambda one: (str(one["type"]), str(one["id"])))
    joined = b",".join(canonical_json(one) for one in ordered)
    bundle_id = object_id("bundle", received_item.id, hashlib.sha256(joined).hexdigest())
    return bundle_of(bundle_id, [joined])


def _title_of(session: Session, received_item: ReceivedItem) -> str:
    body = session.scalar(
        sa.select(ObjectVersion.body)
        .join(FeedEntry, STORED)
        .where(
            # other audiences may have later versions, of which nothing is known here
            named(received_item.collection_id, received_item.stix_id),
            FeedEntry.owner_id == received_item.owner_id,
            FeedEntry.withdrawn_at.is_(None),
            ObjectVersion.body.is_not(None),
        )
        .order_by(FeedEntry.version_key.desc())
        .limit(1)
    )
    name = object_in(body).get("name") if body else None
    return str(name or received_item.stix_id)[:500]
