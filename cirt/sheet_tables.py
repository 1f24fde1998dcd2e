"""A sheet of a workbook as rows under column names, and what is wrong with it by cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cirt.errors import N_, InvalidInputError
from cirt.sheets import Cell, Sheet, place

_MOST_SHOWN = 200
_ROWS = re.compile(r"[A-Z]+(\d+)(?::[A-Z]+(\d+))?")

HEADER = 1

# a column: its name, and the code of the language of its translated twin, "" for none
Key = tuple[str, str]


@dataclass(frozen=True)
class Problem:
    """One fault. cell: such as C12, "" for the whole sheet. message, params: the sentence."""

    sheet: str
    cell: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f"{self.sheet}!{self.cell}" if self.cell else self.sheet
        return f"{where}: {self.message % self.params if self.params else self.message}"

    @property
    def rows(self) -> range:
        """The rows that it is about; none for the whole sheet."""
        found = _ROWS.fullmatch(self.cell)
        return range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)


class WorkbookError(InvalidInputError):
    """A workbook with faults; nothing of it was taken over. problems: every one, in its order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            N_("Nothing was taken over. Faults in the workbook: %(count)s."), count=len(problems)
        )
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [f"  {problem}" for problem in self.problems[:_MOST_SHOWN]]
        if len(self.problems) > _MOST_SHOWN:
            lines.append(f"  … {len(self.problems) - _MOST_SHOWN} more")
        return "\n".join([super().__str__(), *lines])


@dataclass(frozen=True)
class Row:
    """One row: its texts by column and language ("" for the English column)."""

    sheet: str
    number: int
    texts: Mapping[Key, str]
    at: Mapping[Key, int]

    def text(self, header: str, language: str = "") -> str:
        """Return the text of a cell without the spaces around it; "" for an empty one."""
        return self.texts.get((header, language), "").strip()

    def lines(self, header: str, language: str = "") -> list[str]:
        """Return the lines of a cell, empty ones too."""
        text = self.texts.get((header, language), "").rstrip()
        return [line.strip() for line in text.split("\n")] if text else []

    def listed(self, header: str) -> tuple[str, ...]:
        """Return the ids that a cell lists: one a line, or separated by commas."""
        text = self.texts.get((header, ""), "").replace(",", "\n")
        return tuple(part.strip() for part in text.split("\n") if part.strip())

    def place(self, header: str, language: str | None = None) -> str:
        """Return the name of a cell, such as C12; of the row's first where the column is absent."""
        return place(self.number, self.at.get((header, language or ""), 1))


class Table:
    """One sheet with its column names in the first row. problems: of its cells.

    header_problems: of its column names, for whoever knows which ones there are to be.
    """

    def __init__(self, sheet: Sheet) -> None:
        self.name = sheet.name
        self.problems: list[Problem] = []
        self.header_problems: list[Problem] = []
        self.at: dict[Key, int] = {}
        for merged in sheet.merged:
            self._refuse(merged, N_("Cells are merged here. Unmerge them."))
        rows = dict(sheet.rows())
        for column, cell in sorted(rows.pop(HEADER, {}).items()):
            self._header(column, cell)
        headed = {column: key for key, column in self.at.items()}
        self.rows = [
            row for number, cells in rows.items() if (row := self._row(number, cells, headed)).texts
        ]

    def key_of(self, _cell: Cell, header: str) -> Key | None:
        """Return which column a header names; None where it was refused."""
        return header, ""

    def check_keys(self, wanted: Mapping[Key, str]) -> None:
        """Collect which columns are missing and which are unknown. wanted: with their names."""
        for key, header in wanted.items():
            if key not in self.at:
                self.header_problems.append(
                    Problem(self.name, "", N_("The column %(name)s is missing."), {"name": header})
                )
        for key, number in self.at.items():
            if key not in wanted:
                name = f"{key[0]}::({key[1]})" if key[1] else key[0]
                self.header_problems.append(
                    Problem(
                        self.name, place(HEADER, number),
                        N_("The column %(name)s is unknown here. Remove it."), {"name": name[:100]},
                    )
                )  # fmt: skip

    def _header(self, column: int, cell: Cell) -> None:
        text = cell_text(cell, self._refuse).strip()
        key = self.key_of(cell, text) if text else None
        if key is None:
            return
        if key in self.at:
            self._refuse(cell.place, N_("The column %(name)s is there twice."), name=text[:100])
        else:
            self.at[key] = column

    def _row(self, number: int, cells: Mapping[int, Cell], headed: Mapping[int, Key]) -> Row:
        texts: dict[Key, str] = {}
        for column, cell in sorted(cells.items()):
            text = cell_text(cell, self._refuse)
            if not text.strip():
                continue
            if column in headed:
                texts[headed[column]] = text
            else:
                self._refuse(cell.place, N_("This cell stands under no column name. Remove it."))
        return Row(self.name, number, texts, self.at)

    def _refuse(self, cell: str, message: str, **params: Any) -> None:
        self.problems.append(Problem(self.name, cell, message, params))


def cell_text(cell: Cell, refuse: Any) -> str:
    """Return what a cell says as text, with plain line feeds.

    refuse: called with the cell's name, a sentence and its values where it holds no text.
    """
    if cell.kind == "formula":
        refuse(
            cell.place, N_("A formula stands here; nothing is calculated. Write the text itself.")
        )
    elif cell.kind in ("date", "error", "boolean"):
        refuse(
            cell.place,
            N_("This cell holds no text (%(value)s). Format it as text and write it again."),
            value=cell.value,
        )
    elif cell.kind == "number":
        value = cell.value
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    else:
        return str(cell.value).replace("\r\n", "\n").replace("\r", "\n")
    return ""


def sheet_problems(
    names: Sequence[str], wanted: Sequence[str], allowed: Sequence[str]
) -> list[Problem]:
    """Return which sheets are missing and which are unknown. allowed: may be there besides."""
    missing = [
        Problem(name, "", N_("This sheet is missing.")) for name in wanted if name not in names
    ]
    unknown = [
        Problem(name, "", N_("This sheet is unknown here. Remove it."))
        for name in names
        if name not in (*wanted, *allowed)
    ]
    return missing + unknown
