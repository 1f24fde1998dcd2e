"""Receipts: what partners elsewhere did with our withdrawals, and people here for their own tools."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ForbiddenError, InvalidInputError, NotFoundError
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.reasons import MAX_REASON
from cirt.incidents.recall import keys
from cirt.incidents.recall_models import Recall, RecallKind, RecallReceipt
from cirt.stix import withdrawal as wire
from cirt.stix.ids import canonical_json
from cirt.stix.signatures import Verdict, verify
from cirt.stix.withdrawal import Receipt

FORGED: Final = N_(
    "This receipt is not signed by a key that is known here to be the sender's; it counts for"
    " nothing."
)
UNASKED: Final = N_("Nothing was withdrawn from the sender to which this receipt could answer.")


def note_receipts(
    session: Session,
    collection: Collection,
    sender_id: uuid.UUID,
    objects: Sequence[Mapping[str, Any]],
) -> int:
    """Note what a partner did with our withdrawals, and return how many receipts there were.

    collection: where they were sent to: the producer's direct collection, or the circle of the
    withdrawal. Raises InvalidInputError for a receipt that is not well formed, ForbiddenError for
    one that is not the sender's own answer to a withdrawal that it got.
    """
    count = 0
    for one in objects:
        if wire.is_receipt(one):
            _note(session, collection, sender_id, one)
            count += 1
    return count


def _note(
    session: Session, collection: Collection, sender_id: uuid.UUID, body: Mapping[str, Any]
) -> None:
    said = wire.read_receipt(body, now=now())
    at = keys.written_at(said.created)
    own = [row for row in keys.keys_for(session, said.author) if row.administration_id == sender_id]
    verdict, _key = verify(body, keys.valid_at(own, at))
    if verdict is not Verdict.GOOD:
        raise ForbiddenError(FORGED)
    recall = _answered(session, collection, said)
    if recall is None or not _was_asked(recall, sender_id):
        raise ForbiddenError(UNASKED)
    _keep(session, recall, sender_id, said.outcome, said.reason, canonical_json(body))
    audit.record(
        session,
        None,
        "recall.receipt",
        recall,
        chain_id=recall.administration_id,
        administration=str(sender_id),
        answer=said.outcome,
        sha256=wire.digest(body),
    )


def _answered(session: Session, collection: Collection, said: Receipt) -> Recall | None:
    """Return the withdrawal that a receipt answers, by its id and the digest of its very bytes."""
    query = sa.select(Recall).where(
        Recall.stix_id == said.withdrawal_id, Recall.incident_id.is_not(None)
    )
    if collection.kind == CollectionKind.DIRECT:
        query = query.where(Recall.administration_id == collection.administration_id)
    else:
        query = query.where(Recall.collection_id == collection.id)
    for recall in session.scalars(query).unique():
        if wire.digest_of(recall.body or b"") == said.withdrawal_sha256:
            return recall
    return None


def _was_asked(recall: Recall, administration_id: uuid.UUID) -> bool:
    member = recall.collection.member(administration_id)
    return member is not None and member.may_read and administration_id != recall.administration_id


def _keep(
    session: Session,
    recall: Recall,
    administration_id: uuid.UUID,
    outcome: str,
    reason: str,
    body: bytes | None,
) -> None:
    row = session.get(RecallReceipt, (recall.id, administration_id))
    if row is None:
        row = RecallReceipt(recall_id=recall.id, administration_id=administration_id)
        session.add(row)
    elif row.outcome == "erased" and outcome != "erased":
        return  # what was erased does not come back by a later word
    row.outcome, row.reason, row.body, row.received_at = outcome, reason, body, now()
    session.flush()


def given(
    session: Session, collection: Collection, *, since: datetime | None = None
) -> list[bytes]:
    """Return the signed receipts for what was withdrawn from an intake, oldest first.

    since: only those given after this moment. They may be sent more than once.
    """
    query = (
        sa.select(RecallReceipt.body)
        .join(Recall, Recall.id == RecallReceipt.recall_id)
        .where(
            Recall.collection_id == collection.id,
            RecallReceipt.administration_id == collection.administration_id,
            RecallReceipt.body.is_not(None),
        )
        .order_by(RecallReceipt.received_at)
    )
    if since is not None:
        query = query.where(RecallReceipt.received_at > since)
    return [body for body in session.scalars(query) if body is not None]


def acknowledge(
    session: Session, actor: Actor, recall: Recall, *, outcome: str, reason: str
) -> None:
    """Note what a person says of the copies in the own tools of their administration."""
    if recall.kind != RecallKind.NEVER_SENT or not _was_asked(recall, actor.administration_id):
        raise NotFoundError
    if outcome not in wire.OUTCOMES:
        raise InvalidInputError(N_("Choose what became of the copies."), field="outcome")
    reason = reason.strip()[:MAX_REASON]
    if outcome == "cannot" and not reason:
        raise InvalidInputError(N_("Say why it cannot be done."), field="reason")
    _keep(session, recall, actor.administration_id, outcome, reason, None)
    audit.record(session, actor, "recall.acknowledge", recall, answer=outcome)
