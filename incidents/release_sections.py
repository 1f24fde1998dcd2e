"""Sections of an incident: what of it one audience gets and another does not. Pure."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from cirt.errors import N_, InvalidInputError
from cirt.stix.content import IncidentContent, ObservableContent


class Section(enum.StrEnum):
    """A part of an incident that a release holds or leaves out."""

    SUMMARY = "summary"  # in every release
    NARRATIVE = "narrative"
    INDICATORS = "indicators"
    OBSERVABLES = "observables"
    TECHNIQUES = "techniques"
    VICTIM = "victim"
    IMPACTS = "impacts"
    TASKS = "tasks"
    CONTACT = "contact"


SECTION_NAMES: Final[Mapping[Section, str]] = {
    Section.SUMMARY: N_("Summary"),
    Section.NARRATIVE: N_("Title and description"),
    Section.INDICATORS: N_("Indicators"),
    Section.OBSERVABLES: N_("Other observables"),
    Section.TECHNIQUES: N_("Techniques"),
    Section.VICTIM: N_("Victim"),
    Section.IMPACTS: N_("Impacts"),
    Section.TASKS: N_("Tasks"),
    Section.CONTACT: N_("Contact"),
}

SECTION_HINTS: Final[Mapping[Section, str]] = {
    Section.SUMMARY: N_("Kind, times, severity, status and marking: in every release."),
    Section.NARRATIVE: N_("Without them the kind of incident stands for the title."),
    Section.INDICATORS: N_("What to look for: observables of the attack, and detection rules."),
    Section.OBSERVABLES: N_("What was seen besides, with comments."),
    Section.TECHNIQUES: N_("How the attack was done and how it was noticed."),
    Section.VICTIM: N_("Sectors, how many were hit, and the victim's own observables."),
    Section.IMPACTS: N_("What harm was done."),
    Section.TASKS: N_("What defenders do or did, never who of them."),
    Section.CONTACT: N_("The mail address of your team."),
}

ALL: Final = frozenset(Section)
_PLACES: Final = {
    "impacts": frozenset({Section.IMPACTS}),
    "tasks": frozenset({Section.TASKS}),
    "indicators": frozenset({Section.INDICATORS}),
    "observables": frozenset({Section.INDICATORS, Section.OBSERVABLES, Section.VICTIM}),
}
_WORDS: Final = frozenset(section.value for section in Section)


def sections_from(words: Iterable[str]) -> frozenset[Section]:
    """Return the sections of these words, the summary always among them.

    Raises InvalidInputError for a word that names no section.
    """
    found = {Section.SUMMARY}
    for word in words:
        if word not in _WORDS:
            raise InvalidInputError(N_("Choose sections from the list."), field="sections")
        found.add(Section(word))
    return frozenset(found)


def in_reading_order(sections: Iterable[Section]) -> list[Section]:
    """Return sections in the order of the list."""
    chosen = frozenset(sections)
    return [section for section in Section if section in chosen]


def cut(content: IncidentContent, sections: frozenset[Section], *, title: str) -> IncidentContent:
    """Return the content with these sections only.

    title: what stands for the title where the narrative is left out.
    """
    left = replace(
        content,
        observables=tuple(one for one in content.observables if section_of(one) in sections),
    )
    if Section.NARRATIVE not in sections:
        left = replace(left, title=title, description="")
    if Section.INDICATORS not in sections:
        left = replace(left, indicators=())
    if Section.TECHNIQUES not in sections:
        left = replace(left, techniques=(), detection_methods=())
    if Section.VICTIM not in sections:
        left = replace(
            left,
            sectors=(),
            impacted_entity_counts={},
            impacts=tuple(replace(one, counts={}) for one in left.impacts),
        )
    if Section.IMPACTS not in sections:
        left = replace(left, impacts=())
    if Section.TASKS not in sections:
        left = replace(left, tasks=())
    if Section.CONTACT not in sections:
        left = replace(left, producer=replace(left.producer, contact=None))
    return left


def sections_of_place(place: str) -> frozenset[Section]:
    """Return in which sections a field stands, by its path in the data-protection pass."""
    group, _dot, _field = place.partition(".")
    return _PLACES.get(group, frozenset({Section.NARRATIVE}))


def filled(content: IncidentContent) -> frozenset[Section]:
    """Return the sections in which this incident has anything to say."""
    parts: dict[Section, bool] = {
        Section.SUMMARY: True,
        Section.NARRATIVE: True,
        Section.INDICATORS: bool(content.indicators),
        Section.TECHNIQUES: bool(content.techniques or content.detection_methods),
        Section.VICTIM: bool(content.sectors or content.impacted_entity_counts)
        or any(one.counts for one in content.impacts),
        Section.IMPACTS: bool(content.impacts),
        Section.TASKS: bool(content.tasks),
        Section.CONTACT: bool(content.producer.contact),
    }
    own = {section for section, has in parts.items() if has}
    return frozenset(own | {section_of(one) for one in content.observables})


def section_of(one: ObservableContent) -> Section:
    """Return in which section an observable stands."""
    if one.is_victim:
        return Section.VICTIM
    return Section.INDICATORS if one.is_indicator else Section.OBSERVABLES
