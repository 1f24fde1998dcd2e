"""Clauses that many questions about a collection's feed share."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, Final, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.sql.visitors import InternalTraversal

from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.many_rows import among, for_each

Row = TypeVarTuple("Row")

STORED: Final[sa.ColumnElement[bool]] = sa.and_(
    ObjectVersion.owner_id == FeedEntry.owner_id, ObjectVersion.id == FeedEntry.object_version_id
)
"""How an entry of a feed and the version that it gives out find each other: by the whole key, so
that a database with partitions looks into one."""


GIVEN_OUT: Final = (
    FeedEntry.is_last,
    FeedEntry.withdrawn_at.is_(None),
    ObjectVersion.erased_at.is_(None),
)
"""What holds for the latest versions that a feed gives out: neither withdrawn nor erased."""

_VERSION: Final = sa.alias(ObjectVersion.__table__, "named_version")


def given_out_now(
    collection_id: uuid.UUID, names: Sequence[str] | None = None
) -> tuple[sa.ColumnExpressionArgument[bool], ...]:
    """Return what holds for the latest versions in a collection: neither withdrawn nor erased.

    names: ids of objects; None for all.
    """
    return (in_feed(collection_id, names), *GIVEN_OUT)


def in_feed(collection: Any, names: Any = None) -> sa.ColumnElement[bool]:
    """Return the condition that an entry is of a collection; names: as `named` has them, None for all."""
    if names is None:
        return FeedEntry.collection_id == collection
    return named(collection, names)


def named(collection: Any, names: Any, entry: Any = FeedEntry) -> sa.ColumnElement[bool]:
    """Return the condition that an entry is of a collection, and of the object with an id.

    collection: its id, something that holds one, or several ids. names: an id or something that
    holds one, a list of ids or a query for them. entry: FeedEntry or an alias of it. Every question
    about ids of objects in a feed is asked by this: only so SQLite finds them by an index (see
    FeedEntry), unless it is one of several alternatives.
    """
    kept = sa.select(_VERSION.c.id).where(_is(_VERSION.c.stix_id, names)).correlate_except(_VERSION)
    return _OneOf(
        sqlite=sa.and_(
            entry.object_version_id.in_(kept),
            _is(_unsought(entry.collection_id), _unsought(collection)),
        ),
        others=sa.and_(_is(entry.collection_id, collection), _is(entry.stix_id, names)),
    )


def _is(column: Any, wanted: Any) -> Any:
    is_one = isinstance(wanted, str | uuid.UUID | sa.ColumnElement)
    if is_one or hasattr(wanted, "__clause_element__"):
        return column == wanted
    return column.in_(wanted)


def _unsought(column: Any) -> Any:
    """Return a column by which SQLite looks for no rows: it takes every feed for ten entries long.

    What is no column comes back as it is. Source: sqlite.org/optoverview.html, "Disqualifying WHERE
    Clause Terms Using Unary-+".
    """
    if not hasattr(column, "type"):
        return column
    return sa.UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def for_each_name(
    session: Session, query: sa.Select[*Row], collection_id: uuid.UUID, names: Collection[str]
) -> sa.Select[*Row]:
    """Return a query for the entries of many objects of a collection; names: their ids, each once."""
    if session.get_bind().dialect.name == "postgresql":
        query = query.where(FeedEntry.collection_id == collection_id)
        return for_each(session, query, FeedEntry.stix_id, names, then=FeedEntry.version_key)
    kept = sa.select(_VERSION.c.id).where(among(session, _VERSION.c.stix_id, names))
    return query.where(
        _unsought(FeedEntry.collection_id) == collection_id, FeedEntry.object_version_id.in_(kept)
    )


class _OneOf(sa.ColumnElement[bool]):
    """A condition that is put to SQLite in one form, and to others in another; both say the same."""

    _traverse_internals = [  # noqa: RUF012 - as SQLAlchemy has it
        ("sqlite", InternalTraversal.dp_clauseelement),
        ("others", InternalTraversal.dp_clauseelement),
    ]
    type = sa.Boolean()

    def __init__(self, *, sqlite: sa.ColumnElement[bool], others: sa.ColumnElement[bool]) -> None:
        self.sqlite = sqlite
        self.others = others

    def self_group(self, against: Any = None) -> sa.ColumnElement[bool]:
        """Return it with brackets where it stands among other conditions."""
        return self if against is None else sa.Grouping(self)


@compiles(_OneOf)
def _compiled(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    is_sqlite = compiler.dialect.name == "sqlite"
    return compiler.process(element.sqlite if is_sqlite else element.others, **more)
