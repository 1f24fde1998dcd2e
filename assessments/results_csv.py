"""What stands on the pages of results and answers, as CSV for people with a spreadsheet.

The same record gives the same bytes.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from cirt.assessments.csv_text import Cell, csv_bytes
from cirt.assessments.instruments import Question
from cirt.assessments.models import Answer
from cirt.assessments.results import CONFIDENCE_NAMES
from cirt.assessments.results_reading import Reading
from cirt.assessments.scoring import AnswerState, rounded
from cirt.assessments.strength import STRENGTH_NAMES
from cirt.assessments.verdict import OUTCOME_NAMES, STANDING_NAMES, Line
from cirt.errors import N_

Translate = Callable[[str], str]

RESULTS_HEADERS = (
    N_("Part"), N_("Code"), N_("Title"), N_("Figure"), N_("Highest level"), N_("Target"),
    N_("Questions with a level"), N_("Not answered"), N_("Not known"), N_("Not applicable"),
    N_("Confidence"), N_("Marking"),
)  # fmt: skip

ANSWERS_HEADERS = (
    N_("Dimension"), N_("Code"), N_("Question"), N_("Answer"), N_("Level"), N_("Highest level"),
    N_("What the level says"), N_("Why it does not apply"), N_("Weight"), N_("Confidence"),
    N_("Pieces of evidence"), N_("Strength of the evidence"), N_("Functions offered"),
    N_("Minimum"), N_("Against the profile"), N_("Marked for review"), N_("Disputed"),
    N_("Carried over"), N_("Comment"), N_("Last changed"), N_("Marking"),
)  # fmt: skip

STATE_NAMES: Mapping[AnswerState, str] = {
    AnswerState.LEVEL: N_("Level"),
    AnswerState.NOT_ANSWERED: N_("Not answered"),
    AnswerState.NOT_KNOWN: N_("Not known"),
    AnswerState.NOT_APPLICABLE: N_("Not applicable"),
}
STATED_NAMES: Mapping[str, str] = {
    "": N_("Not said"),
    "low": N_("Low"),
    "medium": N_("Medium"),
    "high": N_("High"),
}


def results_csv(reading: Reading, language: str, say: Translate, *, marking: str) -> bytes:
    """Return verdict and figures as CSV, with the headers in this language."""
    return csv_bytes(
        [say(header) for header in RESULTS_HEADERS],
        [(*row, marking) for row in _result_rows(reading, language, say)],
    )


def answers_csv(reading: Reading, language: str, say: Translate, *, marking: str) -> bytes:
    """Return every question asked with its answer as CSV, with the headers in this language."""
    return csv_bytes(
        [say(header) for header in ANSWERS_HEADERS],
        [(*row, marking) for row in _answer_rows(reading, language, say)],
    )


def _result_rows(reading: Reading, language: str, say: Translate) -> Iterator[tuple[Cell, ...]]:
    results = reading.results
    found, profile = reading.verdict, reading.profile
    if found is not None and profile is not None:
        name = profile.name.in_language(language).text
        covered = found.coverage
        yield (
            say(N_("Verdict")), profile.id, f"{name}: {say(OUTCOME_NAMES[found.outcome])}", None,
            results.top, None, covered.answered, covered.not_answered, covered.not_known,
            covered.not_applicable, say(CONFIDENCE_NAMES[found.confidence]),
        )  # fmt: skip
    rows = [(N_("Overall"), "", "", results.overall)]
    for dimension, shown in results.dimensions:
        title = dimension.title.in_language(language).text
        rows.append((N_("Dimension"), dimension.id, title, shown))
    for part, code, title, shown in rows:
        covered = shown.figure.coverage
        target = reading.targets.get(code)
        yield (
            say(part), code, title, shown.figure.rounded, results.top,
            None if target is None else rounded(target), covered.answered, covered.not_answered,
            covered.not_known, covered.not_applicable, say(CONFIDENCE_NAMES[shown.confidence]),
        )  # fmt: skip
    for pillar, cell in zip(reading.heat.pillars, reading.heat.totals, strict=True):
        value = None if cell.value is None else Decimal(cell.value)
        title = pillar.title.in_language(language).text
        yield (
            say(N_("Pillar")), pillar.id, title, value, results.top, None, None, None, None, None,
            None,
        )  # fmt: skip


def _answer_rows(reading: Reading, language: str, say: Translate) -> Iterator[tuple[Cell, ...]]:
    lines = lines_by_question(reading)
    for shown in reading.results.overall.questions:
        question = shown.question
        row = reading.answers.get(question.id)
        line = lines.get(question.id)
        level = row.level if row else None
        yield (
            question.dimension_id,
            question.id,
            question.text.in_language(language).text,
            say(STATE_NAMES[state_of(row)]),
            level,
            question.top,
            level_text(question, level, language),
            reason_of(row),
            question.weight,
            say(STATED_NAMES[shown.stated]),
            shown.evidence,
            say(STRENGTH_NAMES[shown.strength]),
            "; ".join(each.name.in_language(language).text for each in shown.functions),
            line.minimum if line else None,
            say(STANDING_NAMES[line.standing]) if line else "",
            say(N_("Yes") if row and row.for_review else N_("No")),
            say(N_("Yes") if row and row.disputed else N_("No")),
            say(N_("Yes") if row and row.carried_from else N_("No")),
            row.comment if row else "",
            row.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ") if row else "",
        )


def lines_by_question(reading: Reading) -> dict[str, Line]:
    """Return the lines of the verdict by question id; none without a verdict."""
    return {line.question_id: line for line in reading.verdict.lines} if reading.verdict else {}


def state_of(row: Answer | None) -> AnswerState:
    """Return the state of an answer that may be absent."""
    return AnswerState(row.state) if row else AnswerState.NOT_ANSWERED


def reason_of(row: Answer | None) -> str:
    """Return why a question does not apply; "" where it does."""
    return row.reason if row and row.state == AnswerState.NOT_APPLICABLE else ""


def level_text(question: Question, level: int | None, language: str) -> str:
    """Return what a level of a question says; "" without a level."""
    return "" if level is None else question.levels[level].in_language(language).text
