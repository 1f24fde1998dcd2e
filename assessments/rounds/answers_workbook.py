"""The answers of an assessment as a workbook that can be filled in and read back.

One row a question asked. The column Revision says which version of an answer a row shows, so that
reading the workbook back sees what somebody else changed meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cirt.assessments.answering import AnswerContent
from cirt.assessments.instruments import Instrument, Question
from cirt.assessments.rounds.answers_workbook_columns import (
    ABOUT,
    ANSWERS,
    CONFIDENCE_WORDS,
    ELSEWHERE,
    LISTED_STATES,
    LONG_TEXT_COLUMNS,
    LONG_TEXTS,
    NO,
    READ_ME,
    STATE_WORDS,
    YES,
    Column,
    Words,
    columns_for,
)
from cirt.assessments.scoring import AnswerState
from cirt.errors import N_
from cirt.sheets import NewSheet, Value, fits_a_cell, write_sheets

GUIDE = (
    N_(
        "The sheet “Answers” has one row for each question. Fill in the white cells; the grey ones"
        " are there to be read, and are not taken over."
    ),
    N_("Each level contains the ones below. Choose the highest one that can be shown."),
    N_(
        "Rows may be sorted, and rows that nobody fills in may be removed: what stands here then"
        " stays. Columns may be moved, but not renamed or removed. Do not merge cells and do not"
        " use formulas: nothing is calculated."
    ),
    N_(
        "A cell that is emptied empties the answer. A new line in a cell is made with Alt+Enter"
        " (in LibreOffice with Ctrl+Enter)."
    ),
    N_(
        "The column “Revision” shows which version of the answer the row holds. Leave it as it is:"
        " with it the import sees what somebody else has changed meanwhile."
    ),
    N_(
        "Give the file back under “Answers in a spreadsheet” of the same assessment. Everything is"
        " shown before anything is saved."
    ),
)
HOW_TO = N_("How to fill it in")
WHAT_COLUMNS_TAKE = N_("What each column takes")

_PIECE = 4_000  # characters; with every one of them escaped still less than a cell holds


@dataclass(frozen=True)
class Heading:
    """What the first sheet says: of which assessment these are the answers. Values as text."""

    language: str
    right_to_left: bool
    about: Mapping[str, str]


@dataclass(frozen=True)
class AnswerRow:
    """One question with its answer. revision: 0 while nobody has touched it, the rest then empty."""

    question: Question
    content: AnswerContent
    revision: int = 0
    changed_by: str = ""
    changed_at: datetime | None = None
    evidence: int = 0


def answers_workbook(
    instrument: Instrument, heading: Heading, rows: Sequence[AnswerRow], words: Words
) -> bytes:
    """Return the answers as an XLSX file, in the heading's language."""
    return write_sheets(
        tables(instrument, heading, rows, words),
        title=f"{heading.about['country_code']} {instrument.id} {heading.about['round']}",
    )


def tables(
    instrument: Instrument, heading: Heading, rows: Sequence[AnswerRow], words: Words
) -> tuple[NewSheet, ...]:
    """Return the sheets: what this is, the answers, and the texts too long for a cell if any."""
    writer = _Writer(instrument, heading, words)
    answers = writer.answers(rows)
    sheets = [writer.read_me(), answers]
    if writer.long_texts:
        sheets.append(writer.long_sheet())
    return tuple(sheets)


