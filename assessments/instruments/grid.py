"""The sheets of an instrument's workbook: tables with a column a language beside translated ones."""

from collections.abc import Sequence

from cirt.assessments.instruments.columns import columns, header_in, language_of
from cirt.errors import N_
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE
from cirt.sheet_tables import Key, Table, WorkbookError, sheet_problems
from cirt.sheets import Cell, Sheet


class Grid(Table):
    """One sheet. languages: codes of its translated columns."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(sheet)
        self.languages = {language for _, language in self.at if language}

    def key_of(self, cell: Cell, header: str) -> Key | None:
        """Return the column and, for a translation such as Text::Arabic (ar), its language."""
        found = language_of(header)
        if found is None:
            return header, ""
        if found[1] not in LANGUAGES or found[1] == SOURCE_LANGUAGE:
            self._refuse(cell.place, N_("%(code)s is no language of the program."), code=found[1])
            return None
        return found

    def check_columns(self, sheet: str, levels: int, languages: Sequence[str]) -> None:
        """Collect what is wrong with the headers, now that levels and languages are known."""
        wanted: dict[Key, str] = {}
        for column in columns(sheet, levels):
            wanted[column.header, ""] = column.header
            for language in languages if column.translated else ():
                wanted[column.header, language] = header_in(column.header, language)
        self.check_keys(wanted)


def grids(sheets: Sequence[Sheet], wanted: Sequence[str], ignored: str) -> dict[str, Grid]:
    """Return the sheets by name, each of those wanted. Raises WorkbookError for other sheets."""
    problems = sheet_problems([sheet.name for sheet in sheets], wanted, [ignored])
    if problems:
        raise WorkbookError(problems)
    found = {sheet.name: Grid(sheet) for sheet in sheets if sheet.name != ignored}
    return {name: found[name] for name in wanted}
