"""Figures, answers, verdict and change of an assessment, as a report says them."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from cirt.assessments.heat import Cell
from cirt.assessments.instruments import Dimension, Question
from cirt.assessments.instruments.references import reference_models
from cirt.assessments.models import Answer, Evidence
from cirt.assessments.report.model_results import (
    CellContent,
    ComparedContent,
    ComparisonContent,
    DimensionContent,
    EvidenceContent,
    FigureContent,
    HeatContent,
    MovedContent,
    ParameterContent,
    QuestionContent,
    VerdictContent,
    VerdictLine,
)
from cirt.assessments.results import Confidence, ShownFigure, ShownQuestion
from cirt.assessments.results_reading import Reading
from cirt.assessments.rounds.comparison import (
    ComparedFigure,
    ComparedQuestion,
    Comparison,
    Movement,
)
from cirt.assessments.scoring import AnswerState, Coverage, Figure, rounded
from cirt.stix.marking import TLP

LISTED_MOVES = 40


def figure_content(shown: ShownFigure) -> FigureContent:
    """Return a figure with its coverage and confidence."""
    return _figure(shown.value, shown.confidence, shown.figure.coverage)


def _figure(value: str | None, confidence: Confidence, coverage: Coverage) -> FigureContent:
    return FigureContent(
        value=value,
        confidence=confidence.value,
        answered=coverage.answered,
        not_answered=coverage.not_answered,
        not_known=coverage.not_known,
        not_applicable=coverage.not_applicable,
    )


def dimensions_content(reading: Reading, language: str) -> tuple[DimensionContent, ...]:
    """Return every dimension in which a question is asked, with its questions and answers."""
    minimums = {} if reading.profile is None else reading.profile.targets
    return tuple(
        _dimension(reading, dimension, shown, minimums, language)
        for dimension, shown in reading.results.dimensions
    )


def _dimension(
    reading: Reading,
    dimension: Dimension,
    shown: ShownFigure,
    minimums: Mapping[str, int],
    language: str,
) -> DimensionContent:
    target = reading.targets.get(dimension.id)
    return DimensionContent(
        code=dimension.id,
        title=dimension.title.in_language(language).text,
        description=dimension.description.in_language(language).text,
        figure=figure_content(shown),
        target=None if target is None else str(rounded(target)),
        questions=tuple(
            _question(
                reading,
                line,
                reading.answers.get(line.question.id),
                reading.evidence.get(line.question.id, ()),
                minimums.get(line.question.id),
                language,
            )
            for line in shown.questions
        ),
    )


def _question(
    reading: Reading,
    line: ShownQuestion,
    answer: Answer | None,
    evidence: Sequence[Evidence],
    minimum: int | None,
    language: str,
) -> QuestionContent:
    question = line.question
    state = AnswerState(answer.state) if answer else AnswerState.NOT_ANSWERED
    level = answer.level if answer else None
    return QuestionContent(
        code=question.id,
        dimension=question.dimension_id,
        text=question.text.in_language(language).text,
        state=state.value,
        level=level,
        level_name="" if level is None else _level_name(reading, level, language),
        level_text="" if level is None else question.levels[level].in_language(language).text,
        reason=answer.reason if answer and state is AnswerState.NOT_APPLICABLE else "",
        comment=answer.comment if answer else "",
        weight=question.weight,
        strength=line.strength.value,
        stated=line.stated,
        for_review=bool(answer and answer.for_review),
        disputed=bool(answer and answer.disputed),
        carried=bool(answer and answer.carried_from),
        functions=tuple(each.name.in_language(language).text for each in line.functions),
        minimum=minimum,
        evidence=tuple(map(evidence_content, evidence)),
    )


def _level_name(reading: Reading, level: int, language: str) -> str:
    scale = reading.instrument.scale
    return scale[level].in_language(language).text if level < len(scale) else ""


def evidence_content(row: Evidence) -> EvidenceContent:
    """Return a piece of evidence; of a file its name and its marking, never what is in it."""
    return EvidenceContent(
        kind=row.kind,
        reference=row.reference,
        seen_on=row.seen_on,
        file_name=row.file.name if row.file else "",
        marking=TLP(row.file.tlp).label if row.file else "",
    )


def heat_content(reading: Reading, language: str) -> HeatContent | None:
    """Return the heat table; None for an instrument without pillars."""
    heat = reading.heat
    if not heat.pillars:
        return None
    return HeatContent(
        pillars=tuple(each.title.in_language(language).text for each in heat.pillars),
        rows=tuple(
            (
                row.dimension.id,
                row.dimension.title.in_language(language).text,
                tuple(map(_cell, row.cells)),
                _cell(row.whole),
            )
            for row in heat.rows
        ),
        totals=tuple(map(_cell, heat.totals)),
        whole=_cell(heat.whole),
    )


def _cell(cell: Cell) -> CellContent:
    return CellContent(cell.value, cell.shade, cell.asked)


def verdict_content(reading: Reading, language: str) -> VerdictContent | None:
    """Return the verdict with every minimum; None without a profile that can be used."""
    found, profile = reading.verdict, reading.profile
    if found is None or profile is None:
        return None
    reasons = {
        each.question_id: each.reason.in_language(language).text
        for each in profile.minimums
        if each.reason is not None
    }
    return VerdictContent(
        profile_id=profile.id,
        profile=profile.name.in_language(language).text,
        owner=profile.owner,
        citation=profile.citation,
        verified=profile.verified,
        outcome=found.outcome.value,
        coverage=_figure(None, found.confidence, found.coverage),
        lines=tuple(
            VerdictLine(
                question=line.question_id,
                minimum=line.minimum,
                level=line.level,
                standing=line.standing.value,
                holds_open=line.holds_open,
                reason=reasons.get(line.question_id, ""),
            )
            for line in found.lines
        ),
    )


def comparison_content(comparison: Comparison, language: str) -> ComparisonContent:
    """Return what changed from the first of these rounds to the last."""
    first, last = comparison.verdicts[0], comparison.verdicts[-1]
    return ComparisonContent(
        before=comparison.rounds[0].number,
        after=comparison.rounds[-1].number,
        overall=_compared("", "", comparison.overall),
        shared=_compared("", "", comparison.shared),
        dimensions=tuple(
            _compared(dimension.id, dimension.title.in_language(language).text, compared)
            for dimension, compared in comparison.dimensions
        ),
        outcome_before=first.outcome.value if first else "",
        outcome_after=last.outcome.value if last else "",
        higher=_moved(comparison.of(Movement.UP), language),
        lower=_moved(comparison.of(Movement.DOWN), language),
        counts={each.value: len(comparison.of(each)) for each in Movement},
    )


def _compared(code: str, title: str, compared: ComparedFigure) -> ComparedContent:
    return ComparedContent(
        code=code,
        title=title,
        before=_value(compared.values[0]),
        after=_value(compared.values[-1]),
        change=_signed(compared.change),
    )


def _value(figure: Figure | None) -> str | None:
    return None if figure is None or figure.rounded is None else str(figure.rounded)


def _signed(change: Fraction | None) -> str:
    if change is None:
        return ""
    amount = rounded(abs(change))
    if not amount:
        return "0.0"
    return f"+{amount}" if change > 0 else f"\u2212{amount}"


def _moved(questions: Sequence[ComparedQuestion], language: str) -> tuple[MovedContent, ...]:
    found = []
    for each in questions[:LISTED_MOVES]:
        before, after = each.levels[0], each.levels[-1]
        if before is not None and after is not None:
            text = each.question.text.in_language(language).text
            found.append(MovedContent(each.question.id, text, before, after))
    return tuple(found)


def parameters_content(
    asked: Sequence[Question], sim3: Reading | None
) -> tuple[ParameterContent, ...]:
    """Return the SIM3 parameters with the questions that touch each, and the levels of a SIM3 round.

    sim3: an assessment with the SIM3 instrument; None where there is none. A parameter that
    neither has anything to say about is left out.
    """
    found = []
    for code, name in reference_models()["sim3"].items.items():
        questions = tuple(each.id for each in asked if code in each.crosswalk.sim3)
        level, minimum, state = _parameter(sim3, code)
        if questions or state:
            found.append(ParameterContent(code, name, level, minimum, state, questions))
    return tuple(found)


def _parameter(sim3: Reading | None, code: str) -> tuple[int | None, int | None, str]:
    if sim3 is None:
        return None, None, ""
    for question in sim3.instrument.questions:
        if code in question.crosswalk.sim3:
            answer = sim3.answers.get(question.id)
            minimum = sim3.profile.targets.get(question.id) if sim3.profile else None
            state = answer.state if answer else AnswerState.NOT_ANSWERED.value
            return (answer.level if answer else None), minimum, str(state)
    return None, None, ""
