"""Operations on the observables of a case: list them, add some, change and remove one."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from cirt.api.operations import Answer, operation
from cirt.api.paging import Paged, PageRequest, read_page
from cirt.clock import now
from cirt.errors import N_, DomainError, InvalidInputError
from cirt.incidents import observables
from cirt.incidents.api.incidents import changeable, incident_for, locked
from cirt.incidents.api.part_schemas import (
    ADDED,
    NEW_OBSERVABLES,
    OBSERVABLE,
    OBSERVABLE_CHANGE,
    OBSERVABLES,
    plain_observable,
)
from cirt.incidents.api.values import moment, whole
from cirt.incidents.case_details import MAX_COMMENT, plain_text
from cirt.incidents.case_models import IncidentObservable
from cirt.incidents.case_pages import note_reading
from cirt.incidents.observable_rules import Seen, check_seen
from cirt.incidents.observables import NewObservable
from cirt.stix.detection import detect
from cirt.stix.observables import Observable, observable, properties_of
from cirt.web import actor, db_session

_TAGS: Final = ("Incidents",)


@operation(
    "GET",
    "/incidents/{incident_id}/observables",
    action="incident.read",
    summary="List the observables of an incident",
    response=OBSERVABLES,
    paged=True,
    tags=_TAGS,
)
def list_observables(incident_id: uuid.UUID, page: PageRequest) -> Paged:
    """The observables in the order in which they were added; withdrawn ones are left out."""
    incident = incident_for("incident.read", incident_id)
    note_reading(incident, "api")
    row = IncidentObservable
    query = sa.select(row).where(row.incident_id == incident.id, row.withdrawn_at.is_(None))
    return read_page(db_session(), query, page, row.added_at, row.id, plain=plain_observable)


@operation(
    "POST",
    "/incidents/{incident_id}/observables",
    action="incident.edit",
    summary="Add observables to an incident",
    request=NEW_OBSERVABLES,
    response=ADDED,
    has_revision=False,
    tags=_TAGS,
)
def add_observables(incident_id: uuid.UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Adds what the incident does not hold yet. Each that does not fit is named by its place, and
    the others are kept."""
    incident = incident_for("incident.edit", incident_id)
    good: list[NewObservable] = []
    refused: list[dict[str, str]] = []
    for number, item in enumerate(body["items"]):
        try:
            good.append(_new(item))
        except DomainError as error:
            place = f"/items/{number}" + (f"/{error.field}" if error.field in item else "")
            refused.append({"pointer": place, "detail": str(error)})
    added = observables.add_observables(db_session(), actor(), incident, good) if good else 0
    return {
        "added": added,
        "present": len(good) - added,
        "refused": refused,
        "revision": incident.revision,
    }


@operation(
    "PATCH",
    "/incidents/{incident_id}/observables/{observable_id}",
    action="incident.edit",
    summary="Change what is said about an observable",
    request=OBSERVABLE_CHANGE,
    response=OBSERVABLE,
    has_revision=True,
    conditional=True,
    tags=_TAGS,
)
def change_observable(
    incident_id: uuid.UUID, observable_id: uuid.UUID, revision: int | None, body: dict[str, Any]
) -> Answer:
    """Changes what is named and leaves the rest; what it is, stays. `If-Match` and `ETag` are the
    revision of the incident. The answer is the observable, so the token needs incidents.read as
    well."""
    incident = changeable(incident_id, revision)
    row = observables.observable_of(db_session(), incident, observable_id)
    said = {**plain_observable(row), **body}
    observables.change_observable(
        db_session(),
        actor(),
        row,
        comment=said["comment"],
        role=said["role"],
        seen=Seen(
            first=moment(said, "first_observed"),
            last=moment(said, "last_observed"),
            count=whole(said, "count"),
        ),
    )
    return Answer(plain_observable(row), revision=incident.revision)


@operation(
    "DELETE",
    "/incidents/{incident_id}/observables/{observable_id}",
    action="incident.edit",
    summary="Remove an observable from an incident",
    response=None,
    tags=_TAGS,
)
def remove_observable(incident_id: uuid.UUID, observable_id: uuid.UUID) -> None:
    """Takes it out. If partners have it by a release, the next release tells them that it is not
    valid any more."""
    incident = locked(incident_id)
    row = observables.observable_of(db_session(), incident, observable_id)
    observables.remove_observable(db_session(), actor(), row)


def _new(item: Mapping[str, Any]) -> NewObservable:
    """Return what one item says. Raises InvalidInputError, naming the property."""
    found = NewObservable(
        observable=_observable(item),
        is_indicator=item.get("role", "context") == "detection",
        is_victim=item.get("role") == "victim",
        comment=plain_text(item.get("comment", ""), "comment", MAX_COMMENT),
        first_observed=moment(item, "first_observed"),
        last_observed=moment(item, "last_observed"),
        count=whole(item, "count"),
    )
    check_seen(found.seen, now=now())
    return found


def _observable(item: Mapping[str, Any]) -> Observable:
    kind, value, properties = item.get("type"), item.get("value"), item.get("properties")
    if value is not None and properties is None:
        return _typed(kind, value)
    if properties is None or value is not None:
        raise InvalidInputError(N_("Give either a value or properties."), field="value")
    if kind is None:
        raise InvalidInputError(N_("Name the type of the observable."), field="properties")
    known = properties_of(kind)
    if known and not set(properties) <= set(known):
        raise InvalidInputError(
            N_("Of an observable of the type “%(type)s” only these are kept: %(names)s."),
            field="properties",
            type=kind,
            names=", ".join(known),
        )
    return Observable(kind, dict(properties)).canonical()


def _typed(kind: str | None, value: str) -> Observable:
    if kind is not None:
        return observable(kind, value)
    detected = detect(value[:5_000])
    if len(detected) != 1:
        raise InvalidInputError(
            N_("This is not plainly one observable; name its type as well."), field="value"
        )
    return detected[0].observable
