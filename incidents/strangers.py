"""Versions of an object that somebody other than its owner brought: shown as such, changing nothing."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.incidents.feed_clauses import named
from cirt.incidents.object_store import STANDARD_BODIES, in_parts
from cirt.incidents.store_models import FeedEntry


@dataclass(frozen=True, slots=True)
class Stranger:
    """A version of an object that somebody other than its owner brought; it changes nothing.

    owner_id: who brought it, which nobody may be told where the collection is confidential.
    """

    stix_id: str
    version: str
    owner_id: uuid.UUID
    collection_id: uuid.UUID


def strangers_versions(
    session: Session,
    stix_ids: Sequence[str],
    owner: uuid.UUID,
    *,
    among: Sequence[uuid.UUID],
) -> list[Stranger]:
    """Return the versions under an owner's ids that others brought into the collections `among`.

    among: what the asking administration reads; nothing else is looked at.
    """
    found: list[Stranger] = []
    for part in in_parts(sorted(set(stix_ids))):
        query = (
            sa.select(
                FeedEntry.stix_id, FeedEntry.version, FeedEntry.owner_id, FeedEntry.collection_id
            )
            .where(
                named(among, part),
                FeedEntry.owner_id.not_in((owner, STANDARD_BODIES)),
            )
            .order_by(FeedEntry.stix_id, FeedEntry.version_key, FeedEntry.collection_id)
        )
        found += [Stranger(*row) for row in session.execute(query)]
    return found
