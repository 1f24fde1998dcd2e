"""How a feed is written: at the end of a transaction, with the collection's counter row locked.

Asked for through `feed`; nobody else calls this.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.db import FEED_STAGE, before_commit
from cirt.errors import N_, ConflictError
from cirt.incidents.object_store import Kept, in_parts, insert_if_absent
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion
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
class _NewEntry:
    """A row about to be inserted, with the columns of FeedEntry: thousands at a time."""

    collection_id: uuid.UUID
    seq: int
    added_us: int
    object_version_id: uuid.UUID
    owner_id: uuid.UUID
    stix_id: str
    type: str
    version: str
    version_key: str
    spec_version: str
    is_last: bool = True
    is_first: bool = True
    withdrawn_at: None = None


_Entry = FeedEntry | _NewEntry
_COLUMNS: Final = tuple(field.name for field in fields(_NewEntry))


def _values(entry: _NewEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _COLUMNS}


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
    versions = changes.added
    n, last_us, clock_us = counter.n, counter.last_added_us, microseconds(now())
    ids = [version.item.stix_id for version in versions]
    known = _entries(session, counter.collection_id, ids)
    added: list[_NewEntry] = []
    for version in versions:
        owner_id, stix_id, key = version.item.key
        entries = known.setdefault(stix_id, [])
        if entries and entries[0].owner_id != owner_id:
            raise OtherProducerError(stix_id)
        same = next((entry for entry in entries if entry.version_key == key), None)
        if same is not None:
            if same.withdrawn_at is None or version.id not in changes.again:
                continue
            assert isinstance(same, FeedEntry)  # noqa: S101 - what is added here is not withdrawn
            session.delete(same)  # its position stays empty: it comes back at a new one
            entries.remove(same)
        n += 1
        last_us = max(clock_us, last_us + 1)
        entry = _NewEntry(
            collection_id=counter.collection_id,
            seq=n,
            added_us=last_us,
            object_version_id=version.id,
            owner_id=owner_id,
            stix_id=stix_id,
            type=version.item.type,
            version=version.item.version,
            version_key=key,
            spec_version=version.item.spec_version,
        )
        _mark_ends(entry, entries)
        entries.append(entry)
        added.append(entry)
    session.flush()  # what was the last or first version of an object before
    if added:
        session.execute(sa.insert(FeedEntry), [_values(entry) for entry in added])
        _bring_back(session, versions, {entry.object_version_id for entry in added})
    counter.n, counter.last_added_us = n, last_us
    session.flush()


def _bring_back(session: Session, versions: Sequence[Kept], added: set[uuid.UUID]) -> None:
    """Store again the erased bodies of what was added; only an approved release gets this far.

    After the rows were inserted: whoever erases a body holds it against that (see `recall.erasure`).
    """
    erased: set[uuid.UUID] = set()
    for part in in_parts(sorted(added)):
        query = sa.select(ObjectVersion.id).where(
            ObjectVersion.id.in_(part), ObjectVersion.erased_at.is_not(None)
        )
        erased.update(session.scalars(query))
    for version in versions:
        if version.id in erased:
            session.execute(
                sa.update(ObjectVersion)
                .where(ObjectVersion.id == version.id)
                .values(body=version.item.body, erased_at=None)
                .execution_options(synchronize_session=False)
            )


def _mark_ends(entry: "_NewEntry", others: Sequence["_Entry"]) -> None:
    """Say which of an object's versions is now the last and which the first, by their times."""
    others = [other for other in others if other.withdrawn_at is None]
    entry.is_last = all(other.version_key < entry.version_key for other in others)
    entry.is_first = all(other.version_key > entry.version_key for other in others)
    for other in others:
        if entry.is_last and other.is_last:
            other.is_last = False
        if entry.is_first and other.is_first:
            other.is_first = False


def _entries(
    session: Session, collection_id: uuid.UUID, stix_ids: Sequence[str]
) -> dict[str, list["_Entry"]]:
    found: dict[str, list[_Entry]] = {}
    for part in in_parts(sorted(set(stix_ids))):
        query = sa.select(FeedEntry).where(
            FeedEntry.collection_id == collection_id, FeedEntry.stix_id.in_(part)
        )
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
