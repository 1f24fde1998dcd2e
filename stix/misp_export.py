"""Make the MISP event of an incident out of what misp-stix made of its STIX bundle.

misp-stix chooses attribute types and object templates. Whatever says who, what, when and how it
may be passed on is written here from the incident itself, and only attributes that hold a value of
the incident stay. Every UUID follows from the incident, so the same content gives the same bytes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid5

from cirt.errors import N_
from cirt.stix import misp_context as context
from cirt.stix.content import IncidentContent, IndicatorContent, ObservableContent
from cirt.stix.misp_content import Loss, MispExport, shortened
from cirt.stix.misp_forms import CATEGORIES, RULES, attributes_of, is_weak, values_of

_ONLY_THE_RECEIVER: Final = "0"
_INHERITED: Final = "5"
_LEFT_OUT: Final = frozenset(
    {
        *("incident", "event", "indicator", "note", "observed-data", "relationship"),
        *("vulnerability", "extension-definition"),
    }
)
_NO_ATTRIBUTE = N_("MISP has no attribute for “%(property)s” of “%(type)s”.")
_NO_RULE_TYPE = N_("MISP has no attribute for rules of the type “%(type)s”.")
_WITHDRAWN = N_(
    "A MISP event cannot say that it is withdrawn; its attributes no longer raise alarms."
)
_WITHDRAWN_REMARK: Final = "No longer valid."


@dataclass(slots=True)
class _Claim:
    """What the incident says about an attribute of the event."""

    to_ids: bool = False
    comments: dict[str, None] = field(default_factory=dict)
    first: list[datetime] = field(default_factory=list)
    last: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class _Attribute:
    type: str
    value: str
    category: str
    relation: str = ""
    claim: _Claim | None = None

    @property
    def parts(self) -> set[str]:
        whole = {self.value.casefold()}
        return set(self.value.casefold().split("|")) if "|" in self.type else whole


@dataclass(slots=True)
class _Group:
    """A MISP object, or (template None) the attributes outside of objects."""

    template: Mapping[str, Any] | None
    attributes: list[_Attribute]


def lean_bundle(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bundle without what the event takes from the incident itself.

    Reading back the patterns of indicators is nearly all that misp-stix spends its time on.
    """
    objects = [entry for entry in bundle["objects"] if entry["type"] not in _LEFT_OUT]
    kept = {entry["id"] for entry in objects}
    lean = [
        entry | {"object_refs": [ref for ref in entry["object_refs"] if ref in kept]}
        if entry["type"] == "report"
        else entry
        for entry in objects
    ]
    return {**bundle, "objects": lean}


def event_of(content: IncidentContent, converted: Mapping[str, Any] | None) -> MispExport:
    """Return the MISP event of an incident with an account of what it does not hold.

    converted: misp-stix's event of the same bundle; None if it failed, then plain attributes do.
    """
    groups = _groups(converted or {})
    units = _units_by_value(groups)
    losses: list[Loss] = []
    for index, item in enumerate(content.observables):
        path = f"observables[{index}]"
        losses += _claim_observable(groups, units, item, path, revoked=content.revoked)
    for index, rule in enumerate(content.indicators):
        losses += _add_rule(groups, rule, f"indicators[{index}]", revoked=content.revoked)
    if content.revoked:
        losses.append(Loss("incident", "", shortened(content.title), _WITHDRAWN))
    body = json.dumps({"Event": _event(content, groups)}, ensure_ascii=False, indent=1)
    return MispExport(body.encode(), tuple(losses))


def _groups(event: Mapping[str, Any]) -> list[_Group]:
    """Return the attributes of misp-stix's event; the first group is that outside of objects."""
    groups = [_Group(None, list(_attributes(event)))]
    seen: set[tuple[tuple[str, str], ...]] = set()
    for entry in context.items(event, "Object"):
        attributes = list(_attributes(entry))
        key = tuple(sorted((known.type, known.value) for known in attributes))
        if attributes and key not in seen:
            seen.add(key)
            groups.append(_Group(entry, attributes))
    return groups


def _attributes(parent: Mapping[str, Any]) -> Iterator[_Attribute]:
    for raw in context.items(parent, "Attribute"):
        kind, value = str(raw.get("type")), str(raw.get("value"))
        relation = str(raw.get("object_relation") or "")
        yield _Attribute(
            kind, value, str(raw.get("category") or CATEGORIES.get(kind, "Other")), relation
        )


def _units_by_value(groups: Sequence[_Group]) -> dict[str, list[list[_Attribute]]]:
    """Return what is claimed as one, an object or a single attribute, by a value of it."""
    units: dict[str, list[list[_Attribute]]] = {}
    whole = [group.attributes for group in groups[1:]]
    for unit in whole + [[known] for known in groups[0].attributes]:
        units.setdefault(min(unit[0].parts), []).append(unit)
    return units


