"""What a report says of figures, answers, verdict and change: plain values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FigureContent:
    """A figure. value: one decimal as text, None where nothing is answered.

    confidence: code of cirt.assessments.results.Confidence. The counts are of questions.
    """

    value: str | None
    confidence: str
    answered: int
    not_answered: int
    not_known: int
    not_applicable: int

    @property
    def total(self) -> int:
        """Questions that ask for a level."""
        return self.answered + self.not_answered + self.not_known


@dataclass(frozen=True)
class EvidenceContent:
    """One piece of evidence. seen_on: ISO date. file_name, marking: "" where no file is attached."""

    kind: str
    reference: str
    seen_on: str = ""
    file_name: str = ""
    marking: str = ""


@dataclass(frozen=True)
class QuestionContent:
    """One question and its answer.

    level, its name and its text: only with state "level". strength: of the evidence together.
    stated: the confidence of those who answered, "" for not said. functions: those offered.
    minimum: of the profile, None for none.
    """

    code: str
    dimension: str
    text: str
    state: str
    level: int | None = None
    level_name: str = ""
    level_text: str = ""
    reason: str = ""
    comment: str = ""
    weight: int = 1
    strength: str = "none"
    stated: str = ""
    for_review: bool = False
    disputed: bool = False
    carried: bool = False
    functions: tuple[str, ...] = ()
    minimum: int | None = None
    evidence: tuple[EvidenceContent, ...] = ()


@dataclass(frozen=True)
class DimensionContent:
    """One dimension with its figure. target: where the profile stands on average, None for none."""

    code: str
    title: str
    description: str
    figure: FigureContent
    target: str | None
    questions: tuple[QuestionContent, ...]


@dataclass(frozen=True)
class CellContent:
    """A cell of the heat table. value: None without one; shade: 0 to 4, None without a value."""

    value: str | None
    shade: int | None
    asked: int


@dataclass(frozen=True)
class HeatContent:
    """Dimensions down, pillars across. rows: (code, title, cells, the dimension's own figure)."""

    pillars: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[CellContent, ...], CellContent], ...]
    totals: tuple[CellContent, ...]
    whole: CellContent


@dataclass(frozen=True)
class VerdictLine:
    """One minimum. minimum: None where it is not known. standing: code of verdict.Standing.

    holds_open: "met" cannot be said before this changes. reason: why this minimum, "" for none.
    """

    question: str
    minimum: int | None
    level: int | None
    standing: str
    holds_open: bool
    reason: str = ""


@dataclass(frozen=True)
class VerdictContent:
    """What can be concluded against a profile. outcome: code of verdict.Outcome."""

    profile_id: str
    profile: str
    owner: str
    citation: str
    verified: bool
    outcome: str
    coverage: FigureContent
    lines: tuple[VerdictLine, ...]

    def count(self, standing: str) -> int:
        """Return how many minimums stand so."""
        return sum(1 for line in self.lines if line.standing == standing)


@dataclass(frozen=True)
class ComparedContent:
    """A figure then and now; None where there is none. change: with its sign, "" for none."""

    code: str
    title: str
    before: str | None
    after: str | None
    change: str


@dataclass(frozen=True)
class MovedContent:
    """A question whose level went up or down."""

    question: str
    text: str
    before: int
    after: int


@dataclass(frozen=True)
class ComparisonContent:
    """The round before beside this one. outcomes: codes of the verdicts, "" for none.

    shared: over the questions that have a level in both and still mean the same.
    """

    before: int
    after: int
    overall: ComparedContent
    shared: ComparedContent
    dimensions: tuple[ComparedContent, ...]
    outcome_before: str
    outcome_after: str
    higher: tuple[MovedContent, ...]
    lower: tuple[MovedContent, ...]
    counts: dict[str, int]


@dataclass(frozen=True)
class ParameterContent:
    """A SIM3 parameter. level, minimum: of a SIM3 assessment, None without one.

    questions: codes of the questions of this assessment that touch the same matter.
    """

    code: str
    name: str
    level: int | None
    minimum: int | None
    state: str
    questions: tuple[str, ...]
