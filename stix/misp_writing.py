"""Write a MISP event: who, what, when and how it may be passed on, from the incident itself.

Every UUID follows from the incident, so the same content gives the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from cirt.stix import misp_context as context
from cirt.stix.content import IncidentContent
from cirt.stix.misp_forms import CATEGORIES
from cirt.stix.misp_suite import suite_facts

_ONLY_THE_RECEIVER: Final = "0"
_INHERITED: Final = "5"
REVOKED_TAG: Final = 'cirt:state="revoked"'
"""Says that the producer takes back what the event tells: it is no longer valid."""


@dataclass(slots=True)
class Claim:
    """What the incident says about an attribute of the event."""

    to_ids: bool = False
    comments: dict[str, None] = field(default_factory=dict)
    first: list[datetime] = field(default_factory=list)
    last: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Attribute:
    type: str
    value: str
    category: str
    relation: str = ""
    claim: Claim | None = None

    @property
    def parts(self) -> set[str]:
        whole = {self.value.casefold()}
        return set(self.value.casefold().split("|")) if "|" in self.type else whole


@dataclass(slots=True)
class Group:
    """A MISP object, or (template None) the attributes outside of objects."""

    template: Mapping[str, Any] | None
    attributes: list[Attribute]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What an event says that the incident does not.

    stamp: when it last changed, in seconds since 1970; None takes the incident's own time. group:
    id and name of whom it was shared with, as data. tags: further ones. links: address and remark
    of pages about it. extends: the event that
    the incident was made from.
    """

    stamp: int | None = None
    published: bool = False
    group: tuple[UUID, str] | None = None
    tags: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    extends: UUID | None = None


def head(content: IncidentContent, cover: Cover) -> dict[str, Any]:
    """Return what the event says of itself: the same in the event and in the manifest of a feed."""
    started = content.started or content.detected or content.created
    return {
        "info": content.title,
        "date": started.astimezone(UTC).date().isoformat(),
        "timestamp": _stamp(content, cover),
        "threat_level_id": context.threat_level_id(content.severity),
        "analysis": context.analysis(content.investigation_status),
        "Orgc": {"name": content.producer.name, "uuid": str(content.producer.id)},
        "Tag": [{"name": name} for name in dict.fromkeys([*_tags(content), *cover.tags])],
    }


def event(content: IncidentContent, groups: Sequence[Group], cover: Cover) -> dict[str, Any]:
    """Return the event with all attributes that are claimed."""
    stamp = _stamp(content, cover)
    outside = [_written(content, known, "", stamp) for known in groups[0].attributes if known.claim]
    for url, remark in cover.links:
        link = Attribute("link", url, CATEGORIES["link"], claim=Claim(comments={remark: None}))
        outside.append(_written(content, link, "", stamp))
    objects = [_object(content, group, stamp) for group in groups[1:]]
    said: dict[str, Any] = {
        "uuid": str(content.id),
        **head(content, cover),
        "published": cover.published,
        # the receiver decides who else may see it, within the TLP label
        "distribution": _ONLY_THE_RECEIVER,
    }
    if cover.extends:
        said["extends_uuid"] = str(cover.extends)
    if cover.group:
        said["SharingGroup"] = {"uuid": str(cover.group[0]), "name": cover.group[1]}
    return {
        **said,
        "Attribute": sorted(outside, key=lambda known: (known["type"], known["value"])),
        "Object": sorted(
            (entry for entry in objects if entry), key=lambda entry: (entry["name"], entry["uuid"])
        ),
        "EventReport": [_report(content, stamp)],
    }


def _stamp(content: IncidentContent, cover: Cover) -> str:
    return str(int(content.modified.timestamp()) if cover.stamp is None else cover.stamp)


def _tags(content: IncidentContent) -> list[str]:
    rsit = context.rsit_tag(content.rsit)
    techniques = [context.technique_tag(technique) for technique in content.techniques]
    own = [content.tlp.label.lower(), *([f"PAP:{content.pap.upper()}"] if content.pap else [])]
    revoked = [REVOKED_TAG] if content.revoked else []
    return [*own, *([rsit] if rsit else []), *techniques, *revoked]


def _written(content: IncidentContent, known: Attribute, within: str, stamp: str) -> dict[str, Any]:
    claim = known.claim or Claim()
    name = json.dumps([within, known.relation, known.type, known.value])
    written: dict[str, Any] = {
        "uuid": str(uuid5(content.id, name)),
        "type": known.type,
        "category": known.category,
        "value": known.value,
        "to_ids": claim.to_ids,
        "comment": "; ".join(claim.comments),
        "timestamp": stamp,
        "distribution": _INHERITED,
    }
    if known.relation and within:
        written["object_relation"] = known.relation
    if claim.first:
        written["first_seen"] = min(claim.first).astimezone(UTC).isoformat()
    if claim.last:
        written["last_seen"] = max(claim.last).astimezone(UTC).isoformat()
    return written


def _object(content: IncidentContent, group: Group, stamp: str) -> dict[str, Any] | None:
    """Return a MISP object with its claimed attributes; None if nothing of it is claimed."""
    claimed = [known for known in group.attributes if known.claim]
    if not claimed or group.template is None:
        return None
    name = json.dumps(sorted([known.relation, known.type, known.value] for known in claimed))
    taken = ("name", "meta-category", "description", "template_uuid", "template_version")
    return {
        **{key: group.template[key] for key in taken if key in group.template},
        "uuid": str(uuid5(content.id, name)),
        "timestamp": stamp,
        "distribution": _INHERITED,
        "Attribute": [_written(content, known, name, stamp) for known in claimed],
    }


def _report(content: IncidentContent, stamp: str) -> dict[str, Any]:
    """Return the event report: MISP has no other place for a description and these facts."""
    times = (("started", content.started), ("ended", content.ended), ("detected", content.detected))
    facts = [
        ("reference", content.reference),
        ("determination", content.determination),
        *((name, time.astimezone(UTC).isoformat()) for name, time in times if time),
        ("detection methods", ", ".join(content.detection_methods)),
        ("sectors", ", ".join(content.sectors)),
        *((f"impacted {kind}", str(n)) for kind, n in content.impacted_entity_counts.items()),
        ("language", content.language),
    ]
    lines = [f"- {name}: {value}" for name, value in [*facts, *suite_facts(content)] if value]
    return {
        "uuid": str(uuid5(content.id, "report")),
        "name": content.title,
        "content": "\n\n".join(part for part in (content.description, "\n".join(lines)) if part),
        "timestamp": stamp,
        "distribution": _INHERITED,
    }
