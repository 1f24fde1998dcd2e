"""What reached an administration, as its inbox lists it; every question asks what the actor reads."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.errors import NotFoundError
from cirt.incidents.circle_models import Collection
from cirt.incidents.feed_clauses import STORED, named
from cirt.incidents.inbox.contents import COLLECTING
from cirt.incidents.inbox.emptied import is_emptied
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox_models import LooseObject, ReceivedItem, ReceivedState
from cirt.incidents.object_store import object_in
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.ids import is_stix_id
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import moment_of

PAGE: Final = 50
MOST_COUNTED: Final = 1_000
"""A figure above this is shown as "more than": nobody reads a list as long."""

MOST_SEARCHED: Final = 5_000
MOST_FOUND: Final = 200


@dataclass(frozen=True)
class Narrowed:
    """What the list is narrowed to; empty means anything but the own objects."""

    state: str = ""
    collection: str = ""
    tlp: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Listing:
    """A page of the inbox. total: of all pages, at most MOST_COUNTED; page counts from 1."""

    rows: Sequence[Item]
    total: int
    page: int
    pages: int


def collections_of(session: Session, actor: Actor) -> list[Collection]:
    """Return the collections that reach the actor, by title."""
    query = visible(actor, Collection, "inbox.read").order_by(Collection.title, Collection.id)
    return list(session.scalars(query).unique())


def listing(session: Session, actor: Actor, narrowed: Narrowed, page: int) -> Listing:
    """Return a page of what reached the administration, the newest first."""
    query = items_query(actor, narrowed)
    counted = query.with_only_columns(FeedEntry.seq).limit(MOST_COUNTED).subquery()
    total = session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    found = query.order_by(*_NEWEST).limit(PAGE).offset((page - 1) * PAGE)
    return Listing(read_items(session, found), total, page, pages)


def count_new(session: Session, actor: Actor) -> int:
    """Return how many items wait for a first decision, at most MOST_COUNTED."""
    query = items_query(actor, Narrowed(state=State.NEW))
    counted = query.with_only_columns(FeedEntry.seq).limit(MOST_COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def newest(session: Session, actor: Actor, state: State, most: int = 5) -> list[Item]:
    """Return the newest items in one state."""
    query = items_query(actor, Narrowed(state=state)).order_by(*_NEWEST).limit(most)
    return read_items(session, query)


def newest_searched(session: Session, actor: Actor, narrowed: Narrowed) -> list[Item]:
    """Return the newest items for a search to look through, at most MOST_SEARCHED."""
    query = items_query(actor, narrowed).order_by(*_NEWEST).limit(MOST_SEARCHED)
    return read_items(session, query)


def items_of(session: Session, actor: Actor, pairs: Sequence[tuple[uuid.UUID, str]]) -> list[Item]:
    """Return those of these (collection, id) that reach the actor, the newest first."""
    if not pairs:
        return []
    wanted = set(sorted(set(pairs))[:MOST_FOUND])
    collections, names = (sorted(set(column)) for column in zip(*wanted, strict=True))
    found = read_items(session, _objects(actor).where(named(collections, names)).order_by(*_NEWEST))
    # an id may be in several of these collections, and be asked for in one
    return [one for one in found if (one.collection.id, one.stix_id) in wanted]


def item_of(session: Session, actor: Actor, collection_id: uuid.UUID, stix_id: str) -> Item:
    """Return one item in its latest version.

    Raises NotFoundError alike for what is not there and what the actor may not know of.
    """
    if not is_stix_id(stix_id):
        raise NotFoundError
    query = _objects(actor).where(named(collection_id, stix_id))
    found = read_items(session, query)
    if not found:
        raise NotFoundError
    return found[0]


_NEWEST: Final = (FeedEntry.added_us.desc(), FeedEntry.collection_id)


def _identical(actor: Actor) -> sa.ColumnElement[bool]:
    """Whether the object is the own administration's: kept for it, or the very bytes it released."""
    own = sa.orm.aliased(ObjectVersion)
    same = (
        sa.select(own.id)
        .where(
            own.owner_id == actor.administration_id,
            own.stix_id == FeedEntry.stix_id,
            own.digest == ObjectVersion.digest,
        )
        .correlate(FeedEntry, ObjectVersion)
        .exists()
    )
    return sa.or_(FeedEntry.owner_id == actor.administration_id, same)


def _own_id(actor: Actor) -> sa.ColumnElement[bool]:
    own = sa.orm.aliased(ObjectVersion)
    same = sa.select(own.id).where(
        own.owner_id == actor.administration_id, own.stix_id == FeedEntry.stix_id
    )
    return same.correlate(FeedEntry).exists()


def _objects(actor: Actor) -> sa.Select[Any]:
    """Return the query for the latest versions of everything in the collections that reach one."""
    readable = visible(actor, Collection, "inbox.read").with_only_columns(Collection.id)
    columns: tuple[Any, ...] = (
        *(FeedEntry, ObjectVersion, ReceivedItem),
        *(_identical(actor).label("is_own"), _own_id(actor).label("own_id")),
    )
    return (
        sa.select(*columns)
        .join(ObjectVersion, STORED)
        .outerjoin(
            ReceivedItem,
            sa.and_(
                ReceivedItem.administration_id == actor.administration_id,
                ReceivedItem.collection_id == FeedEntry.collection_id,
                ReceivedItem.owner_id == FeedEntry.owner_id,
                ReceivedItem.stix_id == FeedEntry.stix_id,
            ),
        )
        .where(
            sa.or_(FeedEntry.is_last, _is_decided_and_gone()),
            FeedEntry.collection_id.in_(readable),
            # of what was erased only what was decided about is still spoken of
            sa.or_(
                sa.and_(ObjectVersion.erased_at.is_(None), sa.not_(is_emptied())),
                ReceivedItem.id.is_not(None),
            ),
        )
    )


