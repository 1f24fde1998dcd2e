"""The feed of a collection: what was added, in the order of commits; pages of stored bytes.

Position and date added come from the collection's counter row, which every writer locks late
and changes last. So whoever has read up to a position never finds something new before it.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.incidents.exits import Exit, words_leaving
from cirt.incidents.feed_writing import OtherProducerError as OtherProducerError
from cirt.incidents.feed_writing import changes_of, locked_counter
from cirt.incidents.object_store import Kept, in_parts
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.taxii_filters import Filters, Which

# the bare column, as the index of latest versions says it; SQLAlchemy would add "= 1" on SQLite,
# which SQLite does not recognise as the condition of that index
_LATEST: sa.ColumnElement[Any] = sa.literal_column("feed_entry.is_last")


# an intake may hold what is marked stricter: it is read on the screen, and no page gives it out
_LEAVING: Final = words_leaving(Exit.COLLECTION)


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

    @property
    def last_seq(self) -> int:
        """Return the position of the last item, 0 of an empty page."""
        return self.rows[-1].seq if self.rows else 0


def append(
    session: Session,
    collection_id: uuid.UUID,
    versions: Sequence[Kept],
    *,
    even_withdrawn: bool = False,
) -> None:
    """Add versions to a collection's feed when this transaction commits.

    A version that is there already is not added again, and one that was withdrawn from there stays
    away; even_withdrawn: unless a person approves that it comes back. The commit fails with
    OtherProducerError when an id belongs to somebody else there; ask `owners_in` first to say so
    kindly.
    """
    changes = changes_of(session, collection_id)
    changes.added.extend(versions)
    if even_withdrawn:
        changes.again.update(version.id for version in versions)


def withdraw(session: Session, collection_id: uuid.UUID, version_ids: Iterable[uuid.UUID]) -> None:
    """Take versions out of one collection's feed when this transaction commits.

    No page of this collection gives them out any more, in no version; other collections that have
    the same versions keep them (see `recall.erasure` for the bodies).
    """
    changes_of(session, collection_id).withdrawn.update(version_ids)


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


def versions_in(
    session: Session,
    collection_id: uuid.UUID,
    version_ids: Sequence[uuid.UUID],
    *,
    only_withdrawn: bool = False,
) -> set[uuid.UUID]:
    """Return which of these rows of object_version are, or were, in a collection's feed."""
    found: set[uuid.UUID] = set()
    for part in in_parts(sorted(set(version_ids))):
        query = sa.select(FeedEntry.object_version_id).where(
            FeedEntry.collection_id == collection_id, FeedEntry.object_version_id.in_(part)
        )
        if only_withdrawn:
            query = query.where(FeedEntry.withdrawn_at.is_not(None))
        found.update(session.scalars(query))
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
        locked_counter(session, collection_id).erasures += held[collection_id]
    for version in versions:
        version.body, version.erased_at = None, version.erased_at or now()
    session.flush()


def page(
    session: Session,
    collection_id: uuid.UUID,
    filters: Filters,
    *,
    stix_id: str | None = None,
    with_bodies: bool = True,
) -> Page:
    """Return what follows a position, oldest first, at most `filters.limit` items.

    stix_id: only versions of this object. Erased bodies, what was withdrawn from here, and what no
    collection may give out (see `exits`) are left out.
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
            stored.tlp.in_(_LEAVING),
            entry.withdrawn_at.is_(None),
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
            FeedEntry.withdrawn_at.is_(None),
            ObjectVersion.erased_at.is_(None),
            ObjectVersion.tlp.in_(_LEAVING),
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
