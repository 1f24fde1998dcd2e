"""What goes back to the producer of something received, and what came back about own releases."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.errors import N_, ForbiddenError, InvalidInputError
from cirt.incidents.case_details import check_moment, plain_text
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.inbox import decisions, items
from cirt.incidents.inbox.contents import spoken_of
from cirt.incidents.inbox.parts import Part, marking_of_parts
from cirt.incidents.inbox.producers import producer_of
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox_models import ItemReference
from cirt.incidents.release_feedback import prepare_feedback
from cirt.incidents.release_models import AudienceIncident, Release, ReleaseKind
from cirt.incidents.wire_content import producer_of as own_producer
from cirt.stix.content import IncidentContent
from cirt.stix.ids import is_stix_id, object_id
from cirt.stix.timestamps import timestamp
from cirt.stix.wire_identities import identity

MAX_PROPOSAL: Final = 10_000
MOST_SEEN: Final = 999_999_999

PROPOSAL_LABEL: Final = "proposal"
"""Label of a note that asks the producer for a change."""

SIGHTED: Final = (
    *("indicator", "malware", "attack-pattern", "campaign", "infrastructure", "intrusion-set"),
    *("threat-actor", "tool", "vulnerability", "incident"),
)
"""Types that a sighting can be of (STIX 2.1, section 5.2: any SDO)."""


def audience_of(session: Session, item: Item) -> Collection:
    """Return where an answer about an item goes: its producer alone, or the circle that stands for it.

    Raises ForbiddenError when nobody is known to whom it could go.
    """
    producer = producer_of(session, item)
    if producer.circle is not None:
        return item.collection
    if producer.administration is None:
        raise ForbiddenError(
            N_(
                "Nobody is known to whom an answer could go: this came by a file, and its author is not proven."
            )
        )
    return direct_collection_of(session, producer.administration.id)


def prepare_sighting(
    session: Session,
    actor: Actor,
    item: Item,
    parts: Sequence[Part],
    *,
    of: str,
    first_seen: datetime,
    last_seen: datetime,
    count: int,
) -> Release:
    """Prepare to tell the producer that something of an item was seen here too.

    of: the id of the object that was seen. It is approved like any release before it leaves.
    Raises InvalidInputError, naming the field.
    """
    if of not in {part.stix_id for part in parts if part.one["type"] in SIGHTED}:
        raise InvalidInputError(N_("Choose what was seen."), field="of")
    moment = now()
    for name, when in (("first_seen", first_seen), ("last_seen", last_seen)):
        check_moment(name, when, moment)
    if last_seen < first_seen:
        raise InvalidInputError(
            N_("It cannot have been seen last before it was seen first; correct one of the two."),
            field="last_seen",
        )
    if not 1 <= count <= MOST_SEEN:
        raise InvalidInputError(
            N_("Give how often it was seen, from 1 to %(most)s."), field="count", most=MOST_SEEN
        )
    own = {
        "first_seen": timestamp(first_seen),
        "last_seen": timestamp(last_seen),
        "count": count,
        "sighting_of_ref": of,
    }
    return _prepare(session, actor, item, parts, "sighting", own, ReleaseKind.SIGHTING)


def prepare_proposal(
    session: Session, actor: Actor, item: Item, parts: Sequence[Part], *, about: str, text: str
) -> Release:
    """Prepare to propose a change to the producer; what was received here stays as it came.

    about: the id of the object that should change. Raises InvalidInputError, naming the field.
    """
    text = plain_text(text, "text", MAX_PROPOSAL)
    if not text:
        raise InvalidInputError(N_("Say what should change, and why."), field="text")
    if about not in {part.stix_id for part in parts}:
        raise InvalidInputError(N_("Choose what should change."), field="about")
    own = {"content": text, "object_refs": [about], "labels": [PROPOSAL_LABEL]}
    return _prepare(session, actor, item, parts, "note", own, ReleaseKind.PROPOSAL)


def _prepare(
    session: Session,
    actor: Actor,
    item: Item,
    parts: Sequence[Part],
    kind: str,
    own: Mapping[str, Any],
    release_kind: ReleaseKind,
) -> Release:
    if item.state is State.OWN or item.is_gone:
        raise ForbiddenError(N_("There is nobody to answer about this."))
    collection = audience_of(session, item)
    row = decisions.row_of(session, actor, item)
    marking = marking_of_parts(item, parts)
    at = now()
    if collection.is_confidential:  # as in every object there: no clock of its author
        at = at.replace(minute=0, second=0, microsecond=0)
    moment = timestamp(at)
    own_identity = _author(session, actor, collection)
    author = own_identity["id"] if own_identity else f"identity--{collection.id}"
    one: dict[str, Any] = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid4()}",
        "created_by_ref": author,
        "created": moment,
        "modified": moment,
        "object_marking_refs": [marking.marking_id],
        **own,
    }
    if kind == "sighting" and own_identity:
        one["where_sighted_refs"] = [author]
    objects = [one, *([own_identity] if own_identity else [])]
    return prepare_feedback(session, actor, row, collection, objects, release_kind)


def _author(session: Session, actor: Actor, collection: Collection) -> dict[str, Any] | None:
    """Return the own identity; None where the circle stands for everybody in it."""
    if collection.is_confidential:
        return None
    moment = now()
    own = own_producer(session.get_one(Administration, actor.administration_id))
    content = IncidentContent(
        id=own.id, reference="", title="", producer=own, created=moment, modified=moment
    )
    return identity(content)


def of_incident(session: Session, actor: Actor, incident: Incident) -> list[Item]:
    """Return what came back about an own incident: sightings, notes and opinions, the newest first."""
    known = [
        incident.id,
        *session.scalars(
            sa.select(AudienceIncident.object_uuid).where(
                AudienceIncident.incident_id == incident.id
            )
        ),
    ]
    roots = {f"incident--{one}" for one in known} | {object_id("report", one) for one in known}
    held = sa.select(ItemReference.stix_id).where(
        ItemReference.holder_id.in_(sorted(roots)),
        ItemReference.owner_id == actor.administration_id,
        ItemReference.says == "holds",
    )
    readable = visible(actor, Collection, "inbox.read").with_only_columns(Collection.id)
    query = (
        sa.select(ItemReference.collection_id, ItemReference.holder_id)
        .where(
            ItemReference.collection_id.in_(readable),
            ItemReference.says == "about",
            sa.or_(ItemReference.stix_id.in_(sorted(roots)), ItemReference.stix_id.in_(held)),
        )
        .distinct()
        .limit(items.MOST_FOUND)
    )
    pairs = [(collection_id, stix_id) for collection_id, stix_id in session.execute(query)]
    found = items.items_of(session, actor, pairs)
    return [item for item in found if item.state is not State.OWN and not item.is_gone]


def incident_of(session: Session, actor: Actor, item: Item) -> Incident | None:
    """Return the own incident that a sighting, a note or an opinion is about, None if there is none."""
    refs = spoken_of(item.one)
    if not refs:
        return None
    own = sa.and_(ItemReference.owner_id == actor.administration_id, ItemReference.says == "holds")
    holders = sa.select(ItemReference.holder_id).where(ItemReference.stix_id.in_(refs), own)
    beside = session.scalars(
        sa.select(ItemReference.stix_id)
        .where(
            sa.or_(ItemReference.holder_id.in_(holders), ItemReference.holder_id.in_(refs)),
            ItemReference.stix_id.startswith("incident--"),
            own,
        )
        .distinct()
    )
    named = {*refs, *beside}
    ids = [uuid.UUID(ref[10:]) for ref in named if is_stix_id(ref, "incident")]
    audiences = sa.select(AudienceIncident.incident_id).where(AudienceIncident.object_uuid.in_(ids))
    query = visible(actor, Incident, "incident.read").where(
        sa.or_(Incident.id.in_(ids), Incident.id.in_(audiences))
    )
    return session.scalars(query.limit(1)).first()
