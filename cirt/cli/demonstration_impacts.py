"""Impacts and tasks of the demonstration's incidents."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from cirt.cli.demonstration_people import Stage
from cirt.datafiles import DataMap
from cirt.incidents import impacts, tasks
from cirt.incidents.case_models import Incident
from cirt.incidents.impact_models import IncidentImpact
from cirt.incidents.impact_rules import ImpactDetails
from cirt.incidents.task_rules import TaskDetails


def add(session: Session, stage: Stage, incident: Incident, one: DataMap, moment: datetime) -> None:
    """Record the impacts and the tasks of an incident, as the person who recorded it."""
    actor = stage.actors[one.text("by")]
    found: list[IncidentImpact] = []
    described = list(one.sections("impacts")) if "impacts" in one else []
    # number of an impact that supersedes another -> place of that one
    earlier = {
        each.integer("superseded_by", 1, 99): place
        for place, each in enumerate(described)
        if "superseded_by" in each
    }
    for number, each in enumerate(described, 1):
        details = _impact(each, moment)
        if number in earlier:
            found.append(impacts.supersede_impact(session, actor, found[earlier[number]], details))
        else:
            found.append(impacts.add_impact(session, actor, incident, details))
    for each in one.sections("tasks") if "tasks" in one else ():
        tasks.add_task(session, actor, incident, _task(stage, each, moment))


def hours_before(times: DataMap, name: str, moment: datetime) -> datetime | None:
    """Return so many hours before this moment, on a whole minute; None where none are given."""
    if name not in times:
        return None
    hours = times.integer(name, 0, 24 * 3650)
    return (moment - timedelta(hours=hours)).replace(second=0, microsecond=0)


def _impact(each: DataMap, moment: datetime) -> ImpactDetails:
    times = each.section("hours_ago")
    details: dict[str, Any] = dict(each.section("details"))
    if "conversion_hours_ago" in details:
        asked = hours_before(each.section("details"), "conversion_hours_ago", moment)
        details["conversion_time"] = asked
        del details["conversion_hours_ago"]
    return ImpactDetails(
        category=each.text("category"),
        criticality=each.integer("criticality", 0, 100),
        recoverability=each.optional_text("recoverability") or "",
        started_at=hours_before(times, "started", moment),
        ended_at=hours_before(times, "ended", moment),
        description=each.text("description"),
        details=details,
        counts=dict(each.section("counts")) if "counts" in each else {},
    )


def _task(stage: Stage, each: DataMap, moment: datetime) -> TaskDetails:
    times = each.section("hours_ago") if "hours_ago" in each else None
    person = stage.actors[each.text("person")] if "person" in each else None
    return TaskDetails(
        name=each.text("name"),
        task_types=each.texts("types"),
        outcome=each.text("outcome"),
        priority=each.integer("priority", 0, 100),
        started_at=hours_before(times, "started", moment) if times else None,
        ended_at=hours_before(times, "ended", moment) if times else None,
        assigned_to=person.user_id if person else None,
    )
