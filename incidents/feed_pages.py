"""Pages of a collection's feed: stored bytes in the order of positions, along an index of theirs.

What a page costs depends on how many items it has, not on where it begins or how long the feed is.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.incidents.exits import Exit, words_leaving
from cirt.incidents.feed_clauses import STORED, in_feed, named
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.taxii_filters import Filters, Which

# the bare column, as the index of latest versions says it; SQLAlchemy would add "= 1" on SQLite,
# which SQLite does not recognise as the condition of that index
_LATEST: sa.ColumnElement[Any] = sa.literal_column("feed_entry.is_last")

# an intake may hold what is marked stricter: it is read on the screen, and no page gives it out
_LEAVING: Final = words_leaving(Exit.COLLECTION)

_WALKED_APART: Final = 8  # types of one question that are each walked along their own index


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
    position = filters.position
    if filters.added_after is not None:
        end = session.scalar(end_query(collection_id, filters.added_after))
        position = max(position, end or 0)
    columns: list[Any] = [FeedEntry.seq, FeedEntry.added_us, FeedEntry.stix_id, FeedEntry.version]
    columns.append(ObjectVersion.body if with_bodies else sa.null().label("body"))
    query = page_query(
        columns,
        collection_id,
        filters,
        position=position,
        most=filters.limit + 1,
        stix_id=stix_id,
        in_parts=session.get_bind().dialect.name == "postgresql",
    )
    rows = [Row(*row) for row in session.execute(query)]
    return Page(tuple(rows[: filters.limit]), len(rows) > filters.limit)


def end_query(collection_id: Any, added_after: Any) -> sa.Select[Any]:
    """Return the query for the last position added at or before a time, in microseconds.

    Dates rise with positions, so one row of the index tells where to begin. Asked apart from the
    page: two lower bounds in one question would make SQLite walk from the wrong one.
    """
    return (
        sa.select(FeedEntry.seq)
        .where(FeedEntry.collection_id == collection_id, FeedEntry.added_us <= added_after)
        .order_by(FeedEntry.added_us.desc())
        .limit(1)
    )


def page_query(
    columns: Sequence[Any],
    collection_id: Any,
    filters: Filters,
    *,
    position: Any,
    most: Any,
    stix_id: Any = None,
    in_parts: bool = False,
) -> sa.Select[Any]:
    """Return the query for columns of what follows a position, at most so many rows.

    columns: the position first. collection_id, position, most, stix_id: values, or parameters to
    be given later. in_parts: whether versions may lie in partitions. PostgreSQL reckons with all of
    them for every row, although it looks into one; a subquery that it may not take apart keeps it
    from reading the whole store for a page.
    """
    if filters.types is None or not 1 < len(filters.types) <= _WALKED_APART:
        return _walk(columns, collection_id, filters, position, most, stix_id, in_parts=in_parts)
    walks = [
        _walk(
            columns,
            collection_id,
            replace(filters, types=frozenset({one})),
            position,
            most,
            stix_id,
            in_parts=in_parts,
        )
        for one in sorted(filters.types)
    ]
    joined = sa.union_all(*(sa.select(walk.subquery()) for walk in walks)).subquery()
    return sa.select(joined).order_by(joined.c.seq).limit(most)


def _walk(
    columns: Sequence[Any],
    collection_id: Any,
    filters: Filters,
    position: Any,
    most: Any,
    stix_id: Any,
    *,
    in_parts: bool,
) -> sa.Select[Any]:
    entry, stored = FeedEntry, ObjectVersion
    # few rows found by their ids are put in order; SQLite would else walk the feed in its order
    sought = sorted(filters.ids) if stix_id is None and filters.ids is not None else stix_id
    place = entry.seq if sought is None else entry.seq + sa.literal_column("0")
    given_out = (STORED, stored.erased_at.is_(None), stored.tlp.in_(_LEAVING))
    if in_parts:
        whole = sa.select(stored.body).where(*given_out).correlate(entry)
        found = whole.offset(sa.literal_column("0")).lateral("stored")
        columns = [found.c.body if one is stored.body else one for one in columns]
        query = sa.select(*columns).select_from(entry).join(found, sa.true())
    else:
        query = sa.select(*columns).select_from(entry).join(stored, sa.and_(*given_out))
    return (
        query.where(
            in_feed(collection_id, sought),
            place > position,
            entry.withdrawn_at.is_(None),
            *_matches(filters),
        )
        .order_by(place)
        .limit(most)
    )


def holds(session: Session, collection_id: uuid.UUID, stix_id: str) -> bool:
    """Return whether a collection has this object, in any version that was not erased."""
    query = (
        sa.select(sa.literal(1))
        .select_from(FeedEntry)
        .join(ObjectVersion, STORED)
        .where(
            named(collection_id, stix_id),
            FeedEntry.withdrawn_at.is_(None),
            ObjectVersion.erased_at.is_(None),
            ObjectVersion.tlp.in_(_LEAVING),
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def _matches(filters: Filters) -> list[sa.ColumnElement[bool]]:
    entry = FeedEntry
    found: list[sa.ColumnElement[bool]] = []
    for column, values in (
        (entry.stix_id, filters.ids),
        (entry.type, filters.types),
        (entry.spec_version, filters.spec_versions),
    ):
        if values is not None:
            one = next(iter(values)) if len(values) == 1 else None
            found.append(column.in_(sorted(values)) if one is None else column == one)
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
