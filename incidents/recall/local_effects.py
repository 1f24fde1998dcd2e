"""What a withdrawal does to whoever reads the collection on this installation.

Their copies are the very bytes that are erased. Their own words stay: notes, cases, decisions.
"""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import Place
from cirt.clock import now
from cirt.incidents import cases, deliveries
from cirt.incidents.case_models import Incident, IncidentChange, IncidentObservable
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.inbox import onward
from cirt.incidents.inbox_models import (
    ItemReference,
    LooseObject,
    Mention,
    ReceivedItem,
    ReceivedState,
)
from cirt.incidents.object_store import in_parts
from cirt.incidents.recall.exposure import Shown
from cirt.incidents.recall_models import Recall, RecallReceipt


def hide(session: Session, collection: Collection, taken: Sequence[Shown]) -> None:
    """Take what is withdrawn out of decisions, cases and indexes of its readers here."""
    stix_ids = sorted({one.stix_id for one in taken})
    owners = {one.stix_id: one.owner_id for one in taken}
    for part in in_parts(stix_ids):
        forget_ids(session, collection, part)
        query = sa.select(ReceivedItem).where(
            ReceivedItem.collection_id == collection.id, ReceivedItem.stix_id.in_(part)
        )
        for item in session.scalars(query).unique():
            if item.owner_id == owners[item.stix_id]:
                _withdraw_item(session, item)


def forget(session: Session, collection: Collection, taken: Sequence[Shown]) -> None:
    """Take versions out of the indexes of a collection; what people decided stays."""
    for part in in_parts(sorted({one.stix_id for one in taken})):
        forget_ids(session, collection, part)


def forget_ids(session: Session, collection: Collection, stix_ids: Sequence[str]) -> None:
    """Take objects out of the indexes of a collection."""
    for model, column in (
        (Mention, Mention.stix_id),
        (ItemReference, ItemReference.holder_id),
        (LooseObject, LooseObject.stix_id),
    ):
        session.execute(
            sa.delete(model).where(
                model.collection_id == collection.id,
                column.in_(stix_ids),
            )
        )


def _withdraw_item(session: Session, item: ReceivedItem) -> None:
    item.state = ReceivedState.WITHDRAWN.value
    query = sa.select(IncidentObservable).where(
        IncidentObservable.received_id == item.id, IncidentObservable.withdrawn_at.is_(None)
    )
    # what may not be passed on is known again by its digest when its words are gone
    words = onward.words_of(session, item)
    cases_hit: dict[uuid.UUID, int] = {}
    for row in session.scalars(query):
        row.withdrawn_at = now()
        cases_hit[row.incident_id] = cases_hit.get(row.incident_id, 0) + 1
    if item.incident_id is not None:
        cases_hit.setdefault(item.incident_id, 0)
    for incident_id, count in sorted(cases_hit.items()):
        incident = session.get_one(Incident, incident_id)
        cases.lock(session, incident)
        incident.revision += 1
        cases.content_changed(incident)
        # nobody of the case's own people did it, and nobody else is named to them
        fields = {"count": count, "received": str(item.id), "words": words}
        session.add(IncidentChange(incident_id=incident.id, kind=onward.TAKEN_BACK, fields=fields))


def note_local_receipts(
    session: Session, collection: Collection, recall: Recall, first_seq: int
) -> None:
    """Note that the copies of the readers here were erased with ours.

    Not for whose machines fetched it: what those have is outside, and they answer for themselves.
    """
    if collection.kind == CollectionKind.INTAKE:
        return
    served = deliveries.served(session, collection.id)
    for member in collection.members:
        if not member.may_read or member.administration.place != Place.LOCAL:
            continue
        if member.administration_id == recall.administration_id:
            continue
        delivery = served.get(member.administration_id)
        if delivery is not None and delivery.served_to >= first_seq:
            continue
        session.add(
            RecallReceipt(
                recall_id=recall.id,
                administration_id=member.administration_id,
                outcome="erased",
                received_at=recall.recalled_at,
            )
        )
