"""The process that reads and writes workbooks: started by sheets, keeps nothing.

Request: "read" and a line break, then the file; or "write", then JSON. Answer: the cells as
JSON, or the file.
"""

import io
import json
import logging
import re
import warnings
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from cirt import strictjson
from cirt.errors import N_, InvalidInputError
from cirt.limited import serve
from cirt.sheets import MAX_CELL, escaped, fits_a_cell, place, unescaped

MAX_PARTS: Final = 500
MAX_UNPACKED: Final = 60_000_000
MAX_RATIO: Final = 200  # of one part; text of a spreadsheet packs to a tenth or less
SMALL: Final = 100_000  # below this a ratio says nothing
MAX_SHEETS: Final = 40
MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 300
MAX_CELLS: Final = 200_000

_LIMITS: Final = strictjson.Limits(max_bytes=60_000_000, max_string=200_000)
_OLE = b"\xd0\xcf\x11\xe0"
_XML_NAMES = (".xml", ".rels", ".vml")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
_RELATION = re.compile(rb"<[A-Za-z0-9:]*Relationship\b[^>]*>")
_A_CELL = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
# of these openpyxl makes every cell, whether anything is in it or not; an attribute's value may
# hold ">", and never "<"
_SPREAD = re.compile(rb"<(?:[\w.-]+:)?(?:mergeCell|hyperlink)\s[^<]*")
_REF = re.compile(rb"""\sref\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_RANGE = re.compile(rb"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Za-z]{1,3})\$?([0-9]{1,7}))?")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")  # how XML in another encoding begins

_NO_WORKBOOK = N_(
    "The file is no Excel workbook (XLSX). Open it in a spreadsheet program and save it as XLSX."
)
_PROTECTED = N_(
    "The file is protected by a password, or in the old XLS format. Save it as XLSX without a"
    " password."
)
_MACROS = N_("The workbook holds macros. Save it as XLSX, which has none.")
_LINKS = N_(
    "The workbook is linked to another file or data source (%(part)s). Break the links and save"
    " it again."
)
_EMBEDDED = N_("The workbook holds another file inside (%(part)s). Remove it and save it again.")
_ENTITIES = N_(
    "The workbook was not written by a spreadsheet program (%(part)s holds a document type or"
    " another encoding). Save it again with one."
)
_TOO_MUCH = N_(
    "The workbook unpacks to more than is read (%(what)s). Remove what does not belong into it."
)


def answer(request: bytes) -> bytes:
    """Return the cells of a workbook as JSON, or a workbook."""
    warnings.simplefilter("ignore")  # openpyxl remarks on what it does not support
    logging.disable()
    what, _, body = request.partition(b"\n")
    if what == b"read":
        check_archive(body)
        return json.dumps(_read(body), ensure_ascii=False).encode()
    return _write(strictjson.loads(body, _LIMITS))


def check_archive(data: bytes) -> None:
    """Raise InvalidInputError for a file that openpyxl shall not see."""
    if data.startswith(_OLE):
        raise InvalidInputError(_PROTECTED)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zipfile.LargeZipFile) as error:
        raise InvalidInputError(_NO_WORKBOOK) from error
    except RuntimeError as error:  # how zipfile says that a part is encrypted
        raise InvalidInputError(_PROTECTED) from error


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if len(parts) > MAX_PARTS:
        raise InvalidInputError(_TOO_MUCH, what=f"{len(parts)} parts")
    lowered = [name.lower() for name in names]
    if len(set(lowered)) != len(lowered) or "[content_types].xml" not in lowered:
        raise InvalidInputError(_NO_WORKBOOK)
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise InvalidInputError(_TOO_MUCH, what=f"{MAX_UNPACKED // 1_000_000} MB")
    for part in parts:
        if part.file_size > SMALL and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise InvalidInputError(_TOO_MUCH, what=part.filename[:100])
        _check_name(part.filename)
    spread = 0
    for part in parts:
        content = archive.read(part)
        if part.filename.lower().endswith(_XML_NAMES):
            _check_xml(part.filename, content)
        # a sheet may have any name, so the rest holds for every part
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content.startswith(_WIDE):
            raise InvalidInputError(_ENTITIES, part=part.filename[:100])
        spread += _spread(content)
        if spread > MAX_CELLS:
            raise InvalidInputError(_TOO_MUCH, what=part.filename[:100])


def _check_name(name: str) -> None:
    lowered = name.lower()
    if "vbaproject" in lowered or "/macrosheets/" in lowered or "/dialogsheets/" in lowered:
        raise InvalidInputError(_MACROS)
    for word in ("externallinks/", "connections.xml", "querytables/", "/model/", "customdata/"):
        if word in lowered:
            raise InvalidInputError(_LINKS, part=name[:100])
    if "/embeddings/" in lowered or "/activex/" in lowered or "/ctrlprops/" in lowered:
        raise InvalidInputError(_EMBEDDED, part=name[:100])


def _check_xml(name: str, content: bytes) -> None:
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    encoding = _ENCODING.match(text)
    if (
        (text and not text.startswith(b"<"))
        or b"\0" in content
        or (encoding is not None and encoding[1].lower() not in (b"utf-8", b"us-ascii"))
        or b"<!DOCTYPE" in content
        or b"<!ENTITY" in content
    ):
        raise InvalidInputError(_ENTITIES, part=name[:100])
    if name.lower() == "[content_types].xml" and b"macroenabled" in content.lower():
        raise InvalidInputError(_MACROS)
    if name.lower().endswith(".rels"):
        for relation in _RELATION.findall(content):
            # an address behind a cell's words is not followed by anybody here
            if b"External" in relation and b"/hyperlink" not in relation:
                raise InvalidInputError(_LINKS, part=name[:100])


def _spread(content: bytes) -> int:
    """Return how many cells openpyxl would make of a part: its own, and those of ranges."""
    cells = sum(1 for _ in _A_CELL.finditer(content))
    for element in _SPREAD.findall(content):
        for double, single in _REF.findall(element):
            found = _RANGE.fullmatch(double or single)
            if found is None:
                raise InvalidInputError(_NO_WORKBOOK)
            left, top, right, bottom = found.groups()
            across = _column(right or left) - _column(left)
            down = int(bottom or top) - int(top)
            cells += (abs(across) + 1) * (abs(down) + 1)
    return cells


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _string_table(source: Any) -> list[str]:
    """Return the shared strings as they stand; openpyxl's own reader takes x005F_ out of them."""
    from openpyxl.cell.text import Text
    from openpyxl.xml.constants import SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    strings = []
    for _, node in iterparse(source):
        if node.tag == f"{{{SHEET_MAIN_NS}}}si":
            text: Any = Text.from_tree(node)
            strings.append(text.content)
            node.clear()
    return strings


def _read(data: bytes) -> list[dict[str, Any]]:
    import openpyxl
    import openpyxl.reader.excel

    reader: Any = openpyxl.reader.excel
    reader.read_string_table = _string_table
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
    except MemoryError:
        raise
    except Exception as error:  # whatever it stumbles over: the file is wrong
        raise InvalidInputError(_NO_WORKBOOK) from error
    if len(book.sheetnames) > MAX_SHEETS:
        raise InvalidInputError(_TOO_MUCH, what=f"{len(book.sheetnames)} sheets")
    sheets, total = [], 0
    for sheet in book.worksheets:
        cells = [found for cell in sheet._cells.values() if (found := _cell(cell)) is not None]
        total += len(cells)
        over = next((c for c in cells if c[0] > MAX_ROWS or c[1] > MAX_COLUMNS), None)
        if over is not None or total > MAX_CELLS:
            what = place(over[0], over[1]) if over else f"{total} cells"
            raise InvalidInputError(_TOO_MUCH, what=f"{sheet.title}: {what}")
        merged = [str(one) for one in sheet.merged_cells.ranges]
        sheets.append({"name": sheet.title, "cells": sorted(cells), "merged": sorted(merged)})
    return sheets


def _cell(cell: Any) -> tuple[int, int, str, Any] | None:
    value, where = cell.value, (cell.row, cell.column)
    if value is None or value == "":
        return None
    if cell.data_type == "f":
        return (*where, "formula", None)
    if cell.data_type == "e":
        return (*where, "error", str(value)[:20])
    if isinstance(value, bool):
        return (*where, "boolean", value)
    if isinstance(value, datetime | date | time | timedelta):
        return (*where, "date", str(value))
    if isinstance(value, int | float):
        if value != value or value in (float("inf"), float("-inf")) or abs(value) > 2**53:
            return (*where, "error", "#NUM!")
        return (*where, "number", value)
    return (*where, "text", unescaped(str(value)))


def _write(request: dict[str, Any]) -> bytes:
    import openpyxl
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    book.properties.title = request["title"]
    book.properties.creator = ""
    for number, one in enumerate(request["sheets"]):
        sheet: Any = book.active if number == 0 else book.create_sheet()
        sheet.title = one["name"]
        sheet.sheet_view.rightToLeft = one["right_to_left"]
        rtl, locked = set(one["rtl_columns"]), set(one["locked_columns"])
        for r, row in enumerate(one["rows"], 1):
            for c, value in enumerate(row, 1):
                head = one["header"] and r == 1
                is_open = bool(locked) and not head and c - 1 not in locked
                if value in (None, "") and not locked:
                    continue
                cell = sheet.cell(r, c)
                if value not in (None, ""):
                    _put(cell, value, one["name"])
                cell.alignment = Alignment(
                    wrap_text=True,
                    vertical="center" if head else "top",
                    readingOrder=2 if c - 1 in rtl and not head else 0,
                )
                if head:
                    cell.font = Font(bold=True)
                    cell.fill = PatternFill("solid", fgColor="DCE6F1")
                elif is_open:
                    cell.protection = Protection(locked=False)
                elif locked:
                    cell.fill = PatternFill("solid", fgColor="EDEDED")
                    cell.font = Font(color="595959")
        for c, width in enumerate(one["widths"], 1):
            sheet.column_dimensions[get_column_letter(c)].width = width
        if one["header"]:
            sheet.freeze_panes = "B2"
        for c, values in one["choices"].items():
            listed = '"' + ",".join(values) + '"'
            if len(listed) <= 255:  # the format has no longer ones
                rule = DataValidation(
                    "list", formula1=listed, allow_blank=True, showErrorMessage=True
                )
                letter = get_column_letter(int(c) + 1)
                rule.add(f"{letter}2:{letter}{MAX_ROWS}")
                sheet.add_data_validation(rule)
        if locked:
            sheet.auto_filter.ref = sheet.dimensions
            sheet.protection.sheet = True
            for allowed in ("formatColumns", "formatRows", "formatCells", "sort", "autoFilter"):
                setattr(sheet.protection, allowed, False)  # False: is not kept from people
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(cell: Any, value: Any, sheet: str) -> None:
    if not isinstance(value, str):
        cell.value = value
        return
    if not fits_a_cell(value):
        raise InvalidInputError(
            N_(
                "The text for %(sheet)s, cell %(cell)s, cannot stand in a spreadsheet: it is longer"
                " than %(limit)s characters."
            ),
            sheet=sheet,
            cell=cell.coordinate,
            limit=MAX_CELL,
        )
    cell.value = escaped(value)
    cell.data_type = "s"  # also of what looks like a formula or an error
    if value[:1] in ("=", "+", "-", "@", "\t"):
        # so that a spreadsheet program does not take it for a formula when somebody edits it
        cell.quotePrefix = True


if __name__ == "__main__":
    serve(answer)
