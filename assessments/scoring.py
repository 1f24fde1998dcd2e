"""From answers to figures: weighted means on the scale 0 to 4, each with its explanation.

The rule, for a dimension, a pillar and the whole alike: the mean of the levels given, weighted by
question; a question that does not apply, is not asked at this stage, has no answer or whose
answer is not known takes no part in the mean. What is left out is counted beside the figure, so
that a high mean of few answers shows as such. "Not known" is never a 0.

Figures are exact fractions; `rounded` gives one decimal, half up (2.25 is 2.3).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from cirt.assessments.instruments.model import LEVELS, Instrument, Question
from cirt.errors import N_, InvalidInputError


class AnswerState(StrEnum):
    """The kinds of answer; "not answered", "not known" and "not applicable" are three things."""

    LEVEL = "level"
    NOT_ANSWERED = "not-answered"
    NOT_KNOWN = "not-known"
    NOT_APPLICABLE = "not-applicable"


class Treatment(StrEnum):
    """What became of a question in the figures; TREATMENTS has the sentence for each."""

    COUNTED = "counted"
    NOT_ANSWERED = "not-answered"
    NOT_KNOWN = "not-known"
    NOT_APPLICABLE = "not-applicable"
    NOT_ASKED = "not-asked"


TREATMENTS: Mapping[Treatment, str] = {
    Treatment.COUNTED: N_("The level counts, with the weight of the question."),
    Treatment.NOT_ANSWERED: N_("Nobody has answered yet; the question takes no part in the mean."),
    Treatment.NOT_KNOWN: N_(
        "The answer is not known; the question takes no part in the mean and stays uncovered."
    ),
    Treatment.NOT_APPLICABLE: N_(
        "The question does not apply, for the reason given; it is left out altogether."
    ),
    Treatment.NOT_ASKED: N_("The question is not asked at this stage; it is left out altogether."),
}


@dataclass(frozen=True, slots=True)
class AnswerValue:
    """The answer to one question.

    level: 0 to 4 with state LEVEL, None with any other. reason: why a question does not apply
    (required then). Raises InvalidInputError where these do not fit together.
    """

    state: AnswerState
    level: int | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.state is AnswerState.LEVEL:
            if isinstance(self.level, bool) or self.level not in LEVELS:
                raise InvalidInputError(N_("Choose one of the levels listed."), field="level")
        elif self.level is not None:
            raise InvalidInputError(
                N_("Give a level, or say that there is none, but not both."), field="level"
            )
        if self.state is AnswerState.NOT_APPLICABLE and not self.reason.strip():
            raise InvalidInputError(N_("Say why the question does not apply here."), field="reason")


NOT_ANSWERED = AnswerValue(AnswerState.NOT_ANSWERED)


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What one question adds. level: None unless its treatment is COUNTED."""

    question_id: str
    treatment: Treatment
    level: int | None
    weight: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many questions stand behind a figure."""

    answered: int = 0
    not_answered: int = 0
    not_known: int = 0
    not_applicable: int = 0
    not_asked: int = 0

    @property
    def applicable(self) -> int:
        """Questions that ask for an answer: those asked, without those that do not apply."""
        return self.answered + self.not_answered + self.not_known

    @property
    def share(self) -> Fraction | None:
        """Answered questions among the applicable ones, 0 to 1; None where none applies."""
        return Fraction(self.answered, self.applicable) if self.applicable else None

    @property
    def complete(self) -> bool:
        """Whether no question waits for an answer; "not known" is an answer here."""
        return self.not_answered == 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what it was made from.

    value: weighted mean, 0 to 4, exact; None where nothing is answered. questions: every question
    in its scope with its treatment; those COUNTED are the terms of the mean.
    """

    value: Fraction | None
    coverage: Coverage
    questions: tuple[QuestionResult, ...]

    @property
    def rounded(self) -> Decimal | None:
        """The value with one decimal, half up; None where nothing is answered."""
        return None if self.value is None else rounded(self.value)

    @property
    def explanation(self) -> "Explanation":
        """How the value comes about."""
        counted = tuple(q for q in self.questions if q.treatment is Treatment.COUNTED)
        return Explanation(
            terms=counted,
            left_out=tuple(q for q in self.questions if q.treatment is not Treatment.COUNTED),
            weighted_sum=sum(q.weight * (q.level or 0) for q in counted),
            weight_sum=sum(q.weight for q in counted),
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """The terms of a weighted mean and what was left out of it.

    The value is weighted_sum / weight_sum; there is none where weight_sum is 0.
    """

    terms: tuple[QuestionResult, ...]
    left_out: tuple[QuestionResult, ...]
    weighted_sum: int
    weight_sum: int


@dataclass(frozen=True, slots=True)
class Results:
    """Every figure of one set of answers.

    dimensions, pillars: by id, in the order of the instrument.
    """

    instrument_id: str
    version: str
    overall: Figure
    dimensions: Mapping[str, Figure]
    pillars: Mapping[str, Figure]
    questions: Mapping[str, QuestionResult]


def score(
    instrument: Instrument,
    answers: Mapping[str, AnswerValue],
    *,
    cirt_exists: bool | None = None,
    weights: Mapping[str, int] | None = None,
) -> Results:
    """Return every figure for these answers.

    answers: question id -> answer; an absent question is not answered. cirt_exists: leaves out
    the questions of the other stage; None asks them all. weights: other weights for some
    questions, 1 to 100, to compare with the instrument's own.
    Raises InvalidInputError for an id that the instrument does not have, or a wrong weight.
    """
    weights = weights or {}
    for question_id in (*answers, *weights):
        if not instrument.has_question(question_id):
            raise InvalidInputError(N_("The instrument has no question %(id)s."), id=question_id)
    for question_id, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int) or not 1 <= weight <= 100:
            raise InvalidInputError(
                N_("The weight of %(id)s must be a whole number from 1 to 100."), id=question_id
            )
    questions = {
        question.id: question_result(
            question,
            answers.get(question.id, NOT_ANSWERED),
            cirt_exists,
            weight=weights.get(question.id),
        )
        for question in instrument.questions
    }
    dimensions = {
        dimension.id: figure(questions[question.id] for question in dimension.questions)
        for dimension in instrument.dimensions
    }
    pillars = {
        pillar.id: figure(
            questions[question.id]
            for question in instrument.questions
            if question.pillar_id == pillar.id
        )
        for pillar in instrument.pillars
    }
    return Results(
        instrument_id=instrument.id,
        version=instrument.version,
        overall=figure(questions.values()),
        dimensions=dimensions,
        pillars=pillars,
        questions=questions,
    )


