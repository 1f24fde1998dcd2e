"""Words for releases, and what a frozen bundle says, line by line, for whoever approves it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cirt.errors import N_
from cirt.incidents.object_store import marking_of, objects_in, published_object
from cirt.incidents.release_models import ReleaseKind, ReleaseState
from cirt.stix.extensions import INCIDENT_CORE
from cirt.stix.marking import TLP

STATE_NAMES: dict[str, str] = {
    ReleaseState.PREPARED: N_("Waits for approval"),
    ReleaseState.APPROVED: N_("Released"),
    ReleaseState.REFUSED: N_("Refused"),
    ReleaseState.WITHDRAWN: N_("Withdrawn before release"),
}
STATE_KINDS: dict[str, str] = {
    ReleaseState.PREPARED: "review",
    ReleaseState.APPROVED: "done",
    ReleaseState.REFUSED: "failed",
    ReleaseState.WITHDRAWN: "blocked",
}
KIND_NAMES: dict[str, str] = {
    ReleaseKind.INCIDENT: N_("Incident"),
    ReleaseKind.SIGHTING: N_("Sighting"),
    ReleaseKind.PROPOSAL: N_("Proposal"),
}

# what every object has: shown in columns of its own, or the same for all of a bundle
_FRAME = frozenset(
    (
        *("type", "id", "spec_version", "created", "modified", "created_by_ref", "revoked"),
        *("object_marking_refs", "granular_markings", "extensions", "lang", "labels"),
        *("external_references", "defanged"),
    )
)
MOST_LINES: Final = 500
MOST_CHARACTERS: Final = 2_000  # of one text of a line
_SAYING = ("name", "value", "pattern", "content", "relationship_type", "description", "key")


@dataclass(frozen=True)
class Line:
    """One object of a bundle: what it is, what it says, how it is marked (None: unknown).

    pattern: what an indicator looks for, "" for others and where the text says it already.
    """

    type: str
    text: str
    details: str
    pattern: str
    tlp: TLP | None
    revoked: bool


def lines_of(bundle: bytes) -> list[Line]:
    """Return what the objects of a bundle say, in their order; the bytes are our own."""
    return lines_of_objects(objects_in(bundle))


def lines_of_objects(objects: Iterable[dict[str, Any]]) -> list[Line]:
    """Return what checked objects say, without those that standard bodies publish."""
    objects = [one for one in objects if not published_object(one["id"])]
    names = {one["id"]: _text(one) for one in objects}
    return [
        Line(
            type=one["type"],
            text=_relation(one, names) or names[one["id"]],
            details=str(one.get("description", "")),
            pattern=str(one.get("pattern", "")) if one.get("name") else "",
            tlp=marking_of(one),
            revoked=bool(one.get("revoked")),
        )
        for one in objects
    ]


def beginnings(lines: Sequence[Line]) -> list[Line]:
    """Return the first lines, none longer than a page bears; for what was received.

    Whoever sends objects decides how many and how long; what leaves is shown in full.
    """
    return [
        replace(
            one,
            text=_beginning(one.text),
            details=_beginning(one.details),
            pattern=_beginning(one.pattern),
        )
        for one in lines[:MOST_LINES]
    ]


def _beginning(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def _text(one: dict[str, Any]) -> str:
    if "created" in one:  # an object of the case: its name, or what stands for it
        for name in _SAYING:
            if one.get(name):
                return str(one[name])
    # an observable: all that it says, so that nothing is approved unseen
    said = {name: value for name, value in one.items() if name not in _FRAME}
    if set(said) == {"value"}:
        return str(said["value"])
    return "; ".join(f"{name}: {_flat(value)}" for name, value in said.items())


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(_flat(inner) for inner in value)
    return str(value)


def _relation(one: dict[str, Any], names: Mapping[str, str]) -> str:
    if one["type"] != "relationship":
        return ""
    source, target = _end(one["source_ref"], names), _end(one["target_ref"], names)
    return f"{source} · {one['relationship_type']} · {target}"


def _end(stix_id: str, names: Mapping[str, str]) -> str:
    """Return what one end of a relationship says; a technique of ATT&CK is published, not ours."""
    published = published_object(stix_id)
    return str(published.get("name", "")) if published else names.get(stix_id, "")


@dataclass(frozen=True)
class Reading:
    """What a frozen bundle says of the incident, as a person reads it; "" and () for nothing.

    producer: the name that signs. labels: the kind and the sectors. reference: the number under
    which the producer keeps it. started, ended: as written. counts: kind of entity -> number.
    """

    title: str
    description: str
    language: str
    stix_id: str
    producer: str
    labels: tuple[str, ...]
    techniques: tuple[str, ...]
    reference: str
    determination: str
    status: str
    criticality: int | None
    started: str
    ended: str
    modified: str
    counts: tuple[tuple[str, int], ...]


def reading_of(bundle: bytes) -> Reading | None:
    """Return what the incident of a bundle says; None for a bundle without an incident."""
    objects = objects_in(bundle)
    incident = next((one for one in objects if one["type"] == "incident"), None)
    if incident is None:
        return None
    event = next((one for one in objects if one["type"] == "event"), {})
    signs = {one["id"]: str(one["name"]) for one in objects if one["type"] == "identity"}
    core = incident.get("extensions", {}).get(INCIDENT_CORE, {})
    references = incident.get("external_references", [])
    return Reading(
        title=str(incident["name"]),
        description=str(incident.get("description", "")),
        language=str(incident.get("lang", "")),
        stix_id=incident["id"],
        producer=signs.get(incident["created_by_ref"], ""),
        labels=tuple(incident.get("labels", [])),
        techniques=tuple(
            one["external_id"] for one in references if one["source_name"] == "mitre-attack"
        ),
        reference=next(
            (
                str(one["external_id"])
                for one in references
                if one["source_name"] == signs.get(incident["created_by_ref"])
            ),
            "",
        ),
        determination=str(core.get("determination", "")),
        status=str(core.get("investigation_status", "")),
        criticality=core.get("criticality"),
        started=str(event.get("start_time", "")),
        ended=str(event.get("end_time", "")),
        modified=incident["modified"],
        counts=tuple(sorted(core.get("impacted_entity_counts", {}).items())),
    )
