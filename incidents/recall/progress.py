"""How far a recall has come: by partner where the members know of each other, else in one word."""

import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Administration
from cirt.incidents import deliveries
from cirt.incidents.feed_clauses import named
from cirt.incidents.object_store import in_parts
from cirt.incidents.recall_models import Recall, RecallKind, RecallReceipt
from cirt.incidents.store_models import FeedEntry


class Stand(enum.StrEnum):
    """Where one partner stands with a withdrawal."""

    WITHDREW = "withdrew"
    CANNOT = "cannot"
    HAS_IT = "has-it"  # its machines fetched it, or its people opened it, and it has not answered
    NOT_YET = "not-yet"  # it never got it, as far as we know, and has not answered


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner and a recall. fetched_at, read_at, answered_at: None if it did not happen.

    told_at: when its machines fetched the recall itself.
    """

    administration: Administration
    stand: Stand
    fetched_at: datetime | None
    told_at: datetime | None
    read_at: datetime | None
    outcome: str
    reason: str
    answered_at: datetime | None
    is_signed: bool


def partners(session: Session, recall: Recall) -> list[Partner]:
    """Return every partner of an open audience by code: who reads it now, and who ever got of it."""
    first, told = _positions(session, recall)
    served = deliveries.served(session, recall.collection_id)
    read = _readings(session, recall)
    answers = {row.administration_id: row for row in _receipts(session, recall)}
    ids = {
        member.administration_id for member in recall.collection.members if member.may_read
    } | set(read)
    ids |= {one for one, row in served.items() if first is not None and row.served_to >= first}
    ids.discard(recall.administration_id or uuid.UUID(int=0))
    query = sa.select(Administration).where(Administration.id.in_(ids))
    found = []
    for administration in session.scalars(query.order_by(Administration.code)):
        row, answer = served.get(administration.id), answers.get(administration.id)
        fetched = row is not None and first is not None and row.served_to >= first
        knows = row is not None and told is not None and row.served_to >= told
        found.append(
            Partner(
                administration=administration,
                stand=_stand(answer, has_it=fetched or administration.id in read),
                fetched_at=row.served_at if row and fetched else None,
                told_at=row.served_at if row and knows else None,
                read_at=read.get(administration.id),
                outcome=answer.outcome if answer else "",
                reason=answer.reason if answer else "",
                answered_at=answer.received_at if answer else None,
                is_signed=answer is not None and answer.body is not None,
            )
        )
    return found


def is_complete(session: Session, recall: Recall) -> bool:
    """Return whether everybody who reads the audience, and did so then, has withdrawn it.

    Who came later never had it; and that somebody came must not show.
    """
    done = {
        row.administration_id
        for row in _receipts(session, recall)
        if row.outcome in ("erased", "hidden")
    }
    readers = {
        member.administration_id
        for member in recall.collection.members
        if member.may_read and member.since <= recall.recalled_at
    }
    return readers - {recall.administration_id} <= done


def _stand(answer: RecallReceipt | None, *, has_it: bool) -> Stand:
    if answer is not None:
        return Stand.CANNOT if answer.outcome == "cannot" else Stand.WITHDREW
    return Stand.HAS_IT if has_it else Stand.NOT_YET


def _receipts(session: Session, recall: Recall) -> Sequence[RecallReceipt]:
    query = sa.select(RecallReceipt).where(RecallReceipt.recall_id == recall.id)
    return session.scalars(query).unique().all()


def _positions(session: Session, recall: Recall) -> tuple[int | None, int | None]:
    """Return where in the feed the first of what was recalled stands, and where the recall does."""
    ids = sorted({one["id"] for one in recall.objects})
    first: list[int] = []
    for part in in_parts(ids):
        query = sa.select(sa.func.min(FeedEntry.seq)).where(named(recall.collection_id, part))
        first += [seq for seq in session.scalars(query) if seq is not None]
    told = recall.stix_id
    place = sa.select(sa.func.min(FeedEntry.seq))
    if told is not None:
        place = place.where(named(recall.collection_id, told))
    elif recall.objects:
        one = recall.objects[-1]
        there = named(recall.collection_id, one["id"])
        place = place.where(there, FeedEntry.version == one["modified"])
    else:
        place = place.where(FeedEntry.collection_id == recall.collection_id)
    return min(first, default=None), session.scalar(place)


def _readings(session: Session, recall: Recall) -> dict[uuid.UUID, datetime]:
    """Return who opened one of the reports before they were recalled, and when first."""
    found: dict[uuid.UUID, datetime] = {}
    for one in recall.objects:
        if not one["id"].startswith(("report--", "incident--")):
            continue
        for row in deliveries.readings(session, recall.collection_id, one["id"]):
            if recall.kind == RecallKind.NEVER_SENT and row.read_at > recall.recalled_at:
                continue
            before = found.get(row.administration_id, row.read_at)
            found[row.administration_id] = min(before, row.read_at)
    return found
