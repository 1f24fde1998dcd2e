"""The feed of a collection: what was added, in the order of commits; pages of stored bytes.

Position and date added come from the collection's counter row, which every writer locks late
and changes last. So whoever has read up to a position never finds something new before it.
"""

import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.incidents.feed_clauses import for_each_name
from cirt.incidents.feed_pages import Page as Page
from cirt.incidents.feed_pages import Row as Row
from cirt.incidents.feed_pages import holds as holds
from cirt.incidents.feed_pages import page as page
from cirt.incidents.feed_writing import OtherProducerError as OtherProducerError
from cirt.incidents.feed_writing import changes_of, locked_counter
from cirt.incidents.object_store import Kept, in_parts
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.many_rows import for_each


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
        query = sa.select(FeedEntry.stix_id, FeedEntry.owner_id)
        rows = session.execute(for_each_name(session, query, collection_id, part))
        found.update((stix_id, owner_id) for stix_id, owner_id in rows)
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
            FeedEntry.collection_id == collection_id
        )
        if only_withdrawn:
            query = query.where(FeedEntry.withdrawn_at.is_not(None))
        column = FeedEntry.object_version_id
        found.update(session.scalars(for_each(session, query, column, part)))
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