def _claim_observable(
    groups: list[_Group],
    units: Mapping[str, Sequence[list[_Attribute]]],
    content: ObservableContent,
    path: str,
    *,
    revoked: bool,
) -> Iterator[Loss]:
    item = content.observable
    look_for = content.is_indicator and not content.withdrawn and not revoked
    values = values_of(item)
    wanted = {value.casefold() for _, value in values}
    held: set[str] = set()
    candidates = [unit for value in sorted(wanted) for unit in units.get(value, ())]
    for unit in sorted(candidates, key=len, reverse=True):
        # an object that holds anything else belongs to another observable
        parts = set[str]().union(*(known.parts for known in unit))
        if parts <= wanted and not parts <= held:
            held |= parts
            for known in unit:
                _claim(known, content, to_ids=look_for and not is_weak(known.type, item))
    for kind, value in attributes_of(item):
        if value.casefold() not in held:
            held.add(value.casefold())
            added = _Attribute(kind, value, CATEGORIES[kind])
            groups[0].attributes.append(added)
            _claim(added, content, to_ids=look_for and not is_weak(kind, item))
    for name, value in values:
        if value.casefold() not in held:
            params = {"property": name, "type": item.type}
            yield Loss("observable", path, shortened(value), _NO_ATTRIBUTE, params)
    if content.pattern:
        rule = IndicatorContent(
            key="",
            name=item.value,
            pattern=content.pattern,
            pattern_type=content.pattern_type,
            comment=content.comment,
            withdrawn=content.withdrawn,
        )
        yield from _add_rule(groups, rule, path, revoked=revoked)


def _add_rule(
    groups: list[_Group], rule: IndicatorContent, path: str, *, revoked: bool
) -> Iterator[Loss]:
    """Add the rule as it is: misp-stix would take a STIX pattern apart and lose its logic."""
    kind = RULES.get(rule.pattern_type)
    if kind is None:
        params = {"type": rule.pattern_type}
        yield Loss("indicator", path, shortened(rule.name), _NO_RULE_TYPE, params)
        return
    known = next(
        (one for one in groups[0].attributes if (one.type, one.value) == (kind, rule.pattern)), None
    )
    if known is None:
        known = _Attribute(kind, rule.pattern, CATEGORIES[kind])
        groups[0].attributes.append(known)
    claim = known.claim = known.claim or _Claim()
    claim.to_ids |= not rule.withdrawn and not revoked
    remarks = (rule.name, rule.comment, _WITHDRAWN_REMARK if rule.withdrawn else "")
    claim.comments.update(dict.fromkeys(remark for remark in remarks if remark))


def _claim(known: _Attribute, content: ObservableContent, *, to_ids: bool) -> None:
    claim = known.claim = known.claim or _Claim()
    claim.to_ids |= to_ids
    remarks = (content.comment, _WITHDRAWN_REMARK if content.withdrawn else "")
    claim.comments.update(dict.fromkeys(remark for remark in remarks if remark))
    if content.first_observed:
        claim.first.append(content.first_observed)
    if content.last_observed:
        claim.last.append(content.last_observed)


def _event(content: IncidentContent, groups: Sequence[_Group]) -> dict[str, Any]:
    stamp = str(int(content.modified.timestamp()))
    outside = [_written(content, known, "") for known in groups[0].attributes if known.claim]
    objects = [_object(content, group) for group in groups[1:]]
    started = content.started or content.detected or content.created
    return {
        "uuid": str(content.id),
        "info": content.title,
        "date": started.astimezone(UTC).date().isoformat(),
        "timestamp": stamp,
        "published": False,
        "threat_level_id": context.threat_level_id(content.severity),
        "analysis": context.analysis(content.investigation_status),
        # the receiver decides who else may see it, within the TLP label
        "distribution": _ONLY_THE_RECEIVER,
        "Orgc": {"name": content.producer.name, "uuid": str(content.producer.id)},
        "Tag": [{"name": name} for name in _tags(content)],
        "Attribute": sorted(outside, key=lambda known: (known["type"], known["value"])),
        "Object": sorted(
            (entry for entry in objects if entry), key=lambda entry: (entry["name"], entry["uuid"])
        ),
        "EventReport": [_report(content, stamp)],
    }


def _tags(content: IncidentContent) -> list[str]:
    rsit = context.rsit_tag(content.rsit)
    techniques = [context.technique_tag(technique) for technique in content.techniques]
    return [content.tlp.label.lower(), *([rsit] if rsit else []), *techniques]


def _written(content: IncidentContent, known: _Attribute, within: str) -> dict[str, Any]:
    claim = known.claim or _Claim()
    name = json.dumps([within, known.relation, known.type, known.value])
    written: dict[str, Any] = {
        "uuid": str(uuid5(content.id, name)),
        "type": known.type,
        "category": known.category,
        "value": known.value,
        "to_ids": claim.to_ids,
        "comment": "; ".join(claim.comments),
        "timestamp": str(int(content.modified.timestamp())),
        "distribution": _INHERITED,
    }
    if known.relation and within:
        written["object_relation"] = known.relation
    if claim.first:
        written["first_seen"] = min(claim.first).astimezone(UTC).isoformat()
    if claim.last:
        written["last_seen"] = max(claim.last).astimezone(UTC).isoformat()
    return written


def _object(content: IncidentContent, group: _Group) -> dict[str, Any] | None:
    """Return a MISP object with its claimed attributes; None if nothing of it is claimed."""
    claimed = [known for known in group.attributes if known.claim]
    if not claimed or group.template is None:
        return None
    name = json.dumps(sorted([known.relation, known.type, known.value] for known in claimed))
    taken = ("name", "meta-category", "description", "template_uuid", "template_version")
    return {
        **{key: group.template[key] for key in taken if key in group.template},
        "uuid": str(uuid5(content.id, name)),
        "timestamp": str(int(content.modified.timestamp())),
        "distribution": _INHERITED,
        "Attribute": [_written(content, known, name) for known in claimed],
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
    lines = [f"- {name}: {value}" for name, value in facts if value]
    return {
        "uuid": str(uuid5(content.id, "report")),
        "name": content.title,
        "content": "\n\n".join(part for part in (content.description, "\n".join(lines)) if part),
        "timestamp": stamp,
        "distribution": _INHERITED,
    }
