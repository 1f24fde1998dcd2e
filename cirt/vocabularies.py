"""The words of the incident extension suite and their names: lists, scales of 0 to 100, PAP.

Source: Incident Core Extension 2.1 for STIX 2.1 (OASIS, draft of 2024), sections on vocabularies,
enumerations and scales; the Permissible Actions Protocol.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cirt.datafiles import data_path, read_map
from cirt.localtext import Sentence, sentence_of

_FILE = "incident-suite.yml"


@dataclass(frozen=True, slots=True)
class WordList:
    """One list of words. closed: other words are errors; else they are kept as they come."""

    id: str
    closed: bool
    words: Mapping[str, Sentence]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a scale: the value to write, and the values from low to high that it stands for."""

    value: int
    low: int
    high: int
    name: Sentence


@dataclass(frozen=True, slots=True)
class PapLabel:
    """What a label of the Permissible Actions Protocol lets recipients do, in our words."""

    id: str
    label: str
    actions: Sentence


@cache
def word_lists() -> Mapping[str, WordList]:
    """Return the lists of words by id."""
    found: dict[str, WordList] = {}
    for row in read_map(data_path("taxonomies", _FILE)).sections("lists"):
        row.only(("id", "closed", "words"))
        words: dict[str, Sentence] = {}
        for entry in row.sections("words"):
            entry.only(("id", "name"))
            word = entry.text("id")
            words[word] = sentence_of(entry, "name", f"{row.text('id')}.{word}")
        closed = "closed" in row and row.boolean("closed")
        found[row.text("id")] = WordList(row.text("id"), closed, MappingProxyType(words))
    return MappingProxyType(found)


@cache
def scales() -> Mapping[str, tuple[Step, ...]]:
    """Return the scales by id; the steps of each rise."""
    found: dict[str, tuple[Step, ...]] = {}
    for row in read_map(data_path("taxonomies", _FILE)).sections("scales"):
        row.only(("id", "steps"))
        steps: list[Step] = []
        for entry in row.sections("steps"):
            entry.only(("value", "low", "high", "name"))
            value, low, high = (entry.integer(key, 0, 100) for key in ("value", "low", "high"))
            steps.append(
                Step(value, low, high, sentence_of(entry, "name", f"{row.text('id')}.{value}"))
            )
        found[row.text("id")] = tuple(steps)
    return MappingProxyType(found)


def step_of(scale: str, value: int) -> Step | None:
    """Return the step of a scale that a value lies in, None outside 0 to 100."""
    return next((each for each in scales()[scale] if each.low <= value <= each.high), None)


@cache
def pap_labels() -> Mapping[str, PapLabel]:
    """Return the PAP labels by id, from the least to the most restrictive."""
    found: dict[str, PapLabel] = {}
    for row in read_map(data_path("taxonomies", "pap.yml")).sections("labels"):
        row.only(("id", "label", "actions"))
        name = row.text("id")
        actions = sentence_of(row, "actions", f"pap.{name}")
        found[name] = PapLabel(name, row.text("label"), actions)
    return MappingProxyType(found)
