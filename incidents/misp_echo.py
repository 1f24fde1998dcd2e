"""Whether a MISP event is here already: imported before, one's own, or one's own come back.

An event that returns from whoever got it must not become a second case, and that one not a third.
"""

import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.incidents.case_models import Incident
from cirt.incidents.inbox_models import ReceivedItem
from cirt.incidents.observables import key_of
from cirt.incidents.release_models import AudienceIncident
from cirt.stix.ids import object_id
from cirt.stix.misp_content import MispImport


class Known(enum.StrEnum):
    """What an event is to an administration that is given it."""

    NEW = "new"
    BEFORE = "before"  # imported, or accepted from a circle, before
    NEWER = "newer"  # a later version of one that was imported before
    OWN = "own"  # an incident of its own, under any id that an audience knows
    ECHO = "echo"  # made from one that is here, and says nothing that is not


def known_event(
    session: Session, administration_id: uuid.UUID, event: MispImport
) -> tuple[uuid.UUID, Known] | None:
    """Return the incident that an event is already, and how; None for a new one."""
    imported: Incident | None = session.scalar(
        _own(administration_id).where(Incident.origin_uuid == event.uuid)
    )
    if imported is not None:
        last = (imported.origin or {}).get("timestamp")
        newer = event.stamp is not None and last is not None and event.stamp > last
        return imported.id, Known.NEWER if newer else Known.BEFORE
    if own := _own_under(session, administration_id, event.uuid):
        return own.id, Known.OWN
    if accepted := _accepted(session, administration_id, event.uuid):
        return accepted, Known.BEFORE
    if event.extends is None:
        return None
    first: Incident | None = _own_under(
        session, administration_id, event.extends
    ) or session.scalar(_own(administration_id).where(Incident.origin_uuid == event.extends))
    return (first.id, Known.ECHO) if first is not None and _repeats(first, event) else None


def _own(administration_id: uuid.UUID) -> sa.Select[Any]:
    return sa.select(Incident).where(Incident.administration_id == administration_id)


def _own_under(
    session: Session, administration_id: uuid.UUID, event_uuid: uuid.UUID
) -> Incident | None:
    given_out = sa.select(AudienceIncident.incident_id).where(
        AudienceIncident.object_uuid == event_uuid
    )
    found: Incident | None = session.scalars(
        _own(administration_id).where(sa.or_(Incident.id == event_uuid, Incident.id.in_(given_out)))
    ).first()
    return found


def _accepted(
    session: Session, administration_id: uuid.UUID, event_uuid: uuid.UUID
) -> uuid.UUID | None:
    """Return the case into which the same report was taken from the inbox."""
    named = [f"{kind}--{event_uuid}" for kind in ("incident", "report", "grouping")]
    return session.scalars(
        sa.select(ReceivedItem.incident_id).where(
            ReceivedItem.administration_id == administration_id,
            ReceivedItem.stix_id.in_([*named, object_id("report", event_uuid)]),
            ReceivedItem.incident_id.is_not(None),
        )
    ).first()


def _repeats(incident: Incident, event: MispImport) -> bool:
    """Whether an event holds nothing to look at that the incident does not hold."""
    held = {row.key for row in incident.observables}
    rules = {row.pattern for row in incident.rules}
    return held.issuperset(key_of(found.observable) for found in event.observables) and (
        rules.issuperset(rule.pattern for rule in event.rules)
    )
