"""cirt.documents.pdf: what other programs find in the finished file."""

import dataclasses
import io
import re
import shutil
import subprocess
import threading
import unicodedata
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from cirt.documents.model import (
    Contents,
    Document,
    Entry,
    Heading,
    Note,
    PageBreak,
    Paragraph,
    Span,
    Table,
    emphasise,
    plain,
)
from cirt.documents.pdf import render, render_pdf
from cirt.documents.production import produce, produce_pdf
from tests.unit.documents.samples import ARABIC, document, everything

poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is absent")


def _tool(name: str, pdf: bytes, tmp_path: Path, *options: str) -> str:
    (tmp_path / "x.pdf").write_bytes(pdf)
    command = [name, *options, "x.pdf", *(["-"] if name == "pdftotext" else [])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def _words(text: str) -> list[str]:
    """Words in reading order, without direction marks and page breaks."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(each for each in text if unicodedata.category(each) != "Cf").split()


def _printed(pdf: bytes, tmp_path: Path) -> list[str]:
    return _words(_tool("pdftotext", pdf, tmp_path))


def _has_in_order(words: list[str], expected: list[str]) -> bool:
    return any(words[n : n + len(expected)] == expected for n in range(len(words)))


@poppler
@pytest.mark.parametrize("wrap", ["paragraph", "note", "cell"])
def test_wrapped_arabic_with_bold_inside_is_read_in_logical_order(wrap, tmp_path):
    spans = emphasise(ARABIC)
    block = {
        "paragraph": Paragraph(spans),
        "note": Note(spans),
        "cell": Table((), (plain("أ"),), ((spans,),)),
    }[wrap]
    words = _printed(render_pdf(document(block)), tmp_path)
    assert _has_in_order(words, _words(ARABIC.replace("**", "")))


@poppler
def test_mixed_arabic_lines_keep_codes_as_written(tmp_path):
    spans = (
        Span("الدرجة "),
        Span("3 / 5", ltr=True),
        Span(" والمرسوم "),
        Span("2021-114", ltr=True),
    )
    words = " ".join(_printed(render_pdf(document(Paragraph(spans))), tmp_path))
    assert "3 / 5" in words
    assert "2021-114" in words


@poppler
@pytest.mark.parametrize("language", ["ar", "en", "ru", "zh"])
def test_every_font_is_embedded_with_a_way_back_to_text(language, tmp_path):
    pdf = render_pdf(everything(language))
    rows = [line.split() for line in _tool("pdffonts", pdf, tmp_path).splitlines()[2:]]
    assert rows
    assert all(row[-5:-2] == ["yes", "yes", "yes"] for row in rows), rows
    assert {row[0].partition("+")[2].partition("-")[0] for row in rows} <= {
        "Amiri",
        "NotoSans",
        "NotoSansSC",
    }


@poppler
@pytest.mark.parametrize("language", ["ar", "en", "zh"])
def test_long_paragraph_splits_with_every_sentence_once_and_in_order(language, tmp_path):
    sentence = {"ar": "الجملة رقم", "en": "This is sentence", "zh": "这是第"}[language]
    text = " ".join(f"{sentence} x{n}x." for n in range(900))
    pdf = render_pdf(document(Paragraph(plain(text)), language=language, marking=""))
    found = re.findall(r"x(\d+)x", " ".join(_printed(pdf, tmp_path)))
    assert [int(each) for each in found] == list(range(900))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) > 3


@poppler
def test_tall_cell_splits_over_pages_and_header_rows_come_again(tmp_path):
    tall = " ".join(f"x{n}x" for n in range(3_000))
    rows = ((plain("first"), plain("a")), (plain(tall), plain("b")), (plain("last"), plain("c")))
    table = Table(plain("Caption"), (plain("HeadOne"), plain("HeadTwo")), rows)
    pdf = render_pdf(document(table, language="en"))
    words = _printed(pdf, tmp_path)
    assert [int(x) for x in re.findall(r"x(\d+)x", " ".join(words))] == list(range(3_000))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert words.count("HeadOne") == len(opened.pages) > 2
        # repeated on paper, read out once
        kinds = [str(each.S) for each in _elements(opened.Root.StructTreeRoot.K[0])]
        assert kinds.count("/TH") == 2


@poppler
def test_heading_never_ends_a_page(tmp_path):
    blocks = []
    for number in range(60):
        blocks += [Heading(2, plain(f"Heading{number}")), Paragraph(plain(f"Body{number} " * 30))]
    text = _tool("pdftotext", render_pdf(document(*blocks, language="en")), tmp_path, "-layout")
    for page in text.split("\f")[:-1]:
        lines = [line.split()[0] for line in page.splitlines() if line.split()]
        assert not lines[-2].startswith("Heading")  # the last line is the footer


@poppler
def test_marking_and_page_number_stand_on_every_page(tmp_path):
    pdf = render_pdf(everything())
    pages = [" ".join(_words(page)) for page in _tool("pdftotext", pdf, tmp_path).split("\f")[:-1]]
    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert page.count("TLP:AMBER+STRICT") == 2
        assert f"صفحة{number}من{len(pages)}" in page.replace(" ", "")


@poppler
def test_user_text_is_never_read_as_markup_or_as_a_path(tmp_path):
    canary = tmp_path / "secret.txt"
    canary.write_text("CANARY-7731")
    text = f'<img src="{canary}"/><b>x</b> <link href="file://{canary}"> &amp; **a** %(page)s {{{{7*7}}}}'
    blocks = (
        Paragraph(plain(text)),
        Table((), (plain(text),), ((plain(text),),)),
        Note(plain(text)),
    )
    pdf = render_pdf(document(*blocks, language="en"))
    printed = " ".join(_printed(pdf, tmp_path))
    assert b"CANARY-7731" not in pdf
    assert "CANARY-7731" not in printed
    assert printed.count("<b>x</b>") == 4
    assert "&amp; **a** %(page)s {{7*7}}" in printed
    assert "/Image" not in _tool("pdfimages", pdf, tmp_path, "-list")


@poppler
def test_pypdf_finds_the_arabic_words_too():
    reader = PdfReader(io.BytesIO(render_pdf(document(Paragraph(emphasise(ARABIC))))))
    found = _words(reader.pages[0].extract_text())
    expected = _words(ARABIC.replace("**", ""))
    assert len(set(expected) - set(found)) <= len(expected) // 20


@poppler
@pytest.mark.parametrize("word", ["w" * 200_000, "ب" * 200_000])
def test_endless_word_is_broken_and_cut_visibly(word, tmp_path):
    pdf = render_pdf(document(Paragraph(plain(word)), language="en"))
    printed = "".join(_printed(pdf, tmp_path))
    assert "..." in printed  # U+2026, after NFKC
    assert len(pdf) < 1_000_000


def test_piled_marks_are_survived():
    piled = "e" + "\u0301" * 50_000 + " ب" + "\u0651\u064e" * 20_000
    assert render_pdf(document(Paragraph(plain(piled)))).startswith(b"%PDF")


def test_missing_characters_print_a_sign_and_are_named():
    rendered = render(document(Paragraph(plain("國 ok 😀")), language="zh"))
    assert rendered.missing == ("國", "😀")
    # the sign is drawn, the character itself is what a copy holds
    reader = PdfReader(io.BytesIO(rendered.pdf))
    assert "國" in reader.pages[0].extract_text()


def test_same_document_gives_the_same_bytes():
    first = render_pdf(everything())
    render_pdf(everything("zh"))  # what was made in between leaves no trace
    assert render_pdf(everything()) == first
    assert produce_pdf(everything()) == first


def test_threads_render_one_after_the_other():
    expected = render_pdf(everything())
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(render_pdf(everything()))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 3


def test_process_reports_missing_characters():
    rendered = produce(document(Paragraph(plain("國\n😀")), language="en"))
    assert rendered.missing == ("國", "😀")
    assert rendered.pdf.startswith(b"%PDF")


def _elements(element: pikepdf.Object) -> list[pikepdf.Object]:
    kids = [kid for kid in element.get("/K", []) if kid.get("/Type") == "/StructElem"]
    return [element, *(below for kid in kids for below in _elements(kid))]


def test_tags_language_direction_and_metadata_are_present():
    """ISO 32000-1, 14.7 and 14.8; PDF/UA-1 7.1, as far as it goes."""
    with pikepdf.open(io.BytesIO(render_pdf(everything()))) as opened:
        root = opened.Root
        assert str(root.Lang) == "ar"
        assert root.MarkInfo.Marked
        assert root.ViewerPreferences.Direction == "/R2L"
        assert root.ViewerPreferences.DisplayDocTitle
        assert root.OutputIntents[0].DestOutputProfile.N == 3
        assert str(opened.docinfo["/Title"]) == "تقرير"
        assert str(opened.docinfo["/CreationDate"]) == "D:20261122100000Z"
        with opened.open_metadata() as metadata:
            assert metadata["dc:title"] == "تقرير"
            # conformance was never certified, so it is not claimed
            assert metadata.pdfa_status == ""
        elements = _elements(root.StructTreeRoot.K[0])
        kinds = {str(each.S) for each in elements}
        assert {"/H1", "/H2", "/P", "/L", "/LI", "/Lbl", "/LBody", "/Table", "/TR"} <= kinds
        assert {"/TH", "/TD", "/Figure", "/Caption", "/Link", "/Note"} <= kinds
        figures = [each for each in elements if each.S == "/Figure"]
        assert [str(each.Alt) for each in figures] == ["ستة عشر بعدا", "قضيب واحد"]
        headers = [each for each in elements if each.S == "/TH"]
        # the tag tree is in logical order, whatever side the first column is on
        assert [str(each.ActualText) for each in headers] == ["الرقم", "الاسم"]
        assert all(each.A.Scope == "/Column" for each in headers)


def test_every_mark_leads_to_its_element_and_back():
    with pikepdf.open(io.BytesIO(render_pdf(everything()))) as opened:
        numbers = opened.Root.StructTreeRoot.ParentTree.Nums
        parents = dict(zip([int(n) for n in numbers[::2]], numbers[1::2], strict=True))
        for page in opened.pages:
            marks = re.findall(rb"/MCID (\d+)", page.Contents.read_bytes())
            listed = parents[int(page.obj.StructParents)]
            assert [int(mark) for mark in marks] == list(range(len(listed)))
        links = [a for page in opened.pages for a in page.obj.get("/Annots", [])]
        assert [str(link.A.URI) for link in links] == ["https://www.first.org/tlp/"]
        assert all(parents[int(link.StructParent)].S == "/Link" for link in links)


def test_outline_names_the_headings():
    with (
        pikepdf.open(io.BytesIO(render_pdf(everything()))) as opened,
        opened.open_outline() as tree,
    ):
        assert [item.title for item in tree.root] == ["النتائج"]
        assert [item.title for item in tree.root[0].children] == ["Details"]


@pytest.mark.parametrize("name", ["nothing", "empty blocks"])
def test_empty_documents_have_a_page(name):
    empty: Document = document()
    if name == "empty blocks":
        empty = document(Paragraph(()), Table((), (plain(""),), ((plain(""),),)), Note(()))
    assert len(PdfReader(io.BytesIO(render_pdf(empty))).pages) == 1


@pytest.mark.skipif(not shutil.which("qpdf"), reason="qpdf is absent")
def test_file_structure_is_clean(tmp_path):
    assert "No syntax" in _tool("qpdf", render_pdf(everything()), tmp_path, "--check")


@poppler
@pytest.mark.parametrize("language", ["en", "ar"])
def test_list_of_contents_has_the_page_of_each_heading(language, tmp_path):
    blocks = [Contents((Entry(plain("Later"), "b"), Entry(plain("Nowhere"), "c")))]
    blocks += [
        PageBreak(),
        Heading(1, plain("First"), "a"),
        PageBreak(),
        Heading(1, plain("Later"), "b"),
    ]
    pages = _tool("pdftotext", render_pdf(document(*blocks, language=language)), tmp_path).split(
        "\f"
    )
    assert "Later" in pages[2]
    # in a right-to-left document the number stands at the left, apart from the heading
    assert re.search(r"^(Later\s+)?3$", pages[0], re.MULTILINE)
    assert "Nowhere" in pages[0]


@poppler
def test_status_stands_at_the_head_of_every_page(tmp_path):
    made = dataclasses.replace(everything("en"), status="Draft of these tests")
    pages = _tool("pdftotext", render_pdf(made), tmp_path).split("\f")[:-1]
    assert len(pages) > 3
    assert all(page.count("Draft of these tests") == 1 for page in pages)


def test_tints_of_a_table_stand_under_its_figures():
    row = (plain("a"), plain("3.0"))
    made = document(Table((), row, (row, row), shades=((None, 0), (None, 4))), language="en")
    with pikepdf.open(io.BytesIO(render_pdf(made))) as opened:
        drawn = opened.pages[0].Contents.read_bytes()
    # the first and the last ground of cirt.documents.styles.SHADES, in parts of one
    for red, green, blue in ((0xFB, 0xE0, 0xDE), (0xBF, 0xE3, 0xCC)):
        numbers = rb" ".join(
            re.escape(f"{part / 255:.6f}".strip("0").encode()) for part in (red, green, blue)
        )
        assert re.search(numbers + rb" rg", drawn), (red, green, blue)
