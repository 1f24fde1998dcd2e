"""What left for whom: how far each administration was served, and which reports it opened.

For the owner of what was shared (who has it, who read it) and for recalls; of a confidential
circle nobody is told more than *complete* or *not yet*.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.clock import now
from cirt.db import Database
from cirt.incidents.object_store import insert_if_absent
from cirt.incidents.store_models import Delivery, ReportReading

NOTED_EVERY: Final = timedelta(minutes=1)
"""How often an advance is written at most while further pages follow."""


def note_served(
    session: Session,
    database: Database,
    administration_id: uuid.UUID,
    collection_id: uuid.UUID,
    seq: int,
    *,
    more: bool,
) -> bool:
    """Note that an administration was given objects up to a position of a feed.

    session: the request's own, which only reads; what advances is written in a short transaction
    of its own. more: whether further pages follow; the last page is always noted. Returns False
    when it could not be written down.
    """
    key = {"collection_id": collection_id, "administration_id": administration_id}
    last = session.execute(
        sa.select(Delivery.served_to, Delivery.served_at).filter_by(**key)
    ).one_or_none()
    moment = now()
    if last is not None:
        if last.served_to >= seq or (more and last.served_at > moment - NOTED_EVERY):
            return True
    elif seq == 0:
        return True  # nothing was there to be given
    values = {"served_to": seq, "served_at": moment}

    def note(writing: Session) -> None:
        # never back: another process may have served further meanwhile
        advance = sa.update(Delivery).filter_by(**key).where(Delivery.served_to < seq)
        if writing.execute(advance.values(**values)).rowcount == 0:  # type: ignore[attr-defined]
            writing.execute(insert_if_absent(writing, Delivery.__table__).values(**key, **values))

    return database.note("a delivery", note)


def served(session: Session, collection_id: uuid.UUID) -> Mapping[uuid.UUID, Delivery]:
    """Return by administration how far into a collection's feed it was served."""
    query = sa.select(Delivery).where(Delivery.collection_id == collection_id)
    return {row.administration_id: row for row in session.scalars(query)}


def note_reading(
    session: Session, administration_id: uuid.UUID, collection_id: uuid.UUID, stix_id: str
) -> None:
    """Note that somebody of an administration opens a report; only the first time counts.

    session: one that writes.
    """
    session.execute(
        insert_if_absent(session, ReportReading.__table__).values(
            collection_id=collection_id,
            stix_id=stix_id,
            administration_id=administration_id,
            read_at=now(),
        )
    )


def readings(session: Session, collection_id: uuid.UUID, stix_id: str) -> Sequence[ReportReading]:
    """Return who opened a report, and when first, in the order of time."""
    query = (
        sa.select(ReportReading)
        .where(ReportReading.collection_id == collection_id, ReportReading.stix_id == stix_id)
        .order_by(ReportReading.read_at)
    )
    return session.scalars(query).all()
