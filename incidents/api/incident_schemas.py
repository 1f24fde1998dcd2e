"""How a case stands in JSON: its schemas, and its rows as plain values."""

from typing import Any, Final

from cirt.api.plain import plain_time
from cirt.api.schemas import ID, TEXT, TIME, Schema, described, nullable, one_of, page_of, record
from cirt.incidents.api.part_schemas import (
    IMPACT,
    OBSERVABLE,
    RULE,
    TASK,
    plain_impact,
    plain_observable,
    plain_rule,
    plain_task,
)
from cirt.incidents.api.values import BOOLEAN, COUNT, COUNTS, MARKING, TEXTS
from cirt.incidents.case_details import LANGUAGES
from cirt.incidents.case_models import Incident, IncidentChange
from cirt.stix.extensions import DETERMINATIONS, INVESTIGATION_STATUSES

_SEVERITY: Final[Schema] = {
    "type": ["integer", "null"],
    "minimum": 0,
    "maximum": 5,
    "description": "0 to 5; null: not judged yet.",
}
_FIELDS: Final[dict[str, Schema]] = {
    "title": TEXT,
    "description": TEXT,
    "language": described(one_of(*LANGUAGES), "Of title and description."),
    "tlp": described(MARKING, "Marking (TLP 2.0). TLP:RED is for named persons, never here."),
    "pap": described(TEXT, "What recipients may do with it: clear, green, amber, red; or empty."),
    "rsit": described(TEXT, 'Machine tag of its kind, such as rsit:fraud="phishing".'),
    "severity": _SEVERITY,
    "determination": one_of(*DETERMINATIONS),
    "investigation_status": one_of(*INVESTIGATION_STATUSES),
    "detected_at": nullable(TIME),
    "started_at": nullable(TIME),
    "ended_at": nullable(TIME),
    "reported_at": nullable(TIME),
    "sectors": TEXTS,
    "countries": described(TEXTS, "Two-letter codes."),
    "techniques": described(TEXTS, "Ids of ATT&CK."),
    "detection_methods": TEXTS,
    "entity_counts": COUNTS,
    "failed": described(TEXTS, "Capabilities of the national CIRT that failed."),
    "held": described(TEXTS, "Capabilities that held."),
}

_SHORT: Final[dict[str, Schema]] = {
    "id": ID,
    "reference": described(TEXT, "Number within administration and year."),
    "title": TEXT,
    "tlp": MARKING,
    "rsit": TEXT,
    "severity": _SEVERITY,
    "determination": one_of(*DETERMINATIONS),
    "investigation_status": one_of(*INVESTIGATION_STATUSES),
    "created_at": TIME,
    "updated_at": TIME,
    "released_at": described(nullable(TIME), "Of the newest release."),
    "revision": described(COUNT, "Rises with every change; the ETag."),
}
_EXAMPLE: Final = {
    "title": "Phishing of the ministry's staff",
    "tlp": "amber",
    "rsit": 'rsit:fraud="phishing"',
    "severity": 3,
}
INCIDENT_ROW: Final = record("IncidentRow", "An incident as a list shows it.", _SHORT)
INCIDENTS: Final = page_of("IncidentPage", INCIDENT_ROW)
INCIDENT: Final = record(
    "Incident",
    "An incident of the own national CIRT.",
    {
        **_SHORT,
        **_FIELDS,
        "observable_count": COUNT,
        "observables": {
            "type": "array",
            "items": OBSERVABLE,
            "description": "The first 1,000; all of them at /incidents/{incident_id}/observables.",
        },
        "rules": {"type": "array", "items": RULE},
        "impacts": {"type": "array", "items": IMPACT},
        "tasks": {"type": "array", "items": TASK},
    },
)
NEW_INCIDENT: Final = record(
    "NewIncident",
    "An incident to record. What is left out has the value that the form proposes.",
    _FIELDS,
    optional=[name for name in _FIELDS if name != "title"],
    example=_EXAMPLE,
)
INCIDENT_CHANGE: Final = record(
    "IncidentChange",
    "What to change of an incident; what is left out stays.",
    {**_FIELDS, "reason": described(TEXT, "Why, for the history.")},
    optional=[*_FIELDS, "reason"],
    example={"investigation_status": "open", "severity": 4},
)
ACT: Final = record(
    "IncidentAct",
    "One act in the history of an incident.",
    {
        "id": ID,
        "at": TIME,
        "kind": TEXT,
        "by_person": described(BOOLEAN, "Not by a machine or the installation itself."),
        "fields": described(TEXTS, "Names of what changed."),
    },
)
HISTORY: Final = page_of("IncidentHistory", ACT)

_LISTED = ("sectors", "countries", "techniques", "detection_methods")
_TIMES = ("detected_at", "started_at", "ended_at", "reported_at")
SHOWN_OBSERVABLES: Final = 1_000


def plain_row(row: Incident) -> dict[str, Any]:
    """Return a case as a list shows it."""
    return {
        "id": str(row.id),
        "reference": row.reference,
        "title": row.title,
        "tlp": row.tlp,
        "rsit": row.rsit,
        "severity": row.severity,
        "determination": row.determination,
        "investigation_status": row.investigation_status,
        "created_at": plain_time(row.created_at),
        "updated_at": plain_time(row.updated_at),
        "released_at": plain_time(row.released_at),
        "revision": row.revision,
    }


def plain_incident(row: Incident) -> dict[str, Any]:
    """Return a case with all its parts."""
    held = [one for one in row.observables if one.withdrawn_at is None]
    outcomes = [(one.capability, one.outcome) for one in row.capabilities]
    return {
        **plain_row(row),
        "description": row.description,
        "language": row.language,
        "pap": row.pap,
        **{name: plain_time(getattr(row, name)) for name in _TIMES},
        **{name: list(getattr(row, name)) for name in _LISTED},
        "entity_counts": dict(row.entity_counts),
        "failed": [name for name, outcome in outcomes if outcome == "failed"],
        "held": [name for name, outcome in outcomes if outcome == "held"],
        "observable_count": len(held),
        "observables": [plain_observable(one) for one in held[:SHOWN_OBSERVABLES]],
        "rules": [plain_rule(one) for one in row.rules if one.withdrawn_at is None],
        "impacts": [plain_impact(one) for one in row.impacts],
        "tasks": [plain_task(one) for one in row.tasks],
    }


def plain_act(row: IncidentChange) -> dict[str, Any]:
    """Return an act: which fields, never what they held."""
    changed = row.fields if row.kind == "edited" else row.fields.get("changes") or {}
    return {
        "id": str(row.id),
        "at": plain_time(row.at),
        "kind": row.kind,
        "by_person": row.user_id is not None,
        "fields": sorted(changed),
    }
