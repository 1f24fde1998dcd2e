"""The objects made of observables and rules: SCO, observed-data, indicator, sighting, vulnerability."""

from typing import Any

from cirt.errors import N_, InvalidInputError
from cirt.stix.content import IncidentContent, IndicatorContent, ObservableContent
from cirt.stix.ids import object_id, observable_id
from cirt.stix.observables import Observable
from cirt.stix.patterns import check_pattern, pattern_for
from cirt.stix.timestamps import timestamp
from cirt.stix.wire_markings import marking_refs
from cirt.stix.wire_objects import incident_id, producer_id, relationship, text, versioned

StixObject = dict[str, Any]


def observable_objects(content: IncidentContent, item: ObservableContent) -> list[StixObject]:
    """Return what an observable becomes; its SCO, if it has one, comes first.

    A CVE: a vulnerability. Anything else: its SCO; with it observed-data if times and count are
    known, a note if there is a comment and no indicator to hold it, and an indicator that has
    detected the incident and, if times and count are known, was sighted by the producer. Of a
    withdrawn observable only its revoked indicator is left.
    """
    found = item.observable.canonical()
    if found.type == "vulnerability":
        return [_vulnerability(content, item, found)]
    objects: list[StixObject] = []
    seen: StixObject | None = None
    if not item.withdrawn:
        sco = _sco(content, found)
        objects.append(sco)
        seen = _observed_data(content, item, found, sco["id"])
        if seen:
            objects.append(seen)
        if item.comment and not item.is_indicator:
            objects.append(_note(content, item, found, sco["id"]))
    if item.is_indicator:
        objects += _indicator(content, item, found, seen)
    return objects


def indicator_objects(content: IncidentContent, rule: IndicatorContent) -> list[StixObject]:
    """Return the indicator of a rule, and that it detected the incident."""
    identifier = object_id("indicator", content.id, "rule", rule.key)
    indicator = _pattern_holder(content, identifier, rule)
    indicator["pattern"] = _checked_pattern(rule.pattern, rule.pattern_type)
    indicator["name"] = text(rule.name, "name")
    indicator["valid_from"] = timestamp(rule.valid_from or content.created)
    if rule.valid_until:
        indicator["valid_until"] = timestamp(rule.valid_until)
        if indicator["valid_until"] <= indicator["valid_from"]:
            raise InvalidInputError(
                N_("An indicator must be valid for some time; its end is not after its beginning."),
                field="valid_until",
            )
    return [indicator, _detected(content, indicator)]


def _sco(content: IncidentContent, found: Observable) -> StixObject:
    sco = {
        "type": found.type,
        "spec_version": "2.1",
        "object_marking_refs": marking_refs(content),
        **found.properties,
    }
    # An SCO has no versions: whatever is in it, marking included, decides about its id, so that
    # one id never stands for two texts.
    return {"id": observable_id(found.type, content.id, sco), **sco}


def _observed_data(
    content: IncidentContent, item: ObservableContent, found: Observable, sco_id: str
) -> StixObject | None:
    if item.first_observed is None or item.last_observed is None or item.count is None:
        return None
    first, last = timestamp(item.first_observed), timestamp(item.last_observed)
    if first > last or not 1 <= item.count <= 999_999_999:
        raise InvalidInputError(
            N_("“%(value)s” was last seen before it was first seen, or never."),
            field="last_observed",
            value=found.value[:100],
        )
    seen = versioned(content, "observed-data", _id("observed-data", content, found))
    return seen | {
        "first_observed": first,
        "last_observed": last,
        "number_observed": item.count,
        "object_refs": [sco_id],
    }


def _note(
    content: IncidentContent, item: ObservableContent, found: Observable, sco_id: str
) -> StixObject:
    note = versioned(content, "note", _id("note", content, found))
    return note | {
        "content": text(item.comment, "comment"),
        "lang": content.language,
        "object_refs": [sco_id],
    }


def _vulnerability(
    content: IncidentContent, item: ObservableContent, found: Observable
) -> StixObject:
    cve = found.properties["name"]
    vulnerability = versioned(content, "vulnerability", _id("vulnerability", content, found))
    vulnerability["name"] = cve
    vulnerability["external_references"] = [{"source_name": "cve", "external_id": cve}]
    if item.comment:
        vulnerability |= {"description": text(item.comment, "comment"), "lang": content.language}
    if item.withdrawn:
        vulnerability["revoked"] = True
    return vulnerability


def _indicator(
    content: IncidentContent,
    item: ObservableContent,
    found: Observable,
    seen: StixObject | None,
) -> list[StixObject]:
    indicator = _pattern_holder(content, _id("indicator", content, found), item)
    indicator["name"] = found.value
    indicator["valid_from"] = timestamp(item.first_observed or content.created)
    if item.pattern is None:
        # its own pattern is always of STIX's kind
        indicator |= {"pattern": pattern_for(found), "pattern_type": "stix"}
        indicator["pattern_version"] = "2.1"
    else:
        indicator["pattern"] = _checked_pattern(item.pattern, item.pattern_type)
    objects = [indicator, _detected(content, indicator)]
    if seen:
        objects.append(relationship(content, indicator["id"], "based-on", seen["id"]))
        objects.append(_sighting(content, item, indicator, seen))
    return objects


def _pattern_holder(
    content: IncidentContent, identifier: str, item: ObservableContent | IndicatorContent
) -> StixObject:
    indicator = versioned(content, "indicator", identifier)
    indicator["pattern_type"] = item.pattern_type
    if item.pattern_type == "stix":
        indicator["pattern_version"] = "2.1"
    if item.indicator_types:
        indicator["indicator_types"] = list(item.indicator_types)
    if item.comment:
        indicator |= {"description": text(item.comment, "comment"), "lang": content.language}
    if item.withdrawn:
        indicator["revoked"] = True
    return indicator


def _checked_pattern(pattern: str, pattern_type: str) -> str:
    if pattern_type == "stix":
        check_pattern(pattern)
    elif not pattern.strip():
        raise InvalidInputError(N_("An indicator needs a pattern."), field="pattern")
    return text(pattern, "pattern")


def _detected(content: IncidentContent, indicator: StixObject) -> StixObject:
    return relationship(
        content,
        indicator["id"],
        "detected",
        incident_id(content),
        revoked="revoked" in indicator,
    )


def _sighting(
    content: IncidentContent, item: ObservableContent, indicator: StixObject, seen: StixObject
) -> StixObject:
    sighting = versioned(content, "sighting", object_id("sighting", content.id, indicator["id"]))
    return sighting | {
        "sighting_of_ref": indicator["id"],
        "observed_data_refs": [seen["id"]],
        "where_sighted_refs": [producer_id(content)],
        "first_seen": seen["first_observed"],
        "last_seen": seen["last_observed"],
        "count": item.count,
    }


def _id(type: str, content: IncidentContent, found: Observable) -> str:  # noqa: A002 - STIX's word
    return object_id(type, content.id, found.type, dict(found.properties))
