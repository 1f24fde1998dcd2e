"""How a feed is written: at the end of a transaction, with the collection's counter row locked.

Asked for through `feed`; nobody else calls this.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.db import FEED_STAGE, before_commit
from cirt.errors import N_, ConflictError
from cirt.incidents.feed_clauses import for_each_name, named
from cirt.incidents.object_store import Kept, in_parts, insert_if_absent
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion
from cirt.many_rows import insert_rows
from cirt.stix.taxii_protocol import microseconds


@dataclass
class Changes:
    """What one transaction does to one feed.

    again: rows of object_version that come back although they were withdrawn from here.
    """

    added: list[Kept] = field(default_factory=list)
    again: set[uuid.UUID] = field(default_factory=set)
    withdrawn: set[uuid.UUID] = field(default_factory=set)


def changes_of(session: Session, collection_id: uuid.UUID) -> Changes:
    """Return what this transaction will do to a feed, to be added to."""
    queue: dict[uuid.UUID, Changes] = session.info.setdefault("feed", {})
    before_commit(session, FEED_STAGE, _write)
    return queue.setdefault(collection_id, Changes())


class OtherProducerError(ConflictError):
    """In this collection the id belongs to another administration."""

    def __init__(self, stix_id: str) -> None:
        super().__init__(
            N_(
                "%(id)s belongs to another producer in this circle. Give your object an id of its own."
            ),
            id=stix_id,
        )


@dataclass(slots=True)
class _Place:
    """What the order of an object's versions needs of an entry; thousands at a time.

    is_stored: whether it is in the table; else it is about to be inserted.
    """

    seq: int
    owner_id: uuid.UUID
    version_key: str
    is_last: bool = True
    is_first: bool = True
    is_withdrawn: bool = False
    is_stored: bool = False


@dataclass(slots=True)
class _Order:
    """The versions of objects in a collection, with what a transaction does to them."""

    places: dict[str, list[_Place]]
    changed: dict[int, _Place] = field(default_factory=dict)
    removed: list[int] = field(default_factory=list)


def _write(session: Session) -> None:
    session.flush()
    queue: dict[uuid.UUID, Changes] = session.info.pop("feed", {})
    for collection_id in sorted(queue):
        counter, changes = locked_counter(session, collection_id), queue[collection_id]
        _withdraw(session, counter, changes.withdrawn)
        _append(session, counter, changes)


def _withdraw(session: Session, counter: FeedCounter, version_ids: set[uuid.UUID]) -> None:
    """Mark what is taken out; queries for latest versions find what is left."""
    stix_ids: set[str] = set()
    for part in in_parts(sorted(version_ids)):
        taken = sa.select(FeedEntry).where(
            FeedEntry.collection_id == counter.collection_id,
            FeedEntry.object_version_id.in_(part),
            FeedEntry.withdrawn_at.is_(None),
        )
        for row in session.scalars(taken.execution_options(populate_existing=True)):
            row.withdrawn_at, row.is_last, row.is_first = now(), False, False
            stix_ids.add(row.stix_id)
            counter.erasures += 1
    session.flush()
    for entries in _entries(session, counter.collection_id, sorted(stix_ids)).values():
        left = sorted(
            (entry for entry in entries if entry.withdrawn_at is None),
            key=lambda entry: entry.version_key,
        )
        for place, entry in enumerate(left):
            entry.is_first, entry.is_last = place == 0, place == len(left) - 1
    session.flush()


def _append(session: Session, counter: FeedCounter, changes: Changes) -> None:
    n, last_us, clock_us = counter.n, counter.last_added_us, microseconds(now())
    items = [version.item for version in changes.added]
    order = _Order(_places(session, counter.collection_id, [item.stix_id for item in items]))
    added: list[tuple[Kept, _Place]] = []
    times: list[int] = []
    gone = _erased(session, [one for one in changes.added if one.id in changes.again])
    for version in changes.added:
        comes_back = version.id in changes.again
        place = _enter(order, version, n + 1, comes_back=comes_back, is_erased=version.id in gone)
        if place is not None:
            n, last_us = n + 1, max(clock_us, last_us + 1)
            added.append((version, place))
            times.append(last_us)
    if not added:
        return
    # at a whole millisecond: whoever cuts the date of the last one off there, as JavaScript does,
    # and goes on from it, gets nothing twice
    last_us = times[-1] = -(-last_us // 1_000) * 1_000
    _store_order(session, counter.collection_id, order)
    _insert(session, counter.collection_id, added, times)
    _bring_back(session, [version for version, _place in added])
    counter.n, counter.last_added_us = n, last_us
    session.flush()


def _enter(
    order: _Order, version: Kept, seq: int, *, comes_back: bool, is_erased: bool
) -> _Place | None:
    """Return the new place of a version, None if it stays where it is, or away."""
    owner_id, stix_id, key = version.item.key
    new = _Place(seq, owner_id, key)
    places = order.places.get(stix_id)
    if places is None:
        order.places[stix_id] = [new]
        return new
    if places[0].owner_id != owner_id:
        raise OtherProducerError(stix_id)
    same = next((place for place in places if place.version_key == key), None)
    if same is not None:
        is_gone = same.is_withdrawn or (is_erased and same.is_stored)
        if not (comes_back and is_gone):
            return None
        order.removed.append(same.seq)  # its position stays empty: it comes back at a new one
        places.remove(same)
    _mark_ends(new, places, order.changed)
    places.append(new)
    return new


def _mark_ends(new: _Place, places: Sequence[_Place], changed: dict[int, _Place]) -> None:
    """Say which of an object's versions is now the last and which the first, by their times."""
    others = [place for place in places if not place.is_withdrawn]
    new.is_last = all(other.version_key < new.version_key for other in others)
    new.is_first = all(other.version_key > new.version_key for other in others)
    for other in others:
        if (new.is_last and other.is_last) or (new.is_first and other.is_first):
            other.is_last = other.is_last and not new.is_last
            other.is_first = other.is_first and not new.is_first
            if other.is_stored:
                changed[other.seq] = other


