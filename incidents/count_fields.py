"""A form part for counts: rows of a kind of entity and a number, read without scripts."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from wtforms import Field

from cirt import vocabularies
from cirt.errors import N_
from cirt.incidents.case_pages import local

_SPARE = 3

NUMBER_WANTED = N_("Give each number as digits, from 0 to %(most)s.")


class EntityCountsField(Field):  # type: ignore[misc]
    """Counts by kind of entity; some empty rows wait below the filled ones.

    data: kind -> number. rows: (kind, number as typed) to show, empty ones last. A row without a
    number is left out.
    """

    data: dict[str, int]

    def process(
        self, formdata: Any, data: Any = None, extra_filters: Any = None, **_more: Any
    ) -> None:
        """Read the rows of the form; those of the record when no form was sent."""
        self.process_errors: list[str] = []
        self.errors = ()
        present: Mapping[str, int] = data if isinstance(data, Mapping) else {}
        self.data = dict(present)
        self._typed: list[tuple[str, str]] = [
            (kind, str(number)) for kind, number in present.items()
        ]
        if formdata and f"{self.name}-kind" in formdata:
            kinds = formdata.getlist(f"{self.name}-kind")
            numbers = formdata.getlist(f"{self.name}-number")
            pairs = zip(kinds, numbers, strict=False)
            self._typed = [(kind, text.strip()) for kind, text in pairs if kind or text.strip()]
            self.data = self._read()

    def _read(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for kind, text in self._typed:
            if not text:
                continue
            message = None
            if not kind:
                message = gettext("Say what the number %(number)s counts.", number=text[:20])
            elif not text.isdecimal() or len(text) > 13:
                message = gettext(NUMBER_WANTED, most=10**12)
            elif kind in found:
                message = gettext("“%(kind)s” stands twice.", kind=entity_word(kind))
            if message:
                self.process_errors.append(message)
            else:
                found[kind] = int(text)
        return found

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What is shown: the rows typed so far and some empty ones."""
        return [*self._typed, *[("", "")] * _SPARE]

    def kinds(self) -> list[tuple[str, str]]:
        """Return the kinds of entities to choose from, with those that the record holds besides."""
        known = vocabularies.word_lists()["entity-type"].words
        more = [kind for kind, _number in self._typed if kind and kind not in known]
        return [
            *((kind, local(name)) for kind, name in known.items()),
            *((kind, kind) for kind in more),
        ]


def entity_word(kind: str) -> str:
    """Return the name of a kind of entity."""
    name = vocabularies.word_lists()["entity-type"].words.get(kind)
    return local(name) if name else kind


def counts_in_words(counts: Mapping[str, int]) -> list[str]:
    """Return counts as people read them, in the order of the vocabulary."""
    known = vocabularies.word_lists()["entity-type"].words
    order = [*(kind for kind in known if kind in counts), *sorted({*counts} - {*known})]
    return [f"{entity_word(kind)}: {counts[kind]}" for kind in order]
