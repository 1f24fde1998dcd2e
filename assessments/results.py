"""Results as pages and reports show them: each figure with its coverage, confidence and rule."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from cirt.assessments.instruments.model import Dimension, Function, Instrument, Question
from cirt.assessments.scoring import AnswerValue, Figure, QuestionResult, Treatment, score
from cirt.assessments.strength import Strength
from cirt.chart_geometry import Axis, Radar
from cirt.errors import N_


class Confidence(StrEnum):
    """How far a figure can be relied on; never folded into the figure itself."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


CONFIDENCE_NAMES: Mapping[Confidence, str] = MappingProxyType(
    {
        Confidence.NONE: N_("No figure yet"),
        Confidence.LOW: N_("Low confidence"),
        Confidence.MEDIUM: N_("Medium confidence"),
        Confidence.HIGH: N_("High confidence"),
    }
)

CONFIDENCE_RULE = N_(
    "Confidence is low while fewer than half of the questions have a level, high when at least"
    " four in five have one and at least half of those rest on evidence, and medium otherwise."
)

TARGET_RULE = N_(
    "The dashed line is the profile, drawn small: for each dimension the mean of its minimums,"
    " weighted by question. The verdict rests on every single minimum and not on this line."
)

MEAN_RULE = N_(
    "A figure is the mean of the levels given, weighted by question. What is not answered, not"
    " known or not applicable takes no part in it and is counted beside it."
)

WORDS_RULE = N_(
    "The figures describe what could be shown during the assessment. They are no audit, no"
    " certificate and no comparison between countries."
)


@dataclass(frozen=True)
class ShownQuestion:
    """One question behind a figure.

    evidence: how many pieces there are, and how strong they are together. stated: the confidence
    of those who answered, "" for not said. functions: those offered.
    """

    question: Question
    result: QuestionResult
    evidence: int
    strength: Strength = Strength.NONE
    stated: str = ""
    functions: tuple[Function, ...] = ()


@dataclass(frozen=True)
class ShownFigure:
    """One figure as it is shown. value: one decimal as text, None where nothing is answered.

    formula: the weighted mean written out, "" without a value.
    """

    figure: Figure
    value: str | None
    confidence: Confidence
    formula: str
    questions: tuple[ShownQuestion, ...]

    @property
    def done(self) -> int:
        """Questions with a level."""
        return self.figure.coverage.answered

    @property
    def total(self) -> int:
        """Questions that ask for a level."""
        return self.figure.coverage.applicable


@dataclass(frozen=True)
class ShownResults:
    """The whole and each dimension in which a question is asked, in the instrument's order.

    top: the highest level of the instrument.
    """

    overall: ShownFigure
    dimensions: tuple[tuple[Dimension, ShownFigure], ...]
    top: int = 4


@dataclass(frozen=True)
class Beside:
    """What is shown beside the level of an answer; see ShownQuestion."""

    strength: Strength = Strength.NONE
    stated: str = ""
    functions: tuple[Function, ...] = ()


def confidence(figure: Figure, with_evidence: int) -> Confidence:
    """Return how far a figure can be relied on, by CONFIDENCE_RULE.

    with_evidence: how many of the questions with a level have evidence.
    """
    share = figure.coverage.share
    if figure.value is None or share is None:
        return Confidence.NONE
    if share < Fraction(1, 2):
        return Confidence.LOW
    if share >= Fraction(4, 5) and 2 * with_evidence >= figure.coverage.answered:
        return Confidence.HIGH
    return Confidence.MEDIUM


def shown_results(
    instrument: Instrument,
    answers: Mapping[str, AnswerValue],
    *,
    cirt_exists: bool | None,
    evidence: Mapping[str, Collection[object]],
    beside: Mapping[str, Beside] = MappingProxyType({}),
) -> ShownResults:
    """Return every figure of these answers.

    evidence: question id -> its pieces. beside: question id -> what stands beside its level.
    """
    results = score(instrument, answers, cirt_exists=cirt_exists)

    def shown(figure: Figure) -> ShownFigure:
        lines = tuple(
            _shown_question(
                instrument.question(one.question_id),
                one,
                len(evidence.get(one.question_id, ())),
                beside.get(one.question_id, Beside()),
            )
            for one in figure.questions
            if one.treatment is not Treatment.NOT_ASKED
        )
        supported = sum(
            1 for line in lines if line.evidence and line.result.treatment is Treatment.COUNTED
        )
        return ShownFigure(
            figure=figure,
            value=None if figure.rounded is None else str(figure.rounded),
            confidence=confidence(figure, supported),
            formula=_formula(figure),
            questions=lines,
        )

    dimensions = (
        (dimension, shown(results.dimensions[dimension.id])) for dimension in instrument.dimensions
    )
    return ShownResults(
        overall=shown(results.overall),
        dimensions=tuple(pair for pair in dimensions if pair[1].questions),
        top=instrument.top,
    )


def _shown_question(
    question: Question, result: QuestionResult, evidence: int, beside: Beside
) -> ShownQuestion:
    return ShownQuestion(
        question, result, evidence, beside.strength, beside.stated, beside.functions
    )


def _formula(figure: Figure) -> str:
    rule = figure.explanation
    if not rule.weight_sum:
        return ""
    terms = " + ".join(f"{term.weight}×{term.level}" for term in rule.terms)
    return f"({terms}) ÷ {rule.weight_sum} = {figure.rounded}"


def radar(
    results: ShownResults,
    language: str,
    *,
    value_label: str = "",
    targets: Mapping[str, Fraction] = MappingProxyType({}),
    target_label: str = "",
) -> Radar:
    """Return the dimensions as a radar, their names in this language.

    targets: dimension id -> where the dashed line runs.
    """
    return Radar(
        tuple(
            Axis(
                code=dimension.id,
                label=dimension.title.in_language(language).text,
                value=None if figure.figure.value is None else float(figure.figure.value),
                target=float(targets[dimension.id]) if dimension.id in targets else None,
                shown=figure.value or "–",
            )
            for dimension, figure in results.dimensions
        ),
        value_label=value_label,
        target_label=target_label,
        maximum=float(results.top),
    )
