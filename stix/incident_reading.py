"""Read what others send about an incident: ours, the standard's forms, and the drafts in use.

The incident extension suite is read as its 2.1 draft has it, and in the forms that came before and
after: `event_refs` and `task_refs`, `activities`, `economic-ext`, counts as objects, the `sequence`
objects of OS-Threat. What is not understood is kept and shown, never dropped.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cirt.errors import N_, InvalidInputError
from cirt.stix import received_members as members
from cirt.stix.extensions import INCIDENT_CORE
from cirt.stix.iep import iep_in, iep_labels
from cirt.stix.marking import SILENT_IDS, TLP, pap_of, published_marking, strictest, tlp_of
from cirt.stix.received_content import ReceivedContent
from cirt.stix.received_values import Object, counts, ids, mapping, rows, text, whole, words
from cirt.stix.references import references_of

__all__ = ["ReceivedContent", "read_report"]

_HOLDERS: Final = ("report", "grouping")
_LINKS: Final = ("relationship", "sighting", "note", "opinion")
_META: Final = ("marking-definition", "extension-definition", "language-content")
_CORE: Final = frozenset(
    (
        *("extension_type", "determination", "investigation_status", "criticality"),
        *("detection_methods", "events", "tasks", "impact_refs", "impacted_entity_counts"),
        *("incident_types", "recoverability", "scores", "event_refs", "task_refs", "activities"),
        *("sequence_refs", "sequence_start_refs", "other_object_refs"),
    )
)
_RSIT: Final = re.compile(r'rsit:([a-z-]+)="([a-z0-9-]+)"')


def read_report(objects: Iterable[Object], root_id: str) -> ReceivedContent:
    """Return what the object of this id says, with everything among `objects` that belongs to it.

    objects: the newest version of each; may hold others, which are left aside. Raises
    InvalidInputError if the root is not among them.
    """
    held = {text(one, "id"): one for one in objects}
    root = held.get(root_id)
    if root is None:
        raise InvalidInputError(N_("The object is not among those that were received."))
    inside = _members(held, root)
    things = [held[one] for one in inside]
    incident = _incident(things, root)
    core = _core(incident)
    events = members.events(things)
    policies = [found for found in map(iep_in, held.values()) if found is not None]
    said = _first_said(root, incident)
    return ReceivedContent(
        root_id=root_id,
        root_type=text(root, "type"),
        incident_id=text(incident, "id"),
        title=_title(said, root),
        description=_first(said, "description"),
        language=_first(said, "lang"),
        created=text(root, "created"),
        modified=text(root, "modified"),
        revoked=root.get("revoked") is True,
        producer_id=text(root, "created_by_ref"),
        producer_name=text(held.get(text(root, "created_by_ref"), {}), "name"),
        tlp=_tlp(things, held),
        pap=pap_of(ref for one in things for ref in _marks(one)),
        policies=tuple(policies) if _bears_policy(things, held) else (),
        started=min((event.started for event in events if event.started), default=None),
        ended=_ended(events),
        rsit=_rsit(said),
        criticality=whole(core, "criticality", 100),
        determination=text(core, "determination"),
        investigation_status=text(core, "investigation_status"),
        recoverability=text(core, "recoverability"),
        incident_types=words(core, "incident_types"),
        detection_methods=words(core, "detection_methods"),
        sectors=_sectors(said),
        labels=tuple(dict.fromkeys(label for one in said for label in words(one, "labels"))),
        counts=counts(core, "impacted_entity_counts"),
        references=members.references(said),
        events=events,
        impacts=members.impacts(things),
        tasks=members.tasks(things),
        indicators=members.indicators(things),
        observables=members.observables(things),
        techniques=members.techniques(things, said),
        notes=members.notes(things),
        relationships=members.relationships(things),
        things=members.other_things(things, root_id),
        member_ids=tuple(inside),
        missing=_missing(things, held),
        unknown=tuple(members.unknown(things)),
        dialect={name: value for name, value in core.items() if name not in _CORE},
    )


def _members(held: Mapping[str, Object], root: Object) -> list[str]:
    """Return the ids of all that belongs to the root, itself first, in the order of the input.

    That is: what it refers to and what that refers to in turn; for an incident, what the report
    about it alone refers to; what is related to an incident, event or task in it; and links
    (relationships, sightings, notes) whose every end is inside.
    """
    inside = {text(root, "id")}
    opened = [root, *_reports_about(held, root)]
    waiting = list(opened)
    while waiting:
        one = waiting.pop()
        for ref in _leading_on(one, is_opened=any(one is holder for holder in opened)):
            if ref in held and ref not in inside:
                inside.add(ref)
                waiting.append(held[ref])
    cores = {key for key in inside if key.startswith(("incident--", "event--", "task--"))}
    links = [one for one in held.values() if text(one, "type") in _LINKS]
    for link in links:
        ends = _ends(link)
        if text(link, "type") == "relationship" and cores.intersection(ends):
            inside.update(end for end in ends if end in held and not end.startswith("incident--"))
    for link in links:
        ends = _ends(link)
        if ends and inside.issuperset(ends):
            inside.add(text(link, "id"))
            inside.update(ref for ref in ids(link, "observed_data_refs") if ref in held)
    for key in [*inside]:
        if key.startswith("observed-data--"):
            inside.update(ref for ref in ids(held[key], "object_refs") if ref in held)
    rest = [key for key in held if key in inside and key != text(root, "id")]
    return [text(root, "id"), *rest]


def _reports_about(held: Mapping[str, Object], root: Object) -> list[Object]:
    """Return the reports of the same producer that are about this incident and no other."""
    if text(root, "type") != "incident":
        return []
    return [
        one
        for one in held.values()
        if text(one, "type") in _HOLDERS
        and text(one, "created_by_ref") == text(root, "created_by_ref")
        and [ref for ref in ids(one, "object_refs") if ref.startswith("incident--")]
        == [text(root, "id")]
    ]


def _leading_on(one: Object, *, is_opened: bool) -> Iterable[str]:
    if text(one, "type") in _HOLDERS and not is_opened:
        return ()  # a report in a report is named, not opened
    about = {text(one, "created_by_ref"), *_marks(one)}
    return (ref for ref in references_of(one) if ref not in about)


def _ends(link: Object) -> tuple[str, ...]:
    if text(link, "type") == "relationship":
        return (text(link, "source_ref"), text(link, "target_ref"))
    if text(link, "type") == "sighting":
        return (text(link, "sighting_of_ref"),)
    return ids(link, "object_refs")


def _incident(things: list[Object], root: Object) -> Object:
    if text(root, "type") == "incident":
        return root
    return next((one for one in things if text(one, "type") == "incident"), {})


def _core(incident: Object) -> Object:
    return mapping(mapping(incident, "extensions"), INCIDENT_CORE)


def _first_said(root: Object, incident: Object) -> list[Object]:
    """The objects that speak for the whole: the root, and the incident in it."""
    return [root, incident] if incident and incident is not root else [root]


def _first(said: list[Object], name: str) -> str:
    return next((text(one, name) for one in said if text(one, name)), "")


def _title(said: list[Object], root: Object) -> str:
    shown = _first(said, "name") or text(root, "value") or text(root, "context")
    return shown or " ".join(_first(said, "description").split())[:120]


def _marks(one: Object) -> list[str]:
    granular = [text(row, "marking_ref") for row in rows(one, "granular_markings")]
    return [*words(one, "object_marking_refs"), *(mark for mark in granular if mark)]


def _tlp(things: list[Object], held: Mapping[str, Object]) -> TLP | None:
    """Return the strictest label of the members; who made them is marked for itself."""
    policies = iep_labels(held.values())
    labels = []
    for place, one in enumerate(things):
        # the root always counts: it says how far the whole may go
        if place and (text(one, "type") in (*_META, "identity") or not _restricted(one)):
            continue
        labels.append(tlp_of(_marks(one), policies))
    return None if None in labels else strictest(label for label in labels if label)


def _restricted(one: Object) -> bool:
    return any(mark not in SILENT_IDS for mark in _marks(one))


def _bears_policy(things: list[Object], held: Mapping[str, Object]) -> bool:
    borne = {mark for one in things for mark in _marks(one)}
    return any(mark in held and iep_in(held[mark]) is not None for mark in borne)


def _ended(events: tuple[Any, ...]) -> Any:
    """The last end, if nothing that has begun is still open."""
    if any(event.status == "ongoing" or (event.started and not event.ended) for event in events):
        return None
    return max((event.ended for event in events if event.ended), default=None)


def _rsit(said: list[Object]) -> str:
    for one in said:
        for label in words(one, "labels"):
            if match := _RSIT.fullmatch(label):
                return f"{match[1]}:{match[2]}"
        for row in rows(one, "external_references"):
            if text(row, "source_name") == "rsit" and ":" in text(row, "external_id"):
                return text(row, "external_id")
    return ""


def _sectors(said: list[Object]) -> tuple[str, ...]:
    labels = [label for one in said for label in words(one, "labels")]
    prefix = "sector:"
    return tuple(
        dict.fromkeys(label.removeprefix(prefix) for label in labels if label.startswith(prefix))
    )


def _missing(things: list[Object], held: Mapping[str, Object]) -> tuple[str, ...]:
    wanted = {ref for one in things for ref in references_of(one)} - held.keys()
    return tuple(
        sorted(
            ref
            for ref in wanted
            if "--" in ref
            and not ref.startswith("extension-definition--")
            and published_marking(ref) is None
        )
    )
