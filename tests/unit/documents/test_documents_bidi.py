"""cirt.documents.bidi against the Unicode Bidirectional Algorithm (UAX #9)."""

import random
from dataclasses import dataclass

import pytest
from bidi import get_display

from cirt.documents import bidi

LETTERS = "ابجabс12٣ ()[]-/,.:%+ّ\u200e\u200f" + bidi.ISOLATE_MARKS


@dataclass(frozen=True)
class _Character:
    text: str
    level: int


def _displayed(text: str, direction: bidi.Direction) -> str:
    """The text as it stands on one line from left to right, isolate marks left out."""
    levels = bidi.embedding_levels(text, direction)
    end = len(text)
    while end and (text[end - 1].isspace() or text[end - 1] in bidi.ISOLATE_MARKS):
        end -= 1  # L1: white space at the line's end has the paragraph's level
        levels[end] = 1 if direction == "rtl" else 0
    characters = [_Character(*pair) for pair in zip(text, levels, strict=True)]
    return "".join(
        each.text for each in bidi.visual_order(characters) if each.text not in bidi.ISOLATE_MARKS
    )


def _comparable(displayed: str) -> str:
    # the other implementation mirrors brackets in the string, ours leaves that to the font
    kept = (each for each in displayed if each not in bidi.ISOLATE_MARKS + "\u200e\u200f")
    return "".join(kept).translate(str.maketrans(")]", "(["))


def test_levels_agree_with_another_implementation_on_random_texts():
    """UAX #9: rules W, N0 to N2, I and isolates, against the Rust crate inside python-bidi."""
    chance = random.Random(20261122)
    for _ in range(4_000):
        text = bidi.balanced("".join(chance.choices(LETTERS, k=chance.randint(1, 14))))
        direction = chance.choice(("ltr", "rtl"))
        theirs = get_display(text, base_dir="R" if direction == "rtl" else "L")
        ours = _displayed(text, direction)
        assert _comparable(ours) == _comparable(theirs), (ascii(text), direction)


@pytest.mark.parametrize(
    ("text", "displayed"),
    [
        ("رقم 2021-114", "114-2021 مقر"),  # the trap
        ("رقم \u20662021-114\u2069", "2021-114 مقر"),  # and the way out
        ("\u20663 / 5\u2069 درجة", "ةجرد 3 / 5"),
        ("أ (C++) ب", "ب )++C( أ"),  # the trap again; brackets face the right way in the font
        ("a (b) ج", "ج a (b)"),
    ],
)
def test_isolates_and_brackets_keep_codes_whole(text, displayed):
    """UAX #9: BD9, X5a, N0."""
    assert _displayed(text, "rtl") == displayed


def test_overrides_are_removed():
    """UAX #9, X4: RLO shows invoice-fdp.exe as invoice-exe.pdf."""
    assert bidi.without_embeddings("invoice-\u202efdp.exe\u202c") == "invoice-fdp.exe"


@pytest.mark.parametrize(
    ("text", "balanced"),
    [
        ("a\u2069b", "ab"),
        ("\u2066a", "\u2066a\u2069"),
        ("\u2066\u2067a", "\u2066\u2067a\u2069\u2069"),
    ],
)
def test_isolates_are_closed_where_they_were_opened(text, balanced):
    assert bidi.balanced(text) == balanced


@pytest.mark.parametrize("text", ["\u2066" * 5_000 + "\u2069" * 5_000, "(" * 20_000, "(ا)" * 9_000])
def test_deep_nesting_is_survived(text):
    assert len(bidi.embedding_levels(text, "rtl")) == len(text)


def test_code_points_without_a_character_have_a_level():
    assert bidi.embedding_levels("a\ufdd0\U000e0080", "ltr") == [0, 0, 0]
