"""What arrived, as far as the administration's machines may know of it."""

import uuid
from dataclasses import replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, visible
from cirt.incidents.case_models import Incident
from cirt.incidents.exits import Exit, words_leaving
from cirt.incidents.inbox.items import Narrowed, items_query, read_items
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox_models import ReceivedItem, ReceivedState
from cirt.incidents.store_models import FeedEntry, ObjectVersion

STATES: Final = tuple(state for state in State if state is not State.MERGED)
"""Whether something was taken over into a case is told by the case, if the machine may know of it."""


def arrivals(
    session: Session,
    actor: Actor,
    narrowed: Narrowed,
    *,
    before: tuple[int, uuid.UUID] | None,
    most: int,
) -> list[Item]:
    """Return what reached the administration, the newest first, as machines may know of it.

    before: (microseconds since 1970, collection) of the last item of the page before, None to begin.
    """
    accepted = narrowed.state == State.ACCEPTED
    query = items_query(actor, replace(narrowed, state="") if accepted else narrowed)
    if accepted:
        query = query.where(
            ReceivedItem.state == ReceivedState.ACCEPTED.value,
            FeedEntry.version_key <= ReceivedItem.version,
        )
    query = query.where(ObjectVersion.tlp.in_(words_leaving(Exit.API)))
    if before is not None:
        at, collection_id = FeedEntry.added_us, FeedEntry.collection_id
        same = sa.and_(at == before[0], collection_id > before[1])
        query = query.where(sa.or_(at < before[0], same))
    newest = (FeedEntry.added_us.desc(), FeedEntry.collection_id)
    return read_items(session, query.order_by(*newest).limit(most))


def known_incidents(session: Session, actor: Actor, items: list[Item]) -> set[uuid.UUID]:
    """Return those of the cases into which these were taken over that the actor may read.

    A case that became TLP:RED is for named persons.
    """
    wanted = {one.decision.incident_id for one in items if one.decision}
    query = visible(actor, Incident, "incident.read").where(Incident.id.in_(wanted - {None}))
    return set(session.scalars(query.with_only_columns(Incident.id)))
