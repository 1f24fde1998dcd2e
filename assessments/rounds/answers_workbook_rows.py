"""What one row of a workbook of answers says, or its faults by cell."""

from collections.abc import Iterator

from cirt.assessments.answering import (
    AnswerContent,
    Confidence,
    answer_content,
    check_fits,
)
from cirt.assessments.instruments import Question
from cirt.assessments.models import MAX_COMMENT, MAX_REASON
from cirt.assessments.rounds.answers_workbook_columns import (
    CONFIDENCE_WORDS,
    ELSEWHERE,
    STATE_WORDS,
    YES_NO,
    Words,
)
from cirt.assessments.rounds.answers_workbook_reading import FileRow
from cirt.assessments.scoring import AnswerState
from cirt.assessments.wording import written
from cirt.errors import N_, InvalidInputError
from cirt.sheet_tables import Problem
from cirt.sheets import fits_a_cell

_FIELD_COLUMNS = {"choice": "answer"}  # where a field's fault stands, if not in its own column


def revision_of(file_row: FileRow) -> int | None:
    """Return which version of the answer a row shows; None where its cell is empty.

    Raises InvalidInputError for what is no number.
    """
    text = file_row.row.text("revision")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise InvalidInputError(
            N_("This is no revision. Copy the row anew from an export."), field="revision"
        )
    return int(text)


def content_of_row(
    file_row: FileRow, question: Question, base: AnswerContent | None, words: Words
) -> tuple[AnswerContent | None, tuple[Problem, ...]]:
    """Return what a row says, or None and what is wrong with it.

    base: what the answer said at the row's revision, None where that is not known.
    """
    reader = _RowReader(file_row, question, base, words)
    content = reader.content()
    return (None if reader.problems else content), tuple(reader.problems)


class _RowReader:
    def __init__(
        self, file_row: FileRow, question: Question, base: AnswerContent | None, words: Words
    ) -> None:
        self.file_row = file_row
        self.question = question
        self.base = base
        self.words = words
        self.problems = list(file_row.problems)

    def content(self) -> AnswerContent | None:
        choice, confidence = self._choice(), self._confidence()
        reason = self._text("reason", self.base.reason if self.base else "", MAX_REASON)
        comment = self._text("comment", self.base.comment if self.base else "", MAX_COMMENT)
        for_review, disputed = self._yes_no("for_review"), self._yes_no("disputed")
        functions = self._functions()
        if choice is None:
            return None
        try:
            content = answer_content(
                choice,
                reason=reason,
                comment=comment,
                confidence=confidence,
                for_review=for_review,
                disputed=disputed,
                functions=functions,
            )
            check_fits(self.question, content)
        except InvalidInputError as error:
            self._refuse_field(error, "answer")
            return None
        return content

    def _refuse(self, column: str, message: str, **params: object) -> None:
        problem = self.file_row.problem(column, message, **params)
        # a formula or a date left its cell empty, and has been named
        if not any(each.cell == problem.cell for each in self.file_row.problems):
            self.problems.append(problem)

    def _refuse_field(self, error: InvalidInputError, otherwise: str) -> None:
        column = _FIELD_COLUMNS.get(error.field or "", error.field or otherwise)
        self._refuse(column, error.message, **error.params)

    def _choice(self) -> str | None:
        text = self.file_row.row.text("answer")
        if not text:
            return AnswerState.NOT_ANSWERED.value
        if text.isdecimal() and len(text) == 1 and int(text) <= self.question.top:
            return str(int(text))  # Arabic digits too
        word = self.words.meant(text, STATE_WORDS)
        if word is not None:
            return STATE_WORDS[word]
        self._refuse(
            "answer",
            N_(
                "Choose one of the answers in the list of the cell: a level from 0 to %(top)s, not"
                " known, not applicable; or leave the cell empty."
            ),
            top=self.question.top,
        )
        return None

    def _confidence(self) -> str:
        text = self.file_row.row.text("confidence")
        word = self.words.meant(text, CONFIDENCE_WORDS) if text else None
        if text and word is None:
            self._refuse("confidence", N_("Choose one of the confidences listed."))
        return CONFIDENCE_WORDS[word].value if word else Confidence.NOT_SAID.value

    def _text(self, column: str, before: str, most: int) -> str:
        text = self.file_row.row.text(column)
        if self.words.meant(text, (ELSEWHERE,)) is not None:
            if before and not fits_a_cell(before):
                return before
            self._refuse(
                column,
                N_(
                    "This cell stands for a longer text that is not known here. Write the text, or"
                    " take the row from an export of this assessment."
                ),
            )
            return ""
        try:
            return written(text, most=most, field=column)
        except InvalidInputError as error:
            self._refuse_field(error, column)
            return ""

    def _yes_no(self, column: str) -> bool:
        text = self.file_row.row.text(column)
        word = self.words.meant(text, YES_NO) if text else None
        if text and word is None:
            self._refuse(
                column, N_("Choose yes or no from the list of the cell, or leave it empty.")
            )
        return YES_NO[word] if word else False

    def _functions(self) -> tuple[str, ...]:
        listed = {one.id for one in self.question.functions}
        found = []
        for function_id in self._function_ids():
            if function_id not in listed:
                self._refuse("functions", N_("%(id)s is unknown here."), id=function_id[:60])
            found.append(function_id)
        return tuple(found)

    def _function_ids(self) -> Iterator[str]:
        """Yield ids written one a line, with their names as they are listed, or with commas."""
        for line in self.file_row.row.lines("functions"):
            parts = [line.partition(":")[0]] if ":" in line else line.split(",")
            yield from (part.strip() for part in parts if part.strip())
