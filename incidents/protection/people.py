"""Names of persons, recognised by the words around them."""

import re
from collections.abc import Iterator
from typing import Final

from cirt.incidents.protection import cues
from cirt.incidents.protection.contacts import is_pseudonym, is_somebody
from cirt.incidents.protection.hits import Hit
from cirt.incidents.protection.kinds import Kind

MOST_WORDS: Final = 4

_LETTER: Final = r"[^\W\d_]"
_WORD: Final = re.compile(rf"{_LETTER}+(?:['’\-]{_LETTER}+)*")
_TITLE: Final = re.compile(
    rf"(?<![\w@-])(?:(?:{cues.TITLE})\.?|{cues.TITLE_WITH_STOP}|(?i:{cues.TITLE_CYRILLIC}))[ ]"
    r"(?=[\"«“]?\w)"
)
_LABEL: Final = re.compile(rf"(?<![\w@-])(?:{cues.LABEL})[ ]?[:：=][ ]?[\"“«]?", re.IGNORECASE)
_SURE_LABEL: Final = re.compile(rf"(?<![\w@-])(?:{cues.SURE_LABEL})[ ][\"“«]?", re.IGNORECASE)

_RUSSIAN: Final = re.compile(
    r"(?<!\w)(?:[А-ЯЁ]\.[ ]?[А-ЯЁ]\.[ ]?[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
    r"|[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?[ ][А-ЯЁ]\.[ ]?[А-ЯЁ]\."
    r"|(?:[А-ЯЁ][а-яё]+[ ]){1,2}[А-ЯЁ][а-яё]+(?:ович|евич|ьич|овна|евна|ична|инична)(?:а|у|ем|ой|е|ы)?"
    r"(?:[ ][А-ЯЁ][а-яё]+)?)(?!\w)"
)

_AR: Final = "ء-يٱ-ۓ"
_ARABIC_WORD: Final = re.compile(rf"[{_AR}]+")
_ARABIC_TITLE: Final = re.compile(
    rf"(?<![{_AR}])[وفبك]{{0,2}}(?:ال|لل|ل)?(?:{cues.TITLE_ARABIC})(?:ين|ان|ة)?[ ]?[/:]?[ ]"
    rf"|(?<![{_AR}\d])(?<!\d )[وبل]?(?:أ\.د|أ\. د|ا\.د|د|م|أ)[./][ ]?(?=[{_AR}]{{2}})"
)
_ARABIC_LABEL: Final = re.compile(
    rf"(?<![{_AR}])[وبل]?(?:{cues.LABEL_ARABIC})[ ](?=[{_AR}\"«“])"
    rf"|(?<![{_AR}])[وبل]?(?:{cues.LABEL_ARABIC_COLON})[ ]?[:：][ ]?"
)

_HAN: Final = "\u4e00-\u9fff"
_NO_GIVEN: Final = rf"(?![{cues.NOT_GIVEN}]|{cues.TITLE_CHINESE})"
_GIVEN: Final = rf"{_NO_GIVEN}[{_HAN}](?:{_NO_GIVEN}[{_HAN}])?"
_CHINESE_TITLE: Final = re.compile(
    rf"(?P<whole>(?:{cues.SURNAMES})(?:{cues.TITLE_CHINESE}))"
    rf"|(?P<name>(?:{cues.SURNAMES})[{_HAN}]{{1,2}}?)(?:{cues.TITLE_CHINESE})"
)
_CHINESE_LABEL: Final = re.compile(
    rf"(?:{cues.LABEL_CHINESE})(?:[ ]?[:：为是]?[ ]?|[\"“「])(?P<name>(?:{cues.SURNAMES}){_GIVEN})"
)


def persons(text: str) -> Iterator[Hit]:
    """Names after a title or a word such as "contact:", in six scripts."""
    for match in _TITLE.finditer(text):
        yield from _cased_name(text, match.end(), fewest=1)
    for match in _LABEL.finditer(text):
        yield from _cased_name(text, match.end(), fewest=1, acronyms=False)
    for match in _SURE_LABEL.finditer(text):
        yield from _cased_name(text, match.end(), fewest=2, acronyms=False)
    for match in _RUSSIAN.finditer(text):
        yield Hit(Kind.PERSON, match.start(), match.end())
    for match in _ARABIC_TITLE.finditer(text):
        yield from _arabic_name(text, match.end(), is_title=True)
    for match in _ARABIC_LABEL.finditer(text):
        yield from _arabic_name(text, match.end(), is_title=match[0].rstrip()[-1] in ":：")
    for match in _CHINESE_TITLE.finditer(text):
        group = "whole" if match["whole"] else "name"
        yield Hit(Kind.PERSON, match.start(group), match.end(group))
    for match in _CHINESE_LABEL.finditer(text):
        yield Hit(Kind.PERSON, match.start("name"), match.end("name"))


def _cased_name(text: str, start: int, *, fewest: int, acronyms: bool = True) -> Iterator[Hit]:
    """The words with capitals from here on, and the small words and initials between them."""
    if start < len(text) and text[start] in '"“«':
        start += 1
    position = end = start
    count = 0
    capitals = True
    while count < MOST_WORDS and (match := _WORD.match(text, position)):
        word = match[0]
        is_small = word.lower() in cues.PARTICLES and word[0].islower()
        if not is_small:
            if not word[0].isupper() or word.lower() in cues.NOT_NAMES:
                break
            count += 1
            capitals = capitals and word.isupper() and len(word) > 1
            end = match.end()
        elif count == 0:
            break
        position = match.end()
        if len(word) == 1 and text[position : position + 1] == ".":  # an initial
            position += 1
            end = position
        if text[position : position + 1] != " ":
            if not (len(word) == 1 and position == end):
                break
        else:
            position += 1
    if count < fewest or (capitals and not acronyms and end - start <= 12):
        return
    name = text[start:end]
    following = text[end : end + 1]
    if following in ("\\", "@", "/") or name.count(".") > 4 or is_pseudonym(name):
        return
    if is_somebody(name):
        yield Hit(Kind.PERSON, start, end)


def _arabic_name(text: str, start: int, *, is_title: bool) -> Iterator[Hit]:
    """Up to four words: a given name, a second one, and what joins them."""
    while start < len(text) and text[start] in ' "“«':
        start += 1
    position = end = start
    count = 0
    while count < MOST_WORDS and (match := _ARABIC_WORD.match(text, position)):
        word = match[0]
        if word in cues.NOT_NAMES_ARABIC or (len(word) < 2 and count == 0):
            break
        joins = word in cues.KINSHIP_ARABIC
        if count == 0 and word.startswith("ال") and not is_title:
            break  # "the end user": an adjective
        # a third word belongs to the name if it is a family name or is joined to it
        before = text[start:end].split(" ")[-1]
        if count >= 2 and not (joins or word.startswith("ال") or before in cues.KINSHIP_ARABIC):
            break
        count += 1
        end = match.end()
        if text[end : end + 1] != " ":
            break
        position = end + 1
    if count:
        yield Hit(Kind.PERSON, start, end)
