"""Where known values stand in texts, however they are spelled there."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cirt.incidents.protection.reading import Reading
from cirt.incidents.protection.word_lists import word_set

_GRAM: Final = 4
_MOST_BETWEEN: Final = 4
"""Characters that may separate two digits of a number."""

_ARABIC_PREFIXES: Final = word_set("و ف ب ل ك ال وال بال فال كال لل ول وب وك فل ولل وبال س")
_ENDINGS: Final = word_set(
    "а у е ы о я ю и й ь ом ем им ым ой ей ою ею ых их ов ев ами ями ого ему ому ыми ими"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value to look for.

    form: in folded form; for a number without anything but its letters and digits (is_number).
    owner: position of the finding it belongs to. may_bend: Russian endings may follow. is_name:
    counts only with a capital, in running text, where the script has capitals.
    """

    form: str
    owner: int
    is_number: bool = False
    may_bend: bool = False
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A value found at start:end of the text."""

    start: int
    end: int
    owner: int


class _Forms:
    """Forms by how they begin, so that each place of a text is looked up once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[str, list[Entry]] = defaultdict(list)
        lengths: dict[str, set[int]] = defaultdict(set)
        for entry in entries:
            self._entries[entry.form].append(entry)
            lengths[entry.form[:_GRAM]].add(len(entry.form))
        self._lengths = {gram: sorted(sizes) for gram, sizes in lengths.items()}
        self._sizes = sorted({len(gram) for gram in lengths})

    def __bool__(self) -> bool:
        return bool(self._sizes)

    def within(self, text: str) -> Iterator[tuple[int, Entry]]:
        """Return which forms begin where in a text."""
        for size in self._sizes:
            for at in range(len(text) - size + 1):
                for length in self._lengths.get(text[at : at + size], ()):
                    for entry in self._entries.get(text[at : at + length], ()):
                        yield at, entry


class Matcher:
    """Looks for many values at once; the time grows with the text, not with their number."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        known = [entry for entry in entries if entry.form]
        self._plain = _Forms(entry for entry in known if not entry.is_number)
        self._numbers = _Forms(entry for entry in known if entry.is_number)

    def matches(self, text: str, folded: Reading, *, in_prose: bool = True) -> Iterator[Match]:
        """Return where the values stand in a text whose folded reading is given."""
        for at, entry in self._plain.within(folded.text):
            if entry.is_name and not in_prose:
                continue
            start, end = folded.span(at, at + len(entry.form))
            bent = _bent_end(text, end) if entry.may_bend else end
            if entry.is_name and text[start].islower():
                continue
            if _stands_apart(text, start, bent):
                yield Match(start, bent, entry.owner)
        if self._numbers:
            yield from self._number_matches(text, folded)

    def _number_matches(self, text: str, folded: Reading) -> Iterator[Match]:
        places = [i for i, character in enumerate(folded.text) if character.isalnum()]
        squeezed = "".join(folded.text[i] for i in places)
        for at, entry in self._numbers.within(squeezed):
            own = places[at : at + len(entry.form)]
            if any(b - a > _MOST_BETWEEN for a, b in pairwise(own)):
                continue
            start, end = folded.span(own[0], own[-1] + 1)
            if _stands_apart(text, start, end):
                yield Match(start, end, entry.owner)


def _bent_end(text: str, end: int) -> int:
    """Return where a word ends that goes on with a Russian ending."""
    stop = end
    while stop < len(text) and _script(text[stop]) == "cyrillic" and stop - end < 4:
        stop += 1
    return stop if text[end:stop].casefold() in _ENDINGS else end


def _stands_apart(text: str, start: int, end: int) -> bool:
    """Whether a value is not the middle of a longer word of the same script."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if _joined(text[end - 1], after):
        return False
    if not _joined(before, text[start]):
        return True
    if _script(before) != "arabic":
        return False
    first = start
    while first > 0 and _script(text[first - 1]) == "arabic" and start - first < 5:
        first -= 1
    return text[first:start] in _ARABIC_PREFIXES


def _joined(left: str, right: str) -> bool:
    if not left or not right or not left.isalnum() or not right.isalnum():
        return False
    script = _script(left)
    return script == _script(right) and script != "han"


def _script(character: str) -> str:
    code = ord(character)
    if unicodedata.decimal(character, None) is not None or code < 0x250:
        return "latin" if character.isalnum() else ""
    if 0x400 <= code < 0x530:
        return "cyrillic"
    if 0x600 <= code < 0x780 or 0x8A0 <= code < 0x900 or 0xFB50 <= code < 0xFF00:
        return "arabic"
    if 0x2E80 <= code < 0xA000 or 0xF900 <= code < 0xFB00 or code >= 0x20000:
        return "han"
    if 0xFF00 <= code < 0xFFF0:
        return "latin"
    return "other" if character.isalnum() else ""
