"""What a workbook of answers would change, before anything is stored. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.assessments.answering import UNTOUCHED, AnswerContent, content_of
from cirt.assessments.instruments import Question, load_instrument
from cirt.assessments.models import Answer, AnswerVersion, Assessment
from cirt.assessments.queries import asked
from cirt.assessments.rounds.answers_workbook_columns import Words
from cirt.assessments.rounds.answers_workbook_reading import AnswersFile, FileRow
from cirt.assessments.rounds.answers_workbook_rows import content_of_row, revision_of
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_, InvalidInputError
from cirt.sheet_tables import Problem, WorkbookError


class Outcome(StrEnum):
    """What a row of the file means for the assessment."""

    NEW = "new"  # nobody has touched the question
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"  # the file and somebody here changed the answer
    ERROR = "error"


@dataclass(frozen=True)
class PreviewRow:
    """One row. question, content: None where they cannot be told; then there are problems.

    answer: what stands here now. is_newer: unchanged in the file, and changed here since.
    """

    file_row: FileRow
    outcome: Outcome
    question: Question | None = None
    content: AnswerContent | None = None
    answer: Answer | None = None
    is_newer: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def revision(self) -> int:
        """The revision that the answer has here, 0 for none."""
        return self.answer.revision if self.answer else 0

    @property
    def empties(self) -> bool:
        """Whether an answer would become a question not answered."""
        return (
            self.content is not None
            and self.content.state is AnswerState.NOT_ANSWERED
            and content_of(self.answer).state is not AnswerState.NOT_ANSWERED
        )


@dataclass(frozen=True)
class Preview:
    """A file beside the record. absent: ids of questions asked that the file does not have.

    of_other_round: it was exported from another assessment of the same country.
    other_texts: the instrument's texts were others where it was exported.
    """

    file: AnswersFile
    rows: tuple[PreviewRow, ...]
    absent: tuple[str, ...]
    of_other_round: bool
    other_texts: bool

    def of(self, *outcomes: Outcome) -> list[PreviewRow]:
        """Return the rows with these outcomes, in the order of the file."""
        return [row for row in self.rows if row.outcome in outcomes]

    def count(self, outcome: Outcome) -> int:
        """Return how many rows have this outcome."""
        return len(self.of(outcome))


def check_whose(file: AnswersFile, assessment: Assessment) -> None:
    """Raise WorkbookError for answers of another country, instrument or version of it."""
    about = file.about
    problems = []
    if about["country_code"] != assessment.administration.code:
        problems.append(
            file.problem(
                "country_code",
                N_(
                    "The file holds answers of %(other)s, and this is an assessment of %(code)s."
                    " Import it into the assessment that it was exported from."
                ),
                other=about["country_code"][:40],
                code=assessment.administration.code,
            )
        )
    if (about["instrument"], about["version"]) != (
        assessment.instrument_id,
        assessment.instrument_version,
    ):
        wrong = "instrument" if about["instrument"] != assessment.instrument_id else "version"
        problems.append(
            file.problem(
                wrong,
                N_(
                    "The file holds answers to %(other)s, and this assessment asks %(own)s. Export"
                    " the answers of this assessment, and make your changes there."
                ),
                other=f"{about['instrument'][:100]} {about['version'][:20]}",
                own=f"{assessment.instrument_id} {assessment.instrument_version}",
            )
        )
    if problems:
        raise WorkbookError(problems)


def preview_of(
    session: Session, assessment: Assessment, file: AnswersFile, words: Words
) -> Preview:
    """Return what each row of a file would change now. Raises WorkbookError: see check_whose."""
    check_whose(file, assessment)
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    is_own = file.about["assessment"] == str(assessment.id)
    query = sa.select(Answer).where(Answer.assessment_id == assessment.id)
    rows = session.scalars(query.execution_options(populate_existing=True)).unique()
    comparison = _Comparison(
        session, assessment, words, {row.question_id: row for row in rows}, is_own=is_own
    )
    compared = tuple(
        comparison.row(
            row,
            instrument.question(row.question_id)
            if instrument.has_question(row.question_id)
            else None,
        )
        for row in file.rows
    )
    there = {row.question_id for row in file.rows}
    return Preview(
        file,
        compared,
        absent=tuple(
            one.id for one in asked(assessment, instrument.questions) if one.id not in there
        ),
        of_other_round=not is_own,
        other_texts=file.about.get("digest", "") != instrument.digest,
    )


class _Comparison:
    def __init__(
        self,
        session: Session,
        assessment: Assessment,
        words: Words,
        answers: Mapping[str, Answer],
        *,
        is_own: bool,
    ) -> None:
        self.session = session
        self.assessment = assessment
        self.words = words
        self.answers = answers
        self.is_own = is_own

    def row(self, file_row: FileRow, question: Question | None) -> PreviewRow:
        answer = self.answers.get(file_row.question_id)
        problems = list(file_row.problems)
        if question is None:
            if file_row.question_id:
                problems.append(
                    file_row.problem(
                        "id",
                        N_("There is no question %(id)s here. Correct the id, or remove the row."),
                        id=file_row.question_id[:40],
                    )
                )
            return PreviewRow(file_row, Outcome.ERROR, problems=tuple(problems))
        try:
            base = self._base(file_row, answer)
        except InvalidInputError as error:
            problem = file_row.problem("revision", error.message, **error.params)
            _content, others = content_of_row(file_row, question, None, self.words)
            return PreviewRow(
                file_row, Outcome.ERROR, question, None, answer, problems=(*others, problem)
            )
        content, faults = content_of_row(file_row, question, base, self.words)
        if content is None:
            return PreviewRow(file_row, Outcome.ERROR, question, None, answer, problems=faults)
        outcome, is_newer = _outcome(content, base, answer)
        return PreviewRow(file_row, outcome, question, content, answer, is_newer)

    def _base(self, file_row: FileRow, answer: Answer | None) -> AnswerContent | None:
        """Return what the answer said when the row was exported; None where that is not known."""
        revision = revision_of(file_row)
        if revision is None or not self.is_own:
            return None
        if revision == (answer.revision if answer else 0):
            return content_of(answer)
        if revision == 0:
            return UNTOUCHED
        key = (self.assessment.id, file_row.question_id, revision)
        version = self.session.get(AnswerVersion, key)
        if version is None:
            raise InvalidInputError(
                N_(
                    "This answer has no revision %(number)s here. Copy the row anew from an export."
                ),
                field="revision",
                number=revision,
            )
        return content_of(version)


def _outcome(
    content: AnswerContent, base: AnswerContent | None, answer: Answer | None
) -> tuple[Outcome, bool]:
    """Return what a row means, and whether it only lags behind what stands here."""
    present = content_of(answer)
    if content.after(present) == present:
        return Outcome.UNCHANGED, False
    if answer is None:
        return Outcome.NEW, False
    if base is None:
        return Outcome.CONFLICT, False
    if base == present:
        return Outcome.CHANGED, False
    if content.after(base) == base:
        return Outcome.UNCHANGED, True
    return Outcome.CONFLICT, False
