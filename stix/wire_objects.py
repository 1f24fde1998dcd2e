"""The objects that every released incident has: incident, event, identity, report."""

import re
from typing import Any, Final

from cirt.errors import N_, InvalidInputError
from cirt.stix.content import IncidentContent
from cirt.stix.extensions import CRITICALITY, DETERMINATIONS, EVENT, INCIDENT_CORE, incident_types
from cirt.stix.ids import object_id
from cirt.stix.marking import TLP
from cirt.stix.timestamps import timestamp
from cirt.strictjson import DEFAULT

# The creation time of an object must not change between its versions (STIX 2.1, section 3.6),
# and an administration has no birthday that matters here.
_IDENTITY_CREATED: Final = "2020-01-01T00:00:00.000Z"
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")
_RSIT = re.compile(r"([a-z][a-z0-9-]*):([a-z0-9][a-z0-9-]*)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_WORD = re.compile(r"[a-z0-9][a-z0-9&+-]*")


def text(value: str, field: str) -> str:
    """Return a text that every JSON reader and database takes; raise InvalidInputError if not."""
    if len(value) > DEFAULT.max_string:
        raise InvalidInputError(
            N_("The text is longer than %(limit)s characters."),
            field=field,
            limit=DEFAULT.max_string,
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        unfit = True
    else:
        unfit = "\0" in value
    if unfit:
        raise InvalidInputError(N_("The text holds a character that cannot be sent."), field=field)
    return value


def versioned(content: IncidentContent, type: str, identifier: str) -> dict[str, Any]:  # noqa: A002 - STIX's word
    """Return the common properties of an SDO or SRO of this content."""
    common: dict[str, Any] = {
        "type": type,
        "spec_version": "2.1",
        "id": identifier,
        "created_by_ref": producer_id(content),
        "created": timestamp(content.created),
        "modified": timestamp(content.modified),
        "object_marking_refs": [content.tlp.marking_id],
    }
    if content.revoked:
        common["revoked"] = True
    return common


def producer_id(content: IncidentContent) -> str:
    """Return the id of the producer's identity."""
    return f"identity--{content.producer.id}"


def incident_id(content: IncidentContent) -> str:
    """Return the id of the incident."""
    return f"incident--{content.id}"


def event_id(content: IncidentContent) -> str:
    """Return the id of the event that carries the times of the incident."""
    return object_id("event", content.id)


def identity(content: IncidentContent) -> dict[str, Any]:
    """Return the producer. It is TLP:CLEAR and the same in all bundles, whatever their marking."""
    producer = content.producer
    found: dict[str, Any] = {
        "type": "identity",
        "spec_version": "2.1",
        "id": producer_id(content),
        "created_by_ref": producer_id(content),
        "created": _IDENTITY_CREATED,
        "modified": max(timestamp(producer.modified or content.modified), _IDENTITY_CREATED),
        "name": text(producer.name, "producer"),
        "identity_class": "organization",
        "sectors": ["government", "government-national"],
        "external_references": [
            {"source_name": "administration-code", "external_id": text(producer.code, "producer")}
        ],
        "object_marking_refs": [TLP.CLEAR.marking_id],
    }
    if producer.contact:
        found["contact_information"] = text(producer.contact, "contact")
    return found


def incident(content: IncidentContent) -> dict[str, Any]:
    """Return the incident with the incident core extension."""
    _check(content)
    found = versioned(content, "incident", incident_id(content))
    found["name"] = text(content.title, "title")
    found["extensions"] = {INCIDENT_CORE: _core(content)}
    found |= _described(content) | _classified(content)
    references = _references(content)
    if references:
        found["external_references"] = references
    return found


def event(content: IncidentContent) -> list[dict[str, Any]]:
    """Return the event with the times of the incident; none if they are not known."""
    if not _has_times(content):
        return []
    found = versioned(content, "event", event_id(content))
    found["status"] = _event_status(content)
    found["name"] = content.title
    found["lang"] = content.language
    found["extensions"] = {EVENT: {"extension_type": "new-sdo"}}
    if types := incident_types(content.rsit):
        found["event_types"] = types
    if content.started:
        found["start_time"] = timestamp(content.started)
    if content.ended:
        found["end_time"] = timestamp(content.ended)
    return [found]


def report(content: IncidentContent, objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the report that refers to all the given objects."""
    found = versioned(content, "report", object_id("report", content.id))
    found["name"] = content.title
    found["published"] = timestamp(content.modified)
    kinds = {o["type"] for o in objects}
    found["report_types"] = ["threat-report"] + [
        kind for kind in ("indicator", "observed-data", "vulnerability") if kind in kinds
    ]
    found["object_refs"] = sorted(o["id"] for o in objects)
    return found | _described(content) | _classified(content)


def _core(content: IncidentContent) -> dict[str, Any]:
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
        core["impacted_entity_counts"] = dict(content.impacted_entity_counts)
    if _has_times(content):
        core["events"] = [{"event_ref": event_id(content)}]
    return core


def _has_times(content: IncidentContent) -> bool:
    return content.started is not None or content.ended is not None


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
    if content.reference:
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
    times = [timestamp(when) for when in (content.started, content.ended) if when is not None]
    fits = {
        "title": bool(content.title.strip()),
        "language": bool(_LANGUAGE.fullmatch(content.language)),
        "rsit": not content.rsit or bool(_RSIT.fullmatch(content.rsit)),
        "severity": content.severity is None or 0 <= content.severity < len(CRITICALITY),
        "determination": content.determination in DETERMINATIONS,
        "investigation_status": bool(_WORD.fullmatch(content.investigation_status)),
        "modified": timestamp(content.created) <= timestamp(content.modified),
        "ended": times == sorted(times),
        "sectors": all(_WORD.fullmatch(sector) for sector in content.sectors),
        "detection_methods": all(_WORD.fullmatch(word) for word in content.detection_methods),
        "techniques": all(_TECHNIQUE.fullmatch(technique) for technique in content.techniques),
        "impacted_entity_counts": all(
            re.fullmatch("[a-z][a-z-]*", kind) and 0 <= number < 2**53
            for kind, number in content.impacted_entity_counts.items()
        ),
    }
    for field, fit in fits.items():
        if not fit:
            raise InvalidInputError(
                N_("The field “%(name)s” cannot be sent as it is; correct it first."),
                field=field,
                name=field,
            )
