"""Clauses that many questions about a collection's feed share."""

import uuid
from typing import Final

import sqlalchemy as sa

from cirt.incidents.store_models import FeedEntry, ObjectVersion

STORED: Final[sa.ColumnElement[bool]] = sa.and_(
    ObjectVersion.owner_id == FeedEntry.owner_id, ObjectVersion.id == FeedEntry.object_version_id
)
"""How an entry of a feed and the version that it gives out find each other: by the whole key, so
that a database with partitions looks into one."""


def given_out_now(collection_id: uuid.UUID) -> tuple[sa.ColumnExpressionArgument[bool], ...]:
    """Return what holds for the latest versions in a collection: neither withdrawn nor erased."""
    return (
        FeedEntry.collection_id == collection_id,
        FeedEntry.is_last,
        FeedEntry.withdrawn_at.is_(None),
        ObjectVersion.erased_at.is_(None),
    )
