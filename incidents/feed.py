"""The feed of a collection: what was added, in the order of commits; pages of stored bytes.

Position and date added come from the collection's counter row, which every writer locks late
and changes last. So whoever has read up to a position never finds something new before it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.db import FEED_STAGE, before_commit
from cirt.errors import N_, ConflictError
from cirt.incidents.object_store import Kept, in_parts, insert_if_absent
from cirt.incidents.store_models import FeedCounter, FeedEntry, ObjectVersion
from cirt.stix.taxii_filters import Filters, Which
from cirt.stix.taxii_protocol import microseconds

# the bare column, as the index of latest versions says it; SQLAlchemy would add "= 1" on SQLite,
# which SQLite does not recognise as the condition of that index
_LATEST: sa.ColumnElement[Any] = sa.literal_column("feed_entry.is_last")


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


_Entry = FeedEntry | _NewEntry
_COLUMNS: Final = tuple(field.name for field in fields(_NewEntry))


def _values(entry: _NewEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _COLUMNS}


@dataclass(frozen=True, slots=True)
class Row:
    """One item of a page. body: None when only the manifest was asked for."""

    seq: int
    added_us: int
    stix_id: str
    version: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the order of the feed; more: whether something follows it."""

    rows: tuple[Row, ...]
    more: bool


def append(session: Session, collection_id: uuid.UUID, versions: Sequence[Kept]) -> None:
    """Add versions to a collection's feed when this transaction commits.

    A version that is there already is not added again. The commit fails with OtherProducerError
    when an id belongs to somebody else there; ask `owners_in` first to say so kindly.
    """
    queue: dict[uuid.UUID, list[Kept]] = session.info.setdefault("feed", {})
    queue.setdefault(collection_id, []).extend(versions)
    before_commit(session, FEED_STAGE, _write)


def owners_in(
    session: Session, collection_id: uuid.UUID, stix_ids: Sequence[str]
) -> dict[str, uuid.UUID]:
    """Return to whom ids belong in a collection; the first to bring an id keeps it."""
    found: dict[str, uuid.UUID] = {}
    for part in in_parts(sorted(set(stix_ids))):
        query = sa.select(FeedEntry.stix_id, FeedEntry.owner_id).where(
            FeedEntry.collection_id == collection_id, FeedEntry.stix_id.in_(part)
        )
        found.update((stix_id, owner_id) for stix_id, owner_id in session.execute(query))
    return found


def erase(session: Session, versions: Sequence[ObjectVersion]) -> None:
    """Erase the bodies of versions; the digests stay, and no page holds the bodies any more."""
    ids = [version.id for version in versions if version.erased_at is None]
    held: dict[uuid.UUID, int] = {}
    for part in in_parts(ids):
        query = (
            sa.select(FeedEntry.collection_id, sa.func.count())
            .where(FeedEntry.object_version_id.in_(part))
            .group_by(FeedEntry.collection_id)
        )
        for collection_id, count in session.execute(query):
            held[collection_id] = held.get(collection_id, 0) + count
    for collection_id in sorted(held):
        _locked_counter(session, collection_id).erasures += held[collection_id]
    for version in versions:
        version.body, version.erased_at = None, version.erased_at or now()
    session.flush()


def _write(session: Session) -> None:
    session.flush()
    queue: dict[uuid.UUID, list[Kept]] = session.info.pop("feed", {})
    for collection_id in sorted(queue):
        _append(session, _locked_counter(session, collection_id), queue[collection_id])


def _append(session: Session, counter: FeedCounter, versions: Sequence[Kept]) -> None:
    n, last_us, clock_us = counter.n, counter.last_added_us, microseconds(now())
    ids = [version.item.stix_id for version in versions]
    known = _entries(session, counter.collection_id, ids)
    added: list[_NewEntry] = []
    for version in versions:
        owner_id, stix_id, key = version.item.key
        entries = known.setdefault(stix_id, [])
        if entries and entries[0].owner_id != owner_id:
            raise OtherProducerError(stix_id)
        if any(entry.version_key == key for entry in entries):
            continue
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
    counter.n, counter.last_added_us = n, last_us
    session.flush()


def _mark_ends(entry: "_NewEntry", others: Sequence["_Entry"]) -> None:
    """Say which of an object's versions is now the last and which the first, by their times."""
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


def _locked_counter(session: Session, collection_id: uuid.UUID) -> FeedCounter:
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


def page(
    session: Session,
    collection_id: uuid.UUID,
    filters: Filters,
    *,
    stix_id: str | None = None,
    with_bodies: bool = True,
) -> Page:
    """Return what follows a position, oldest first, at most `filters.limit` items.

    stix_id: only versions of this object. Erased bodies are not given out.
    """
    entry, stored = FeedEntry, ObjectVersion
    query = (
        sa.select(
            entry.seq,
            entry.added_us,
            entry.stix_id,
            entry.version,
            stored.body if with_bodies else sa.null(),
        )
        .join(stored, stored.id == entry.object_version_id)
        .where(
            entry.collection_id == collection_id,
            entry.seq > filters.position,
            stored.erased_at.is_(None),
            *_matches(collection_id, filters),
        )
        .order_by(entry.seq)
        .limit(filters.limit + 1)
    )
    if stix_id is not None:
        query = query.where(entry.stix_id == stix_id)
    rows = [Row(*row) for row in session.execute(query)]
    return Page(tuple(rows[: filters.limit]), len(rows) > filters.limit)


def holds(session: Session, collection_id: uuid.UUID, stix_id: str) -> bool:
    """Return whether a collection has this object, in any version that was not erased."""
    query = (
        sa.select(sa.literal(1))
        .select_from(FeedEntry)
        .join(ObjectVersion, ObjectVersion.id == FeedEntry.object_version_id)
        .where(
            FeedEntry.collection_id == collection_id,
            FeedEntry.stix_id == stix_id,
            ObjectVersion.erased_at.is_(None),
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def _matches(collection_id: uuid.UUID, filters: Filters) -> list[sa.ColumnElement[bool]]:
    entry = FeedEntry
    found: list[sa.ColumnElement[bool]] = []
    if filters.added_after is not None:
        # dates rise with positions, so one row of the index tells where to begin
        end = (
            sa.select(entry.seq)
            .where(entry.collection_id == collection_id, entry.added_us <= filters.added_after)
            .order_by(entry.added_us.desc())
            .limit(1)
            .correlate(None)
            .scalar_subquery()
        )
        found.append(entry.seq > sa.func.coalesce(end, 0))
    for column, values in (
        (entry.stix_id, filters.ids),
        (entry.type, filters.types),
        (entry.spec_version, filters.spec_versions),
    ):
        if values is not None:
            found.append(column.in_(sorted(values)))
    if Which.ALL not in filters.which:
        versions: list[sa.ColumnElement[bool]] = []
        if Which.LAST in filters.which:
            versions.append(_LATEST)
        if Which.FIRST in filters.which:
            versions.append(entry.is_first.is_(True))
        if filters.exact:
            versions.append(entry.version_key.in_(sorted(filters.exact)))
        found.append(sa.or_(*versions))
    return found
