"""Texts of the data files in several languages: English first, translations where they exist."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from cirt.datafiles import DataMap
from cirt.errors import N_

SOURCE_LANGUAGE = "en"
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")

Status = Literal["draft", "reviewed"]


@dataclass(frozen=True, slots=True)
class LocalText:
    """A text as it is shown: in which language, and whether that is the language asked for.

    translated: False where English stands in for a missing translation (mark it with
    lang="en"). stale: the English has changed since this was translated.
    """

    text: str
    language: str
    translated: bool
    stale: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Translation:
    """One sentence in one language, and the fingerprint of the English it translates."""

    text: str
    src: str
    status: Status = "draft"


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English text with an id and its translations by language code."""

    id: str
    english: str
    translations: Mapping[str, Translation] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def src(self) -> str:
        """The fingerprint of the English text, as translations carry it."""
        return fingerprint(self.english)

    def in_language(self, language: str) -> LocalText:
        """Return the text in this language, in English where there is no translation."""
        if language == SOURCE_LANGUAGE:
            return LocalText(self.english, SOURCE_LANGUAGE, translated=True)
        found = self.translations.get(language)
        if found is None:
            return LocalText(self.english, SOURCE_LANGUAGE, translated=False)
        return LocalText(found.text, language, translated=True, stale=found.src != self.src)

    def __str__(self) -> str:
        return self.english


def fingerprint(text: str) -> str:
    """Return eight hexadecimal digits that change when the words of a text change.

    Line breaks, runs of spaces and Unicode composition do not count.
    """
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def sentence_of(container: DataMap, key: str, sentence_id: str) -> Sentence:
    """Read a text written beside its translations, as in `name: {en: Spam, ar: …}`.

    Raises DataFileError where English is missing or a language is not one of the six.
    """
    languages = container.section(key)
    languages.only(LANGUAGES)
    if SOURCE_LANGUAGE not in languages:
        raise languages.fault(None, N_("%(key)s needs its English text (en)."), key=key)
    english = languages.text(SOURCE_LANGUAGE)
    src = fingerprint(english)
    translations = {
        code: Translation(languages.text(code), src) for code in languages if code != "en"
    }
    return Sentence(sentence_id, english, MappingProxyType(translations))