def _store_order(session: Session, collection_id: uuid.UUID, order: _Order) -> None:
    """Store what was the last or first version of an object before, and what leaves its place."""
    for part in in_parts(order.removed):
        gone = sa.delete(FeedEntry).where(
            FeedEntry.collection_id == collection_id, FeedEntry.seq.in_(part)
        )
        session.execute(gone.execution_options(synchronize_session=False))
    ends: dict[tuple[bool, bool], list[int]] = {}
    for seq, place in sorted(order.changed.items()):
        ends.setdefault((place.is_last, place.is_first), []).append(seq)
    for (is_last, is_first), seqs in sorted(ends.items()):
        for part in in_parts(seqs):
            changed = sa.update(FeedEntry).where(
                FeedEntry.collection_id == collection_id, FeedEntry.seq.in_(part)
            )
            session.execute(
                changed.values(is_last=is_last, is_first=is_first).execution_options(
                    synchronize_session=False
                )
            )


def _insert(
    session: Session,
    collection_id: uuid.UUID,
    added: Sequence[tuple[Kept, _Place]],
    times: Sequence[int],
) -> None:
    items = [version.item for version, _place in added]
    columns = {
        "seq": [place.seq for _version, place in added],
        "added_us": times,
        "object_version_id": [version.id for version, _place in added],
        "owner_id": [item.owner_id for item in items],
        "stix_id": [item.stix_id for item in items],
        "type": [item.type for item in items],
        "version": [item.version for item in items],
        "version_key": [item.key[2] for item in items],
        "spec_version": [item.spec_version for item in items],
        "is_last": [place.is_last for _version, place in added],
        "is_first": [place.is_first for _version, place in added],
    }
    insert_rows(session, FeedEntry.__table__, columns, {"collection_id": collection_id})


def _bring_back(session: Session, versions: Sequence[Kept]) -> None:
    """Store again the erased bodies of what was added; only an approved release gets this far.

    After the rows were inserted: whoever erases a body holds it against that (see `recall.erasure`).
    """
    gone = _erased(session, versions)
    for version in versions:
        if version.id in gone:
            session.execute(
                sa.update(ObjectVersion)
                .where(
                    ObjectVersion.owner_id == version.item.owner_id,
                    ObjectVersion.id == version.id,
                )
                .values(body=version.item.body, erased_at=None)
                .execution_options(synchronize_session=False)
            )


def _erased(session: Session, versions: Sequence[Kept]) -> set[uuid.UUID]:
    """Return the rows of those whose bodies were erased."""
    found: set[uuid.UUID] = set()
    # what this very transaction kept, nobody can have erased
    for part in in_parts(sorted({version.id for version in versions if not version.is_new})):
        query = sa.select(ObjectVersion.id).where(
            ObjectVersion.owner_id.in_({version.item.owner_id for version in versions}),
            ObjectVersion.id.in_(part),
            ObjectVersion.erased_at.is_not(None),
        )
        found.update(session.scalars(query))
    return found


def _places(
    session: Session, collection_id: uuid.UUID, stix_ids: Sequence[str]
) -> dict[str, list[_Place]]:
    found: dict[str, list[_Place]] = {}
    for part in in_parts(sorted(set(stix_ids))):
        query = sa.select(
            FeedEntry.stix_id,
            FeedEntry.seq,
            FeedEntry.owner_id,
            FeedEntry.version_key,
            FeedEntry.is_last,
            FeedEntry.is_first,
            FeedEntry.withdrawn_at,
        )
        rows = session.execute(for_each_name(session, query, collection_id, part))
        for stix_id, seq, owner_id, key, is_last, is_first, withdrawn_at in rows:
            is_withdrawn = withdrawn_at is not None
            place = _Place(seq, owner_id, key, is_last, is_first, is_withdrawn, is_stored=True)
            found.setdefault(stix_id, []).append(place)
    return found


def _entries(
    session: Session, collection_id: uuid.UUID, stix_ids: Sequence[str]
) -> dict[str, list[FeedEntry]]:
    found: dict[str, list[FeedEntry]] = {}
    for part in in_parts(sorted(set(stix_ids))):
        query = sa.select(FeedEntry).where(named(collection_id, part))
        # rows read earlier in this transaction may have changed before the lock was ours
        for entry in session.scalars(query.execution_options(populate_existing=True)):
            found.setdefault(entry.stix_id, []).append(entry)
    return found


def locked_counter(session: Session, collection_id: uuid.UUID) -> FeedCounter:
    query = (
        sa.select(FeedCounter)
        .where(FeedCounter.collection_id == collection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    counter = session.scalars(query).one_or_none()
    if counter is None:
        # two first writers: the second waits here and finds the row
        row = {"collection_id": collection_id, "n": 0, "last_added_us": 0}
        session.execute(insert_if_absent(session, FeedCounter.__table__).values(row))
        counter = session.scalars(query).one()
    return counter
