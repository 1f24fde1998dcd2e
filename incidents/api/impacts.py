"""Operations on the impacts of a case: record one, change it, supersede it, remove it."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from operator import getitem
from typing import Any, Final

from cirt.api.operations import Answer, operation
from cirt.errors import InvalidInputError
from cirt.incidents import impacts
from cirt.incidents.api.incidents import changeable, locked
from cirt.incidents.api.part_schemas import (
    IMPACT,
    IMPACT_CHANGE,
    NEW_IMPACT,
    SUCCESSOR,
    plain_impact,
)
from cirt.incidents.api.values import counts, given, moment, whole
from cirt.incidents.impact_rules import PARTS, ImpactDetails
from cirt.web import actor, db_session

_TAGS: Final = ("Incidents",)
_WITHIN: Final = frozenset(part.name for parts in PARTS.values() for part in parts)


@operation(
    "POST",
    "/incidents/{incident_id}/impacts",
    action="incident.edit",
    summary="Record an impact of an incident",
    request=NEW_IMPACT,
    response=IMPACT,
    status=201,
    has_revision=True,
    tags=_TAGS,
)
def add_impact(incident_id: uuid.UUID, body: dict[str, Any]) -> Answer:
    """A new impact on the victim. The `ETag` is the revision of the incident."""
    incident = locked(incident_id)
    with _named_by_place():
        details = _details(ImpactDetails(category=body["category"]), body)
        impact = impacts.add_impact(db_session(), actor(), incident, details)
    return Answer(plain_impact(impact), revision=incident.revision)


@operation(
    "PATCH",
    "/incidents/{incident_id}/impacts/{impact_id}",
    action="incident.edit",
    summary="Change an impact of an incident",
    request=IMPACT_CHANGE,
    response=IMPACT,
    has_revision=True,
    conditional=True,
    tags=_TAGS,
)
def change_impact(
    incident_id: uuid.UUID, impact_id: uuid.UUID, revision: int | None, body: dict[str, Any]
) -> Answer:
    """Changes what is named and leaves the rest. `If-Match` and `ETag` are the revision of the
    incident. The answer is the impact, so the token needs incidents.read as well."""
    incident = changeable(incident_id, revision)
    impact = impacts.impact_of(db_session(), incident, impact_id)
    with _named_by_place():
        details = _details(impacts.details_of(impact), body)
        impacts.change_impact(db_session(), actor(), impact, details)
    return Answer(plain_impact(impact), revision=incident.revision)


@operation(
    "POST",
    "/incidents/{incident_id}/impacts/{impact_id}/successor",
    action="incident.edit",
    summary="Record what an impact turned into",
    request=SUCCESSOR,
    response=IMPACT,
    status=201,
    has_revision=True,
    tags=_TAGS,
)
def supersede_impact(incident_id: uuid.UUID, impact_id: uuid.UUID, body: dict[str, Any]) -> Answer:
    """Ends the impact and records the one that took its place, which is the answer. An impact has
    one successor at most."""
    incident = locked(incident_id)
    earlier = impacts.impact_of(db_session(), incident, impact_id)
    with _named_by_place():
        details = _details(ImpactDetails(category=body["category"]), body)
        impact = impacts.supersede_impact(
            db_session(),
            actor(),
            earlier,
            details,
            ended_at=moment(body, "earlier_ended_at"),
        )
    return Answer(plain_impact(impact), revision=incident.revision)


@operation(
    "DELETE",
    "/incidents/{incident_id}/impacts/{impact_id}",
    action="incident.edit",
    summary="Remove an impact from an incident",
    response=None,
    tags=_TAGS,
)
def remove_impact(incident_id: uuid.UUID, impact_id: uuid.UUID) -> None:
    """Takes it out; what it superseded stands again."""
    incident = locked(incident_id)
    impacts.remove_impact(
        db_session(), actor(), impacts.impact_of(db_session(), incident, impact_id)
    )


def _details(before: ImpactDetails, body: dict[str, Any]) -> ImpactDetails:
    """Return an impact with what a body says of it. Raises InvalidInputError, naming the property."""
    return replace(
        before,
        **given(body, getitem, "description", "recoverability"),
        **given(body, moment, "started_at", "ended_at"),
        **given(body, whole, "criticality"),
        **given(body, _properties, "details"),
        **given(body, counts, "counts"),
    )


def _properties(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the properties of a category; a whole number that was written as 50.0 is one."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in body[name].items()
    }


@contextmanager
def _named_by_place() -> Iterator[None]:
    """Name a property of the category by where it stands in the body."""
    try:
        yield
    except InvalidInputError as error:
        if error.field not in _WITHIN:
            raise
        raise InvalidInputError(
            error.message, field=f"details/{error.field}", **error.params
        ) from None
