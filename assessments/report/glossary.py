"""The terms that a report explains."""

from dataclasses import dataclass
from functools import cache

from cirt.datafiles import data_path, read_map
from cirt.localtext import Sentence, sentence_of


@dataclass(frozen=True, slots=True)
class Term:
    """One term. short: its abbreviation, "" for none. meaning: None where the name says it all."""

    short: str
    name: Sentence
    meaning: Sentence | None


@cache
def glossary() -> tuple[Term, ...]:
    """Return the terms in the order of their file: terms first, then abbreviations."""
    found = []
    document = read_map(data_path("report", "glossary.yml"))
    document.only(("glossary", "terms"))
    for number, row in enumerate(document.sections("terms")):
        row.only(("short", "name", "meaning"))
        found.append(
            Term(
                row.optional_text("short") or "",
                sentence_of(row, "name", f"term-{number}"),
                None
                if row["meaning"] is None
                else sentence_of(row, "meaning", f"term-{number}.meaning"),
            )
        )
    return tuple(found)
