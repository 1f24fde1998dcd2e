"""The objects that every released incident has: incident, event, report; and its techniques."""

import re
from collections.abc import Sequence
from typing import Any, Final

from cirt.stix.attack import technique_object
from cirt.stix.content import IncidentContent
from cirt.stix.extensions import CRITICALITY, DETERMINATIONS, EVENT, INCIDENT_CORE, incident_types
from cirt.stix.ids import object_id
from cirt.stix.marking import PAP_WORDS
from cirt.stix.timestamps import timestamp
from cirt.stix.wire_objects import (
    entity_counts,
    event_id,
    impact_id,
    incident_id,
    is_word,
    relationship,
    task_id,
    text,
    times,
    unfit,
    versioned,
)

_TECHNIQUE: Final = re.compile(r"T\d{4}(?:\.\d{3})?")
_RSIT: Final = re.compile(r"([a-z][a-z0-9-]*):([a-z0-9][a-z0-9-]*)")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
# report-type-ov of STIX 2.1, section 10.23, as far as our bundles hold such objects
_REPORTED: Final = ("attack-pattern", "indicator", "observed-data", "vulnerability")


def incident(content: IncidentContent, *, has_event: bool) -> dict[str, Any]:
    """Return the incident with the incident core extension; raise InvalidInputError."""
    _check(content)
    found = versioned(content, "incident", incident_id(content))
    found["name"] = text(content.title, "title")
    found["extensions"] = {INCIDENT_CORE: _core(content, has_event=has_event)}
    found |= _described(content) | _classified(content)
    references = _references(content)
    if references:
        found["external_references"] = references
    return found


def has_event(content: IncidentContent) -> bool:
    """Whether something is known of what happened: its times, or what of the victim it hit."""
    if content.started is not None or content.ended is not None:
        return True
    return any(item.is_victim and not item.withdrawn for item in content.observables)


def event(
    content: IncidentContent, victim_ids: Sequence[str], sighting_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Return what happened as an event, and the victim's SCOs that it impacts.

    Source: Incident Core Extension 2.1, section on event and its relationships.
    """
    found = versioned(content, "event", event_id(content))
    found["status"] = _event_status(content)
    found["name"] = content.title
    found["lang"] = content.language
    found["extensions"] = {EVENT: {"extension_type": "new-sdo"}}
    if types := incident_types(content.rsit):
        found["event_types"] = types
    if sighting_ids:
        found["sighting_refs"] = sorted(sighting_ids)
    found |= times(content.started, content.ended)
    return [
        found,
        *(relationship(content, found["id"], "impacts", victim) for victim in victim_ids),
    ]


def techniques(content: IncidentContent) -> list[dict[str, Any]]:
    """Return the published objects of the techniques that are held here; the others are named."""
    found = (technique_object(technique) for technique in sorted(set(content.techniques)))
    return [one for one in found if one is not None]


def report(content: IncidentContent, objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the report that refers to all the given objects.

    Tools that know no incidents and no extensions read it: it says again what the incident says.
    """
    found = versioned(content, "report", object_id("report", content.id))
    found["name"] = content.title
    found["published"] = timestamp(content.modified)
    kinds = {o["type"] for o in objects}
    found["report_types"] = ["threat-report"] + [kind for kind in _REPORTED if kind in kinds]
    found["object_refs"] = sorted({o["id"] for o in objects})
    references = _references(content)
    if references:
        found["external_references"] = references
    return found | _described(content) | _classified(content)


def _core(content: IncidentContent, *, has_event: bool) -> dict[str, Any]:
    core: dict[str, Any] = {
        "extension_type": "property-extension",
        "determination": content.determination,
        "investigation_status": content.investigation_status,
    }
    if content.severity is not None:
        core["criticality"] = CRITICALITY[content.severity]
    if types := incident_types(content.rsit):
        core["incident_types"] = types
    if content.detection_methods:
        core["detection_methods"] = list(content.detection_methods)
    if content.impacted_entity_counts:
        core["impacted_entity_counts"] = entity_counts(
            content.impacted_entity_counts, "impacted_entity_counts"
        )
    if has_event:
        core["events"] = [{"event_ref": event_id(content)}]
    if content.tasks:
        core["tasks"] = [{"task_ref": task_id(content, task.key)} for task in content.tasks]
    if content.impacts:
        core["impact_refs"] = [impact_id(content, impact.key) for impact in content.impacts]
    return core


def _event_status(content: IncidentContent) -> str:
    if content.determination == "false-positive":
        return "not-occurred"
    over = content.ended is not None or content.investigation_status == "closed"
    return "occurred" if over else "ongoing"


def _described(content: IncidentContent) -> dict[str, Any]:
    described = {"lang": content.language}
    if content.description:
        described["description"] = text(content.description, "description")
    return described


def _classified(content: IncidentContent) -> dict[str, Any]:
    labels = [f"sector:{sector}" for sector in sorted(set(content.sectors))]
    if match := _RSIT.fullmatch(content.rsit):
        # the form of a MISP machine tag, which many tools read
        labels.insert(0, f'rsit:{match[1]}="{match[2]}"')
    return {"labels": labels} if labels else {}


def _references(content: IncidentContent) -> list[dict[str, str]]:
    references = []
    # a circle has no numbers of cases: whose number it is would tell who produced it
    if content.reference and not content.producer.is_circle:
        references.append(
            {
                "source_name": text(content.producer.name, "producer"),
                "external_id": text(content.reference, "reference"),
            }
        )
    if content.rsit:
        references.append({"source_name": "rsit", "external_id": content.rsit})
    references += [
        {
            "source_name": "mitre-attack",
            "external_id": technique,
            "url": f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}",
        }
        for technique in sorted(set(content.techniques))
    ]
    return references


def _check(content: IncidentContent) -> None:
    """Raise InvalidInputError, naming the field, for what would make no valid object."""
    times(content.started, content.ended)
    fits = {
        "title": bool(content.title.strip()),
        "language": bool(_LANGUAGE.fullmatch(content.language)),
        "rsit": not content.rsit or bool(_RSIT.fullmatch(content.rsit)),
        "severity": content.severity is None or 0 <= content.severity < len(CRITICALITY),
        "determination": content.determination in DETERMINATIONS,
        "investigation_status": is_word(content.investigation_status),
        "modified": timestamp(content.created) <= timestamp(content.modified),
        "sectors": all(is_word(sector) for sector in content.sectors),
        "detection_methods": all(is_word(word) for word in content.detection_methods),
        "techniques": all(_TECHNIQUE.fullmatch(technique) for technique in content.techniques),
        "pap": content.pap in ("", *PAP_WORDS),
    }
    for field, fit in fits.items():
        if not fit:
            raise unfit(field)
