"""The short lists of the field: kinds of incident (RSIT), severity, sectors, stakeholders, TLP."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cirt.datafiles import DataMap, data_path, read_map
from cirt.errors import N_
from cirt.localtext import Sentence, sentence_of


@dataclass(frozen=True, slots=True)
class IncidentType:
    """One type of the Reference Security Incident Taxonomy.

    tag: the machine tag to store and exchange, such as rsit:fraud="phishing".
    """

    tag: str
    class_id: str
    value: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class IncidentClass:
    """One class of the Reference Security Incident Taxonomy, with its types."""

    id: str
    label: Sentence
    types: tuple[IncidentType, ...]


@dataclass(frozen=True, slots=True)
class Severity:
    """One level, 0 to 5, of the Cyber Incident Severity Schema."""

    level: int
    name: Sentence
    description: Sentence


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector that an incident touches."""

    id: str
    name: Sentence


@dataclass(frozen=True, slots=True)
class StakeholderGroup:
    """A group of a country's institutions with a part in cybersecurity."""

    id: str
    name: Sentence


@dataclass(frozen=True, slots=True)
class TlpLabel:
    """What a label of the Traffic Light Protocol 2.0 allows, in our words.

    id: lower case without the prefix, such as amber+strict. label: never translated.
    """

    id: str
    label: str
    audience: Sentence


@cache
def incident_classes() -> Mapping[str, IncidentClass]:
    """Return the 11 classes of RSIT by id, in its order, each with its types (39 in all)."""
    found: dict[str, IncidentClass] = {}
    for row in _rows("rsit.yml", "classes", ("id", "label", "types")):
        class_id = row.text("id")
        types: list[IncidentType] = []
        for entry in row.sections("types"):
            entry.only(("value", "label"))
            value = entry.text("value")
            tag = f'rsit:{class_id}="{value}"'
            types.append(IncidentType(tag, class_id, value, sentence_of(entry, "label", tag)))
        label = sentence_of(row, "label", f"rsit:{class_id}")
        found[class_id] = IncidentClass(class_id, label, tuple(types))
    return MappingProxyType(found)


@cache
def incident_types() -> Mapping[str, IncidentType]:
    """Return the 39 types of RSIT by machine tag, in its order."""
    return MappingProxyType(
        {each.tag: each for group in incident_classes().values() for each in group.types}
    )


@cache
def severities() -> tuple[Severity, ...]:
    """Return the severity levels; the one at index 3 is level 3."""
    found = tuple(
        Severity(
            level=row.integer("level", 0, 5),
            name=sentence_of(row, "name", f"severity.{row['level']}.name"),
            description=sentence_of(row, "description", f"severity.{row['level']}.description"),
        )
        for row in _rows("severity.yml", "levels", ("level", "name", "description"), key="level")
    )
    if [each.level for each in found] != list(range(6)):
        raise read_map(data_path("taxonomies", "severity.yml")).fault(
            "levels", N_("The levels must run from 0 to 5 in order.")
        )
    return found


@cache
def sectors() -> Mapping[str, Sector]:
    """Return the sectors by id, in the order of their file."""
    return MappingProxyType(
        {
            row.text("id"): Sector(row.text("id"), sentence_of(row, "name", row.text("id")))
            for row in _rows("sectors.yml", "sectors", ("id", "name"))
        }
    )


@cache
def stakeholder_groups() -> Mapping[str, StakeholderGroup]:
    """Return the groups of stakeholders by id, in the order of their file."""
    return MappingProxyType(
        {
            row.text("id"): StakeholderGroup(
                row.text("id"), sentence_of(row, "name", row.text("id"))
            )
            for row in _rows("stakeholders.yml", "groups", ("id", "name"))
        }
    )


@cache
def tlp_labels() -> Mapping[str, TlpLabel]:
    """Return the TLP 2.0 labels by id, from the least to the most restrictive."""
    return MappingProxyType(
        {
            row.text("id"): TlpLabel(
                row.text("id"),
                row.text("label"),
                sentence_of(row, "audience", f"tlp.{row.text('id')}"),
            )
            for row in _rows("tlp.yml", "labels", ("id", "label", "audience"))
        }
    )


def _rows(file: str, section: str, keys: tuple[str, ...], *, key: str = "id") -> Iterator[DataMap]:
    """Yield the rows of a taxonomy file; a key that stands twice is refused."""
    seen: set[object] = set()
    for row in read_map(data_path("taxonomies", file)).sections(section):
        row.only(keys)
        if row.get(key) in seen:
            raise row.fault(key, N_("The id %(id)s stands twice."), id=row[key])
        seen.add(row.get(key))
        yield row
