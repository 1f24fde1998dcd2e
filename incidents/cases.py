"""Rules on cases: recording, changing, numbering; they run without a request."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts.models import Administration, User
from cirt.clock import now
from cirt.db import insert_for
from cirt.errors import N_, ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from cirt.incidents.case_details import MAX_TEXT, CaseDetails, checked, plain_text
from cirt.incidents.case_models import (
    Incident,
    IncidentCapability,
    IncidentChange,
    IncidentNumber,
    IncidentObservable,
    IncidentReader,
    IncidentRule,
)
from cirt.incidents.impact_models import IncidentImpact, IncidentTask
from cirt.incidents.rights import CASE_ROLES
from cirt.stix.marking import TLP

# the columns that the form fills in directly; of them, those that leave with a release
_COLUMNS = (
    *("title", "description", "language", "rsit", "severity", "determination"),
    *("investigation_status", "detected_at", "started_at", "ended_at", "reported_at", "pap"),
)
_LISTS = ("sectors", "countries", "techniques", "detection_methods")
_SENT_LISTS = frozenset({"sectors", "techniques", "detection_methods", "entity_counts"})
LEAVING = frozenset({*_COLUMNS, "tlp"}) - {"reported_at"} | _SENT_LISTS

_Part = TypeVar("_Part", IncidentImpact, IncidentTask)

STALE = N_(
    "Somebody else changed this incident while you were writing. Nothing was overwritten: compare"
    " below, then save again."
)


def create_incident(
    session: Session,
    actor: Actor,
    details: CaseDetails,
    *,
    origin: dict[str, Any] | None = None,
    origin_uuid: uuid.UUID | None = None,
) -> Incident:
    """Record an incident and return it, with the next reference of its administration and year.

    origin: what an imported file said besides. Raises InvalidInputError, naming the field.
    """
    moment = now()
    details = checked(details, now=moment)
    _check_readers(session, actor.administration_id, details.readers)
    administration = session.get_one(Administration, actor.administration_id)
    start = _whole_milliseconds(moment)
    incident = Incident(
        id=uuid.uuid4(),
        administration_id=administration.id,
        reference=next_reference(session, administration, moment.year),
        created_by=actor.user_id,
        updated_by=actor.user_id,
        created_at=start,
        updated_at=start,
        content_changed_at=start,
        origin=origin,
        origin_uuid=origin_uuid,
        tlp=details.tlp.value,
    )
    _fill(session, incident, details)
    session.add(incident)
    session.flush()
    note_change(session, actor, incident, "imported" if origin else "created")
    audit.record(session, actor, "incident.create", incident, tlp=incident.tlp)
    return incident


def next_reference(session: Session, administration: Administration, year: int) -> str:
    """Return the next reference, such as XA-2026-0007; it is given back with a rollback.

    The counter row is locked until the transaction ends, so no number is skipped or used twice.
    """
    key = {"administration_id": administration.id, "year": year}
    first = insert_for(session, IncidentNumber).values(**key, last=0)
    session.execute(first.on_conflict_do_nothing())
    row = session.scalars(
        sa.select(IncidentNumber)
        .filter_by(**key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    row.last += 1
    return f"{administration.code}-{year}-{row.last:04d}"


def edit_incident(
    session: Session,
    actor: Actor,
    incident: Incident,
    details: CaseDetails,
    *,
    revision: int,
    reason: str = "",
) -> frozenset[str]:
    """Change an incident and return the names of the fields that changed.

    revision: the form_revision that the person saw; raises ConflictError when it is not the present one.
    reason: needed to lower a marking, which machines cannot (ForbiddenError). Raises
    InvalidInputError, naming the field.
    """
    lock(session, incident)
    if revision != incident.form_revision:
        raise ConflictError(STALE, field="revision")
    details = checked(details, now=now())
    reason = plain_text(reason, "reason", MAX_TEXT)
    if details.tlp < incident.marking and actor.token_id is not None:
        raise ForbiddenError(
            N_("The incident bears %(before)s; a person lowers a marking, a machine cannot."),
            field="tlp",
            before=incident.marking.label,
        )
    if details.tlp < incident.marking and not reason:
        raise InvalidInputError(
            N_("Say why the marking is lowered from %(before)s; partners may ask."),
            field="reason",
            before=incident.marking.label,
        )
    if details.tlp is TLP.RED and actor.user_id not in (None, incident.created_by):
        # who makes it RED must still be able to read it
        details = _with_reader(details, actor.user_id)
    present = {row.user_id for row in incident.readers}
    _check_readers(session, incident.administration_id, details.readers - present)
    before = values_of(incident)
    _fill(session, incident, details)
    incident.tlp = details.tlp.value
    after = values_of(incident)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if not changes:
        return frozenset()
    incident.form_revision += 1
    touch(incident, actor)
    if LEAVING & changes.keys():
        content_changed(incident)
    note_change(session, actor, incident, "edited", fields=changes, reason=reason)
    audit.record(
        session,
        actor,
        "incident.edit",
        incident,
        fields=sorted(changes),
        revision=incident.revision,
        tlp=incident.tlp,
    )
    return frozenset(changes)


def lock(session: Session, incident: Incident) -> None:
    """Hold the incident for this transaction, and see it as it is now."""
    session.execute(sa.select(Incident.id).where(Incident.id == incident.id).with_for_update())
    session.refresh(incident)


def lock_with(
    session: Session,
    part: IncidentImpact | IncidentTask | IncidentObservable | IncidentRule,
) -> Incident:
    """Hold the incident of a part, see both as they are now, and return the incident.

    Raises NotFoundError when the part was removed meanwhile.
    """
    try:
        incident = session.get_one(Incident, part.incident_id)
        lock(session, incident)
        session.refresh(part)
    except sa.exc.InvalidRequestError:  # SQLAlchemy's word for a row that is gone
        raise NotFoundError from None
    return incident


def touch(incident: Incident, actor: Actor) -> None:
    """Count a change and note who made it."""
    incident.revision += 1
    incident.updated_by, incident.updated_at = actor.user_id, now()


def content_changed(incident: Incident) -> None:
    """Move the time of the content on: never twice the same millisecond.

    Partners take two objects with the same id and `modified` for the same (STIX 2.1, section 3.6).
    """
    next_one = incident.content_changed_at + timedelta(milliseconds=1)
    incident.content_changed_at = max(_whole_milliseconds(now()), next_one)


def note_change(
    session: Session,
    actor: Actor,
    incident: Incident,
    kind: str,
    *,
    fields: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add an act to the history of the incident."""
    session.add(
        IncidentChange(
            incident_id=incident.id,
            user_id=actor.user_id,
            kind=kind,
            fields=fields or {},
            reason=reason,
        )
    )


