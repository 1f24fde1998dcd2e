"""The members of a received report by kind: events, impacts, tasks, indicators, observables, …"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from cirt.stix.impact_rules import category_of, unfit_details
from cirt.stix.observables import Observable
from cirt.stix.received_content import (
    ReceivedEvent,
    ReceivedImpact,
    ReceivedIndicator,
    ReceivedNote,
    ReceivedObservable,
    ReceivedReference,
    ReceivedRelationship,
    ReceivedTask,
    ReceivedTechnique,
    ReceivedThing,
)
from cirt.stix.received_values import (
    Object,
    counts,
    ids,
    looked_for,
    mapping,
    observable_of,
    rows,
    text,
    when,
    whole,
    words,
)
from cirt.stix.schema_validators import known_types

_OF_THE_SUITE: Final = ("event", "impact", "task")
_SHOWN_ELSEWHERE: Final = frozenset(
    (
        *("incident", "indicator", "observed-data", "attack-pattern", "vulnerability"),
        *("note", "opinion", "relationship", "sighting", "marking-definition"),
        *("extension-definition", "language-content", "identity"),
    )
)
_TECHNIQUES: Final = ("mitre-attack", "mitre-ics-attack", "mitre-mobile-attack", "capec")
_MOST: Final = 2**53 - 1
_LATER: Final = datetime.max.replace(tzinfo=UTC)


def of_type(things: list[Object], *kinds: str) -> list[Object]:
    """Return the objects of some types."""
    return [one for one in things if text(one, "type") in kinds]


def events(things: list[Object]) -> tuple[ReceivedEvent, ...]:
    """Return the events, in the order of their beginning as far as it is known."""
    found = [
        ReceivedEvent(
            text(one, "id"),
            text(one, "name"),
            text(one, "status"),
            text(one, "description"),
            words(one, "event_types") or words(one, "event_type"),
            when(one, "start_time"),
            when(one, "end_time"),
        )
        for one in of_type(things, "event")
    ]
    return tuple(sorted(found, key=lambda event: event.started or _LATER))


def impacts(things: list[Object]) -> tuple[ReceivedImpact, ...]:
    """Return the impacts; the later draft's "economic" is "monetary"."""
    found = []
    for one in of_type(things, "impact"):
        extensions = mapping(one, "extensions")
        category = category_of(text(one, "impact_category"))
        details = mapping(extensions, f"{category}-ext") or mapping(extensions, category)
        if category == "economic":
            category = "monetary"
        found.append(
            ReceivedImpact(
                text(one, "id"),
                category,
                whole(one, "criticality", 100),
                text(one, "description"),
                when(one, "start_time"),
                when(one, "end_time"),
                text(one, "recoverability"),
                dict(details),
                counts(one, "impacted_entity_counts"),
                text(one, "superseded_by_ref"),
                tuple(unfit_details(category, details)),
            )
        )
    return tuple(found)


def tasks(things: list[Object]) -> tuple[ReceivedTask, ...]:
    """Return the tasks."""
    return tuple(
        ReceivedTask(
            text(one, "id"),
            text(one, "name"),
            text(one, "outcome"),
            text(one, "description"),
            words(one, "task_types") or words(one, "task_type"),
            whole(one, "priority", 100),
            when(one, "start_time"),
            when(one, "end_time"),
        )
        for one in of_type(things, "task")
    )


def indicators(things: list[Object]) -> tuple[ReceivedIndicator, ...]:
    """Return the indicators, with how often they were sighted."""
    sighted: dict[str, int] = {}
    for one in of_type(things, "sighting"):
        target = text(one, "sighting_of_ref")
        number = whole(one, "count", _MOST)
        sighted[target] = sighted.get(target, 0) + (1 if number is None else number)
    return tuple(
        ReceivedIndicator(
            text(one, "id"),
            text(one, "name"),
            text(one, "pattern"),
            text(one, "pattern_type"),
            text(one, "description"),
            words(one, "indicator_types"),
            when(one, "valid_from"),
            when(one, "valid_until"),
            one.get("revoked") is True,
            looked_for(text(one, "pattern")) if text(one, "pattern_type") == "stix" else None,
            sighted.get(text(one, "id"), 0),
        )
        for one in of_type(things, "indicator")
    )


