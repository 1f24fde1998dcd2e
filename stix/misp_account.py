"""What a MISP event holds besides attributes that is not taken over, each with the reason."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cirt.errors import N_
from cirt.stix.misp_content import Loss, shortened
from cirt.stix.misp_context import distribution, items, sharing_group
from cirt.stix.misp_event import ForeignEvent, text

DISTRIBUTIONS: Final = (
    "Your organisation only",
    "This community only",
    "Connected communities",
    "All communities",
    "Sharing group",
    "Inherit event",
)
"""MISP's own words for its distribution levels 0 to 5."""

_FILE = N_("Files are not taken over: they are not stored here, only named.")
_PROPOSAL = N_("Proposals that the owner has not accepted are not taken over.")
_SIGHTING = N_("Sightings are not taken over from a file.")
_RELATED = N_("MISP found these related events by itself; they were not taken over.")
_EXTENDS = N_("The event extends another one; import that one, and link the two.")
_REFERENCES = N_("How this object relates to others is not taken over.")
_OPINION = N_("Notes and opinions of analysts are not taken over.")
_EMPTY_OBJECT = N_("The object has no attributes.")
_DISTRIBUTION = N_(
    "MISP's distribution was “%(distribution)s”. It decides nothing here: the marking and the "
    "circles of the incident do."
)
_ANALYST_DATA: Final = ("Note", "Opinion", "Relationship")


def context_losses(event: ForeignEvent) -> list[Loss]:
    """Return the losses of an event other than its attributes, in order of appearance."""
    losses = [
        Loss("file", attribute.path, shortened(attribute.value), _FILE)
        for attribute in event.attributes
        if attribute.has_file and attribute.type != "attachment"
    ]
    losses += _distribution(event.raw)
    if text(event.raw.get("extends_uuid")).strip():
        losses.append(
            Loss("relationship", "extends_uuid", text(event.raw["extends_uuid"]), _EXTENDS)
        )
    for path, raw in _places(event.raw):
        for key, kind, message in (
            ("ShadowAttribute", "proposal", _PROPOSAL),
            ("Sighting", "sighting", _SIGHTING),
            ("RelatedEvent", "relationship", _RELATED),
            ("ObjectReference", "relationship", _REFERENCES),
            *((key, "opinion", _OPINION) for key in _ANALYST_DATA),
        ):
            if count := len(items(raw, key)):
                losses.append(Loss(kind, f"{path}{key}", str(count), message))
        if path.startswith("Object[") and "Attribute" not in path and not items(raw, "Attribute"):
            losses.append(Loss("object", path[:-1], text(raw.get("name")), _EMPTY_OBJECT))
    return losses


def _distribution(raw: Mapping[str, Any]) -> list[Loss]:
    level = distribution(raw)
    if level is None:
        return []
    words = DISTRIBUTIONS[level]
    if group := sharing_group(raw):
        words = f"{words}: {group}"
    return [
        Loss("distribution", "distribution", str(level), _DISTRIBUTION, {"distribution": words})
    ]


def _places(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "", event
    for index, attribute in enumerate(items(event, "Attribute")):
        yield f"Attribute[{index}].", attribute
    for index, entry in enumerate(items(event, "Object")):
        yield f"Object[{index}].", entry
        for inner, attribute in enumerate(items(entry, "Attribute")):
            yield f"Object[{index}].Attribute[{inner}].", attribute
