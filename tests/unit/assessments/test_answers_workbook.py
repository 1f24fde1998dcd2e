"""A workbook of answers out and back: the same answers, or every fault by its cell (ECMA-376)."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from babel.support import Translations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cirt
from cirt.assessments.answering import UNTOUCHED, AnswerContent, Confidence
from cirt.assessments.instruments import load_instrument
from cirt.assessments.models import MAX_COMMENT
from cirt.assessments.rounds import answers_workbook_columns as columns
from cirt.assessments.rounds.answers_workbook import AnswerRow, Heading, answers_workbook
from cirt.assessments.rounds.answers_workbook_columns import ABOUT, COLUMNS, Words
from cirt.assessments.rounds.answers_workbook_reading import answers_file
from cirt.assessments.rounds.answers_workbook_rows import content_of_row
from cirt.assessments.scoring import AnswerState
from cirt.assessments.wording import written
from cirt.sheet_tables import WorkbookError
from cirt.sheets import escaped, fits_a_cell, read_sheets, unescaped

SMALL = load_instrument("cirt-readiness", "1.0.0")
SERVICES = load_instrument("first-services", "1.0.0")
ARABIC = Translations.load(Path(cirt.__file__).parent / "translations", ["ar"])
WORDS = Words({"en": str, "ar": lambda text: str(ARABIC.gettext(text))})
AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def heading(instrument=SMALL, language="en", **about):
    said = dict.fromkeys(ABOUT, "x") | {
        "format": columns.FORMAT,
        "country_code": "XA",
        "instrument": instrument.id,
        "version": instrument.version,
        "round": "1",
        "language": language,
    }
    return Heading(language, language == "ar", said | about)


def workbook(contents, instrument=SMALL, language="en"):
    """The workbook of an instrument with these answers to its first questions."""
    rows = [
        AnswerRow(question, content, revision=1, changed_by="Farid (XA)", changed_at=AT, evidence=2)
        for question, content in zip(instrument.questions, contents, strict=False)
    ]
    return answers_workbook(instrument, heading(instrument, language), rows, WORDS)


def read(data, instrument=SMALL, language="en"):
    return answers_file(
        read_sheets(data),
        WORDS,
        with_functions=any(one.functions for one in instrument.questions),
        language=language,
    )


def contents_of(file, bases, instrument=SMALL):
    found = []
    for row, base in zip(file.rows, bases, strict=True):
        content, problems = content_of_row(row, instrument.question(row.question_id), base, WORDS)
        assert problems == ()
        found.append(content)
    return found


def changed(data, change):
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def column(sheet, header):
    return next(cell.column for cell in sheet[1] if cell.value == header)


def level(number, comment=""):
    return AnswerContent(AnswerState.LEVEL, number, comment=comment)


ODD = st.sampled_from(
    [
        '=HYPERLINK("http://x","y")',
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "#N/A",
        "#REF!",
        "007",
        "1e5",
        "2026-03-01",
        "TRUE",
        "line\nline\n\n=line",
        "بُني المركز عام 2019 (مرسوم 12/3)\nسطر ثانٍ",
        "mixed نص 3 / 5",
        "_x000D_",
        "_x005F_x0041_",
        "_x005F\x0b",
        "\x0b\x1f\x7f\x85",
        "'quoted",
        "Not known",
        "\u202eabc\u2069",
        "<b>&amp;</b>",
        "\U0001f600" * 40,
        "\U0001f600" * 17_000,
        "x" * MAX_COMMENT,
    ]
)
TYPED = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60),
    st.text("أبتثجح ١٢٣\n", max_size=60),
    ODD,
).map(lambda text: written(text, most=MAX_COMMENT, field="comment"))


@st.composite
def answer(draw, question):
    state = draw(st.sampled_from(AnswerState))
    reason = draw(TYPED)[:2_000].strip()
    if state is AnswerState.NOT_APPLICABLE:
        reason = reason or "لا ينطبق هنا"
    ids = [one.id for one in question.functions]
    return AnswerContent(
        state,
        draw(st.integers(0, question.top)) if state is AnswerState.LEVEL else None,
        reason,
        draw(TYPED),
        draw(st.sampled_from(Confidence)),
        draw(st.booleans()),
        draw(st.booleans()),
        tuple(sorted(draw(st.sets(st.sampled_from(ids))))) if ids else (),
    )


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("instrument", [SMALL, SERVICES], ids=lambda one: one.id)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_answers_come_back_unchanged(instrument, language, data):
    """Formula-like and Arabic texts, line breaks, control characters, texts longer than a cell."""
    contents = [data.draw(answer(question)) for question in instrument.questions]
    file = read(workbook(contents, instrument, language), instrument, language)
    assert contents_of(file, contents, instrument) == contents


@given(
    st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("_xX0005F1\x0b")))
)
def test_what_xml_cannot_hold_is_escaped_and_comes_back(text):
    """ECMA-376 part 1, 22.9.2.19 (ST_Xstring)."""
    assert unescaped(escaped(text)) == text
    assert not set(escaped(text)) & {chr(n) for n in range(32) if n not in (9, 10)}


def test_strings_shared_by_another_program_are_read_as_they_are_meant():
    """A spreadsheet program writes a carriage return as _x000D_ and _x0041_ as _x005F_x0041_."""
    data = workbook([level(1, "COMMENT")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet2.xml"
    old = parts[sheet]
    start = old.index(b"COMMENT")
    cell = old.rindex(b"<c ", 0, start), old.index(b"</c>", start) + 4
    shared = old[cell[0] : cell[1]].replace(b'"inlineStr"', b'"s"')
    shared = shared[: shared.index(b"<is>")] + b"<v>0</v></c>"
    parts[sheet] = old[: cell[0]] + shared + old[cell[1] :]
    parts["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si>'
        b"<t>a_x000D_\nb _x005F_x0041_ x005F_</t></si></sst>"
    )
    types = "[Content_Types].xml"
    override = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.'
        b'openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    parts[types] = parts[types].replace(b"</Types>", override)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    (content,) = contents_of(read(out.getvalue()), [UNTOUCHED])
    assert content.comment == "a\nb _x0041_ x005F_"


def test_no_cell_is_a_formula_or_an_error():
    texts = ["=1+1", "+1", "-1", "@x", "#N/A", "=cmd|'/C calc'!A0"]
    data = workbook([level(1, text) for text in texts])
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    quoted = [cell.value for cell in cells if cell.quotePrefix]
    assert quoted == [text for text in texts if text[0] in "=+-@"]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_sheet_is_ready_to_be_filled_in(language):
    """Direction, frozen head, protection of what is read only, lists of what a cell takes."""
    book = openpyxl.load_workbook(io.BytesIO(workbook([level(2), UNTOUCHED], language=language)))
    assert [sheet.sheet_view.rightToLeft for sheet in book] == [language == "ar"] * 2
    sheet = book.worksheets[1]
    assert sheet.freeze_panes == "B2"
    assert sheet.protection.sheet and sheet.protection.password is None
    heads = {one.key: n for n, one in enumerate(columns.columns_for(with_functions=False), 1)}
    for key, number in heads.items():
        filled = next(one.filled for one in COLUMNS if one.key == key)
        for row in (2, 3):
            cell = sheet.cell(row, number)
            assert cell.protection.locked is not filled, key
            assert (cell.fill.fgColor.rgb == "00EDEDED") is not filled, key
            assert cell.alignment.wrap_text
    assert sheet.cell(2, heads["answer"]).value == 2
    assert sheet.cell(2, heads["changed_at"]).value == "2026-03-01 09:30"
    assert sheet.cell(2, heads["evidence"]).value == 2
    lists = {str(rule.sqref)[0]: rule for rule in sheet.data_validations.dataValidation}
    listed = lists[sheet.cell(1, heads["answer"]).column_letter]
    assert listed.formula1.startswith('"0,1,2,3,4,') and listed.showErrorMessage
    assert listed.formula1.count(",") == 6
    assert set(lists) == {
        sheet.cell(1, heads[key]).column_letter
        for key in ("answer", "confidence", "for_review", "disputed")
    }
    if language == "ar":
        text = SMALL.questions[0].text.in_language("ar").text
        assert sheet.cell(2, heads["question"]).value == text


def test_text_longer_than_a_cell_is_kept_whole_and_nothing_is_cut():
    text = "\U0001f600" * 17_000  # 34,000 in the format's count
    assert not fits_a_cell(text)
    before = replace(level(2, text), reason="r")
    data = workbook([before])
    book = openpyxl.load_workbook(io.BytesIO(data))
    pieces = [row[3].value for row in book["Long texts"].iter_rows(min_row=2)]
    assert "".join(pieces) == text and len(pieces) > 1
    sheet = book["Answers"]
    assert "stands in the sheet" in sheet.cell(2, column(sheet, "Comment")).value

    def change(book):
        sheet = book["Answers"]
        sheet.cell(2, column(sheet, "Answer")).value = 3

    file = read(changed(data, change))
    assert contents_of(file, [before]) == [replace(before, level=3)]
    (row,) = file.rows
    content, (problem,) = content_of_row(row, SMALL.questions[0], None, WORDS)
    assert content is None and "longer text" in str(problem)
    assert problem.cell == f"{sheet.cell(1, column(sheet, 'Comment')).column_letter}2"


def test_words_of_either_language_and_arabic_digits_are_understood():
    def change(book):
        sheet = book["Answers"]
        for row, said in enumerate(("٣", "  NOT   known ", ARABIC.gettext("Not known")), 2):
            sheet.cell(row, column(sheet, "Answer")).value = said
        sheet.cell(2, column(sheet, "Disputed")).value = ARABIC.gettext("Yes")
        sheet.cell(3, column(sheet, "Disputed")).value = "no"
        sheet.cell(2, column(sheet, "Comment")).value = 2019

    file = read(changed(workbook([UNTOUCHED] * 3), change))
    first, second, third = contents_of(file, [UNTOUCHED] * 3)
    assert (first.level, first.disputed, first.comment) == (3, True, "2019")
    assert second.state is third.state is AnswerState.NOT_KNOWN
    assert not second.disputed


def test_columns_are_found_by_name_wherever_they_stand_in_either_language():
    contents = [level(1, "one"), level(2, "two")]

    def change(book):
        sheet = book["Answers"]
        for row in sheet.iter_rows():
            values = [cell.value for cell in row]
            for cell, value in zip(row, reversed(values), strict=True):
                cell.value = value
        head = sheet.cell(1, column(sheet, "Comment"))
        head.value = ARABIC.gettext("Comment")
        sheet.delete_cols(column(sheet, "Levels"))

    assert contents_of(read(changed(workbook(contents), change)), contents) == contents
    arabic = workbook(contents, language="ar")
    assert contents_of(read(arabic, language="en"), contents) == contents


def test_functions_are_taken_by_id_one_a_line_or_with_their_names():
    question = next(one for one in SERVICES.questions if len(one.functions) > 2)
    first, second, third = question.functions[:3]
    instrument_rows = [AnswerRow(question, UNTOUCHED)]
    data = answers_workbook(SERVICES, heading(SERVICES), instrument_rows, WORDS)
    for said, expected in (
        (f"{first.id}: {first.name.english}, and more\n{second.id}", (first, second)),
        (f"{third.id}, {first.id}", (first, third)),
    ):

        def change(book, said=said):
            sheet = book["Answers"]
            sheet.cell(2, column(sheet, "Functions offered")).value = said

        (content,) = contents_of(read(changed(data, change), SERVICES), [UNTOUCHED], SERVICES)
        assert content.functions == tuple(sorted(one.id for one in expected))


def test_every_fault_of_the_rows_is_named_by_cell_at_once():
    def spoil(book):
        sheet = book["Answers"]
        put = lambda row, header, value: setattr(  # noqa: E731 - shorter to read below
            sheet.cell(row, column(sheet, header)), "value", value
        )
        put(2, "Answer", 5)
        put(2, "Comment", "=1+1")
        put(2, "Disputed", "perhaps")
        put(3, "Answer", "Not applicable")
        put(3, "How sure are those who answered?", "very")
        put(4, "Comment", datetime(2026, 1, 1))  # noqa: DTZ001 - of a cell
        put(4, "Answer", 2.5)
        put(5, "Why the question does not apply", "r" * 2_001)
        put(6, "Id", sheet.cell(7, 1).value)
        put(8, "Id", None)
        put(9, "Revision", "first")
        sheet.merge_cells("G10:G11")
        sheet.cell(12, 40).value = "stray"

    file = read(changed(workbook([UNTOUCHED] * 12), spoil))
    found = {}
    for row in file.rows:
        question = SMALL.question(row.question_id) if row.question_id else SMALL.questions[0]
        _content, problems = content_of_row(row, question, UNTOUCHED, WORDS)
        for problem in problems:
            found.setdefault(problem.cell, []).append(problem.message)
    assert {cell: len(messages) for cell, messages in found.items()} == {
        "E2": 1, "G2": 1, "J2": 1, "F3": 1, "H3": 1, "G4": 1, "E4": 1, "F5": 1, "A7": 1, "A8": 1,
        "AN12": 1,
        "G10:G11": 2,  # at both of its rows
    }  # fmt: skip
    assert "formula" in found["G2"][0] and "Say why" in found["F3"][0]
    sound = [row for row in file.rows if not row.problems]
    assert len(sound) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b["Answers"].delete_cols(7), "Answers: The column Comment is missing"),
        (lambda b: b["Answers"].cell(1, 30, "Colour"), "Answers!AD1: The column Colour is unknown"),
        (lambda b: b["Answers"].cell(99, 40, "stray"), "Answers!AN99: This cell stands under no"),
        (lambda b: b["Answers"].cell(1, 30, "Comment"), "there twice"),
        (lambda b: b["Answers"].cell(1, 7, "=A1"), "Answers!G1: A formula"),
        (lambda b: b["Answers"].merge_cells("A1:B2"), "Answers!A1:B2: Cells are merged"),
        (lambda b: b.create_sheet("Mine"), "Mine: This sheet is unknown"),
        (lambda b: b.remove(b["Answers"]), "Answers: This sheet is missing"),
        (lambda b: b.remove(b["Read me"]), "Read me: This sheet is missing"),
        (lambda b: b["Read me"].delete_rows(7), "Read me: The row Instrument is missing"),
        (lambda b: b["Read me"].cell(1, 2, "answers 9"), "Read me!B1: This workbook was made by"),
        (lambda b: b["Read me"].cell(7, 2, "=A1"), "Read me!B7: A formula"),
    ],
)
def test_changed_frame_is_refused_by_name(change, said):
    with pytest.raises(WorkbookError) as refusal:
        read(changed(workbook([UNTOUCHED] * 3), change))
    lines = [str(problem) for problem in refusal.value.problems]
    # a cell without its column's name would only repeat the fault
    assert any(line.startswith(said) or said in line for line in lines), lines


@pytest.mark.parametrize("language", ["en", "ar"])
def test_words_of_the_workbook_can_be_told_apart(language):
    """Else a translation would make a column or an answer ambiguous, or break a cell's list."""

    def put(words):
        return [WORDS.put(word, language).casefold() for word in words]

    for group in (
        [one.header for one in COLUMNS],
        list(ABOUT.values()),
        list(columns.STATE_WORDS),
        list(columns.CONFIDENCE_WORDS),
        list(columns.YES_NO),
        [columns.READ_ME, columns.ANSWERS, columns.LONG_TEXTS],
    ):
        assert len(set(put(group))) == len(group), put(group)
    listed = put([*columns.STATE_WORDS, *columns.CONFIDENCE_WORDS, *columns.YES_NO])
    assert not [word for word in listed if "," in word or '"' in word]
    for name in put([columns.READ_ME, columns.ANSWERS, columns.LONG_TEXTS]):
        assert len(name) <= 31 and not set(name) & set("[]:*?/\\")
