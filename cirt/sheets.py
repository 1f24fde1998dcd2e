"""Workbooks (XLSX, ECMA-376) in and out as plain tables; openpyxl runs in a process of its own.

What comes in is hostile until read: the child has limits that the system keeps, and refuses
macros, links to other files, document types and entities, and what unpacks to too much. Nothing
is ever calculated: a formula is reported as one, and whoever asked refuses it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from cirt import strictjson
from cirt.errors import N_, InvalidInputError, TooLargeError
from cirt.limited import LimitedProcessError, run_limited

TIMEOUT_SECONDS: Final = 60
MEMORY_BYTES: Final = 700_000_000
MAX_BYTES: Final = 10_000_000
MAX_CELL: Final = 32_767  # characters; the format has no more

_PROCESS = "cirt.sheets_process"
_LIMITS: Final = strictjson.Limits(max_bytes=60_000_000, max_string=200_000)
_FAILED = N_(
    "The file cannot be read as an Excel workbook (XLSX). Open it in a spreadsheet program and"
    " save it again as XLSX."
)
_TOO_MUCH = N_(
    "Reading the workbook needed more than it may use (%(seconds)s seconds, %(megabytes)s"
    " megabytes) and was stopped. Remove what does not belong into it."
)

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that is not empty.

    kind: "text", "number", "boolean", "date", "formula" or "error". value: as stored; of a date
    and an error its text, of a formula nothing.
    """

    row: int
    column: int
    kind: str
    value: Value

    @property
    def place(self) -> str:
        """The cell as a spreadsheet names it, such as C12."""
        return place(self.row, self.column)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet that was read. merged: ranges such as A1:B2."""

    name: str
    cells: tuple[Cell, ...]
    merged: tuple[str, ...]

    def rows(self) -> Iterator[tuple[int, Mapping[int, Cell]]]:
        """Yield the rows that are not empty: their number and their cells by column, from 1."""
        rows: dict[int, dict[int, Cell]] = {}
        for cell in self.cells:
            rows.setdefault(cell.row, {})[cell.column] = cell
        for number in sorted(rows):
            yield number, rows[number]


@dataclass(frozen=True, slots=True)
class NewSheet:
    """One sheet to be written.

    rows: the first is the header, where header is true: it stays in sight. widths: of the columns,
    in characters. right_to_left: columns run from the right. rtl_columns: columns (from 0) whose
    text is read from the right. choices: column (from 0) -> the values it may hold.
    locked_columns: columns (from 0) that are there to be read: grey, and protected without a
    password, so that nobody changes them by mistake; none: nothing is protected.
    """

    name: str
    rows: Sequence[Sequence[Value]]
    widths: Sequence[int]
    header: bool = True
    right_to_left: bool = False
    rtl_columns: Sequence[int] = ()
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)
    locked_columns: Sequence[int] = ()


def place(row: int, column: int) -> str:
    """Return a cell's name from its row and column, both from 1: (12, 3) is C12."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


# ECMA-376 part 1, 22.9.2.19 (ST_Xstring): a character that XML cannot hold stands as _xHHHH_, and
# what looks like that in a text has its underscore written so
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff"
_UNWRITABLE = re.compile(f"[{_CONTROL}]|_(?=x[0-9A-Fa-f]{{4}}[_{_CONTROL}])")
_WRITTEN = re.compile("_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")


def escaped(text: str) -> str:
    """Return a text as a cell's XML holds it."""
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    """Return the text that a cell's XML stands for."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)


def fits_a_cell(text: str) -> bool:
    """Whether a cell can hold the text: the format counts in UTF-16, escapes too."""
    return len(escaped(text).encode("utf-16-le", "surrogatepass")) // 2 <= MAX_CELL


def read_sheets(data: bytes) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook, in its order.

    Raises InvalidInputError for what is no plain workbook (macros, links, entities, too large),
    with a sentence that says what to do.
    """
    if len(data) > MAX_BYTES:
        raise TooLargeError(
            N_("The workbook is larger than %(limit)s bytes. Remove pictures and other sheets."),
            limit=MAX_BYTES,
        )
    answer = _run(b"read\n" + data, _FAILED)
    return tuple(
        Sheet(
            name=one["name"],
            cells=tuple(Cell(*cell) for cell in one["cells"]),
            merged=tuple(one["merged"]),
        )
        for one in strictjson.loads(answer, _LIMITS)
    )


def write_sheets(sheets: Sequence[NewSheet], *, title: str) -> bytes:
    """Return a workbook. A text is written as text, also one that looks like a formula.

    Control characters come back as they were. Raises InvalidInputError for a text that is longer
    than a cell holds; nothing is cut.
    """
    request: dict[str, Any] = {"title": title, "sheets": [asdict(sheet) for sheet in sheets]}
    return _run(b"write\n" + json.dumps(request).encode(), _FAILED)


def _run(request: bytes, failed: str) -> bytes:
    try:
        return run_limited(
            _PROCESS, request, timeout_seconds=TIMEOUT_SECONDS, memory_bytes=MEMORY_BYTES
        )
    except LimitedProcessError as error:
        if error.reason == "crash":
            raise InvalidInputError(failed) from error
        raise TooLargeError(
            _TOO_MUCH, seconds=TIMEOUT_SECONDS, megabytes=MEMORY_BYTES // 1_000_000
        ) from error
