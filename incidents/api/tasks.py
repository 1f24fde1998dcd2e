"""Operations on the tasks of a case: record one, change it, remove it. Who does it never leaves."""

import uuid
from dataclasses import replace
from operator import getitem
from typing import Any, Final

from cirt.api.operations import Answer, operation
from cirt.incidents import tasks
from cirt.incidents.api.incidents import changeable, locked
from cirt.incidents.api.part_schemas import NEW_TASK, TASK, TASK_CHANGE, plain_task
from cirt.incidents.api.values import given, moment, whole, words
from cirt.incidents.task_rules import TaskDetails
from cirt.web import actor, db_session

_TAGS: Final = ("Incidents",)


@operation(
    "POST",
    "/incidents/{incident_id}/tasks",
    action="incident.edit",
    summary="Record a task of an incident",
    request=NEW_TASK,
    response=TASK,
    status=201,
    has_revision=True,
    tags=_TAGS,
)
def add_task(incident_id: uuid.UUID, body: dict[str, Any]) -> Answer:
    """A new task, given to nobody yet. The `ETag` is the revision of the incident."""
    incident = locked(incident_id)
    details = _details(TaskDetails(name=""), body)
    task = tasks.add_task(db_session(), actor(), incident, details)
    return Answer(plain_task(task), revision=incident.revision)


@operation(
    "PATCH",
    "/incidents/{incident_id}/tasks/{task_id}",
    action="incident.edit",
    summary="Change a task of an incident",
    request=TASK_CHANGE,
    response=TASK,
    has_revision=True,
    conditional=True,
    tags=_TAGS,
)
def change_task(
    incident_id: uuid.UUID, task_id: uuid.UUID, revision: int | None, body: dict[str, Any]
) -> Answer:
    """Changes what is named and leaves the rest. `If-Match` and `ETag` are the revision of the
    incident. The answer is the task, so the token needs incidents.read as well."""
    incident = changeable(incident_id, revision)
    task = tasks.task_of(db_session(), incident, task_id)
    tasks.change_task(db_session(), actor(), task, _details(tasks.details_of(task), body))
    return Answer(plain_task(task), revision=incident.revision)


@operation(
    "DELETE",
    "/incidents/{incident_id}/tasks/{task_id}",
    action="incident.edit",
    summary="Remove a task from an incident",
    response=None,
    tags=_TAGS,
)
def remove_task(incident_id: uuid.UUID, task_id: uuid.UUID) -> None:
    """Takes it out; what it said stays in the history, for the team."""
    incident = locked(incident_id)
    tasks.remove_task(db_session(), actor(), tasks.task_of(db_session(), incident, task_id))


def _details(before: TaskDetails, body: dict[str, Any]) -> TaskDetails:
    """Return a task with what a body says of it. Raises InvalidInputError, naming the property."""
    return replace(
        before,
        **given(body, getitem, "name", "description", "outcome"),
        **given(body, moment, "started_at", "ended_at"),
        **given(body, words, "task_types"),
        **given(body, whole, "priority"),
    )
