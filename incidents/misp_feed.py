"""A circle as a MISP feed: each report in it is one event, made from what the circle holds now.

What was withdrawn, erased or may not leave this way is in no event. Nothing is converted here, so
the manifest is cheap; see misp_feed_events for the events themselves.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.errors import N_
from cirt.incidents.circle_models import Collection
from cirt.incidents.exits import Exit, may_leave
from cirt.incidents.feed_clauses import STORED, given_out_now
from cirt.incidents.inbox.contents import COLLECTING
from cirt.incidents.object_store import STANDARD_BODIES, in_parts, object_in, published_object
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.content import Producer
from cirt.stix.incident_reading import read_report
from cirt.stix.marking import TLP, strictest
from cirt.stix.misp_content import Loss
from cirt.stix.misp_received import Told, told
from cirt.stix.misp_writing import Cover, head
from cirt.stix.references import references_of

MAX_EVENTS: Final = 1_000
MAX_PARTS: Final = 5_000
# all that the manifest needs; the rest of a report is read when its event is made
_HEAD_TYPES: Final = (
    *("report", "grouping", "incident", "event", "identity", "attack-pattern"),
    *("malware", "tool", "threat-actor", "intrusion-set"),
)
_ROOTS: Final = (*COLLECTING, "incident")
_COLOURS: Final = {
    TLP.CLEAR: "#ffffff",
    TLP.GREEN: "#33ff00",
    TLP.AMBER: "#ffc000",
    TLP.AMBER_STRICT: "#ffc000",
}
_OTHER_COLOUR: Final = "#0088cc"
_LEFT_OUT = N_("Its marking does not let it leave this way.")


@dataclass(frozen=True, slots=True)
class _Row:
    """What the circle holds under an id, without the body."""

    seq: int
    added_us: int
    stix_id: str
    type: str
    owner_id: uuid.UUID
    tlp: TLP
    digest: str


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event that the feed offers. key: changes with anything it is made of."""

    uuid: uuid.UUID
    root_id: str
    key: str
    seq: int
    told: Told
    cover: Cover
    producer: Producer
    parts: tuple[str, ...]
    losses: tuple[Loss, ...]

    @property
    def tlp(self) -> TLP:
        """The strictest marking of all that is in it."""
        return self.told.content.tlp

    @property
    def changed_at(self) -> datetime:
        """When anything of it came into the circle last."""
        return datetime.fromtimestamp(self.cover.stamp or 0, UTC)


@dataclass(frozen=True, slots=True)
class MispFeed:
    """The events of a circle, newest first. left_out: reports that may not leave, or too old ones."""

    events: tuple[FeedEvent, ...]
    left_out: int

    @property
    def tlp(self) -> TLP:
        """The strictest marking of all events; CLEAR when there is none."""
        return strictest((one.tlp for one in self.events), default=TLP.CLEAR)

    @property
    def seq(self) -> int:
        """How far into the circle's feed somebody has been served who was given all of it."""
        return max((one.seq for one in self.events), default=0)

    def event(self, event_uuid: uuid.UUID) -> FeedEvent | None:
        """Return the event with this UUID, None if there is none."""
        return next((one for one in self.events if one.uuid == event_uuid), None)


def feed_of(session: Session, collection: Collection) -> MispFeed:
    """Return the events that a collection offers now; nothing is converted."""
    rows = _rows(session, collection)
    leaving = {key: row for key, row in rows.items() if may_leave(row.tlp, Exit.MISP_FEED)}
    bodies = bodies_of(
        session, collection, [key for key, row in leaving.items() if row.type in _HEAD_TYPES]
    )
    gone = _withdrawn(session, collection)
    roots = [
        root
        for root in _roots(leaving, bodies)
        if root not in gone or bodies[root].get("revoked") is not True
    ]
    uuids = _uuids(roots, leaving, bodies)
    events = [
        _event(collection, rows, leaving, bodies, root, uuids[root]) for root in roots[:MAX_EVENTS]
    ]
    held_back = sum(row.type in COLLECTING for row in rows.values()) - sum(
        row.type in COLLECTING for row in leaving.values()
    )
    return MispFeed(tuple(events), held_back + max(0, len(roots) - MAX_EVENTS))


def manifest(feed: MispFeed) -> bytes:
    """Return manifest.json of a feed, as MISP reads it: UUID -> what its event says of itself."""
    return json_bytes({str(one.uuid): _manifest_entry(one) for one in feed.events})


def _rows(session: Session, collection: Collection) -> dict[str, _Row]:
    query = (
        sa.select(
            FeedEntry.seq,
            FeedEntry.added_us,
            FeedEntry.stix_id,
            FeedEntry.type,
            FeedEntry.owner_id,
            ObjectVersion.tlp,
            ObjectVersion.digest,
        )
        .join(ObjectVersion, STORED)
        .where(*given_out_now(collection.id))
        .order_by(FeedEntry.seq.desc())
    )
    found = (
        _Row(seq, added_us, stix_id, kind, owner_id, TLP(tlp), digest)
        for seq, added_us, stix_id, kind, owner_id, tlp, digest in session.execute(query)
    )
    return {row.stix_id: row for row in found}


def _withdrawn(session: Session, collection: Collection) -> frozenset[str]:
    """Return the ids of which a version was withdrawn; what is left of those is an empty notice."""
    query = sa.select(FeedEntry.stix_id).where(
        FeedEntry.collection_id == collection.id,
        FeedEntry.type.in_(_ROOTS),
        FeedEntry.withdrawn_at.is_not(None),
    )
    return frozenset(session.scalars(query.distinct()))


