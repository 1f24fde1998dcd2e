"""Who speaks in what was received: the identities whose signing keys somebody may want to enter."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.accounts.models import Administration
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.feed_clauses import STORED
from cirt.incidents.object_store import object_in, published_object
from cirt.incidents.recall.keys import keys_for
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix.ids import is_stix_id

MOST: Final = 200


@dataclass(frozen=True)
class Seen:
    """An identity as it introduces itself; the name proves nothing. public: its present key here."""

    stix_id: str
    name: str
    public: bytes | None


def seen_in(session: Session, collection_ids: Sequence[uuid.UUID]) -> list[Seen]:
    """Return the producers elsewhere that introduce themselves in some collections, by name."""
    query = (
        sa.select(FeedEntry.stix_id, ObjectVersion.body)
        .join(ObjectVersion, STORED)
        .where(
            FeedEntry.collection_id.in_(collection_ids),
            FeedEntry.type == "identity",
            FeedEntry.is_last,
            ObjectVersion.body.is_not(None),
        )
        .order_by(FeedEntry.seq.desc())
        .limit(10 * MOST)
    )
    here = {f"identity--{one}" for one in session.scalars(sa.select(Administration.id))}
    found: dict[str, Seen] = {}
    for stix_id, body in session.execute(query):
        one = object_in(body or b"{}")
        # a victim's identity is its producer's word
        introduces_itself = one.get("created_by_ref", stix_id) == stix_id
        if stix_id in found or stix_id in here or published_object(stix_id):
            continue
        if introduces_itself and is_stix_id(stix_id, "identity"):
            found[stix_id] = Seen(stix_id, str(one.get("name", ""))[:300], _key(session, stix_id))
        if len(found) == MOST:
            break
    return sorted(found.values(), key=lambda one: (one.name, one.stix_id))


def seen_by(session: Session, actor: Actor) -> list[Seen]:
    """Return the producers elsewhere in the intakes that the actor may read."""
    query = visible(actor, Collection, "inbox.read").where(
        Collection.kind == CollectionKind.INTAKE.value
    )
    return seen_in(session, list(session.scalars(query.with_only_columns(Collection.id))))


def _key(session: Session, identity: str) -> bytes | None:
    present = [row for row in keys_for(session, identity) if row.retired_at is None]
    return present[0].public if present else None