def observables(things: list[Object]) -> tuple[ReceivedObservable, ...]:
    """Return SCOs and vulnerabilities, with what notes and observed-data say about them.

    An SCO that only serves another (the address in an identity's contact) is left out.
    """
    wanted = {found.observable for found in indicators(things) if found.observable}
    seen = {ref: one for one in of_type(things, "observed-data") for ref in ids(one, "object_refs")}
    said = {ref: one for one in of_type(things, "note") for ref in ids(one, "object_refs")}
    victims = {
        text(one, "target_ref")
        for one in of_type(things, "relationship")
        if text(one, "relationship_type") in ("impacts", "targets")
    }
    serving = {ref for one in of_type(things, "identity") for ref in _contacts(one)}
    found = []
    for one in things:
        kind, identifier = text(one, "type"), text(one, "id")
        if identifier in serving:
            continue
        if kind != "vulnerability" and known_types().get(kind) != "sco":
            continue
        item = observable_of(one)
        data = seen.get(identifier, {})
        comment = text(said.get(identifier, {}), "content") or text(one, "description")
        found.append(
            ReceivedObservable(
                identifier,
                kind,
                item.value if item else _shown(one),
                item,
                comment,
                when(data, "first_observed"),
                when(data, "last_observed"),
                whole(data, "number_observed", _MOST),
                item is not None and _covers(wanted, item),
                identifier in victims,
            )
        )
    return tuple(found)


def _covers(wanted: set[Observable], item: Observable) -> bool:
    """Whether an indicator looks for this, or for one of the hashes of this file."""
    if item in wanted:
        return True
    hashes = item.properties.get("hashes", {}).items()
    return any(
        one.type == item.type and hashes & one.properties.get("hashes", {}).items()
        for one in wanted
    )


def _contacts(one: Object) -> Iterator[str]:
    for extension in mapping(one, "extensions").values():
        if isinstance(extension, dict):
            for row in rows(extension, "email_addresses"):
                yield text(row, "email_address_ref")
            for row in rows(extension, "social_media_accounts"):
                yield text(row, "user_account_ref")


def _shown(one: Object) -> str:
    shown = Observable(text(one, "type"), {k: v for k, v in one.items() if _is_value(k)})
    return shown.value[:500]


def _is_value(name: str) -> bool:
    return name not in ("type", "id", "spec_version", "extensions", "object_marking_refs")


def techniques(things: list[Object], said: list[Object]) -> tuple[ReceivedTechnique, ...]:
    """Return the attack patterns, and the techniques that report or incident only name."""
    found: dict[str, ReceivedTechnique] = {}
    for one in of_type(things, "attack-pattern"):
        number = _number(one)
        found.setdefault(
            number or text(one, "id"),
            ReceivedTechnique(text(one, "name"), number, text(one, "id")),
        )
    for one in said:
        for row in rows(one, "external_references"):
            number = text(row, "external_id")
            if text(row, "source_name") in _TECHNIQUES and number and number not in found:
                found[number] = ReceivedTechnique("", number)
    return tuple(found.values())


def _number(one: Object) -> str:
    for row in rows(one, "external_references"):
        if text(row, "source_name") in _TECHNIQUES and text(row, "external_id"):
            return text(row, "external_id")
    return ""


def references(said: list[Object]) -> tuple[ReceivedReference, ...]:
    """Return what report and incident refer to outside of STIX, each once; techniques aside."""
    found: dict[ReceivedReference, None] = {}
    for one in said:
        for row in rows(one, "external_references"):
            if text(row, "source_name") in (*_TECHNIQUES, "rsit"):
                continue
            url = text(row, "url")
            safe = url if url.lower().startswith(("https://", "http://", "ftp://")) else ""
            found[
                ReceivedReference(
                    text(row, "source_name"),
                    text(row, "external_id"),
                    safe,
                    text(row, "description"),
                )
            ] = None
    return tuple(found)


def notes(things: list[Object]) -> tuple[ReceivedNote, ...]:
    """Return notes and opinions."""
    found = []
    for one in of_type(things, "note", "opinion"):
        said = text(one, "content") or text(one, "explanation") or text(one, "opinion")
        found.append(ReceivedNote(text(one, "id"), said, ids(one, "object_refs")))
    return tuple(found)


def relationships(things: list[Object]) -> tuple[ReceivedRelationship, ...]:
    """Return the relationships."""
    return tuple(
        ReceivedRelationship(
            text(one, "id"),
            text(one, "source_ref"),
            text(one, "relationship_type"),
            text(one, "target_ref"),
        )
        for one in of_type(things, "relationship")
    )


def other_things(things: list[Object], root_id: str) -> tuple[ReceivedThing, ...]:
    """Return the other objects that STIX knows, the root aside."""
    known = known_types()
    return tuple(
        ReceivedThing(text(one, "id"), kind, text(one, "name"), text(one, "description"))
        for one in things
        if known.get(kind := text(one, "type")) == "sdo"
        and kind not in _SHOWN_ELSEWHERE
        and text(one, "id") != root_id
    )


def unknown(things: list[Object]) -> Iterator[Object]:
    """Yield the objects of types that neither STIX nor the suite knows."""
    for one in things:
        kind = text(one, "type")
        if kind not in known_types() and kind not in _OF_THE_SUITE:
            yield one
