"""When a machine last asked for a collection: for whoever looks for a silent one."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.accounts.models import ApiToken
from cirt.accounts.tokens import use_noted
from cirt.clock import now
from cirt.db import Database
from cirt.incidents.object_store import insert_if_absent
from cirt.incidents.store_models import TaxiiPoll

NOTED_EVERY = timedelta(minutes=1)


def note_poll(
    session: Session, database: Database, actor: Actor, collection_id: uuid.UUID, items: int
) -> None:
    """Note that a machine got a page, at most once a minute and in a short transaction of its own.

    session: the request's own, which only reads.
    """
    key = {"collection_id": collection_id, "token_id": actor.token_id}
    last = session.scalar(sa.select(TaxiiPoll.polled_at).filter_by(**key))
    moment = now()
    if last is not None and last > moment - NOTED_EVERY:
        return
    values = {"polled_at": moment, "status": 200, "items": items}

    def note(writing: Session) -> None:
        changed = writing.execute(sa.update(TaxiiPoll).filter_by(**key).values(**values))
        if changed.rowcount == 0:  # type: ignore[attr-defined]
            writing.execute(insert_if_absent(writing, TaxiiPoll.__table__).values(**key, **values))
        writing.execute(use_noted(actor))

    database.note("a poll", note)


def polls(
    session: Session, collection_id: uuid.UUID, *, of: uuid.UUID | None
) -> Sequence[tuple[TaxiiPoll, ApiToken]]:
    """Return the last poll of every machine that ever asked for a collection, newest first.

    of: the administration whose machines these are; None for all, which only administrators see.
    """
    query = (
        sa.select(TaxiiPoll, ApiToken)
        .join(ApiToken, ApiToken.id == TaxiiPoll.token_id)
        .where(TaxiiPoll.collection_id == collection_id)
        .order_by(TaxiiPoll.polled_at.desc())
    )
    if of is not None:
        query = query.where(ApiToken.administration_id == of)
    return [(poll, token) for poll, token in session.execute(query).unique()]
