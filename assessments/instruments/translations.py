"""The translation files of an instrument: reading, writing, and what is missing or stale.

One file a language beside model.yml, one block a sentence, the English above it as a comment:

    sentences:
      # National readiness for incident response
      title:
        src: 1c0e7d2a
        status: draft
        text: …

`src` is the fingerprint of the English sentence that was translated. An empty text is a
sentence that still waits for its translator.
"""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from cirt.datafiles import DataMap, read_map
from cirt.errors import N_
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE, Sentence, Status, Translation

if TYPE_CHECKING:
    from cirt.assessments.instruments.model import Instrument

Translations = Mapping[str, Translation]  # sentence id -> translation


@dataclass(frozen=True, slots=True)
class LanguageReport:
    """How far one language has come: sentence ids in reading order.

    missing: no translation. stale: the English has changed since. draft: nobody has reviewed it.
    """

    language: str
    sentences: int
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    draft: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every sentence has a translation of its present English."""
        return not self.missing and not self.stale


def read_translations(
    path: Path, instrument_id: str, version: str, sentence_ids: Iterable[str]
) -> Translations:
    """Return the translations that a language file holds, by sentence id.

    Raises DataFileError for another instrument or version, a language other than that of the
    file's name, and a sentence id that the instrument does not have.
    """
    file = read_map(path)
    file.only(("instrument", "version", "language", "sentences"))
    for key, expected in (
        ("instrument", instrument_id),
        ("version", version),
        ("language", path.stem),
    ):
        if file.text(key) != expected:
            raise file.fault(
                key, N_("%(key)s must be %(expected)s in this file."), key=key, expected=expected
            )
    known = frozenset(sentence_ids)
    rows = file.section("sentences")
    found: dict[str, Translation] = {}
    for sentence_id in rows:
        if sentence_id not in known:
            raise rows.fault(
                sentence_id, N_("The instrument has no sentence %(id)s."), id=sentence_id
            )
        row = rows.section(sentence_id)
        translation = _translation(row)
        if translation is not None:
            found[sentence_id] = translation
    return MappingProxyType(found)


def translation_report(instrument: "Instrument") -> tuple[LanguageReport, ...]:
    """Return, for each of the UN languages but English, what is missing, stale or draft."""
    sentences = tuple(instrument.sentences())
    return tuple(
        _report(sentences, language) for language in LANGUAGES if language != SOURCE_LANGUAGE
    )


def translation_file(instrument: "Instrument", language: str) -> str:
    """Return the text of a language file that holds every sentence of the instrument.

    Translations that exist are kept as they are, a stale one under the sign CHANGED; the others
    wait with an empty text. Give it to a translator, and put what comes back in its place.
    """
    lines = [
        f"instrument: {instrument.id}",
        f"version: {instrument.version}",
        f"language: {language}",
        "sentences:",
    ]
    for sentence in instrument.sentences():
        found = sentence.translations.get(language)
        lines += _comment(sentence, found)
        lines.append(f"  {sentence.id}:")
        lines.append(f'    src: "{sentence.src if found is None else found.src}"')
        lines.append(f"    status: {'draft' if found is None else found.status}")
        lines.append("    text:" if found is None else f"    text: {quoted(found.text)}")
    return "\n".join(lines) + "\n"


def _translation(row: DataMap) -> Translation | None:
    row.only(("src", "status", "text"))
    src = row.text("src")
    status = row.text("status")
    if status not in get_args(Status):
        raise row.fault("status", N_("The status must be draft or reviewed."))
    text = row.optional_text("text")
    if text is None:
        return None
    return Translation(text.strip(), src, "reviewed" if status == "reviewed" else "draft")


def _report(sentences: tuple[Sentence, ...], language: str) -> LanguageReport:
    present = [sentence for sentence in sentences if language in sentence.translations]
    return LanguageReport(
        language=language,
        sentences=len(sentences),
        missing=tuple(s.id for s in sentences if language not in s.translations),
        stale=tuple(s.id for s in present if s.in_language(language).stale),
        draft=tuple(s.id for s in present if s.translations[language].status == "draft"),
    )


def _comment(sentence: Sentence, found: Translation | None) -> list[str]:
    english = textwrap.wrap(" ".join(sentence.english.split()), 96)
    stale = found is not None and found.src != sentence.src
    if stale:
        english.insert(0, f"CHANGED: the English is now this; its src is {sentence.src}")
    return ["", *(f"  # {line}" for line in english)]


def quoted(text: str) -> str:
    """Return a double-quoted YAML scalar on one line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