def bodies_of(
    session: Session, collection: Collection, stix_ids: Iterable[str]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for part in in_parts(sorted(set(stix_ids))):
        query = (
            sa.select(FeedEntry.stix_id, ObjectVersion.body)
            .join(ObjectVersion, STORED)
            .where(*given_out_now(collection.id, part))
        )
        for stix_id, body in session.execute(query):
            if body is not None:
                found[stix_id] = object_in(body)
    return found


def _named(root: Mapping[str, Any]) -> list[str]:
    """Return the ids of what belongs to a report, a grouping or a lone incident."""
    named = root.get("object_refs", ()) if root["type"] in COLLECTING else references_of(root)
    author = root.get("created_by_ref")
    found = dict.fromkeys([*([author] if author else []), *named])
    return [ref for ref in found if ref != root["id"]][:MAX_PARTS]


def _roots(leaving: Mapping[str, _Row], bodies: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what becomes an event: reports, groupings, and incidents that no report is about."""
    reported = {
        ref
        for key, one in bodies.items()
        if leaving[key].type in COLLECTING
        for ref in _named(one)
        if ref in leaving and leaving[ref].owner_id == leaving[key].owner_id
    }
    return [
        key
        for key, row in leaving.items()
        if key in bodies and row.type in _ROOTS and not (row.type == "incident" and key in reported)
    ]


def _uuids(
    roots: Sequence[str], leaving: Mapping[str, _Row], bodies: Mapping[str, Mapping[str, Any]]
) -> dict[str, uuid.UUID]:
    """Return the UUID of each event: that of its incident, else its own; nobody takes another's."""
    found: dict[str, uuid.UUID] = {}
    taken: set[uuid.UUID] = set()
    for root in sorted(roots):
        incidents = [
            ref
            for ref in (root, *_named(bodies[root]))
            if ref.startswith("incident--")
            and ref in leaving
            and leaving[ref].owner_id == leaving[root].owner_id
        ]
        if len(incidents) == 1 and (mine := _uuid(incidents[0])) not in taken:
            found[root] = mine
            taken.add(mine)
    for root in sorted(set(roots) - found.keys()):
        own = _uuid(root)
        found[root] = uuid.uuid5(own, root) if own in taken else own
        taken.add(found[root])
    return found


def _uuid(stix_id: str) -> uuid.UUID:
    return uuid.UUID(stix_id.partition("--")[2])


def _event(
    collection: Collection,
    rows: Mapping[str, _Row],
    leaving: Mapping[str, _Row],
    bodies: Mapping[str, Mapping[str, Any]],
    root: str,
    event_uuid: uuid.UUID,
) -> FeedEvent:
    named = [root, *_named(bodies[root])]
    parts = tuple(ref for ref in dict.fromkeys(named) if ref in leaving)
    held = [leaving[ref] for ref in parts]
    marked = [row.tlp for row in held if row.type != "identity" and row.owner_id != STANDARD_BODIES]
    last_us = max(row.added_us for row in held)
    cover = Cover(
        stamp=-(-last_us // 1_000_000), published=True, group=(collection.id, _title(collection))
    )
    producer = _producer(collection, bodies, bodies[root].get("created_by_ref"))
    said = told_of(
        [bodies[ref] for ref in parts if ref in bodies],
        root,
        event_uuid=event_uuid,
        producer=producer,
        tlp=strictest(marked),
        at=datetime.fromtimestamp(last_us / 1_000_000, UTC),
    )
    digests = [(row.stix_id, row.digest) for row in held]
    made_of = json_bytes([str(event_uuid), cover.stamp, _title(collection), str(producer), digests])
    withheld = [ref for ref in dict.fromkeys(named) if ref in rows and ref not in leaving]
    return FeedEvent(
        uuid=event_uuid,
        root_id=root,
        key=hashlib.sha256(made_of).hexdigest(),
        seq=max(row.seq for row in held),
        told=said,
        cover=replace(cover, tags=said.tags, links=said.links),
        producer=producer,
        parts=parts,
        losses=tuple(Loss("marking", ref, rows[ref].type, _LEFT_OUT) for ref in withheld),
    )


def _title(collection: Collection) -> str:
    return collection.title or collection.alias or str(collection.id)


def _producer(
    collection: Collection, bodies: Mapping[str, Mapping[str, Any]], author: Any
) -> Producer:
    """Return who the event is from: of a confidential circle the circle, whoever it was."""
    identity = bodies.get(str(author), {})
    if not collection.is_confidential and identity.get("name"):
        own = _uuid(str(author)) == collection.id
        return Producer(id=_uuid(str(author)), name=identity["name"], code="", is_circle=own)
    return Producer(id=collection.id, name=_title(collection), code="", is_circle=True)


def told_of(objects: Sequence[Mapping[str, Any]], root: str, **about: Any) -> Told:
    refs = {ref for one in objects for ref in references_of(one)}
    published = [found for ref in sorted(refs) if (found := published_object(ref))]
    return told(read_report([*objects, *published], root), **about)


def _manifest_entry(event: FeedEvent) -> dict[str, Any]:
    entry = head(event.told.content, event.cover)
    marking = event.tlp.label.lower()
    for tag in entry["Tag"]:
        tag["colour"] = _COLOURS[event.tlp] if tag["name"] == marking else _OTHER_COLOUR
    return entry


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
