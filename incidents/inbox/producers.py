"""Who stands behind an item, as far as this administration may know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.feed_clauses import STORED, given_out_now
from cirt.incidents.inbox.received import Item
from cirt.incidents.object_store import object_in
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.ids import is_stix_id


@dataclass(frozen=True)
class Producer:
    """administration: who it is, None where nobody may be named or nobody was proven.

    circle: the circle in whose name it was released, None if in the producer's own. claimed: what
    the objects say about their author where that is not proven, "" if they say nothing.
    """

    administration: Administration | None = None
    circle: Collection | None = None
    claimed: str = ""

    @property
    def can_be_answered(self) -> bool:
        """Return whether something can go back to it."""
        return self.administration is not None or self.circle is not None


def producers_of(session: Session, found: list[Item]) -> dict[tuple[Any, str], Producer]:
    """Return who stands behind each item, by (collection, id)."""
    owners = {item.owner_id for item in found if not _is_unnamed(item)}
    known = {
        row.id: row
        for row in session.scalars(sa.select(Administration).where(Administration.id.in_(owners)))
    }
    return {(item.collection.id, item.stix_id): _producer(session, item, known) for item in found}


def producer_of(session: Session, item: Item) -> Producer:
    """Return who stands behind an item."""
    return producers_of(session, [item])[item.collection.id, item.stix_id]


def _is_unnamed(item: Item) -> bool:
    """Whether the circle stands for the producer, whom nobody may learn.

    What was released to a circle and says nothing of its author (an observable), or says nothing any
    more (it was taken back), may belong to a release in the name of the circle.
    """
    if item.collection.is_confidential:
        return True
    author = item.one.get("created_by_ref")
    if author is None and item.via != "taxii" and item.collection.kind == CollectionKind.CIRCLE:
        return True
    return author == f"identity--{item.collection.id}"


def _producer(session: Session, item: Item, known: Mapping[Any, Administration]) -> Producer:
    if _is_unnamed(item):
        return Producer(circle=item.collection)
    claimed = str(item.one.get("created_by_ref", ""))
    owner = known.get(item.owner_id)
    if owner is not None:
        if item.collection.kind == CollectionKind.INTAKE and claimed != f"identity--{owner.id}":
            return Producer(owner, claimed=_name(session, item, claimed))
        return Producer(owner)
    return Producer(claimed=_name(session, item, claimed))


def _name(session: Session, item: Item, claimed: str) -> str:
    """Return the name that an identity bears in the same collection; it proves nothing."""
    if not is_stix_id(claimed, "identity"):
        return ""
    query = (
        sa.select(ObjectVersion.body)
        .join(FeedEntry, STORED)
        .where(*given_out_now(item.collection.id, [claimed]))
    )
    body = session.scalar(query)
    return str(object_in(body).get("name", claimed)) if body else claimed
