"""How the parts of a case stand in JSON: observables, detection rules, impacts, tasks."""

from collections.abc import Iterator
from typing import Any, Final

from cirt.api.plain import plain_time
from cirt.api.schemas import ID, TEXT, TIME, Schema, described, nullable, one_of, page_of, record
from cirt.incidents.api.values import COUNT, COUNTS, TEXTS
from cirt.incidents.case_models import IncidentObservable, IncidentRule
from cirt.incidents.impact_models import IncidentImpact, IncidentTask
from cirt.incidents.impact_rules import PARTS, Kind
from cirt.incidents.observable_rules import ROLES, role_of

_NUMBER: Final[Schema] = {"type": ["integer", "null"]}

_SAID: Final[dict[str, Schema]] = {
    "role": described(one_of(*ROLES), "To look for, seen besides, or belonging to the victim."),
    "comment": TEXT,
    "first_observed": nullable(TIME),
    "last_observed": nullable(TIME),
    "count": _NUMBER,
}
OBSERVABLE: Final = record(
    "Observable",
    "Something that was seen in an incident.",
    {
        "id": ID,
        "type": described(TEXT, "Of STIX 2.1 (section 6), or `vulnerability`."),
        "value": described(TEXT, "On one line."),
        "properties": {"type": "object", "description": "As the object has them in STIX 2.1."},
        **_SAID,
        "added_at": TIME,
    },
)
OBSERVABLES: Final = page_of("ObservablePage", OBSERVABLE)
_NEW_OBSERVABLE: Final[Schema] = record(
    "NewObservable",
    "One observable: its value, with its type unless that is plain from the value; or its"
    " properties as in STIX 2.1.",
    {
        "type": TEXT,
        "value": described(TEXT, "Also in a harmless spelling, such as 192.0.2[.]7."),
        "properties": {"type": "object"},
        **_SAID,
    },
    optional=["type", "value", "properties", *_SAID],
)
NEW_OBSERVABLES: Final = record(
    "NewObservables",
    "Observables to add.",
    {"items": {"type": "array", "items": _NEW_OBSERVABLE, "minItems": 1, "maxItems": 1000}},
    example={"items": [{"value": "192.0.2.7", "role": "detection"}]},
)
ADDED: Final = record(
    "AddedObservables",
    "What became of them: good ones are kept, whatever becomes of the others.",
    {
        "added": COUNT,
        "present": described(COUNT, "The incident held them already."),
        "refused": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["pointer", "detail"],
                "properties": {"pointer": TEXT, "detail": TEXT},
            },
        },
        "revision": described(COUNT, "Of the incident."),
    },
)
OBSERVABLE_CHANGE: Final = record(
    "ObservableChange",
    "What to change of what is said about an observable; what is left out stays.",
    _SAID,
    optional=_SAID,
    example={"role": "detection"},
)
RULE: Final = record(
    "DetectionRule",
    "A detection rule that came with an incident.",
    {"id": ID, "name": TEXT, "pattern": TEXT, "pattern_type": TEXT, "comment": TEXT},
)
_TASK_FIELDS: Final[dict[str, Schema]] = {
    "name": described(TEXT, "What is to be done."),
    "description": TEXT,
    "task_types": TEXTS,
    "outcome": described(TEXT, "Of the extension's list; `pending` and `ongoing` are open."),
    "priority": described(_NUMBER, "0 to 100; null: not set."),
    "started_at": nullable(TIME),
    "ended_at": nullable(TIME),
}
TASK: Final = record(
    "IncidentTask",
    "What defenders do or did; never who of them.",
    {"id": ID, **_TASK_FIELDS},
)
NEW_TASK: Final = record(
    "NewIncidentTask",
    "A task to record. Who of the team does it is said on the page alone.",
    _TASK_FIELDS,
    optional=[name for name in _TASK_FIELDS if name != "name"],
    example={"name": "Block the sender", "outcome": "ongoing"},
)
TASK_CHANGE: Final = record(
    "IncidentTaskChange",
    "What to change of a task; what is left out stays.",
    _TASK_FIELDS,
    optional=_TASK_FIELDS,
    example={"priority": 80},
)
_KINDS: Final[dict[Kind, Schema]] = {
    "word": TEXT,
    "step": {"type": "integer"},
    "whole": {"type": "integer"},
    "money": {"type": "number"},
    "rate": {"type": "number"},
    "currency": TEXT,
    "time": TIME,
}


