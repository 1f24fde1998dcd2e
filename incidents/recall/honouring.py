"""Honouring what others withdraw: verified, erased here, answered by a signed receipt.

A withdrawal that is not its author's changes nothing; it is kept and shown for what it is.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.db import RECALL_STAGE, before_commit
from cirt.errors import N_, DomainError
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.feed_clauses import STORED
from cirt.incidents.object_store import object_in
from cirt.incidents.recall import keys, local_effects
from cirt.incidents.recall.acts import take_away
from cirt.incidents.recall.authority import Judged, judge
from cirt.incidents.recall.exposure import Shown
from cirt.incidents.recall.safe import Safe
from cirt.incidents.recall_models import Recall, RecallKind, RecallReceipt
from cirt.incidents.store_models import FeedEntry, ObjectVersion
from cirt.stix import withdrawal as wire
from cirt.stix.ids import canonical_json
from cirt.stix.marking import TLP, tlp_of
from cirt.stix.withdrawal import Withdrawal

IGNORED: Final = "ignored"
MOST_IGNORED: Final = 50
"""Withdrawals of strangers that are kept for each collection; more are noted in the audit only."""

MALFORMED: Final = N_("It is not well formed.")


def honour(
    session: Session, safe: Safe, collection: Collection, objects: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Honour the withdrawals among objects that came into a collection.

    objects: what was taken in, withdrawals and others: what was withdrawn before and comes late is
    taken away again. They must be in the feed already: see `honour_at_commit` for one transaction.
    Returns the signed receipts to be sent to the producers, from an intake only;
    what was sent in here directly is answered by what happens here.
    """
    receipts = []
    for one in objects:
        if wire.is_withdrawal(one):
            answer = _honour(session, safe, collection, dict(one))
            if answer is not None:
                receipts.append(answer)
    _take_late(session, safe, collection, objects)
    return receipts


def honour_at_commit(
    session: Session, safe: Safe, collection: Collection, objects: Sequence[Mapping[str, Any]]
) -> None:
    """Honour withdrawals among objects that this transaction takes in, once they are in the feed.

    The receipts are kept (see `receipts.given`).
    """
    queue: list[tuple[Safe, Collection, list[Mapping[str, Any]]]]
    queue = session.info.setdefault("withdrawals", [])
    queue.append((safe, collection, list(objects)))
    before_commit(session, RECALL_STAGE, _honour_queued)


def honour_waiting(session: Session, safe: Safe, author: str) -> None:
    """Honour what an identity withdrew before its key was known here; the receipts are kept."""
    for collection in session.scalars(sa.select(Collection).order_by(Collection.id)).unique():
        query = (
            sa.select(ObjectVersion.body)
            .join(FeedEntry, STORED)
            .where(
                FeedEntry.collection_id == collection.id,
                FeedEntry.type == wire.WITHDRAWAL_TYPE,
                ObjectVersion.body.is_not(None),
            )
            .order_by(FeedEntry.seq)
        )
        found = [object_in(body) for body in session.scalars(query) if body]
        said = [one for one in found if one.get("created_by_ref") == author]
        honour(session, safe, collection, said)


def _honour_queued(session: Session) -> None:
    for safe, collection, objects in session.info.pop("withdrawals", []):
        honour(session, safe, collection, objects)


def _honour(
    session: Session, safe: Safe, collection: Collection, body: dict[str, Any]
) -> dict[str, Any] | None:
    try:
        said = wire.read_withdrawal(body, now=now())
    except DomainError:
        _refuse(session, collection, body, MALFORMED)
        return None
    known = _known(session, collection, said.stix_id)
    if known is not None and not _is_ignored(session, known):
        return _answer_again(session, collection, known)
    judged = judge(session, collection, said, body)
    if judged.refusal:
        _refuse(session, collection, body, judged.refusal, known=known)
        return None
    if known is not None:  # it came before its author's key was known here
        session.execute(sa.delete(RecallReceipt).where(RecallReceipt.recall_id == known.id))
        session.delete(known)
        session.flush()
    recall = _note(session, collection, said, body, judged)
    if judged.taken:
        take_away(session, safe, collection, judged.taken, cause="honoured")
    if collection.kind != CollectionKind.INTAKE or collection.administration_id is None:
        first_seq = min((one.seq for one in judged.taken), default=0)
        local_effects.note_local_receipts(session, collection, recall, first_seq)
        return None
    return _receipt(session, safe, collection, said, body, recall)


def _receipt(
    session: Session,
    safe: Safe,
    collection: Collection,
    said: Withdrawal,
    body: Mapping[str, Any],
    recall: Recall,
) -> dict[str, Any]:
    receiver = collection.administration_id
    assert receiver is not None  # noqa: S101 - asked by the caller
    answer = wire.receipt(
        wire.author_of(receiver),
        said,
        outcome="erased",
        reason="",
        tlp=tlp_of(body.get("object_marking_refs", [])) or TLP.AMBER_STRICT,
        at=now(),
        private=keys.private_key(session, receiver, safe.secret_key),
    )
    session.add(
        RecallReceipt(
            recall_id=recall.id,
            administration_id=receiver,
            outcome="erased",
            body=canonical_json(answer),
        )
    )
    session.flush()
    return answer


