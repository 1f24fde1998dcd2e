"""Legal holds: what was exchanged about an incident is kept until somebody ends the hold."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError
from cirt.incidents import cases
from cirt.incidents.case_models import Incident
from cirt.incidents.reasons import checked_reason
from cirt.incidents.recall_models import LegalHold


def place_hold(session: Session, actor: Actor, incident: Incident, *, reason: str) -> LegalHold:
    """Keep the own copies of what was exchanged about an incident, until the hold is ended.

    Raises ConflictError when one is in force already.
    """
    cases.lock(session, incident)
    if is_held(session, incident.id):
        raise ConflictError(N_("A legal hold is in force for this incident already."))
    row = LegalHold(
        administration_id=incident.administration_id,
        incident_id=incident.id,
        reason=checked_reason(reason),
        held_by=actor.user_id,
        held_at=now(),
    )
    session.add(row)
    session.flush()
    cases.note_change(session, actor, incident, "hold-placed", reason=row.reason)
    audit.record(session, actor, "hold.place", row, incident=str(incident.id))
    return row


def end_hold(session: Session, actor: Actor, row: LegalHold) -> None:
    """End a hold; what is overdue is erased by the next daily work."""
    if row.ended_at is not None:
        raise ConflictError(N_("This legal hold was ended already."))
    incident = session.get_one(Incident, row.incident_id)
    row.ended_at, row.ended_by = now(), actor.user_id
    session.flush()
    cases.note_change(session, actor, incident, "hold-ended")
    audit.record(session, actor, "hold.end", row, incident=str(incident.id))


def is_held(session: Session, incident_id: uuid.UUID | None) -> bool:
    """Return whether a hold is in force for an incident."""
    query = sa.select(LegalHold.id).where(
        LegalHold.incident_id == incident_id, LegalHold.ended_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def held_incidents(session: Session) -> Sequence[uuid.UUID]:
    """Return the incidents for which a hold is in force."""
    query = sa.select(LegalHold.incident_id).where(LegalHold.ended_at.is_(None))
    return session.scalars(query.distinct()).all()
