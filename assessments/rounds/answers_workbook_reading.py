"""Takes a workbook of answers back: whose answers it holds, and each row with its faults by cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cirt.assessments.rounds.answers_workbook_columns import (
    ABOUT,
    ANSWERS,
    COLUMNS,
    FORMAT,
    LONG_TEXTS,
    READ_BACK,
    READ_ME,
    Words,
    columns_for,
)
from cirt.errors import N_
from cirt.sheet_tables import (
    HEADER,
    Key,
    Problem,
    Row,
    Table,
    WorkbookError,
    cell_text,
    sheet_problems,
)
from cirt.sheets import Cell, Sheet


@dataclass(frozen=True)
class FileRow:
    """One row of the sheet of answers. problems: of its cells, before anybody read their words."""

    row: Row
    problems: tuple[Problem, ...]

    @property
    def question_id(self) -> str:
        """The id of the question, "" for none."""
        return self.row.text("id")

    def problem(self, column: str, message: str, **params: object) -> Problem:
        """Return a fault of one of its cells."""
        return Problem(self.row.sheet, self.row.place(column), message, params)


@dataclass(frozen=True)
class AnswersFile:
    """A workbook of answers that can be understood. about: of which assessment, by ABOUT's keys.

    places: where each of these facts stands. read_me: the name of their sheet.
    """

    about: Mapping[str, str]
    places: Mapping[str, str]
    read_me: str
    rows: tuple[FileRow, ...]

    def problem(self, fact: str, message: str, **params: object) -> Problem:
        """Return a fault of one of the facts of the first sheet."""
        return Problem(self.read_me, self.places.get(fact, ""), message, params)


class _Answers(Table):
    def __init__(self, sheet: Sheet, words: Words) -> None:
        self._words = words
        super().__init__(sheet)

    def key_of(self, _cell: Cell, header: str) -> Key | None:
        """Return a column by its name in any language; an unknown name stands for itself."""
        found = self._words.meant(header, [one.header for one in COLUMNS])
        return next((one.key for one in COLUMNS if one.header == found), header), ""


def answers_file(
    sheets: Sequence[Sheet], words: Words, *, with_functions: bool, language: str
) -> AnswersFile:
    """Return what the sheets of a workbook hold; each row's faults stay with the row.

    with_functions: whether the assessment's instrument lists functions. language: in which
    faults name sheets and columns. Raises WorkbookError with every fault of its frame: sheets,
    column names, what it says it is.
    """
    found: dict[str, Sheet] = {}
    for sheet in sheets:
        word = words.meant(sheet.name, (READ_ME, ANSWERS, LONG_TEXTS))
        found.setdefault(words.put(word, language) if word else sheet.name, sheet)
    read_me, answers, long_texts = (
        words.put(word, language) for word in (READ_ME, ANSWERS, LONG_TEXTS)
    )
    problems = sheet_problems(list(found), [read_me, answers], [long_texts])
    if problems:
        raise WorkbookError(problems)
    file = _about(found[read_me], words, language)
    table = _Answers(found[answers], words)
    present = {one.key for one in columns_for(with_functions=with_functions)}
    wanted = {(one.key, ""): words.put(one.header, language) for one in COLUMNS}
    # what nobody fills in need not come back
    table.check_keys(
        {
            key: header
            for key, header in wanted.items()
            if key in table.at or key[0] in READ_BACK & present
        }
    )
    rows = {row.number for row in table.rows}
    frame = [*table.header_problems]
    frame += [one for one in table.problems if not rows.intersection(one.rows)]
    frame += [one for one in table.problems if HEADER in one.rows and one not in frame]
    if frame:
        raise WorkbookError(frame)
    return replace(file, rows=_rows(table))


def _about(sheet: Sheet, words: Words, language: str) -> AnswersFile:
    about: dict[str, str] = {}
    places: dict[str, str] = {}
    problems: list[Problem] = []

    def refuse(cell: str, message: str, **params: object) -> None:
        problems.append(Problem(sheet.name, cell, message, params))

    for _number, cells in sheet.rows():
        label, value = cells.get(1), cells.get(2)
        word = words.meant(str(label.value), ABOUT.values()) if label and value else None
        if value is not None and word is not None:
            key = next(key for key, label in ABOUT.items() if label == word)
            if key not in about:
                about[key], places[key] = cell_text(value, refuse).strip(), value.place
    for key in ("format", "assessment", "country_code", "instrument", "version"):
        if key not in about:
            problems.append(
                Problem(
                    sheet.name, "", N_("The row %(item)s is missing."),
                    {"item": words.put(ABOUT[key], language)},
                )
            )  # fmt: skip
    if about.get("format", FORMAT) != FORMAT:
        refuse(
            places["format"],
            N_(
                "This workbook was made by another version of the program. Export the answers anew"
                " and make your changes there."
            ),
        )
    if problems:
        raise WorkbookError(problems)
    return AnswersFile(about, places, sheet.name, ())


def _rows(table: Table) -> tuple[FileRow, ...]:
    seen: set[str] = set()
    rows = []
    for row in table.rows:
        problems = [one for one in table.problems if row.number in one.rows]
        found = FileRow(row, ())
        if not found.question_id and row.place("id") not in [one.cell for one in problems]:
            problems.append(
                found.problem(
                    "id", N_("The id of the question is missing. Write it, or remove the row.")
                )
            )
        elif found.question_id and found.question_id in seen:
            problems.append(
                found.problem(
                    "id", N_("%(item)s stands here a second time."), item=found.question_id
                )
            )
        seen.add(found.question_id)
        rows.append(FileRow(row, tuple(problems)))
    return tuple(rows)
