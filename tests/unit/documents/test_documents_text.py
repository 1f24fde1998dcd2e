"""cirt.documents.text and words: what is printed, and where lines break."""

import itertools

import pytest

from cirt.documents.model import Span, plain
from cirt.documents.text import Look, Passage, Typesetting
from cirt.documents.words import LONGEST_WORD, cleaned

LOOK = Look(10, 15)


def _passage(*spans: Span, language: str = "en") -> Passage:
    direction = "rtl" if language == "ar" else "ltr"
    return Passage(spans, Typesetting(direction, language), LOOK)


def _lines(passage: Passage, width: float) -> list[str]:
    return [passage.text[line.start : line.end] for line in passage.lines(width)]


@pytest.mark.parametrize("language", ["en", "ar", "zh"])
@pytest.mark.parametrize("width", [30, 77, 200])
def test_lines_fit_and_lose_nothing(language, width):
    text = "The CIRT أجابت، (in 2021-114) 国家，响应小组。 Привет-мир! " * 20
    passage = _passage(Span(text), language=language)
    lines = passage.lines(width)
    assert all(line.width <= width + 0.01 for line in lines)
    assert "".join(_lines(passage, width)).replace(" ", "") == text.replace(" ", "")


def test_chinese_breaks_between_characters_but_not_before_punctuation():
    passage = _passage(*plain("国家，响应。小组（准备）情况" * 10), language="zh")
    for width in range(25, 120):
        for before, after in itertools.pairwise(_lines(passage, width)):
            assert after[0] not in "，。）"
            assert before[-1] != "（"


def test_hyphen_breaks_words_but_not_numbers():
    assert _lines(_passage(*plain("well-known")), 40) == ["well-", "known"]
    assert _lines(_passage(*plain("see 2021-114")), 60) == ["see", "2021-114"]


def test_fixed_space_keeps_its_neighbours_together():
    assert _lines(_passage(*plain("see 12\u00a0months")), 60) == ["see", "12\u00a0months"]


def test_isolated_score_stays_on_one_line():
    passage = _passage(Span("الدرجة التي "), Span("3 / 5", ltr=True), language="ar")
    widths = [line.width for line in passage.lines(10_000)]
    narrow = _lines(passage, widths[0] - 1)
    assert [line.strip("\u2066\u2069") for line in narrow][-1] == "3 / 5"


def test_long_word_is_broken_at_its_signs_and_capped_visibly():
    url = "https://www.example.org/a-long-path/with/many/parts?and=arguments"
    assert all(line[-1] in "/-?=.:" for line in _lines(_passage(*plain(url)), 150)[:-1])
    text = cleaned("w" * 200_000)
    assert len(text) == LONGEST_WORD + 1
    assert text.endswith("…")
    assert cleaned("国" * 30_000) == "国" * 30_000


def test_marks_stay_with_their_letters():
    passage = _passage(*plain("e\u0301\u0323" * 200))
    assert all(line[0] == "e" for line in _lines(passage, 50))


def test_line_feeds_begin_new_lines():
    assert _lines(_passage(*plain("a\r\nb\n\nc\u2028d")), 500) == ["a", "b", "", "c", "d"]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\x00b\x1b[0m", "ab[0m"),
        ("invoice-\u202efdp.exe", "invoice-fdp.exe"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
        ("a\ud800", "a\ufffd"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("tab\there", "tab here"),
    ],
)
def test_unprintable_characters_are_taken_out(text, printed):
    assert cleaned(text) == printed


def test_missing_characters_are_reported_and_others_are_not():
    typesetting = Typesetting("ltr", "en")
    Passage(plain("ok 國 é e\u0301 → ≥ € \u0e01 😀"), typesetting, LOOK)
    assert typesetting.missing == {"國", "\u0e01", "😀"}
