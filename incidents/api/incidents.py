"""Operations on cases: list, read, record, change, history. The rules are those of the form."""

import uuid
from dataclasses import replace
from datetime import datetime
from operator import getitem
from typing import Any, Final

import sqlalchemy as sa

from cirt import access
from cirt.access import load, require
from cirt.api.operations import Answer, check_revision, operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.api.parameters import Parameter
from cirt.api.schemas import TIME, one_of
from cirt.incidents import cases
from cirt.incidents.api.incident_schemas import (
    HISTORY,
    INCIDENT,
    INCIDENT_CHANGE,
    INCIDENTS,
    NEW_INCIDENT,
    plain_act,
    plain_incident,
    plain_row,
)
from cirt.incidents.api.values import counts, given, moment, whole, words
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident, IncidentChange
from cirt.incidents.case_pages import note_reading
from cirt.incidents.exits import Exit, require_exit, words_leaving
from cirt.stix.extensions import INVESTIGATION_STATUSES
from cirt.stix.marking import TLP
from cirt.web import actor, db_session

_TAGS: Final = ("Incidents",)
_TEXTS: Final = (
    *("title", "description", "language", "rsit", "pap"),
    *("determination", "investigation_status"),
)
_TIMES: Final = ("detected_at", "started_at", "ended_at", "reported_at")
_LISTS: Final = ("sectors", "countries", "techniques", "detection_methods", "failed", "held")


@operation(
    "GET",
    "/incidents",
    action="incident.list",
    summary="List incidents",
    response=INCIDENTS,
    paged=True,
    tags=_TAGS,
    parameters=(
        Parameter("investigation_status", "Only these.", one_of(*INVESTIGATION_STATUSES)),
        Parameter("severity", "Only these.", {"type": "integer", "minimum": 0, "maximum": 5}),
        Parameter("rsit", "Only of this kind.", example='rsit:fraud="phishing"'),
        Parameter("updated_after", "Only what changed after this time.", TIME),
    ),
)
def list_incidents(
    investigation_status: str | None,
    severity: int | None,
    rsit: str | None,
    updated_after: datetime | None,
    page: PageRequest,
) -> Paged:
    """The incidents of the own national CIRT, the one that changed longest ago first. Whoever
    follows changes asks with `updated_after` a minute before the last `updated_at` that it got,
    and tells by `revision` what it has."""
    require(db_session(), actor(), "incident.list")
    query = access.visible(actor(), Incident, "incident.read").where(
        Incident.tlp.in_(words_leaving(Exit.API))
    )
    wanted = {"investigation_status": investigation_status, "severity": severity, "rsit": rsit}
    query = query.filter_by(**{name: one for name, one in wanted.items() if one is not None})
    if updated_after is not None:
        query = query.where(Incident.updated_at > updated_after)
    return read_page(db_session(), query, page, Incident.updated_at, Incident.id, plain=plain_row)


@operation(
    "GET",
    "/incidents/{incident_id}",
    action="incident.read",
    summary="Read an incident",
    response=INCIDENT,
    has_revision=True,
    tags=_TAGS,
)
def read_incident(incident_id: uuid.UUID) -> Answer:
    """One incident with its observables, rules, impacts and tasks."""
    incident = incident_for("incident.read", incident_id)
    note_reading(incident, "api")
    return Answer(plain_incident(incident), revision=incident.revision)


@operation(
    "POST",
    "/incidents",
    action="incident.create",
    summary="Record an incident",
    request=NEW_INCIDENT,
    response=INCIDENT,
    status=201,
    has_revision=True,
    tags=_TAGS,
)
def create_incident(body: dict[str, Any]) -> Answer:
    """A new incident of the own national CIRT, with the next reference."""
    require(db_session(), actor(), "incident.create")
    details = replace(CaseDetails(title=""), **details_in(body))
    require_exit(details.tlp, Exit.API)
    incident = cases.create_incident(db_session(), actor(), details)
    return Answer(
        plain_incident(incident),
        revision=incident.revision,
        location=f"/incidents/{incident.id}",
    )


@operation(
    "PATCH",
    "/incidents/{incident_id}",
    action="incident.edit",
    summary="Change an incident",
    request=INCIDENT_CHANGE,
    response=INCIDENT,
    has_revision=True,
    conditional=True,
    tags=_TAGS,
)
def change_incident(incident_id: uuid.UUID, revision: int | None, body: dict[str, Any]) -> Answer:
    """Changes what is named and leaves the rest. The answer is the whole incident, so the token
    needs incidents.read as well."""
    incident = changeable(incident_id, revision)
    details = replace(cases.details_of(incident), **details_in(body))
    require_exit(details.tlp, Exit.API)
    cases.edit_incident(
        db_session(),
        actor(),
        incident,
        details,
        revision=incident.form_revision,
        reason=body.get("reason", ""),
    )
    note_reading(incident, "api")
    return Answer(plain_incident(incident), revision=incident.revision)


@operation(
    "GET",
    "/incidents/{incident_id}/history",
    action="incident.read",
    summary="List what happened to an incident",
    response=HISTORY,
    paged=True,
    tags=_TAGS,
)
def list_incident_history(incident_id: uuid.UUID, page: PageRequest) -> Paged:
    """Acts in the order of time: when, what kind, and which fields, never what they held."""
    incident = incident_for("incident.read", incident_id)
    query = sa.select(IncidentChange).where(IncidentChange.incident_id == incident.id)
    return read_page(
        db_session(), query, page, IncidentChange.at, IncidentChange.id, plain=plain_act
    )


def incident_for(action: str, incident_id: uuid.UUID) -> Incident:
    """Return the incident of this address, allowed for the action and for machines at all."""
    incident = load(db_session(), actor(), Incident, incident_id, seen_by=action)
    require(db_session(), actor(), action, incident)
    require_exit(incident.marking, Exit.API)
    return incident


def changeable(incident_id: uuid.UUID, revision: int | None) -> Incident:
    """Return the incident of this address, locked, to be changed and shown as it then is.

    revision: the one that the client saw, None for whatever. Raises the problem "stale".
    """
    incident = locked(incident_id)
    require(db_session(), actor(), "incident.read", incident)
    check_revision(revision, incident.revision)
    return incident


def locked(incident_id: uuid.UUID) -> Incident:
    """Return the incident of this address, locked: what it holds is then as others left it."""
    incident = incident_for("incident.edit", incident_id)
    cases.lock(db_session(), incident)
    require_exit(incident.marking, Exit.API)
    return incident


def details_in(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says of a case, by the names of CaseDetails. Raises InvalidInputError."""
    return {
        **given(body, getitem, *_TEXTS),
        **given(body, moment, *_TIMES),
        **given(body, words, *_LISTS),
        **given(body, lambda body, name: TLP(body[name]), "tlp"),
        **given(body, whole, "severity"),
        **given(body, counts, "entity_counts"),
    }
