"""An instrument out to a workbook and back: the same, or every fault by its cell."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from cirt.assessments.instruments import Instrument, instruments, load_instrument
from cirt.assessments.instruments.workbook import workbook
from cirt.assessments.instruments.workbook_reading import read_workbook
from cirt.errors import InvalidInputError, TooLargeError
from cirt.sheet_tables import WorkbookError

INSTALLED = [(each.id, each.version) for each in instruments() if each.shipped]


def plain(instrument: Instrument) -> Instrument:
    """Without what depends on how the files are laid out."""
    return replace(instrument, digest="", warnings=())


@pytest.fixture(scope="module")
def small() -> bytes:
    """The workbook of the first version of our own instrument."""
    return workbook(load_instrument("cirt-readiness", "1.0.0"))


def changed(data: bytes, change: Callable[[Any], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def column(sheet: Any, header: str) -> int:
    return next(cell.column for cell in sheet[1] if cell.value == header)


def problems(data: bytes) -> list[str]:
    with pytest.raises(WorkbookError) as refusal:
        read_workbook(data)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize(("instrument_id", "version"), INSTALLED)
def test_shipped_instruments_come_back_the_same(instrument_id: str, version: str) -> None:
    instrument = load_instrument(instrument_id, version)
    again = read_workbook(workbook(instrument))
    assert plain(again) == plain(instrument)
    for one, other in zip(instrument.sentences(), again.sentences(), strict=True):
        assert dict(one.translations) == dict(other.translations)
    assert read_workbook(workbook(again, right_to_left=True)) == again


def test_stale_and_reviewed_translations_come_back_as_they_were(small: bytes) -> None:
    instrument = load_instrument("cirt-readiness", "1.0.0")
    title = instrument.title
    found = dict(title.translations)
    found["ar"] = replace(found["ar"], src="00000000", status="reviewed")
    odd = replace(instrument, title=replace(title, translations=found))
    again = read_workbook(workbook(odd))
    assert again.title.translations["ar"] == found["ar"]
    assert again.title.in_language("ar").stale


def test_cells_that_look_like_formulas_are_written_as_text() -> None:
    instrument = load_instrument("cirt-readiness", "1.0.0")
    odd = replace(
        instrument,
        title=replace(instrument.title, english='=HYPERLINK("http://x","y")'),
        description=replace(instrument.description, english="@SUM(A1)"),
    )
    data = workbook(odd)
    book = openpyxl.load_workbook(io.BytesIO(data))
    kinds = {cell.data_type for sheet in book for row in sheet for cell in row if cell.value}
    assert kinds == {"s", "n"}
    quoted = [cell for row in book["Instrument"] for cell in row if cell.quotePrefix]
    assert len(quoted) == 2
    assert read_workbook(data).title.english == odd.title.english


def test_moved_columns_and_sorted_rows_are_found_by_name(small: bytes) -> None:
    def move(book: Any) -> None:
        sheet = book["Questions"]
        width = sheet.max_column
        for row in sheet.iter_rows():
            values = [cell.value for cell in row]
            for cell, value in zip(row, reversed(values), strict=True):
                cell.value = value
        assert sheet.max_column == width
        book.move_sheet("Steps", -3)

    again = read_workbook(changed(small, move))
    assert plain(again) == plain(load_instrument("cirt-readiness", "1.0.0"))


def test_rewritten_english_makes_its_translation_stale_and_rewritten_arabic_a_draft(
    small: bytes,
) -> None:
    def rewrite(book: Any) -> None:
        sheet = book["Questions"]
        sheet.cell(2, column(sheet, "Text")).value = "On what does the mandate rest today?"
        sheet.cell(3, column(sheet, "Text")).value = "And this one?"
        sheet.cell(3, column(sheet, "Text::Arabic (ar)")).value = "وهذا؟"

    again = read_workbook(changed(small, rewrite))
    first, second = again.questions[:2]
    assert first.text.in_language("ar").stale
    assert not second.text.in_language("ar").stale
    assert second.text.translations["ar"].status == "draft"
    assert again.question("D2-Q1") == load_instrument("cirt-readiness", "1.0.0").question("D2-Q1")


def test_every_fault_is_named_by_sheet_and_cell_at_once(small: bytes) -> None:
    """Formulas, merged cells, dates, unknown words and ids: all of them, not only the first."""

    def spoil(book: Any) -> None:
        sheet = book["Questions"]
        sheet.cell(2, column(sheet, "Weight")).value = "heavy"
        sheet.cell(3, column(sheet, "Applies")).value = "sometimes"
        sheet.cell(4, column(sheet, "Why")).value = "=1+1"
        sheet.cell(4, column(sheet, "GCI")).value = datetime(2026, 1, 1)  # noqa: DTZ001 - of a cell
        sheet.cell(5, column(sheet, "Capabilities")).value = "flying"
        sheet.cell(6, column(sheet, "Text")).value = None
        sheet.cell(7, column(sheet, "SIM3")).value = "X-99"
        sheet.cell(8, 1).value = sheet.cell(9, 1).value
        book["Translations"].cell(2, 3).value = "fine"
        book["Dimensions"].merge_cells("E2:E3")

    found = problems(changed(small, spoil))
    book = openpyxl.load_workbook(io.BytesIO(small))
    sheet = book["Questions"]

    def cell(header: str, row: int) -> str:
        return f"Questions!{sheet.cell(row, column(sheet, header)).coordinate}: "

    for start in (
        cell("Weight", 2),
        cell("Applies", 3),
        cell("Capabilities", 5),
        cell("Text", 6),
        cell("Why", 4) + "A formula stands here",
        cell("GCI", 4) + "This cell holds no text",
        "Dimensions!E2:E3: Cells are merged here",
        cell("SIM3", 7),
        "Questions!A9: ",
        "Translations!C2: ",
    ):
        assert any(line.startswith(start) for line in found), (start, found)
    assert len([line for line in found if line.startswith(cell("Why", 4))]) == 1


def test_steps_that_need_each_other_are_named_by_cell(small: bytes) -> None:
    def spoil(book: Any) -> None:
        sheet = book["Steps"]
        rows = []
        for question, other in (("D1-Q1", "D1-Q2"), ("D1-Q2", "D1-Q1")):
            for level in (1, 2, 3, 4):
                need = f"{other}=2" if level == 2 else None
                rows.append([question, level, f"Do {level}", None, "small", "none", None, need])
        for row in rows:
            sheet.append(row)

    (found,) = problems(changed(small, spoil))
    assert found.startswith("Steps!") and "circle" in found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b["Questions"].delete_cols(column(b["Questions"], "Why")), "Why is missing"),
        (lambda b: b["Steps"].cell(1, 30, "Colour"), "Colour is unknown"),
        (lambda b: b.create_sheet("Mine"), "unknown here"),
        (lambda b: b.remove(b["Steps"]), "Steps: This sheet is missing"),
        (lambda b: b["Instrument"].delete_rows(3), "The row Id is missing"),
        (lambda b: b["Instrument"].cell(2, 2, "9"), "another version of the program"),
        (lambda b: b["Instrument"].cell(4, 2, "2"), "three numbers"),
        (lambda b: b["Questions"].cell(2, 60, "stray"), "under no column name"),
        (lambda b: b["Questions"].cell(1, 50, "Text::Klingon (tlh)"), "no language"),
        (lambda b: b["Questions"].cell(1, 50, "Text"), "there twice"),
    ],
)
def test_changed_frame_is_refused_by_name(
    small: bytes, change: Callable[[Any], None], said: str
) -> None:
    assert any(said in line for line in problems(changed(small, change)))


def test_further_language_needs_all_its_columns_and_is_then_taken(small: bytes) -> None:
    def one(book: Any) -> None:
        sheet = book["Questions"]
        sheet.cell(1, sheet.max_column + 1).value = "Text::French (fr)"

    found = problems(changed(small, one))
    assert any("Dimensions: The column Title::French (fr) is missing" in line for line in found)

    def whole(book: Any) -> None:
        for sheet in book:
            for cell in [cell for cell in sheet[1] if "::Arabic (ar)" in str(cell.value)]:
                new = sheet.cell(1, sheet.max_column + 1)
                new.value = cell.value.replace("::Arabic (ar)", " :: français (FR)")
                if sheet.title == "Questions" and cell.value.startswith("Text"):
                    sheet.cell(2, new.column).value = "Sur quel document repose le mandat ?"

    again = read_workbook(changed(small, whole))
    assert again.languages == ("en", "ar", "fr")
    assert again.questions[0].text.in_language("fr").text.startswith("Sur quel")
    assert not again.questions[1].text.in_language("fr").translated


def rezipped(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def macros(parts: dict[str, bytes]) -> None:
    parts["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0"


def macro_type(parts: dict[str, bytes]) -> None:
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
    )


def laughs(parts: dict[str, bytes]) -> None:
    entity = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{entity}]>'
    name = "xl/worksheets/sheet1.xml"
    parts[name] = head.encode() + parts[name].partition(b"?>")[2]


def other_file(parts: dict[str, bytes]) -> None:
    head = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    name = "xl/workbook.xml"
    parts[name] = head + parts[name].partition(b"?>")[2]


def hidden_type(parts: dict[str, bytes]) -> None:
    head = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY f "f">]>'
    name = "xl/worksheets/sheet2.xml"
    parts[name] = (head + parts[name].decode().partition("?>")[2]).encode("utf-16")


def linked(parts: dict[str, bytes]) -> None:
    parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"


def linked_by_relation(parts: dict[str, bytes]) -> None:
    name = "xl/_rels/workbook.xml.rels"
    relation = (
        b'<Relationship Id="rIdX" TargetMode="External" Target="file:///x.xlsx" Type="http://'
        b'schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"/>'
    )
    parts[name] = parts[name].replace(b"</Relationships>", relation + b"</Relationships>")


def bomb(parts: dict[str, bytes]) -> None:
    parts["xl/media/zeros.xml"] = b"<a>" + b"0" * 30_000_000


def large(parts: dict[str, bytes]) -> None:
    for n in range(8):
        parts[f"xl/media/large{n}.bin"] = b"\0" * 10_000_000


def many(parts: dict[str, bytes]) -> None:
    for n in range(600):
        parts[f"docs/{n}.xml"] = b"<a/>"


def embedded(parts: dict[str, bytes]) -> None:
    parts["xl/embeddings/oleObject1.bin"] = b"x"


def far_cell(parts: dict[str, bytes]) -> None:
    name = "xl/worksheets/sheet2.xml"
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts[name] = parts[name].replace(b"</sheetData>", cell)


def broken(parts: dict[str, bytes]) -> None:
    parts["xl/workbook.xml"] = b"<workbook"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (macros, "macros"),
        (macro_type, "macros"),
        (laughs, "document type"),
        (other_file, "document type"),
        (hidden_type, "another encoding"),
        (linked, "linked"),
        (linked_by_relation, "linked"),
        (bomb, "unpacks"),
        (large, "unpacks"),
        (many, "unpacks"),
        (embedded, "another file inside"),
        (far_cell, "unpacks"),
        (broken, "no Excel workbook"),
    ],
    ids=lambda value: getattr(value, "__name__", "said"),
)
def test_hostile_workbook_is_refused_with_a_sentence(
    small: bytes, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_workbook(rezipped(small, change))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no Excel workbook"),
        (b"PK\x03\x04" + b"\0" * 40, "no Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (b"<html></html>", "no Excel workbook"),
    ],
)
def test_other_files_are_refused_with_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_workbook(data)


def test_too_large_file_is_refused_before_it_is_opened() -> None:
    with pytest.raises(TooLargeError, match="larger than") as refusal:
        read_workbook(b"PK" + b"\0" * 10_000_000)
    assert "10000000" in str(refusal.value)