class _Writer:
    def __init__(self, instrument: Instrument, heading: Heading, words: Words) -> None:
        self.instrument = instrument
        self.heading = heading
        self.words = words
        self.columns = columns_for(with_functions=any(q.functions for q in instrument.questions))
        self.long_texts: list[list[Value]] = []

    def read_me(self) -> NewSheet:
        rows: list[list[Value]] = [
            [self._put(label), self.heading.about[key]] for key, label in ABOUT.items()
        ]
        rows.append([])
        rows.extend(
            [self._put(HOW_TO) if not n else None, self._put(line)] for n, line in enumerate(GUIDE)
        )
        rows.append([])
        rows.append([self._put(WHAT_COLUMNS_TAKE)])
        rows.extend(
            [self._put(one.header), self._put(one.hint)] for one in self.columns if one.filled
        )
        return NewSheet(
            self._put(READ_ME),
            rows,
            [36, 90],
            header=False,
            right_to_left=self.heading.right_to_left,
        )

    def answers(self, rows: Sequence[AnswerRow]) -> NewSheet:
        headers: list[Value] = [self._put(one.header) for one in self.columns]
        keys = [one.key for one in self.columns]
        return NewSheet(
            self._put(ANSWERS),
            [headers, *(self._cells(row) for row in rows)],
            [one.width for one in self.columns],
            right_to_left=self.heading.right_to_left,
            choices={keys.index(key): values for key, values in self._choices().items()},
            locked_columns=[n for n, one in enumerate(self.columns) if not one.filled],
        )

    def long_sheet(self) -> NewSheet:
        headers: list[Value] = [self._put(header) for _key, header, _width in LONG_TEXT_COLUMNS]
        return NewSheet(
            self._put(LONG_TEXTS),
            [headers, *self.long_texts],
            [width for _key, _header, width in LONG_TEXT_COLUMNS],
            right_to_left=self.heading.right_to_left,
            locked_columns=list(range(len(LONG_TEXT_COLUMNS))),
        )

    def _put(self, word: str) -> str:
        return self.words.put(word, self.heading.language)

    def _choices(self) -> dict[str, list[str]]:
        levels = [str(level) for level in range(self.instrument.top + 1)]
        states = [self._put(w) for w, state in STATE_WORDS.items() if state in LISTED_STATES]
        yes_no = [self._put(YES), self._put(NO)]
        return {
            "answer": levels + states,
            "confidence": [self._put(word) for word in CONFIDENCE_WORDS],
            "for_review": yes_no,
            "disputed": yes_no,
        }

    def _cells(self, row: AnswerRow) -> list[Value]:
        return [self._held(row, one, value) for one, value in self._values(row)]

    def _values(self, row: AnswerRow) -> Iterator[tuple[Column, Value]]:
        language = self.heading.language
        question, content = row.question, row.content
        dimension = self.instrument.dimension(question.dimension_id)
        values: dict[str, Value] = {
            "id": question.id,
            "dimension": f"{dimension.id} {dimension.title.in_language(language).text}",
            "question": question.text.in_language(language).text,
            "levels": "\n".join(
                f"{n} – {level.in_language(language).text}"
                for n, level in enumerate(question.levels)
            ),
            "answer": self._answer(content),
            "reason": content.reason,
            "comment": content.comment,
            "confidence": next(
                (
                    self._put(w)
                    for w, value in CONFIDENCE_WORDS.items()
                    if value == content.confidence
                ),
                None,
            ),
            "for_review": self._put(YES) if content.for_review else None,
            "disputed": self._put(YES) if content.disputed else None,
            "listed": "\n".join(
                f"{one.id}: {one.name.in_language(language).text}" for one in question.functions
            ),
            "functions": "\n".join(content.functions),
            "revision": row.revision,
            "changed_by": row.changed_by,
            "changed_at": f"{row.changed_at:%Y-%m-%d %H:%M}" if row.changed_at else None,
            "evidence": row.evidence,
        }
        yield from ((one, values[one.key]) for one in self.columns)

    def _answer(self, content: AnswerContent) -> Value:
        if content.state is AnswerState.LEVEL:
            return content.level
        if content.state is AnswerState.NOT_ANSWERED:
            return None
        return next(self._put(w) for w, state in STATE_WORDS.items() if state == content.state)

    def _held(self, row: AnswerRow, column: Column, value: Value) -> Value:
        """Return what stands in the cell; a text that is too long stands on the sheet beside."""
        if not isinstance(value, str) or fits_a_cell(value):
            return value
        pieces = range(0, len(value), _PIECE)
        for number, start in enumerate(pieces, 1):
            part = f"{number} / {len(pieces)}"
            text = value[start : start + _PIECE]
            self.long_texts.append([row.question.id, self._put(column.header), part, text])
        return self._put(ELSEWHERE)
