"""What an administration decides about something received: accept, decline, or take that back."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, ForbiddenError, InvalidInputError
from cirt.incidents.case_details import plain_text
from cirt.incidents.inbox.received import Item, State
from cirt.incidents.inbox_models import ReceivedItem, ReceivedNote, ReceivedState
from cirt.incidents.object_store import insert_if_absent
from cirt.incidents.reasons import checked_reason

MAX_NOTE: Final = 10_000

ACTS: Final[dict[str, str]] = {
    "inbox.accept": N_("Accepted"),
    "inbox.merge": N_("Merged into an incident"),
    "inbox.decline": N_("Declined"),
    "inbox.take-back": N_("Decision taken back"),
    "inbox.withdrawn": N_("Taken back by its producer"),
    "inbox.view": N_("Looked at"),
    "inbox.export": N_("Taken as a file"),
}
"""Acts in the audit trail that the page of an item shows."""

OUTDATED: Final = N_(
    "A newer version arrived while you were reading. Nothing was decided: look at it first."
)


def accept(session: Session, actor: Actor, item: Item, *, version: str) -> ReceivedItem:
    """Let an item be used: for correlation and for detection; its content stays as it came.

    version: the one that the person saw; raises ConflictError when a newer one arrived.
    """
    row = decide(session, actor, item, ReceivedState.ACCEPTED, version=version)
    audit.record(session, actor, "inbox.accept", row, version=version, sha256=item.digest)
    return row


def decline(
    session: Session, actor: Actor, item: Item, *, version: str, reason: str
) -> ReceivedItem:
    """Put an item aside. reason: stays inside; raises InvalidInputError when there is none."""
    reason = checked_reason(reason, N_("Say why, so that the others of your team learn it."))
    row = decide(session, actor, item, ReceivedState.DECLINED, version=version, reason=reason)
    row.incident_id = None
    session.flush()
    audit.record(session, actor, "inbox.decline", row, version=version, sha256=item.digest)
    return row


def take_back(session: Session, actor: Actor, item: Item) -> None:
    """Let an item be new again; what was taken over into a case stays there."""
    row = row_of(session, actor, item)
    if row.state not in (ReceivedState.ACCEPTED, ReceivedState.DECLINED):
        raise ConflictError(N_("There is no decision to take back."))
    row.state, row.reason, row.incident_id = ReceivedState.NEW.value, "", None
    row.decided_by, row.decided_at = actor.user_id, now()
    session.flush()
    audit.record(session, actor, "inbox.take-back", row)


def add_note(session: Session, actor: Actor, item: Item, text: str) -> ReceivedNote:
    """Keep a note beside an item; it never leaves, and no update overwrites it."""
    text = plain_text(text, "text", MAX_NOTE)
    if not text:
        raise InvalidInputError(N_("Write the note first."), field="text")
    row = row_of(session, actor, item)
    note = ReceivedNote(received_id=row.id, text=text, written_by=actor.user_id, written_at=now())
    session.add(note)
    session.flush()
    audit.record(session, actor, "inbox.note", row, length=len(text))
    return note


def notes_of(session: Session, item: Item) -> list[ReceivedNote]:
    """Return the notes beside an item, oldest first."""
    if item.decision is None:
        return []
    query = sa.select(ReceivedNote).where(ReceivedNote.received_id == item.decision.id)
    return list(session.scalars(query.order_by(ReceivedNote.written_at)))


def decide(
    session: Session,
    actor: Actor,
    item: Item,
    state: ReceivedState,
    *,
    version: str,
    reason: str = "",
) -> ReceivedItem:
    """Write down a decision about the version that a person saw, and return its row."""
    if actor.user_id is None:
        raise ForbiddenError(N_("A person must decide about what was received."))
    if item.state is State.OWN:
        raise ConflictError(
            N_("Your administration released this itself; there is nothing to decide.")
        )
    row = row_of(session, actor, item)
    if row.state == ReceivedState.WITHDRAWN or item.is_gone:
        raise ConflictError(N_("Its producer took this back; there is nothing left to decide."))
    if version != item.version:
        raise ConflictError(OUTDATED, field="version")
    row.state, row.version, row.reason = state.value, version, reason
    row.decided_by, row.decided_at = actor.user_id, now()
    session.flush()
    return row


def row_of(session: Session, actor: Actor, item: Item) -> ReceivedItem:
    """Return the administration's row about an item, held by this transaction; made if need be."""
    key: dict[str, Any] = {
        "administration_id": actor.administration_id,
        "collection_id": item.collection.id,
        "owner_id": item.owner_id,
        "stix_id": item.stix_id,
    }
    session.execute(
        insert_if_absent(session, ReceivedItem.__table__).values(
            **key,
            version=item.version,
            state=ReceivedState.NEW.value,
            decided_by=actor.user_id,
            decided_at=now(),
        )
    )
    query = sa.select(ReceivedItem).filter_by(**key).with_for_update(of=ReceivedItem)
    return session.scalars(query.execution_options(populate_existing=True)).unique().one()