def figure(questions: Iterable[QuestionResult]) -> Figure:
    """Return the weighted mean of these question results, with its coverage."""
    scope = tuple(questions)
    counted = [q for q in scope if q.treatment is Treatment.COUNTED]
    weight_sum = sum(q.weight for q in counted)
    weighted_sum = sum(q.weight * (q.level or 0) for q in counted)
    count = {
        treatment: sum(1 for q in scope if q.treatment is treatment) for treatment in Treatment
    }
    return Figure(
        value=Fraction(weighted_sum, weight_sum) if weight_sum else None,
        coverage=Coverage(
            answered=count[Treatment.COUNTED],
            not_answered=count[Treatment.NOT_ANSWERED],
            not_known=count[Treatment.NOT_KNOWN],
            not_applicable=count[Treatment.NOT_APPLICABLE],
            not_asked=count[Treatment.NOT_ASKED],
        ),
        questions=scope,
    )


def rounded(value: Fraction) -> Decimal:
    """Return a value of 0 and more with one decimal, half up: 2.25 gives 2.3."""
    tenths = (value * 20 + 1) // 2
    return Decimal(int(tenths)).scaleb(-1)


def question_result(
    question: Question,
    answer: AnswerValue,
    cirt_exists: bool | None,
    *,
    weight: int | None = None,
) -> QuestionResult:
    """Return what one answer adds. weight: another one than the question's own."""
    weight = question.weight if weight is None else weight
    if not question.applies.asked(cirt_exists):
        return QuestionResult(question.id, Treatment.NOT_ASKED, None, weight)
    if answer.state is AnswerState.LEVEL:
        return QuestionResult(question.id, Treatment.COUNTED, answer.level, weight, answer.reason)
    return QuestionResult(question.id, Treatment(answer.state.value), None, weight, answer.reason)
