"""Impacts, tasks, counts and the policy of use: what a MISP event says of them, and what not.

MISP has no place for most of them. They stand in the event's report, where a person reads them,
and are accounted as lost, since no program does.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cirt.errors import N_
from cirt.stix.content import ImpactContent, IncidentContent, TaskContent
from cirt.stix.iep import as_mapping
from cirt.stix.misp_content import Loss, shortened

_IMPACT = N_("MISP has no form for an impact; the report of the event tells of it.")
_TASK = N_("MISP has no form for a task; the report of the event tells of it.")
_POLICY = N_("MISP has no form for a policy of use (IEP); the report of the event tells of it.")
_COUNT = N_("A MISP attribute cannot say how often something was seen.")
_VICTIM = N_("A MISP attribute cannot say that it belongs to the victim.")


def suite_losses(content: IncidentContent) -> Iterator[Loss]:
    """Yield what of the incident no program finds again in the MISP event."""
    for index, item in enumerate(content.observables):
        what, path = shortened(item.observable.value), f"observables[{index}]"
        if item.count is not None:
            yield Loss("observable", path, what, _COUNT)
        if item.is_victim:
            yield Loss("observable", path, what, _VICTIM)
    for index, impact in enumerate(content.impacts):
        yield Loss("impact", f"impacts[{index}]", impact.category, _IMPACT)
    for index, task in enumerate(content.tasks):
        yield Loss("task", f"tasks[{index}]", shortened(task.name), _TASK)
    if content.iep:
        yield Loss("policy", "iep", shortened(content.iep.name), _POLICY)


def suite_facts(content: IncidentContent) -> list[tuple[str, str]]:
    """Return name and value of the lines of the event's report about them."""
    facts = [("impact", _impact_line(impact)) for impact in content.impacts]
    facts += [("task", _task_line(task)) for task in content.tasks]
    if content.iep:
        facts.append(("policy of use", _joined(as_mapping(content.iep))))
    return facts


def _impact_line(impact: ImpactContent) -> str:
    told = {
        "criticality": impact.criticality,
        **impact.details,
        **impact.counts,
        "recoverability": impact.recoverability,
        **_times(impact.started, impact.ended),
        "description": impact.description,
    }
    return _joined({"category": impact.category, **told})


def _task_line(task: TaskContent) -> str:
    told = {
        "outcome": task.outcome,
        "types": " ".join(task.task_types),
        "priority": task.priority,
        **_times(task.started, task.ended),
        "description": task.description,
    }
    return _joined({"name": task.name, **told})


def _times(started: datetime | None, ended: datetime | None) -> dict[str, str]:
    times = {"started": started, "ended": ended}
    return {name: when.astimezone(UTC).isoformat() for name, when in times.items() if when}


def _joined(told: Mapping[str, Any]) -> str:
    """Return the facts on one line, without what is not known."""
    return "; ".join(
        f"{name} {' '.join(str(value).split())}"
        for name, value in told.items()
        if value not in ("", None)
    )
