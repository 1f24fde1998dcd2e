"""Rules on the tasks of a case: what is to be done and was done, and by whom of the team."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, visible
from cirt.accounts.models import User
from cirt.clock import now
from cirt.errors import N_, InvalidInputError, TooLargeError
from cirt.incidents import cases
from cirt.incidents.case_models import Incident
from cirt.incidents.case_parts import changes_between, check_stamp, json_values
from cirt.incidents.impact_models import IncidentTask
from cirt.incidents.task_rules import OPEN, TaskDetails, checked_task
from cirt.stix.marking import TLP

MAX_TASKS = 500

_STAYS = frozenset({"assigned_to"})
"""What of a task never leaves: changing it is no change of the content."""


def add_task(
    session: Session, actor: Actor, incident: Incident, details: TaskDetails
) -> IncidentTask:
    """Record a task and return it. Raises InvalidInputError, naming the field."""
    cases.lock(session, incident)
    if len(incident.tasks) >= MAX_TASKS:
        raise TooLargeError(
            N_("The incident holds %(most)s tasks; more do not fit."), field="name", most=MAX_TASKS
        )
    details = checked_task(details, now=now())
    _check_person(session, incident, details.assigned_to)
    task = IncidentTask(id=uuid.uuid4(), added_by=actor.user_id, added_at=now())
    _fill(task, details)
    incident.tasks.append(task)
    session.flush()
    _changed(session, actor, incident, "task-added", task, changes_between({}, values_of(task)))
    return task


def change_task(
    session: Session,
    actor: Actor,
    task: IncidentTask,
    details: TaskDetails,
    *,
    stamp: str | None = None,
) -> bool:
    """Change a task; return whether anything changed.

    stamp: of the values that the person saw, None not to ask; raises ConflictError when they
    have changed since, InvalidInputError, naming the field.
    """
    incident = cases.lock_with(session, task)
    before = values_of(task)
    check_stamp(stamp, before)
    details = checked_task(details, now=now())
    if details.assigned_to != task.assigned_to:
        _check_person(session, incident, details.assigned_to)
    _fill(task, details)
    changes = changes_between(before, values_of(task))
    if not changes:
        return False
    session.flush()
    _changed(session, actor, incident, "task-changed", task, changes)
    return True


def finish_task(session: Session, actor: Actor, task: IncidentTask) -> bool:
    """Note that a task is done, now; return False when it was not open any more."""
    cases.lock_with(session, task)
    if task.outcome not in OPEN:
        return False
    moment = now().replace(microsecond=0)
    details = details_of(task)
    # what was planned for later was begun at the latest now
    started = min(details.started_at, moment) if details.started_at else None
    details = replace(details, outcome="successful", started_at=started, ended_at=moment)
    return change_task(session, actor, task, details)


def remove_task(session: Session, actor: Actor, task: IncidentTask) -> None:
    """Take a task out of its case."""
    incident = cases.lock_with(session, task)
    before = values_of(task)
    incident.tasks.remove(task)
    session.flush()
    _changed(session, actor, incident, "task-removed", task, changes_between(before, {}))


def task_of(session: Session, incident: Incident, task_id: uuid.UUID) -> IncidentTask:
    """Return one task of this case. Raises NotFoundError for any other."""
    return cases.part_of(session, incident, IncidentTask, task_id)


def possible_persons(session: Session, incident: Incident) -> list[User]:
    """Return who of the team can be given a task: those who may read the incident, by name."""
    users = cases.possible_readers(session, incident.administration_id)
    if incident.marking is not TLP.RED:
        return users
    named = {incident.created_by, *(reader.user_id for reader in incident.readers)}
    return [user for user in users if user.id in named]


def open_tasks_of(
    session: Session, actor: Actor, most: int = 10
) -> Sequence[tuple[IncidentTask, Incident]]:
    """Return the open tasks that are the actor's, in incidents that the actor may read.

    The most urgent first, then the oldest.
    """
    if actor.user_id is None:
        return []
    seen = visible(actor, Incident, "incident.read").subquery()
    query = (
        sa.select(IncidentTask, Incident)
        .join(Incident, Incident.id == IncidentTask.incident_id)
        .where(
            IncidentTask.incident_id.in_(sa.select(seen.c.id)),
            IncidentTask.assigned_to == actor.user_id,
            IncidentTask.outcome.in_(OPEN),
        )
        .order_by(sa.func.coalesce(IncidentTask.priority, -1).desc(), IncidentTask.added_at)
        .limit(most)
    )
    return [(task, incident) for task, incident in session.execute(query)]


def details_of(task: IncidentTask) -> TaskDetails:
    """Return what the form of a task shows."""
    return TaskDetails(
        name=task.name,
        description=task.description,
        task_types=tuple(task.task_types),
        outcome=task.outcome,
        priority=task.priority,
        started_at=task.started_at,
        ended_at=task.ended_at,
        assigned_to=task.assigned_to,
    )


def values_of(task: IncidentTask) -> dict[str, Any]:
    """Return a task as JSON values, for comparing and for the history."""
    return flat(details_of(task))


def flat(details: TaskDetails) -> dict[str, Any]:
    """Return details as JSON values."""
    return json_values(vars(details)) | {
        "task_types": list(details.task_types),
        "assigned_to": str(details.assigned_to) if details.assigned_to else None,
    }


def _check_person(session: Session, incident: Incident, user_id: uuid.UUID | None) -> None:
    persons = possible_persons(session, incident)
    if user_id is not None and user_id not in {user.id for user in persons}:
        raise InvalidInputError(
            N_("Choose a person of the own team who may read this incident."), field="assigned_to"
        )


def _fill(task: IncidentTask, details: TaskDetails) -> None:
    task.name, task.description = details.name, details.description
    task.task_types, task.outcome = list(details.task_types), details.outcome
    task.priority, task.assigned_to = details.priority, details.assigned_to
    task.started_at, task.ended_at = details.started_at, details.ended_at


def _changed(
    session: Session,
    actor: Actor,
    incident: Incident,
    kind: str,
    task: IncidentTask,
    changes: dict[str, list[Any]],
) -> None:
    cases.touch(incident, actor)
    if changes.keys() - _STAYS:
        cases.content_changed(incident)
    fields = {"subject": task.name, "changes": changes}
    cases.note_change(session, actor, incident, kind, fields=fields)
    audit.record(
        session, actor, f"incident.{kind}", incident, task=str(task.id), fields=sorted(changes)
    )
