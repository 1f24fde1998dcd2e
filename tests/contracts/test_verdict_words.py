"""Nothing that people read says that a country or team complies: not even by another form of it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("cirt", "assessments", "incidents", "stix", "templates", "config", "docs")
SUFFIXES = {".py", ".html", ".yml", ".po", ".md", ".js"}

WORDS = re.compile(
    r"\bcompl(y|ies|ied|ying|iant|iance)\b|\bnon-?compl\w+|\bconform(s|ed|ing|ant|ance|ity)?\b"
    r"|امتثال|[يتنأ]متثل|ممتثل|امتثل",
    re.IGNORECASE,
)

# file -> the words that may stand there, and why
ALLOWED: dict[str, tuple[str, str]] = {}


def texts() -> list[Path]:
    found = list(ROOT.glob("*.md"))
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return [path for path in found if "static/source" not in str(path) and path.is_file()]


def test_nothing_says_that_anybody_complies() -> None:
    wrong = []
    for path in texts():
        name = str(path.relative_to(ROOT))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for found in WORDS.finditer(line):
                if not re.fullmatch(ALLOWED.get(name, ("", ""))[0], found[0], re.IGNORECASE):
                    wrong.append(f"{name}:{number}: {found[0]}")
    assert wrong == []


def test_places_that_may_still_have_their_word() -> None:
    for name, (word, reason) in ALLOWED.items():
        assert reason
        text = (ROOT / name).read_text(encoding="utf-8")
        assert any(re.fullmatch(word, each[0], re.IGNORECASE) for each in WORDS.finditer(text))


@pytest.mark.parametrize(
    "sentence",
    [
        "The country complies with Resolution 69.",
        "Fully compliant",
        "a compliance score",
        "conforms to SIM3",
        "يمتثل البلد للقرار",
        "درجة الامتثال",
    ],
)
def test_words_are_recognised(sentence: str) -> None:
    assert WORDS.search(sentence)
