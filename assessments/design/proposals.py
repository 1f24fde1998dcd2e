"""What is proposed for the services: from answers, and a starting set for a new team. Ours, pure.

A proposal is never a choice before somebody takes it over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cirt.assessments.design.services import (
    RANKED,
    Choices,
    Level,
    Period,
    Source,
    services,
)
from cirt.errors import N_


@dataclass(frozen=True, slots=True)
class Proposal:
    """A level to accept or leave.

    reason: a message id; questions: ids of the questions behind it, empty for the starting set.
    """

    service_id: str
    period: Period
    level: Level
    source: Source
    reason: str
    questions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What a form carries for it."""
        return f"{self.service_id}|{self.period.value}|{self.source.value}"


def with_proposals(choices: Choices, accepted: Iterable[Proposal]) -> Choices:
    """Return the choices with the accepted proposals in them."""
    levels = {key: dict(row) for key, row in choices.levels.items()}
    sources = {key: dict(row) for key, row in choices.sources.items()}
    for one in accepted:
        levels.setdefault(one.service_id, {})[one.period] = one.level
        sources.setdefault(one.service_id, {})[one.period] = one.source
    return Choices(levels, sources)


def open_proposals(choices: Choices, proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Return the proposals that say something else than was chosen."""
    return tuple(one for one in proposals if choices.level(one.service_id, one.period) != one.level)


_FROM_SERVICES = N_("The level that the assessment of the FIRST services gives this service.")
_FROM_ANSWERS = N_(
    "The middle level among the answers to the questions on this service, the lower one of two:"
    " what is absent counts as absent, informal work as planned, the top level as established, and"
    " what lies between as basic."
)


def level_from(level: int, top: int) -> Level:
    """Return the level of a service for an answer on a scale from 0 to top.

    A scale of four levels is the framework's own (absent, planned, basic, established).
    """
    if top == 3:
        return RANKED[level]
    if level == 0:
        return Level.ABSENT
    if level == top:
        return Level.ESTABLISHED
    return Level.PLANNED if level == 1 and top > 2 else Level.BASIC


def now_proposals(
    said: Mapping[str, Iterable[tuple[str, int, int]]], source: Source
) -> tuple[Proposal, ...]:
    """Return what answers say of each service now.

    said: service id -> (question id, level, top) of the questions with a level.
    """
    found = []
    reason = _FROM_SERVICES if source is Source.FIRST_SERVICES else _FROM_ANSWERS
    for one in services():
        rows = tuple(said.get(one.id, ()))
        if rows:
            levels = sorted((level_from(level, top) for _id, level, top in rows), key=RANKED.index)
            middle = levels[(len(levels) - 1) // 2]
            ids = tuple(question_id for question_id, _level, _top in rows)
            found.append(Proposal(one.id, Period.NOW, middle, source, reason, ids))
    return tuple(found)


# our own advice, not the framework's: what a country without a team can offer first
_STARTING_SET: tuple[tuple[str, Level, Level, str], ...] = (
    (
        "FIRST-6.1", Level.BASIC, Level.ESTABLISHED,
        N_("Without a place that takes reports there is nothing to handle: this comes first."),
    ),
    (
        "FIRST-6.2", Level.BASIC, Level.ESTABLISHED,
        N_("Reports must be sorted and understood before anybody is asked to act on them."),
    ),
    (
        "FIRST-6.5", Level.BASIC, Level.ESTABLISHED,
        N_("Bringing those concerned together is what only a national team can do."),
    ),
    (
        "FIRST-8.3", Level.BASIC, Level.ESTABLISHED,
        N_("Warnings that reach the right people are the first service that everybody notices."),
    ),
    (
        "FIRST-9.1", Level.BASIC, Level.BASIC,
        N_("People report to a team that they know; awareness work makes it known."),
    ),
    (
        "FIRST-8.1", Level.PLANNED, Level.BASIC,
        N_("Own incidents and the feeds of partners give the first picture of the country."),
    ),
    (
        "FIRST-6.6", Level.PLANNED, Level.BASIC,
        N_("A national incident becomes a crisis of others; agree on the team's part beforehand."),
    ),
    (
        "FIRST-7.2", Level.PLANNED, Level.BASIC,
        N_("Finders of weaknesses look for somebody to tell; receiving reports needs few hours."),
    ),
    (
        "FIRST-7.4", Level.PLANNED, Level.BASIC,
        N_("What finders report must reach the owners of the systems, also across borders."),
    ),
    (
        "FIRST-9.3", Level.PLANNED, Level.BASIC,
        N_("One exercise a year shows what the procedures are worth, at small cost."),
    ),
    (
        "FIRST-6.4", Level.PLANNED, Level.BASIC,
        N_("Advice on containment follows from the first incidents handled."),
    ),
)  # fmt: skip


def starting_set() -> tuple[Proposal, ...]:
    """Return what a new team can offer in its first year and its third, with the reasons."""
    return tuple(
        Proposal(service_id, when, level, Source.STARTING_SET, reason)
        for service_id, year_1, year_3, reason in _STARTING_SET
        for when, level in ((Period.YEAR_1, year_1), (Period.YEAR_3, year_3))
    )
