"""What may be said of a task. Knows no web and no database.

Source: Incident Core Extension 2.1 for STIX 2.1 (OASIS, draft of 2024), task.
"""

import re
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from cirt import vocabularies
from cirt.errors import N_, InvalidInputError
from cirt.incidents.case_details import MAX_TEXT, MAX_TITLE, check_moment, plain_text

OPEN = ("pending", "ongoing")
"""Outcomes of what is still to be done."""

_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class TaskDetails:
    """A task as a person describes it.

    priority: 0 to 100, None if not set. assigned_to: a person of the team; it never leaves.
    """

    name: str
    description: str = ""
    task_types: tuple[str, ...] = ()
    outcome: str = "pending"
    priority: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    assigned_to: uuid.UUID | None = None


def checked_task(task: TaskDetails, *, now: datetime) -> TaskDetails:
    """Return the task in its stored form. Raises InvalidInputError, naming the field.

    What is still to be done may lie in the future, and has no end before it has one.
    """
    name = " ".join(plain_text(task.name, "name", MAX_TITLE).split())
    if not name:
        raise InvalidInputError(N_("Say what is to be done."), field="name")
    if task.outcome not in vocabularies.word_lists()["task-outcome"].words:
        raise InvalidInputError(N_("Choose one of the entries of the list."), field="outcome")
    if task.priority is not None and not 0 <= task.priority <= 100:
        raise InvalidInputError(N_("Choose one of the entries of the list."), field="priority")
    if any(len(word) > 60 or not _WORD.fullmatch(word) for word in task.task_types):
        raise InvalidInputError(N_("Choose one of the entries of the list."), field="task_types")
    _check_times(task, now)
    known = vocabularies.word_lists()["task-type"].words
    return replace(
        task,
        name=name,
        description=plain_text(task.description, "description", MAX_TEXT),
        task_types=(
            *(word for word in known if word in task.task_types),
            *sorted({*task.task_types} - {*known}),
        ),
    )


def _check_times(task: TaskDetails, now: datetime) -> None:
    if task.outcome in OPEN and task.ended_at is not None:
        raise InvalidInputError(
            N_("What is still to be done has no end; choose another state or empty this."),
            field="ended_at",
        )
    # what is to be done may be planned
    if task.outcome != "pending":
        check_moment("started_at", task.started_at, now)
    else:
        check_moment("started_at", min(task.started_at, now) if task.started_at else None, now)
    check_moment("ended_at", task.ended_at, now)
    if task.started_at and task.ended_at and task.ended_at < task.started_at:
        raise InvalidInputError(
            N_("It cannot have ended before it started; correct one of the two."), field="ended_at"
        )
