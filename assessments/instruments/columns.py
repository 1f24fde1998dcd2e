"""The sheets and columns of an instrument's workbook, as writing and reading it both need them."""

import re
from dataclasses import dataclass, fields

from cirt.assessments.instruments.model import Crosswalk
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE

FORMAT = "1"

INSTRUMENT, DIMENSIONS, QUESTIONS, STEPS, TRANSLATIONS, READ_ME = (
    "Instrument",
    "Dimensions",
    "Questions",
    "Steps",
    "Translations",
    "Read me",
)

LANGUAGE_NAMES = {
    "ar": "Arabic",
    "es": "Spanish",
    "fr": "French",
    "ru": "Russian",
    "zh": "Chinese",
}
assert set(LANGUAGE_NAMES) == set(LANGUAGES) - {SOURCE_LANGUAGE}  # noqa: S101 - two lists, one truth

# column -> key in the instrument's file
CROSSWALK_COLUMNS = {
    "Provisions": "provisions",
    "UN 64/211": "un_64_211",
    "SIM3": "sim3",
    "GCI": "gci",
    "CMM": "cmm",
    "FIRST services": "first_services",
}
assert tuple(CROSSWALK_COLUMNS.values()) == tuple(f.name for f in fields(Crosswalk))  # noqa: S101 - the same


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: its header in row 1, its width, whether each language has one too."""

    header: str
    width: int
    translated: bool = False


def columns(sheet: str, levels: int) -> tuple[Column, ...]:
    """Return the columns of a sheet; levels: how many levels the instrument's scale has."""
    walk = tuple(Column(header, 24) for header in CROSSWALK_COLUMNS)
    if sheet == INSTRUMENT:
        return (Column("Item", 22), Column("Value", 70, translated=True))
    if sheet == DIMENSIONS:
        return (
            Column("Id", 10),
            Column("Title", 36, translated=True),
            Column("Description", 60, translated=True),
            Column("Pillar", 26),
            *walk,
        )
    if sheet == QUESTIONS:
        return (
            Column("Id", 10),
            Column("Dimension", 11),
            Column("Text", 50, translated=True),
            Column("Why", 50, translated=True),
            *(Column(f"Level {n}", 40, translated=True) for n in range(levels)),
            Column("Evidence", 44, translated=True),
            Column("Functions", 40, translated=True),
            Column("Weight", 8),
            Column("Applies", 9),
            Column("Pillar", 26),
            Column("Capabilities", 28),
            Column("Asked of", 22),
            *walk,
        )
    if sheet == STEPS:
        return (
            Column("Question", 10),
            Column("Level", 7),
            Column("Text", 70, translated=True),
            Column("Effort", 9),
            Column("Cost", 9),
            Column("Phase", 11),
            Column("Needs", 24),
        )
    return (
        Column("Sentence", 22),
        Column("Language", 10),
        Column("Status", 10),
        Column("English", 12),
        Column("Translation", 12),
    )


_TRANSLATED = re.compile(r"(?P<base>.+?) *:: *(?P<name>[^()]*?) *\((?P<code>[A-Za-z-]+)\)")


def header_in(header: str, language: str) -> str:
    """Return the header of a column's translation, such as Text::Arabic (ar)."""
    return f"{header}::{LANGUAGE_NAMES[language]} ({language})"


def language_of(header: str) -> tuple[str, str] | None:
    """Return (column, language code) of a translation's header; None for another header.

    The name of the language is for people; the code counts.
    """
    found = _TRANSLATED.fullmatch(header.strip())
    return None if found is None else (found["base"].strip(), found["code"].lower())
