"""What has changed between rounds of one country: figures, questions, verdict. Pure.

Rounds may rest on different versions of an instrument. A question is compared by its id, and
only where it still means the same (cirt.assessments.instruments.comparison); figures are each
round's own, and beside them stands the figure over the questions that can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from cirt.assessments.instruments.comparison import compare_question
from cirt.assessments.instruments.model import Dimension, Instrument, Question
from cirt.assessments.instruments.profiles import Profile
from cirt.assessments.scoring import (
    AnswerValue,
    Figure,
    Results,
    Treatment,
    figure,
    score,
)
from cirt.assessments.verdict import Verdict, verdict
from cirt.errors import N_


class Movement(StrEnum):
    """What became of the answer to a question, from the first round compared to the last."""

    UP = "up"
    DOWN = "down"
    SAME = "same"
    NEW = "new"  # a level now, and none then
    LOST = "lost"  # a level then, and none now
    REWORDED = "reworded"  # the question or its levels mean something else now
    NONE = "none"  # no level in either


MOVEMENT_NAMES: Mapping[Movement, str] = MappingProxyType(
    {
        Movement.UP: N_("Higher"),
        Movement.DOWN: N_("Lower"),
        Movement.SAME: N_("Unchanged"),
        Movement.NEW: N_("New"),
        Movement.LOST: N_("No longer answered"),
        Movement.REWORDED: N_("Question changed, not compared"),
        Movement.NONE: N_("No level in either round"),
    }
)

SHARED_RULE = N_(
    "The figures of the rounds can differ because other questions were answered. The second line"
    " rests only on the questions that have a level in every round and still mean the same."
)


@dataclass(frozen=True)
class Round:
    """One round to be compared. profile: the one it is judged by, None for none."""

    key: str
    number: int
    instrument: Instrument
    answers: Mapping[str, AnswerValue]
    cirt_exists: bool | None
    profile: Profile | None = None


@dataclass(frozen=True)
class ComparedFigure:
    """One figure in every round; None where the version does not have it."""

    values: tuple[Figure | None, ...]

    @property
    def change(self) -> Fraction | None:
        """Return last minus first; None where one of them is missing."""
        first, last = self.values[0], self.values[-1]
        if first is None or last is None or first.value is None or last.value is None:
            return None
        return last.value - first.value


@dataclass(frozen=True)
class ComparedQuestion:
    """One question in every round.

    question: as the latest round that has it asks it. levels: None where there is none then;
    states: how it was treated, None where the version does not have it.
    """

    question: Question
    levels: tuple[int | None, ...]
    states: tuple[Treatment | None, ...]
    movement: Movement


@dataclass(frozen=True)
class Comparison:
    """Rounds in their order, the oldest first."""

    rounds: tuple[Round, ...]
    overall: ComparedFigure
    shared: ComparedFigure
    dimensions: tuple[tuple[Dimension, ComparedFigure], ...]
    questions: tuple[ComparedQuestion, ...]
    verdicts: tuple[Verdict | None, ...]

    @property
    def several_versions(self) -> bool:
        """Whether the rounds rest on more than one version of the instrument."""
        return len({each.instrument.version for each in self.rounds}) > 1

    def of(self, movement: Movement | str) -> tuple[ComparedQuestion, ...]:
        """Return the questions that moved so. movement: also its text, as templates have it."""
        return tuple(each for each in self.questions if each.movement == movement)


def compare_rounds(rounds: Sequence[Round]) -> Comparison:
    """Return what has changed over two or more rounds with one instrument, the oldest first.

    Raises ValueError for fewer rounds or several instruments.
    """
    if len(rounds) < 2 or len({each.instrument.id for each in rounds}) > 1:
        raise ValueError("compare two or more rounds with one instrument")
    scored = [
        score(
            each.instrument,
            {
                key: value
                for key, value in each.answers.items()
                if each.instrument.has_question(key)
            },
            cirt_exists=each.cirt_exists,
        )
        for each in rounds
    ]
    questions = _questions(rounds, scored)
    return Comparison(
        rounds=tuple(rounds),
        overall=ComparedFigure(tuple(each.overall for each in scored)),
        shared=_shared(scored, questions),
        dimensions=_dimensions(rounds, scored),
        questions=questions,
        verdicts=tuple(_verdict(each) for each in rounds),
    )


def _verdict(each: Round) -> Verdict | None:
    if each.profile is None:
        return None
    return verdict(each.instrument, each.profile, each.answers, cirt_exists=each.cirt_exists)


def _questions(rounds: Sequence[Round], scored: Sequence[Results]) -> tuple[ComparedQuestion, ...]:
    latest: dict[str, Question] = {}
    for each in reversed(rounds):  # the order of the newest version, what is gone at the end
        for question in each.instrument.questions:
            latest.setdefault(question.id, question)
    reworded = _reworded(rounds)
    found = []
    for question_id, question in latest.items():
        results = [each.questions.get(question_id) for each in scored]
        if all(one is None or one.treatment is Treatment.NOT_ASKED for one in results):
            continue
        levels = tuple(one.level if one else None for one in results)
        movement = _movement(levels[0], levels[-1])
        if question_id in reworded and movement is not Movement.NONE:
            movement = Movement.REWORDED
        states = tuple(one.treatment if one else None for one in results)
        found.append(ComparedQuestion(question, levels, states, movement))
    return tuple(found)


def _reworded(rounds: Sequence[Round]) -> frozenset[str]:
    """Return the questions that do not mean the same in every version that has them."""
    versions = {each.instrument.version: each.instrument for each in rounds}
    newest, *others = reversed(versions.values())
    return frozenset(
        question.id
        for other in others
        for question in other.questions
        if newest.has_question(question.id)
        and compare_question(question, newest.question(question.id)).touches_meaning
    )


def _movement(first: int | None, last: int | None) -> Movement:
    if first is None or last is None:
        if last is not None:
            return Movement.NEW
        return Movement.NONE if first is None else Movement.LOST
    if first == last:
        return Movement.SAME
    return Movement.UP if last > first else Movement.DOWN


def _shared(scored: Sequence[Results], questions: Sequence[ComparedQuestion]) -> ComparedFigure:
    both = (Movement.UP, Movement.DOWN, Movement.SAME)
    ids = [
        each.question.id for each in questions if each.movement in both and None not in each.levels
    ]
    return ComparedFigure(tuple(figure(one.questions[each] for each in ids) for one in scored))


def _dimensions(
    rounds: Sequence[Round], scored: Sequence[Results]
) -> tuple[tuple[Dimension, ComparedFigure], ...]:
    latest: dict[str, Dimension] = {}
    for each in reversed(rounds):
        for dimension in each.instrument.dimensions:
            latest.setdefault(dimension.id, dimension)
    found = []
    for dimension_id, dimension in latest.items():
        values = tuple(one.dimensions.get(dimension_id) for one in scored)
        if any(value is not None and _asks(value) for value in values):
            found.append((dimension, ComparedFigure(values)))
    return tuple(found)


def _asks(value: Figure) -> bool:
    return len(value.questions) > value.coverage.not_asked