def part_of(session: Session, incident: Incident, model: type[_Part], key: uuid.UUID) -> _Part:
    """Return one impact or task of this case. Raises NotFoundError for any other."""
    row = session.get(model, key)
    if row is None or row.incident_id != incident.id:
        raise NotFoundError
    return row


def possible_readers(session: Session, administration_id: uuid.UUID) -> list[User]:
    """Return the people who can be named for a TLP:RED incident of an administration, by name."""
    users = session.scalars(
        sa.select(User)
        .where(User.administration_id == administration_id, User.active)
        .order_by(User.name)
    )
    return [user for user in users if user.roles & set(CASE_ROLES)]


def details_of(incident: Incident) -> CaseDetails:
    """Return what the form of an incident shows."""
    columns: dict[str, Any] = {name: getattr(incident, name) for name in _COLUMNS}
    lists: dict[str, Any] = {name: tuple(getattr(incident, name)) for name in _LISTS}
    return CaseDetails(
        **columns,
        **lists,
        tlp=incident.marking,
        entity_counts=dict(incident.entity_counts),
        failed=tuple(row.capability for row in incident.capabilities if row.outcome == "failed"),
        held=tuple(row.capability for row in incident.capabilities if row.outcome == "held"),
        readers=frozenset(row.user_id for row in incident.readers),
    )


def values_of(incident: Incident) -> dict[str, Any]:
    """Return the fields of an incident as JSON values, for comparing and for the history."""
    return json_values(details_of(incident))


def json_values(details: CaseDetails) -> dict[str, Any]:
    """Return details as JSON values: times in ISO 8601, lists sorted."""
    found: dict[str, Any] = {}
    for name, value in vars(details).items():
        if isinstance(value, datetime):
            found[name] = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        elif isinstance(value, tuple | frozenset):
            found[name] = sorted(str(each) for each in value)
        else:
            found[name] = str(value) if isinstance(value, TLP) else value
    return found


def _fill(session: Session, incident: Incident, details: CaseDetails) -> None:
    for name in _COLUMNS:
        setattr(incident, name, getattr(details, name))
    for name in _LISTS:
        setattr(incident, name, list(getattr(details, name)))
    incident.entity_counts = dict(details.entity_counts)
    outcomes = dict.fromkeys(details.failed, "failed") | dict.fromkeys(details.held, "held")
    incident.capabilities = [
        row for row in incident.capabilities if outcomes.get(row.capability) == row.outcome
    ]
    # a row that changes sides goes before the new one comes, since both have the same key
    if incident in session:
        session.flush()
    kept = {row.capability for row in incident.capabilities}
    incident.capabilities += [
        IncidentCapability(capability=name, outcome=outcome)
        for name, outcome in sorted(outcomes.items())
        if name not in kept
    ]
    named = {row.user_id for row in incident.readers}
    incident.readers = [row for row in incident.readers if row.user_id in details.readers] + [
        IncidentReader(user_id=user_id) for user_id in sorted(details.readers - named)
    ]


def _check_readers(
    session: Session, administration_id: uuid.UUID, added: frozenset[uuid.UUID]
) -> None:
    if added and not added <= {user.id for user in possible_readers(session, administration_id)}:
        raise InvalidInputError(
            N_("Name analysts and releasing officers of the own administration only."),
            field="readers",
        )


def _with_reader(details: CaseDetails, user_id: uuid.UUID | None) -> CaseDetails:
    return replace(details, readers=details.readers | {user_id}) if user_id else details


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
