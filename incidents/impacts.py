"""Rules on the impacts of a case: recorded, changed, superseded, removed."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError, TooLargeError
from cirt.incidents import cases
from cirt.incidents.case_details import check_moment
from cirt.incidents.case_models import Incident
from cirt.incidents.case_parts import changes_between, check_stamp, json_values
from cirt.incidents.impact_models import IncidentImpact
from cirt.incidents.impact_rules import ImpactDetails, check_succession, checked_impact

MAX_IMPACTS = 200


def add_impact(
    session: Session, actor: Actor, incident: Incident, details: ImpactDetails
) -> IncidentImpact:
    """Record an impact and return it. Raises InvalidInputError, naming the field."""
    cases.lock(session, incident)
    impact = _new(actor, incident, checked_impact(details, now=now()))
    session.flush()
    _changed(
        session, actor, incident, "impact-added", impact, changes_between({}, values_of(impact))
    )
    return impact


def change_impact(
    session: Session,
    actor: Actor,
    impact: IncidentImpact,
    details: ImpactDetails,
    *,
    stamp: str | None = None,
) -> bool:
    """Change an impact; return whether anything changed.

    The category stays. stamp: of the values that the person saw, None not to ask; raises
    ConflictError when they have changed since, InvalidInputError, naming the field.
    """
    incident = cases.lock_with(session, impact)
    before = values_of(impact)
    check_stamp(stamp, before)
    details = checked_impact(details, now=now())
    if details.category != impact.category:
        raise InvalidInputError(
            N_("The category of an impact stays; record another impact."), field="category"
        )
    _check_neighbours(session, impact, details)
    _fill(impact, details)
    changes = changes_between(before, values_of(impact))
    if not changes:
        return False
    session.flush()
    _changed(session, actor, incident, "impact-changed", impact, changes)
    return True


def supersede_impact(
    session: Session,
    actor: Actor,
    earlier: IncidentImpact,
    details: ImpactDetails,
    *,
    ended_at: datetime | None = None,
) -> IncidentImpact:
    """Record what an impact turned into, and return the new one.

    ended_at: when the earlier one ended; None takes its own end, or the start of the new one.
    Raises ConflictError when it has a successor already, InvalidInputError, naming the field.
    """
    incident = cases.lock_with(session, earlier)
    if earlier.superseded_by is not None:
        raise ConflictError(
            N_("A later impact has superseded this one already; go on from that one."),
            field="category",
        )
    moment = now()
    details = checked_impact(details, now=moment)
    ended = ended_at or earlier.ended_at or details.started_at
    before = values_of(earlier)
    check_moment("earlier_ended_at", ended, moment)
    closed = replace(details_of(earlier), ended_at=ended)
    check_succession(closed, details)
    _fill(earlier, checked_impact(closed, now=moment))
    impact = _new(actor, incident, details)
    session.flush()
    earlier.superseded_by = impact.id
    session.flush()
    _changed(
        session, actor, incident, "impact-added", impact, changes_between({}, values_of(impact))
    )
    changes = changes_between(before, values_of(earlier))
    _changed(session, actor, incident, "impact-superseded", earlier, changes)
    return impact


def remove_impact(session: Session, actor: Actor, impact: IncidentImpact) -> None:
    """Take an impact out of its case; what it superseded stands again, with its end."""
    incident = cases.lock_with(session, impact)
    before = values_of(impact)
    session.execute(
        sa.update(IncidentImpact)
        .where(IncidentImpact.superseded_by == impact.id)
        .values(superseded_by=None)
    )
    incident.impacts.remove(impact)
    session.flush()
    _changed(session, actor, incident, "impact-removed", impact, changes_between(before, {}))


def impact_of(session: Session, incident: Incident, impact_id: uuid.UUID) -> IncidentImpact:
    """Return one impact of this case. Raises NotFoundError for any other."""
    return cases.part_of(session, incident, IncidentImpact, impact_id)


def details_of(impact: IncidentImpact) -> ImpactDetails:
    """Return what the form of an impact shows."""
    return ImpactDetails(
        category=impact.category,
        criticality=impact.criticality,
        description=impact.description,
        started_at=impact.started_at,
        ended_at=impact.ended_at,
        recoverability=impact.recoverability,
        details=dict(impact.details),
        counts=dict(impact.counts),
    )


def values_of(impact: IncidentImpact) -> dict[str, Any]:
    """Return an impact as JSON values, for comparing and for the history."""
    superseded_by = str(impact.superseded_by) if impact.superseded_by else None
    return flat(details_of(impact)) | {"superseded_by": superseded_by}


def flat(details: ImpactDetails) -> dict[str, Any]:
    """Return details as one level of JSON values, those of the category among the others."""
    common: Mapping[str, Any] = {
        name: value for name, value in vars(details).items() if name != "details"
    }
    return json_values({**common, **details.details})


def _check_neighbours(session: Session, impact: IncidentImpact, details: ImpactDetails) -> None:
    """Raise InvalidInputError when a changed impact no longer fits what it superseded or what superseded it."""
    earlier = session.scalars(
        sa.select(IncidentImpact).where(IncidentImpact.superseded_by == impact.id)
    )
    pairs = [(details_of(each), details) for each in earlier]
    if impact.superseded_by is not None:
        pairs.append((details, details_of(session.get_one(IncidentImpact, impact.superseded_by))))
    for before, after in pairs:
        try:
            check_succession(before, after)
        except InvalidInputError as error:
            # at the field of the one being changed
            field = "ended_at" if error.field == "earlier_ended_at" else error.field
            raise InvalidInputError(error.message, field=field) from None


def _new(actor: Actor, incident: Incident, details: ImpactDetails) -> IncidentImpact:
    if len(incident.impacts) >= MAX_IMPACTS:
        raise TooLargeError(
            N_("The incident holds %(most)s impacts; more do not fit."),
            field="description",
            most=MAX_IMPACTS,
        )
    impact = IncidentImpact(
        id=uuid.uuid4(), category=details.category, added_by=actor.user_id, added_at=now()
    )
    _fill(impact, details)
    incident.impacts.append(impact)
    return impact


def _fill(impact: IncidentImpact, details: ImpactDetails) -> None:
    impact.criticality = details.criticality
    impact.description = details.description
    impact.started_at, impact.ended_at = details.started_at, details.ended_at
    impact.recoverability = details.recoverability
    impact.details, impact.counts = dict(details.details), dict(details.counts)


def _changed(
    session: Session,
    actor: Actor,
    incident: Incident,
    kind: str,
    impact: IncidentImpact,
    changes: dict[str, list[Any]],
) -> None:
    cases.touch(incident, actor)
    cases.content_changed(incident)
    fields = {"subject": impact.category, "changes": changes}
    cases.note_change(session, actor, incident, kind, fields=fields)
    audit.record(
        session,
        actor,
        f"incident.{kind}",
        incident,
        impact=str(impact.id),
        category=impact.category,
        fields=sorted(changes),
    )
