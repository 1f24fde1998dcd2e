"""The cells of an instrument's workbook in the shape of its file, each fault kept with its cell."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cirt.assessments.instruments.columns import INSTRUMENT, TRANSLATIONS
from cirt.assessments.instruments.grid import Grid
from cirt.datafiles import DataList, DataMap
from cirt.errors import N_, DataFileError
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE, Translation, fingerprint
from cirt.sheet_tables import Problem, Row, WorkbookError

_SOURCE = Path("workbook.xlsx")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the sheet Translations says of one translation."""

    status: str
    src: str
    text: str


class CellReader:
    """Puts cells into data structures as reading a file makes them, and collects what is wrong.

    texts: sentence id -> language -> text. The "lines" of what it makes are numbers in its list of
    cells, so that a fault found later on can be led back to its cell.
    """

    def __init__(self, found: Mapping[str, Grid]) -> None:
        self.grids = found
        self.problems: list[Problem] = [
            problem for grid in found.values() for problem in grid.problems
        ]
        self.places: list[tuple[str, str]] = []
        self.texts: dict[str, dict[str, str]] = {}
        self.languages = sorted({code for grid in found.values() for code in grid.languages})

    def stop_at_problems(self) -> None:
        """Raise WorkbookError where anything is wrong so far."""
        if self.problems:
            raise WorkbookError(self.problems)

    def own_id(self, each: DataMap, row: Row, sheet: str) -> str:
        """Return the id of a row, which must be there once in its sheet."""
        found = self.required(row, "Id")
        first = next(one for one in self.grids[sheet].rows if one.text("Id") == found)
        if found and first is not row:
            self.refuse(row, "Id", N_("%(item)s stands here a second time."), item=found)
        self.put(each, "id", row, "Id", found)
        return found

    def sentence(self, into: DataMap, key: str, row: Row, header: str, sentence_id: str) -> None:
        """Put a sentence, and keep its translations."""
        self.put(into, key, row, header, self.required(row, header))
        for language in self.languages:
            text = row.text(header, language)
            if text:
                self.texts.setdefault(sentence_id, {})[language] = text

    def word(self, into: DataMap, key: str, row: Row, header: str, allowed: Sequence[str]) -> None:
        """Put one of the words allowed."""
        word = row.text(header)
        if word not in allowed:
            self.refuse(
                row, header, N_("%(key)s must be one of: %(allowed)s."),
                key=header, allowed=", ".join(allowed),
            )  # fmt: skip
        self.put(into, key, row, header, word)

    def ids(
        self,
        into: DataMap,
        key: str,
        row: Row,
        header: str,
        known: Collection[str],
        *,
        required: bool = False,
    ) -> None:
        """Put a list of ids, each known and there once."""
        child = self.child_list(into, key, row, header)
        found = row.listed(header)
        if required:
            self.required(row, header)
        for n, each in enumerate(found):
            if each not in known:
                self.refuse(row, header, N_("%(id)s is unknown here."), id=each[:60])
            elif each in found[:n]:
                self.refuse(row, header, N_("%(item)s stands here a second time."), item=each)
            self.append(child, row, header, each)

    def required(self, row: Row, header: str) -> str:
        """Return a text that may not be empty."""
        text = row.text(header)
        at = (row.sheet, row.place(header))
        # a formula or a date leaves its cell empty, and has been named
        if not text and not any((each.sheet, each.cell) == at for each in self.problems):
            self.refuse(row, header, N_("This cell is empty. It must not be."))
        return text

    def refuse(
        self, row: Row, header: str, message: str, *, language: str | None = None, **params: Any
    ) -> None:
        """Keep a fault at a cell."""
        self.problems.append(Problem(row.sheet, row.place(header, language), message, params))

    def _line(self, row: Row, header: str) -> int:
        self.places.append((row.sheet, row.place(header)))
        return len(self.places)

    def map_at(self, row: Row, header: str) -> DataMap:
        """Return a mapping that stands at a cell."""
        return DataMap(_SOURCE, self._line(row, header))

    def put(self, into: DataMap, key: str, row: Row, header: str, value: Any) -> None:
        """Put a value that stands in a cell."""
        into[key] = value
        into.lines[key] = self._line(row, header)

    def append(self, into: DataList, row: Row, header: str, value: Any) -> None:
        """Append a value that stands in a cell."""
        into.lines[len(into)] = self._line(row, header)
        into.append(value)

    def child(self, into: DataMap, key: str, row: Row, header: str) -> DataMap:
        """Put a mapping and return it."""
        child = self.map_at(row, header)
        self.put(into, key, row, header, child)
        return child

    def child_list(self, into: DataMap, key: str, row: Row, header: str) -> DataList:
        """Put a list and return it."""
        child = DataList(_SOURCE, self._line(row, header))
        self.put(into, key, row, header, child)
        return child

    def entry(self, into: DataList, row: Row, header: str) -> DataMap:
        """Append a mapping and return it."""
        child = self.map_at(row, header)
        self.append(into, row, header, child)
        return child

    def problem_of(self, error: DataFileError) -> Problem:
        """Return a fault of the data structure with the cell it is about."""
        sheet, cell = self.places[error.line - 1] if error.line else (INSTRUMENT, "")
        params = {key: value for key, value in error.params.items() if key != "where"}
        return Problem(sheet, cell, error.message, params)

    def marks(self) -> dict[tuple[str, str], Mark]:
        """Return what the sheet Translations says, by sentence id and language."""
        found: dict[tuple[str, str], Mark] = {}
        for row in self.grids[TRANSLATIONS].rows:
            key = (self.required(row, "Sentence"), row.text("Language"))
            if key[1] not in LANGUAGES or key[1] == SOURCE_LANGUAGE:
                self.refuse(row, "Language", N_("This is not the code of a language, such as ar."))
            if row.text("Status") not in ("draft", "reviewed"):
                self.refuse(row, "Status", N_("The status must be draft or reviewed."))
            if key in found:
                self.refuse(row, "Sentence", N_("%(item)s stands here a second time."), item=key[0])
            found[key] = Mark(row.text("Status"), row.text("English"), row.text("Translation"))
        return found


def translation_of(text: str, src: str, mark: Mark | None) -> Translation:
    """A translation as it was, if it still has the words it had; a rewritten one is a draft."""
    if mark is None or mark.text != fingerprint(text):
        return Translation(text, src, "draft")
    return Translation(text, mark.src, "reviewed" if mark.status == "reviewed" else "draft")
