"""Which way each attribute of a MISP event goes, and the lean document that misp-stix gets to see.

misp-stix is asked only for what it is good at: the STIX observables of attributes and objects.
Rules, links and remarks are read here; files, tags, galaxies, reports and whatever could steer a
parser never reach it, and UUIDs are replaced by numbers of ours, so that none can collide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from cirt.errors import N_
from cirt.stix.misp_content import Loss, shortened
from cirt.stix.misp_event import ForeignAttribute, ForeignEvent, ForeignObject

RULE_TYPES: Final = {
    "yara": "yara",
    "sigma": "sigma",
    "snort": "snort",
    "suricata": "suricata",
    "stix2-pattern": "stix",
    "bro": "zeek",
    "zeek": "zeek",
}
"""MISP attribute type -> pattern type (STIX 2.1 pattern-type-ov; zeek is not in it)."""

# Event-level attributes without a STIX form that say something to a person
DESCRIPTION_TYPES: Final = frozenset(
    {
        *("comment", "text", "other", "port", "user-agent", "named pipe", "pdb", "malware-type"),
        *("btc", "dash", "xmr", "campaign-name", "campaign-id", "threat-actor", "weakness"),
        *("jarm-fingerprint", "ja3-fingerprint-md5"),
        *("pattern-in-file", "pattern-in-traffic", "pattern-in-memory"),
        *("windows-scheduled-task", "windows-service-name", "windows-service-displayname"),
    }
)
# what these say is true of a part of a program, and would be false of a file as a whole
_INNER_OBJECTS: Final = frozenset(
    {"pe", "pe-section", "elf", "elf-section", "macho", "macho-section"}
)
_SECRETS: Final = frozenset({"password", "credential", "secret"})

_DELETED = N_("It was deleted where it comes from.")
_BROKEN = N_("It has no type or no value.")
_FILE = N_("Files are not taken over: they are not stored here, only named.")
_INNER = N_("Details of the inner structure of a program (%(name)s) are not taken over.")
_NAMELESS = N_("Its object has no proper name, so its meaning is not known.")
_SECRET = N_("Passwords and other secrets are not taken over.")


class Way(Enum):
    """How an attribute is read."""

    CONVERT = auto()
    RULE = auto()
    REFERENCE = auto()
    DESCRIPTION = auto()


@dataclass(frozen=True, slots=True)
class Slot:
    """What misp-stix converts as one: a single attribute, or an object with its attributes."""

    attributes: tuple[ForeignAttribute, ...]
    object: ForeignObject | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    """An event ready for conversion.

    document: for misp-stix. slots: by the UUID that the document uses. direct: read without it.
    refused: attributes that are not read at all, with the reason.
    """

    document: dict[str, Any]
    slots: Mapping[str, Slot]
    direct: tuple[tuple[Way, ForeignAttribute], ...]
    refused: tuple[Loss, ...]


def sort(event: ForeignEvent) -> Sorted:
    """Return every attribute of the event in exactly one of: slots, direct, refused."""
    numbers = _Numbers()
    direct: list[tuple[Way, ForeignAttribute]] = []
    refused: list[Loss] = []
    slots: dict[str, Slot] = {}
    single: list[dict[str, Any]] = []
    grouped: dict[int, list[ForeignAttribute]] = {}
    for attribute in event.attributes:
        index = attribute.object_index
        way = _way(attribute, event.objects[index] if index is not None else None)
        if isinstance(way, Loss):
            refused.append(way)
        elif way is not Way.CONVERT:
            direct.append((way, attribute))
        elif index is not None:
            grouped.setdefault(index, []).append(attribute)
        else:
            number = numbers.next()
            single.append(_converted(attribute, number))
            slots[number] = Slot((attribute,))
    objects = []
    for index, attributes in grouped.items():
        number = numbers.next()
        name = event.objects[index].name
        inner = [_converted(attribute, numbers.next()) for attribute in attributes]
        objects.append({"uuid": number, "name": name, "meta-category": "misc", "Attribute": inner})
        slots[number] = Slot(tuple(attributes), event.objects[index])
    document = {
        "uuid": numbers.next(),
        "info": "event",
        "date": "2000-01-01",
        "timestamp": "946684800",
        "Orgc": {"name": "origin", "uuid": numbers.next()},
        "Attribute": single,
        "Object": objects,
    }
    return Sorted(document, slots, tuple(direct), tuple(refused))


class _Numbers:
    """UUIDs that count upwards: the same event gives the same document."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        self._last += 1
        return f"00000000-0000-4000-8000-{self._last:012x}"


def _converted(attribute: ForeignAttribute, number: str) -> dict[str, Any]:
    """Return the attribute for misp-stix.

    to_ids is always off: then it answers with observables instead of patterns. Which of them are
    indicators we know ourselves. Without a category, it takes the usual one of the type.
    """
    relation = {"object_relation": attribute.relation} if attribute.object_index is not None else {}
    # only the name and the hash of a sample are of interest
    sample = attribute.type == "malware-sample"
    return {
        "uuid": number,
        "type": "filename|md5" if sample else attribute.type,
        "value": attribute.value,
        "to_ids": False,
        **relation,
    }


def _way(attribute: ForeignAttribute, parent: ForeignObject | None) -> Way | Loss:
    if attribute.broken:
        return loss_of(attribute, _BROKEN)
    if attribute.deleted or (parent and parent.deleted):
        return loss_of(attribute, _DELETED)
    if attribute.type == "attachment":
        return loss_of(attribute, _FILE)
    if parent and attribute.relation in _SECRETS:
        # the value itself must not appear in the account either
        return Loss("attribute", attribute.path, attribute.relation, _SECRET)
    if parent and not parent.name:
        return loss_of(attribute, _NAMELESS)
    if attribute.type in RULE_TYPES:
        return Way.RULE
    if _is_reference(attribute):
        return Way.REFERENCE
    if parent and parent.name in _INNER_OBJECTS:
        return loss_of(attribute, _INNER, name=parent.name)
    if not parent and attribute.type in DESCRIPTION_TYPES:
        return Way.DESCRIPTION
    return Way.CONVERT


def _is_reference(attribute: ForeignAttribute) -> bool:
    """Say whether an address is a page to read about the event, not one to look for."""
    read = attribute.category == "External analysis" and not attribute.to_ids
    known = attribute.type == "link" or (attribute.type == "url" and read)
    return known and attribute.value.strip().startswith(("https://", "http://"))


def loss_of(attribute: ForeignAttribute, message: str, /, **params: Any) -> Loss:
    """Return the account of an attribute that is not carried."""
    kind = attribute.relation or attribute.type or "?"
    return Loss(
        "attribute", attribute.path, shortened(f"{kind}: {attribute.value}"), message, params
    )