def _answer_again(session: Session, collection: Collection, known: Recall) -> dict[str, Any] | None:
    """Return the receipt that was given before: whoever asks twice may have missed it."""
    receiver = collection.administration_id
    row = session.get(RecallReceipt, (known.id, receiver)) if receiver else None
    return object_in(row.body) if row is not None and row.body else None


def _note(
    session: Session,
    collection: Collection,
    said: Withdrawal,
    body: Mapping[str, Any],
    judged: Judged,
) -> Recall:
    owner = judged.signer or _owner(session, said, judged.taken)
    row = Recall(
        administration_id=owner,
        collection_id=collection.id,
        collection=collection,
        kind=RecallKind.NEVER_SENT.value,
        reason=said.reason,
        stix_id=said.stix_id,
        objects=[
            {"id": one.object_id, "modified": one.modified, "sha256": one.sha256}
            for one in said.withdrawn
        ],
        body=canonical_json(body),
        recalled_at=now(),
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        None,
        "recall.honour",
        row,
        chain_id=collection.administration_id,
        withdrawal=said.stix_id,
        sha256=said.sha256,
        erased=len(judged.taken),
        strange=judged.strange,
    )
    return row


def _owner(session: Session, said: Withdrawal, taken: Sequence[Shown]) -> uuid.UUID | None:
    """Return the administration that withdraws, None if it is not one of this installation's."""
    candidates = [uuid.UUID(said.author.removeprefix("identity--"))]
    candidates += sorted({one.owner_id for one in taken})
    for one in candidates:
        if session.get(Administration, one) is not None:
            return one
    return None


def _known(session: Session, collection: Collection, stix_id: str) -> Recall | None:
    query = sa.select(Recall).where(
        Recall.collection_id == collection.id, Recall.stix_id == stix_id
    )
    return session.scalars(query).unique().one_or_none()


def _is_ignored(session: Session, recall: Recall) -> bool:
    query = sa.select(RecallReceipt.recall_id).where(
        RecallReceipt.recall_id == recall.id, RecallReceipt.outcome == IGNORED
    )
    return session.scalar(query) is not None


def _refuse(
    session: Session,
    collection: Collection,
    body: Mapping[str, Any],
    reason: str,
    *,
    known: Recall | None = None,
) -> None:
    """Keep a withdrawal that changes nothing, so that people see it; the rest stays as it is."""
    stix_id = str(body.get("id", ""))[:300]
    audit.record(
        session,
        None,
        "recall.ignore",
        f"withdrawal:{stix_id}"[:120],
        outcome="refused",
        chain_id=collection.administration_id,
        collection=str(collection.id),
    )
    receiver = collection.administration_id
    if receiver is None:
        return  # nobody's own page would show it
    if known is None:
        known = _known(session, collection, stix_id)
    if known is None:
        ignored = (
            sa.select(sa.func.count())
            .select_from(Recall)
            .join(RecallReceipt, RecallReceipt.recall_id == Recall.id)
        )
        count = session.scalar(
            ignored.where(Recall.collection_id == collection.id, RecallReceipt.outcome == IGNORED)
        )
        if (count or 0) >= MOST_IGNORED:
            return
        known = Recall(
            collection_id=collection.id,
            collection=collection,
            kind=RecallKind.NEVER_SENT.value,
            reason=str(body.get("reason", ""))[:2_000],
            stix_id=stix_id,
            objects=[],
            recalled_at=now(),
        )
        session.add(known)
        session.flush()
    session.merge(
        RecallReceipt(
            recall_id=known.id, administration_id=receiver, outcome=IGNORED, reason=reason
        )
    )
    session.flush()


def _take_late(
    session: Session, safe: Safe, collection: Collection, objects: Sequence[Mapping[str, Any]]
) -> None:
    """Take away what arrived after its withdrawal: the order of arrival decides nothing."""
    came = {str(one.get("id")) for one in objects if not wire.is_withdrawal(one)}
    if not came:
        return
    query = sa.select(Recall).where(
        Recall.collection_id == collection.id,
        Recall.kind == RecallKind.NEVER_SENT.value,
        Recall.incident_id.is_(None),
        Recall.body.is_not(None),
    )
    for recall in session.scalars(query).unique():
        if came & {one["id"] for one in recall.objects}:
            body = object_in(recall.body or b"{}")
            said = wire.read_withdrawal(body, now=now())
            judged = judge(session, collection, said, body)
            if not judged.refusal and judged.taken:
                take_away(session, safe, collection, judged.taken, cause="honoured")
