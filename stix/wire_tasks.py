"""The tasks of an incident: what defenders did about it, without who of them.

Source: Incident Core Extension 2.1 for STIX 2.1, section on task.
"""

from typing import Any

from cirt.stix.content import IncidentContent, TaskContent
from cirt.stix.extensions import TASK
from cirt.stix.impact_rules import TASK_OUTCOMES, is_whole
from cirt.stix.wire_objects import is_word, spoken, task_id, text, times, unfit, versioned


def task_objects(content: IncidentContent) -> list[dict[str, Any]]:
    """Return the tasks of the content; raise InvalidInputError, naming the field."""
    if len({task.key for task in content.tasks}) != len(content.tasks):
        raise unfit("tasks")
    return [_task(content, task) for task in content.tasks]


def _task(content: IncidentContent, task: TaskContent) -> dict[str, Any]:
    if not task.name.strip():
        raise unfit("name")
    if task.outcome not in TASK_OUTCOMES:
        raise unfit("outcome")
    if not all(is_word(word) for word in task.task_types):
        raise unfit("task_types")
    found = versioned(content, "task", task_id(content, task.key))
    found["name"] = text(task.name, "name")
    found["outcome"] = task.outcome
    found["extensions"] = {TASK: {"extension_type": "new-sdo"}}
    found |= spoken(content, task.description) | times(task.started, task.ended)
    if task.task_types:
        found["task_types"] = sorted(set(task.task_types))
    if task.priority is not None:
        if not is_whole(task.priority, 100):
            raise unfit("priority")
        found["priority"] = task.priority
    return found
