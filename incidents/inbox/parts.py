"""What an item holds: the objects that belong to it, in its latest version or in an earlier one."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.incidents.feed_clauses import STORED, named
from cirt.incidents.inbox.contents import COLLECTING
from cirt.incidents.inbox.received import Item
from cirt.incidents.object_store import in_parts, object_in, published_object
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.ids import bundle_of, canonical_json
from cirt.stix.marking import TLP
from cirt.stix.references import references_of
from cirt.stix.taxii_protocol import moment_of

MOST_PARTS: Final = 5_000

StixObject = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One kept object of an item, with its exact bytes."""

    stix_id: str
    version: str
    tlp: TLP
    body: bytes
    one: StixObject


@dataclass(frozen=True)
class Version:
    """One version of an item as it arrived. is_erased: nothing of it is left but the digest."""

    version: str
    written: str
    added_at: datetime
    digest: str
    is_erased: bool
    is_last: bool


@dataclass(frozen=True)
class Difference:
    """What another version says: which objects are new, which changed, which are gone."""

    new: Sequence[StixObject]
    changed: Sequence[StixObject]
    gone: Sequence[StixObject]
    root_changed: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone or self.root_changed)


def versions_of(session: Session, item: Item) -> list[Version]:
    """Return the versions of an item that arrived, the newest first."""
    query = (
        sa.select(FeedEntry, ObjectVersion.digest, ObjectVersion.erased_at)
        .join(ObjectVersion, STORED)
        .where(
            named(item.collection.id, item.stix_id),
            FeedEntry.owner_id == item.owner_id,
        )
        .order_by(FeedEntry.version_key.desc())
    )
    return [
        Version(
            version=entry.version_key,
            written=entry.version,
            added_at=moment_of(entry.added_us),
            digest=digest,
            is_erased=erased_at is not None or entry.withdrawn_at is not None,
            is_last=entry.is_last,
        )
        for entry, digest, erased_at in session.execute(query)
    ]


def parts_of(session: Session, item: Item, version: str | None = None) -> list[Part]:
    """Return the item's own object first, then what it refers to; [] when nothing is left of it.

    version: None for the latest one. Of an earlier one, what belonged to it are the versions that
    are no later than itself: this depends on what was sent, not on when it arrived.
    """
    root = _bodies(session, item, [item.stix_id], version, exact=True)
    if not root:
        return []
    wanted = _wanted(root[0].one)
    return root + _bodies(session, item, wanted, version, exact=False)


def _wanted(root: StixObject) -> list[str]:
    named = root.get("object_refs", ()) if root["type"] in COLLECTING else references_of(root)
    author = root.get("created_by_ref")
    found = dict.fromkeys([*([author] if author else []), *named])
    return [ref for ref in found if ref != root["id"] and not published_object(ref)][:MOST_PARTS]


def _bodies(
    session: Session, item: Item, stix_ids: Sequence[str], version: str | None, *, exact: bool
) -> list[Part]:
    found: dict[str, Part] = {}
    for part in in_parts(sorted(set(stix_ids))):
        query = (
            sa.select(FeedEntry.stix_id, FeedEntry.version_key, ObjectVersion)
            .join(ObjectVersion, STORED)
            .where(
                named(item.collection.id, part),
                # another audience may keep what was withdrawn from this one
                FeedEntry.withdrawn_at.is_(None),
                ObjectVersion.erased_at.is_(None),
            )
            .order_by(FeedEntry.stix_id, FeedEntry.version_key)
        )
        if version is None:
            query = query.where(FeedEntry.is_last)
        elif exact:
            query = query.where(FeedEntry.version_key == version)
        for stix_id, key, stored in session.execute(query):
            # the latest that is no later; of what came only later, the first
            if version is not None and stix_id in found and key > version:
                continue
            body = stored.body or b"{}"
            found[stix_id] = Part(stix_id, key, TLP(stored.tlp), body, object_in(body))
    return [found[stix_id] for stix_id in dict.fromkeys(stix_ids) if stix_id in found]


def marking_of_parts(item: Item, parts: Sequence[Part]) -> TLP:
    """Return the strictest marking of an item and what it holds."""
    return max([item.tlp, *(part.tlp for part in parts if part.one["type"] != "identity")])


def strictest_of(
    session: Session, collection_id: uuid.UUID, owner_id: uuid.UUID, stix_id: str
) -> TLP:
    """Return the strictest marking that any version of an object of this collection bore.

    It holds for what was erased as well: the marking outlives the body.
    """
    query = (
        sa.select(ObjectVersion.tlp)
        .join(FeedEntry, STORED)
        .where(
            named(collection_id, stix_id),
            FeedEntry.owner_id == owner_id,
        )
        .distinct()
    )
    return max((TLP(tlp) for tlp in session.scalars(query)), default=TLP.AMBER_STRICT)


def bundle_of_parts(parts: Sequence[Part]) -> bytes:
    """Return a bundle of the exact bytes of some objects."""
    joined = b",".join(part.body for part in parts)
    number = uuid.uuid5(uuid.NAMESPACE_URL, joined.decode("utf-8"))
    return bundle_of(f"bundle--{number}", [joined])


# what changes with every version without saying anything
_FRAME: Final = frozenset(("modified", "published", "object_refs", "number_observed"))


def difference(before: Sequence[Part], after: Sequence[Part]) -> Difference:
    """Return what changed between two versions of an item, its own object first in both."""
    old = {part.stix_id: part.one for part in before[1:] if part.one["type"] != "identity"}
    new = {part.stix_id: part.one for part in after[1:] if part.one["type"] != "identity"}
    # an SCO has no versions: one whose marking changed comes under another id
    said_before = {_saying(one) for one in old.values()}
    said_after = {_saying(one) for one in new.values()}
    root_before = before[0].one if before else {}
    root_after = after[0].one if after else {}
    names = sorted(set(root_before) | set(root_after))
    return Difference(
        new=[one for key, one in new.items() if key not in old and _saying(one) not in said_before],
        changed=[
            one for key, one in new.items() if key in old and _saying(one) != _saying(old[key])
        ],
        gone=[one for key, one in old.items() if key not in new and _saying(one) not in said_after],
        root_changed=[
            name
            for name in names
            if name not in _FRAME and root_before.get(name) != root_after.get(name)
        ],
    )


def _saying(one: StixObject) -> bytes:
    frame = _FRAME - {"object_refs"}
    kept = {name: value for name, value in one.items() if name not in frame}
    if "created" not in one:  # an SCO: its id says nothing, its marking is the report's
        for name in ("id", "object_marking_refs"):
            kept.pop(name, None)
    return canonical_json(kept)
