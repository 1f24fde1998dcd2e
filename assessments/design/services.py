"""Which of the FIRST services a team offers now, in a year and in three: plain values.

Names and numbers: FIRST CSIRT Services Framework, version 2.1. The framework asks no team to
offer all of them; the levels are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from cirt.assessments.instruments.references import reference_models
from cirt.errors import N_, InvalidInputError


class Level(StrEnum):
    """How far a service is offered."""

    NOT_SAID = ""
    ABSENT = "absent"
    PLANNED = "planned"
    BASIC = "basic"
    ESTABLISHED = "established"

    @property
    def rank(self) -> int | None:
        """0 for absent to 3 for established; None where nobody has said."""
        return None if self is Level.NOT_SAID else RANKED.index(self)

    @property
    def offered(self) -> bool:
        """Whether those whom the team serves can have it."""
        return self in (Level.BASIC, Level.ESTABLISHED)


RANKED = (Level.ABSENT, Level.PLANNED, Level.BASIC, Level.ESTABLISHED)

LEVEL_NAMES: Mapping[Level, str] = MappingProxyType(
    {
        Level.NOT_SAID: N_("Not said"),
        Level.ABSENT: N_("Absent"),
        Level.PLANNED: N_("Planned"),
        Level.BASIC: N_("Basic"),
        Level.ESTABLISHED: N_("Established"),
    }
)
LEVEL_HINTS: Mapping[Level, str] = MappingProxyType(
    {
        Level.ABSENT: N_("Not offered, and not on the way."),
        Level.PLANNED: N_("Not offered yet; somebody has been told to prepare it, by a date."),
        Level.BASIC: N_("Offered in working hours, by people who also do other things."),
        Level.ESTABLISHED: N_("Offered as described in writing, with a deputy for each person."),
    }
)


class Period(StrEnum):
    """The times at which the design looks."""

    NOW = "now"
    YEAR_1 = "year_1"
    YEAR_3 = "year_3"


PERIOD_NAMES: Mapping[Period, str] = MappingProxyType(
    {Period.NOW: N_("Now"), Period.YEAR_1: N_("Year 1"), Period.YEAR_3: N_("Year 3")}
)

AREA_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "5": N_("Information security event management"),
        "6": N_("Information security incident management"),
        "7": N_("Vulnerability management"),
        "8": N_("Situational awareness"),
        "9": N_("Knowledge transfer"),
    }
)
RESPONSE_AREA = "6"


class Source(StrEnum):
    """Where a proposed level comes from."""

    FIRST_SERVICES = "first-services"
    ANSWERS = "answers"
    STARTING_SET = "starting-set"


SOURCE_NAMES: Mapping[Source, str] = MappingProxyType(
    {
        Source.FIRST_SERVICES: N_("From the assessment of the FIRST services"),
        Source.ANSWERS: N_("From the answers of this assessment"),
        Source.STARTING_SET: N_("From the starting set for a new team"),
    }
)

SHORT_SOURCES: Mapping[Source, str] = MappingProxyType(
    {
        Source.FIRST_SERVICES: N_("by assessment"),
        Source.ANSWERS: N_("by answers"),
        Source.STARTING_SET: N_("starting set"),
    }
)


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the framework. id: as the questions are mapped to it, such as FIRST-6.1."""

    id: str
    name: str

    @property
    def number(self) -> str:
        """Its number in the framework, such as 6.1."""
        return self.id.removeprefix("FIRST-")

    @property
    def area(self) -> str:
        """The number of its area, "5" to "9"."""
        return self.number.partition(".")[0]


Levels = Mapping[str, Mapping[Period, Level]]


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen. levels: service id -> period -> level; sources: where accepted ones are from."""

    levels: Levels
    sources: Mapping[str, Mapping[Period, Source]]

    def level(self, service_id: str, period: Period) -> Level:
        """Return the level chosen; NOT_SAID where nobody has."""
        return self.levels.get(service_id, {}).get(period, Level.NOT_SAID)

    def source(self, service_id: str, period: Period) -> Source | None:
        """Return where the level was accepted from; None for one typed by hand."""
        return self.sources.get(service_id, {}).get(period)

    def offered(self, period: Period) -> tuple[Service, ...]:
        """Return the services offered in a period, in the order of the framework."""
        return tuple(one for one in services() if self.level(one.id, period).offered)

    def counts(self, period: Period) -> dict[Level, int]:
        """Return how many services stand at each level in a period."""
        found = [self.level(one.id, period) for one in services()]
        return {level: found.count(level) for level in Level}


NOTHING_CHOSEN = Choices(MappingProxyType({}), MappingProxyType({}))


@cache
def services() -> tuple[Service, ...]:
    """Return the services of the framework in its order."""
    items = reference_models()["first_services"].items
    return tuple(Service(key, name) for key, name in items.items())


def chosen(content: Mapping[str, Mapping[str, Mapping[str, str]]] | None) -> Choices:
    """Return stored choices; what this version does not know is left out."""
    if not content:
        return NOTHING_CHOSEN
    known = {one.id for one in services()}
    levels = {
        key: {Period(when): Level(value) for when, value in row.items()}
        for key, row in content.get("levels", {}).items()
        if key in known
    }
    sources = {
        key: {Period(when): Source(value) for when, value in row.items()}
        for key, row in content.get("sources", {}).items()
        if key in known
    }
    return Choices(levels, sources)


def stored(choices: Choices) -> dict[str, dict[str, dict[str, str]]]:
    """Return choices as they are kept: what is not said is absent."""
    levels = {
        one.id: {
            when.value: choices.level(one.id, when).value
            for when in Period
            if choices.level(one.id, when) is not Level.NOT_SAID
        }
        for one in services()
    }
    sources = {
        key: {when.value: source.value for when, source in row.items() if levels[key].get(when)}
        for key, row in choices.sources.items()
    }
    return {
        "levels": {key: row for key, row in levels.items() if row},
        "sources": {key: row for key, row in sources.items() if row},
    }


def typed_choices(typed: Mapping[tuple[str, Period], str], before: Choices) -> Choices:
    """Return what a form says; a level that stays keeps the source it was accepted from.

    Raises InvalidInputError for a level that is none.
    """
    levels: dict[str, dict[Period, Level]] = {}
    sources: dict[str, dict[Period, Source]] = {}
    for one in services():
        for when in Period:
            value = typed.get((one.id, when), "")
            if value not in [level.value for level in Level]:
                raise InvalidInputError(N_("Choose one of the levels listed."))
            levels.setdefault(one.id, {})[when] = Level(value)
            source = before.source(one.id, when)
            if source is not None and before.level(one.id, when) == value:
                sources.setdefault(one.id, {})[when] = source
    return Choices(levels, sources)
