"""A text as it is read: encodings undone, one spelling for each letter and digit.

Every reading knows where its characters stand in the text that it was made from, so that what was
found in the reading can be shown and replaced in the text (UTS #39 for letters that look alike).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from cirt.stix.domains import TOP_LEVEL_DOMAINS


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of a text: character i of it stands at starts[i]:ends[i] of the text."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where start:end of the reading stands in the text."""
        return self.starts[start], max(self.ends[start:end])


_OPEN, _CLOSE = r"[ ]?[\[({<][ ]?", r"[ ]?[\])}>][ ]?"
_AT = "at|à|a|arroba|chez|собака|собачка|на|ат|艾特|在|آت|ات|عند|على|@"
_DOT = r"dot|point|punto|ponto|точка|дот|点|點|نقطة|نقطه|دوت|\."
_ENCODED: Final = re.compile(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|(?P<entity>&#(?:\d{1,7}|[xX][0-9A-Fa-f]{1,6});|&(?:commat|period|amp);)"
    r"|(?P<escape>\\\\|\\')"
    rf"|(?P<at>{_OPEN}(?:{_AT}){_CLOSE})"
    rf"|(?P<dot>{_OPEN}(?:{_DOT}){_CLOSE})"
    r"|(?P<stop>(?<=[A-Za-z0-9])[。｡](?=[A-Za-z0-9]))"
    r"|(?P<label>(?<![A-Za-z0-9-])xn--[a-z0-9-]{1,59})",
    re.IGNORECASE,
)
_MAYBE_ENCODED: Final = re.compile(r"[%&\\\[({<。｡]|xn--", re.IGNORECASE)
_TATWEEL: Final = "\u0640"
_CONTROL: Final = frozenset(map(chr, [*range(9), 11, 12, *range(14, 32), 127]))
_SPACES: Final = re.compile(r"[^\S ]|  ")


def plain(text: str) -> Reading:
    """Return a text without encodings, invisible characters, forms of width and foreign digits."""
    reading = _as_it_is(text)
    if not text.isascii() or not _CONTROL.isdisjoint(text):
        reading = _in_one_spelling(reading)
    # what was encoded twice is decoded twice
    for _round in range(3):
        if not _MAYBE_ENCODED.search(reading.text):
            break
        decoded = _decoded(reading.text)
        if decoded.text == reading.text:
            break
        reading = _composed(decoded, reading)
        if not reading.text.isascii():
            reading = _in_one_spelling(reading)
    return reading


def folded(text: str) -> Reading:
    """Return a text in the form in which two spellings of the same words are equal.

    Case, accents, vowel signs, kinds of dashes and white space make no difference, nor do letters
    of other scripts that look like Latin ones.
    """
    return folded_reading(plain(text))


def folded_reading(reading: Reading) -> Reading:
    """Return a plain reading in the form of `folded`."""
    if reading.text.isascii() and not _SPACES.search(reading.text):
        return Reading(reading.text.lower().replace("`", "'"), reading.starts, reading.ends)
    found = _rewritten(reading.text, _folded_form)
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, character in enumerate(found.text):
        if character == " " and parts and parts[-1] == " ":
            ends[-1] = found.ends[index]
            continue
        parts.append(character)
        starts.append(found.starts[index])
        ends.append(found.ends[index])
    return _composed(Reading("".join(parts), starts, ends), reading)


def folded_words(text: str) -> str:
    """Return the folded form of a text, without the space around it."""
    return folded(text).text.strip()


def _as_it_is(text: str) -> Reading:
    return Reading(text, range(len(text)), range(1, len(text) + 1))


def _composed(outer: Reading, inner: Reading) -> Reading:
    """Return the outer reading, made from the text of the inner one, of the inner one's text."""
    if isinstance(inner.starts, range):
        return outer
    return Reading(
        outer.text,
        [inner.starts[start] for start in outer.starts],
        [inner.ends[end - 1] for end in outer.ends],
    )


def _rewritten(text: str, form: "_Form") -> Reading:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, character in enumerate(text):
        for each in form[character]:
            parts.append(each)
            starts.append(index)
            ends.append(index + 1)
    return Reading("".join(parts), starts, ends)


def _in_one_spelling(reading: Reading) -> Reading:
    return _composed(_with_marks(_rewritten(reading.text, _plain_form)), reading)


def _with_marks(reading: Reading) -> Reading:
    """Put accents into their letters, and leave out marks that make no letter of their own."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for character, start, end in zip(reading.text, reading.starts, reading.ends, strict=True):
        if parts and unicodedata.category(character) == "Mn":
            whole = unicodedata.normalize("NFC", parts[-1] + character)
            parts[-1] = whole if len(whole) == 1 else parts[-1]
            ends[-1] = end
            continue
        parts.append(character)
        starts.append(start)
        ends.append(end)
    return Reading("".join(parts), starts, ends)


class _Form(dict[str, str]):
    """What a character becomes, worked out once."""

    def __missing__(self, character: str) -> str:
        self[character] = found = self.of(character)
        return found

    def of(self, character: str) -> str:
        raise NotImplementedError


class _PlainForm(_Form):
    def of(self, character: str) -> str:
        if character in "\n\t":
            return character
        if unicodedata.category(character) in ("Cf", "Cc") or character == _TATWEEL:
            return ""
        if "\ufe00" <= character <= "\ufe0f":  # how the character before is drawn
            return ""
        return "".join(_digit(each) for each in unicodedata.normalize("NFKC", character))


class _FoldedForm(_Form):
    def of(self, character: str) -> str:
        if character.isspace():
            return " "
        spread = unicodedata.normalize("NFKD", character.casefold()).casefold()
        kept = (each for each in spread if unicodedata.category(each) not in ("Mn", "Me", "Cf"))
        return "".join(_SAME.get(each, each) for each in kept)


_plain_form, _folded_form = _PlainForm(), _FoldedForm()


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


# left: as other letters are written or look; right: what they are taken for
_SAME: Final = dict(
    zip(
        "ٱىیکەہھۀة" + "аеорсухіјѕһԁԛԝ" + "ονρ" + "‐‑‒–—―−﹣" + "’ʼ‘`´ʹ′" + "ı",
        "اييكههههه" + "aeopcyxijshdqw" + "ovp" + "--------" + "'''''''" + "i",
        strict=True,
    )
)


def _decoded(text: str) -> Reading:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(piece: str, places: Iterator[tuple[int, int]]) -> None:
        for character, (start, end) in zip(piece, places, strict=True):
            parts.append(character)
            starts.append(start)
            ends.append(end)

    done = 0
    for match in _ENCODED.finditer(text):
        add(text[done : match.start()], ((i, i + 1) for i in range(done, match.start())))
        piece = _piece(match)
        done = match.end()
        if match.lastgroup == "percent":
            position = match.start()
            for character in piece:
                # an undecodable run stays as it is, character by character
                width = 1 if piece == match[0] else 3 * len(character.encode("utf-8"))
                add(character, iter([(position, position + width)]))
                position += width
        elif piece == match[0]:
            add(piece, ((i, i + 1) for i in range(match.start(), done)))
        else:
            add(piece, iter([(match.start(), done)] * len(piece)))
    add(text[done:], ((i, i + 1) for i in range(done, len(text))))
    return Reading("".join(parts), starts, ends)


def _piece(match: re.Match[str]) -> str:
    whole = match[0]
    match match.lastgroup:
        case "percent":
            try:
                return unquote(whole, errors="strict")
            except UnicodeDecodeError:
                return whole
        case "entity":
            return _entity(whole)
        case "escape":
            return whole[1]
        case "at":
            return "@"
        case "dot":
            return "."
        case "stop":
            return "." if _is_within_name(match) else whole
    try:
        return whole.encode("ascii").decode("idna")
    except UnicodeError:
        return whole


def _is_within_name(stop: re.Match[str]) -> bool:
    """Whether an ideographic full stop stands in a domain (UTS #46), not behind a sentence."""
    rest = _LABELS.match(stop.string, stop.end())
    labels = re.split("[.。｡]", rest[0].lower()) if rest else []
    return any(label in TOP_LEVEL_DOMAINS for label in labels)


_LABELS: Final = re.compile(r"[A-Za-z0-9-]{1,63}+(?:[.。｡][A-Za-z0-9-]{1,63}+){0,5}")
_NAMED: Final = {"&commat;": "@", "&period;": ".", "&amp;": "&"}


def _entity(whole: str) -> str:
    if whole.lower() in _NAMED:
        return _NAMED[whole.lower()]
    digits = whole[2:-1]
    number = int(digits[1:], 16) if digits[:1] in "xX" else int(digits)
    return chr(number) if 32 <= number < 0x110000 and not 0xD800 <= number < 0xE000 else whole