def _is_decided_and_gone() -> sa.ColumnElement[bool]:
    """Whether a version was decided about, and its producer took back every version there was."""
    return sa.and_(
        ReceivedItem.state == ReceivedState.WITHDRAWN.value,
        FeedEntry.withdrawn_at.is_not(None),
        FeedEntry.version_key == ReceivedItem.version,
        sa.not_(_has_latest(FeedEntry)),
    )


def _has_latest(row: Any) -> sa.ColumnElement[bool]:
    latest = sa.orm.aliased(FeedEntry)
    there = sa.select(latest.seq).where(
        named(row.collection_id, row.stix_id, latest), latest.is_last
    )
    return there.correlate(row).exists()


def _items(actor: Actor) -> sa.Select[Any]:
    """Return the query for items: what holds others together, and what nothing holds."""
    readable = visible(actor, Collection, "inbox.read").with_only_columns(Collection.id)
    collecting = sa.select(FeedEntry.collection_id, FeedEntry.stix_id).where(
        FeedEntry.collection_id.in_(readable), FeedEntry.type.in_(COLLECTING), FeedEntry.is_last
    )
    loose = sa.select(LooseObject.collection_id, LooseObject.stix_id).where(
        LooseObject.collection_id.in_(readable)
    )
    gone = sa.select(ReceivedItem.collection_id, ReceivedItem.stix_id).where(
        ReceivedItem.administration_id == actor.administration_id,
        ReceivedItem.collection_id.in_(readable),
        ReceivedItem.state == ReceivedState.WITHDRAWN.value,
        sa.not_(_has_latest(ReceivedItem)),
    )
    roots = sa.union_all(collecting, loose, gone).subquery("roots")
    return _objects(actor).join(roots, named(roots.c.collection_id, roots.c.stix_id))


def items_query(actor: Actor, narrowed: Narrowed) -> sa.Select[Any]:
    """Return the query for the items of the inbox that fit."""
    return _narrow(actor, _items(actor), narrowed)


def _narrow(actor: Actor, query: sa.Select[Any], narrowed: Narrowed) -> sa.Select[Any]:
    is_own = _identical(actor)
    query = query.where(is_own if narrowed.state == State.OWN else sa.not_(is_own))
    decided = ReceivedItem.state
    accepted = decided == ReceivedState.ACCEPTED.value
    newer = FeedEntry.version_key > ReceivedItem.version
    clauses: dict[str, sa.ColumnElement[bool]] = {
        State.NEW: sa.or_(ReceivedItem.id.is_(None), decided == ReceivedState.NEW.value),
        State.UPDATE: sa.and_(accepted, newer),
        State.ACCEPTED: sa.and_(accepted, sa.not_(newer), ReceivedItem.incident_id.is_(None)),
        State.MERGED: sa.and_(accepted, sa.not_(newer), ReceivedItem.incident_id.is_not(None)),
        State.DECLINED: decided == ReceivedState.DECLINED.value,
        State.WITHDRAWN: decided == ReceivedState.WITHDRAWN.value,
    }
    if narrowed.state in clauses:
        query = query.where(clauses[narrowed.state])
    if narrowed.collection:
        query = query.where(FeedEntry.collection_id == _uuid(narrowed.collection))
    if narrowed.tlp in {label.value for label in TLP}:
        query = query.where(ObjectVersion.tlp == narrowed.tlp)
    if narrowed.kind:
        query = query.where(FeedEntry.type == narrowed.kind[:250].replace("\0", ""))
    return query


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)  # no collection has it: the list is empty


def read_items(session: Session, query: sa.Select[Any]) -> list[Item]:
    """Return the items that a query of this module finds."""
    found = session.execute(query).unique().all()
    ids = {row[0].collection_id for row in found}
    collections = {
        row.id: row
        for row in session.scalars(sa.select(Collection).where(Collection.id.in_(ids))).unique()
    }
    return [_item(collections[row[0].collection_id], *row) for row in found]


def _item(
    collection: Collection,
    entry: FeedEntry,
    version: ObjectVersion,
    decision: ReceivedItem | None,
    is_own: bool,
    own_id: bool,
) -> Item:
    state = State.OWN if is_own else _state(entry, decision)
    hidden = state is State.WITHDRAWN or version.body is None
    return Item(
        collection=collection,
        stix_id=entry.stix_id,
        type=entry.type,
        owner_id=entry.owner_id,
        version=entry.version_key,
        written_version=entry.version,
        digest=version.digest,
        seq=entry.seq,
        added_at=moment_of(entry.added_us),
        tlp=TLP(version.tlp),
        via=version.via,
        state=state,
        decision=decision,
        own_id=bool(own_id),
        one={} if hidden else object_in(version.body or b"{}"),
    )


def _state(entry: FeedEntry, decision: ReceivedItem | None) -> State:
    if decision is None or decision.state == ReceivedState.NEW:
        return State.NEW
    if decision.state == ReceivedState.ACCEPTED:
        if entry.version_key > decision.version:
            return State.UPDATE
        return State.MERGED if decision.incident_id else State.ACCEPTED
    return State(decision.state)