def _properties() -> Iterator[tuple[str, Schema]]:
    for part in {part.name: part for parts in PARTS.values() for part in parts}.values():
        having = [category for category in PARTS if part.name in _names(category)]
        yield part.name, described(nullable(_KINDS[part.kind]), f"Of {', '.join(having)}.")


def _names(category: str) -> set[str]:
    return {part.name for part in PARTS[category]}


_IMPACT_FIELDS: Final[dict[str, Schema]] = {
    "criticality": described(_NUMBER, "0 to 100; null: not judged."),
    "description": TEXT,
    "recoverability": TEXT,
    "started_at": nullable(TIME),
    "ended_at": nullable(TIME),
    "details": {
        "type": "object",
        "description": "Properties of the category's extension; given, they replace all before.",
        "additionalProperties": False,
        "properties": dict(_properties()),
    },
    "counts": COUNTS,
}
IMPACT: Final = record(
    "Impact",
    "A harm on the victim.",
    {"id": ID, "category": TEXT, **_IMPACT_FIELDS, "superseded_by": nullable(ID)},
)
_NEW_IMPACT: Final[dict[str, Schema]] = {"category": one_of(*PARTS), **_IMPACT_FIELDS}
_EXAMPLE: Final = {"category": "availability", "details": {"availability_impact": 50}}
NEW_IMPACT: Final = record(
    "NewImpact",
    "An impact to record; each category requires a property of its own.",
    _NEW_IMPACT,
    optional=_IMPACT_FIELDS,
    example=_EXAMPLE,
)
IMPACT_CHANGE: Final = record(
    "ImpactChange",
    "What to change of an impact; what is left out stays. Its category stays.",
    _IMPACT_FIELDS,
    optional=_IMPACT_FIELDS,
    example={"criticality": 60},
)
SUCCESSOR: Final = record(
    "ImpactSuccessor",
    "What an impact turned into; of the same category.",
    {
        **_NEW_IMPACT,
        "earlier_ended_at": described(
            nullable(TIME), "When the earlier one ended; null: at its own end, or the new start."
        ),
    },
    optional=[*_IMPACT_FIELDS, "earlier_ended_at"],
    example={**_EXAMPLE, "started_at": "2026-01-31T12:00:00Z"},
)


def plain_observable(row: IncidentObservable) -> dict[str, Any]:
    """Return an observable of a case."""
    return {
        "id": str(row.id),
        "type": row.type,
        "value": row.value,
        "properties": dict(row.properties),
        "role": role_of(is_indicator=row.is_indicator, is_victim=row.is_victim),
        "comment": row.comment,
        "first_observed": plain_time(row.first_observed),
        "last_observed": plain_time(row.last_observed),
        "count": row.count,
        "added_at": plain_time(row.added_at),
    }


def plain_rule(row: IncidentRule) -> dict[str, Any]:
    """Return a detection rule of a case."""
    names = ("name", "pattern", "pattern_type", "comment")
    return {"id": str(row.id)} | {name: getattr(row, name) for name in names}


def plain_impact(row: IncidentImpact) -> dict[str, Any]:
    """Return an impact of a case."""
    return {
        "id": str(row.id),
        "category": row.category,
        "criticality": row.criticality,
        "description": row.description,
        "recoverability": row.recoverability,
        "started_at": plain_time(row.started_at),
        "ended_at": plain_time(row.ended_at),
        "details": dict(row.details),
        "counts": dict(row.counts),
        "superseded_by": str(row.superseded_by) if row.superseded_by else None,
    }


def plain_task(row: IncidentTask) -> dict[str, Any]:
    """Return a task, never who does it of a case."""
    return {
        "id": str(row.id),
        "name": row.name,
        "description": row.description,
        "task_types": list(row.task_types),
        "outcome": row.outcome,
        "priority": row.priority,
        "started_at": plain_time(row.started_at),
        "ended_at": plain_time(row.ended_at),
    }
