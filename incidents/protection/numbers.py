"""Telephone numbers, bank accounts, cards and numbers of national identity, with their checks."""

import re
from collections.abc import Iterator
from typing import Final

from cirt.incidents.protection import cues
from cirt.incidents.protection.hits import Hit
from cirt.incidents.protection.kinds import Kind
from cirt.incidents.protection.word_lists import word_set

# Assigned country codes, ITU-T E.164.
_COUNTRY_CODES: Final = word_set("""
    1 7 20 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236
    237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261
    262 263 264 265 266 267 268 269 27 290 291 297 298 299 30 31 32 33 34 350 351 352 353 354 355
    356 357 358 359 36 370 371 372 373 374 375 376 377 378 379 380 381 382 383 385 386 387 389 39
    40 41 420 421 423 43 44 45 46 47 48 49 500 501 502 503 504 505 506 507 508 509 51 52 53 54 55
    56 57 58 590 591 592 593 594 595 596 597 598 599 60 61 62 63 64 65 66 670 672 673 674 675 676
    677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 81 82 84 850 852 853 855
    856 86 870 878 880 881 882 883 886 888 90 91 92 93 94 95 960 961 962 963 964 965 966 967 968
    970 971 972 973 974 975 976 977 979 98 992 993 994 995 996 998
    """)
_BETWEEN: Final = r"[ .\-/()‐-―−]{0,3}"
_INTERNATIONAL: Final = re.compile(
    rf"(?:(?<![A-Za-z0-9+/_])\+|(?<![A-Za-z0-9+/_.,:-])00)[ (]{{0,2}}"
    rf"[1-9](?:{_BETWEEN}\d){{6,14}}+(?![A-Za-z0-9_%]|[.:,-]\d)"
)
_CHAT_LINK: Final = re.compile(r"\b(?:wa\.me/|tel:|whatsapp://send\?phone=)\+?(\d{8,15})(?!\d)")
_NATIONAL: Final = re.compile(r"\(?\d(?:[ .\-()‐-―−]{0,3}\d){5,13}+(?![A-Za-z0-9_%]|[.:,-]\d)")
_CUE: Final = re.compile(
    rf"(?<![A-Za-z\u00c0-\u024fа-яёء-ي])(?:{cues.PHONE})(?![a-zа-яё])[^\d\n+;؛；。]{{0,20}}",
    re.IGNORECASE,
)
_NEXT: Final = re.compile(r"[ ]?(?:[/,;،、]|or|ou|o|y|et|and|и|или|أو|و|或|和)[ ]?", re.IGNORECASE)
_FORMATTED: Final = tuple(
    (re.compile(rf"(?<![\w.+/:-]){shape}(?![\w/]|[.:,-]\d)"), script)
    for shape, script in (
        (r"0\d(?:([ .-])\d{2})(?:\1\d{2}){3}", ""),
        (r"\(0?\d{2,4}\)[ ]?\d{2,4}[ -]\d{2,4}(?:[ -]\d{2,4})?", ""),
        (r"8[ -]\(?\d{3}\)?[ -]\d{3}[ -]\d{2}[ -]\d{2}", ""),
        (r"[2-9]\d{2}-[2-9]\d{2}-\d{4}", ""),
        (r"1[3-9]\d(?:[ -]?\d{4}){2}", "\u4e00-\u9fff"),
        (r"0\d{2,3}-\d{7,8}", "\u4e00-\u9fff"),
        (r"0[1-9]\d{7,9}", "ء-ي"),
        (r"0[1-9]\d{0,2}[ -]\d{3}[ -]?\d{3,4}", "ء-ي"),
    )
)
# in scripts without spaces a number may touch a letter
_HAN_BEFORE: Final = re.compile(r"(?<=[\u4e00-\u9fff])1[3-9]\d(?:[ -]?\d{4}){2}(?![A-Za-z0-9])")

_CODES: Final = re.compile(
    r"(?:https?|hxxps?|ftp)://\S+"
    r"|(?<![A-Za-z0-9])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{12,}(?![A-Za-z0-9])"
    r"|0x[0-9A-Fa-f]+|(?<!\d)\d{20,}(?!\d)",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"(?<![\d.-])(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[1-9]|[12]\d|3[01])([./])(?:0[1-9]|1[0-2])\1(?:19|20)\d\d)(?!\d)(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?"
)
_DATES_AND_VERSIONS: Final = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-/.年](?:0?[1-9]|1[0-2])[-/.月](?:0?[1-9]|[12]\d|3[01])日?"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|(?<!\d)(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d(?!\d)"
    r"|(?<![\d.])(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[ -]?\d{4,6})?(?!\d)"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2}|:\d+)?(?![\d.])"
    r"|(?<![\w.])v?\d+\.\d+\.\d{3,}(?:\.\d+)*"
    r"|(?<![A-Za-z])(?:CVE|INC|CASE|RFC|ISO|KB|MS|TICKET|REQ|ID|AS|ASN|XA|PID|EVENT|PORT)[- #:]{0,2}"
    r"\d[\d.-]*"
    r"|(?<![A-Za-z0-9])[A-Z]{2,10}-\d[\d-]+"
    r"|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"
    r"|[$€£¥]\s?\d[\d.,  ]*|\d{1,3}(?:,\d{3})+(?:\.\d+)?",
    re.IGNORECASE,
)

_IBAN: Final = re.compile(
    r"(?<![A-Za-z0-9])([A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_CARD: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,22}+")
_CARD_LENGTHS: Final = (16, 15, 19, 14, 13, 18, 17)
_CARD_START: Final = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6(?:011|5|4[4-9]|2)|35(?:2[89]|[3-8])|220[0-4]"
)
_ID_CUE: Final = re.compile(
    rf"(?<![A-Za-z\u00c0-\u024fа-яёء-ي])(?:{cues.NATIONAL_ID})(?![a-zа-яё])"
    r"(?:[ ]?(?:no|nr|number|n°|nº|№|num|numéro|número|номер|серия|رقم|号码|号|是|is|[#:：.,])){0,4}[ ]?"
    r"(?P<number>[A-Za-z]{0,3}[ ]?\d(?:[ .\-/]?\d){4,17}+[A-Za-z]?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_US_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_CHINESE_ID: Final = re.compile(
    r"(?<![A-Za-z0-9])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![A-Za-z0-9])"
)
_SPANISH_ID: Final = re.compile(
    r"(?<![A-Za-z0-9-])([XYZ]|\d)(\d{7})[- ]?([A-HJ-NP-TV-Z])(?![A-Za-z0-9-])"
)
_FRENCH_NIR: Final = re.compile(
    r"(?<!\d)[12][ ]?\d{2}[ ]?(?:0[1-9]|1[0-2]|[2-9]\d)[ ]?(?:\d{2}|2[AB])[ ]?\d{3}[ ]?\d{3}[ ]?\d{2}(?!\d)"
)
_SNILS: Final = re.compile(r"(?<![\w-])\d{3}-\d{3}-\d{3}[ -]\d{2}(?![\w-])")


def bank_accounts(text: str) -> Iterator[Hit]:
    """IBANs (ISO 13616, checked modulo 97) and card numbers (ISO/IEC 7812, checked by Luhn)."""
    for match in _IBAN.finditer(text):
        # words that follow may look like groups of it
        groups = re.split(r"(?<=[ -])", match[1])
        for count in range(len(groups), 0, -1):
            found = "".join(groups[:count]).rstrip(" -")
            number = re.sub("[ -]", "", found).upper()
            if 15 <= len(number) <= 34 and _mod_97(number) == 1:
                yield Hit(Kind.BANK_ACCOUNT, match.start(), match.start() + len(found), number)
                break
    for match in _CARD.finditer(_without_dates(text)):
        places = [i for i, each in enumerate(match[0]) if each.isdigit()]
        for length in _CARD_LENGTHS:
            if length > len(places):
                continue
            end = places[length - 1] + 1
            digits = "".join(match[0][i] for i in places[:length])
            after = text[match.start() + end : match.start() + end + 1]
            if _is_card(digits) and not (after.isalnum() or after in ("_", "-")):
                yield Hit(Kind.BANK_ACCOUNT, match.start(), match.start() + end, digits)
                break


def national_ids(text: str) -> Iterator[Hit]:
    """Numbers of identity: after a word that says so, or with a check digit that fits."""
    text = _without_dates(text)
    for match in _ID_CUE.finditer(text):
        yield _number(Kind.NATIONAL_ID, match, "number")
    for match in _US_SSN.finditer(text):
        yield _number(Kind.NATIONAL_ID, match)
    for match in _CHINESE_ID.finditer(text):
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        total = sum(int(digit) * weight for digit, weight in zip(match[0], weights, strict=False))
        if "10X98765432"[total % 11] == match[0][-1].upper():
            yield _number(Kind.NATIONAL_ID, match)
    for match in _SPANISH_ID.finditer(text):
        first = str("XYZ".find(match[1])) if match[1] in "XYZ" else match[1]
        if "TRWAGMYFPDXBNJZSQVHLCKE"[int(first + match[2]) % 23] == match[3]:
            yield _number(Kind.NATIONAL_ID, match)
    for match in _FRENCH_NIR.finditer(text):
        compact = match[0].replace(" ", "").replace("2A", "19").replace("2B", "18")
        if 97 - int(compact[:13]) % 97 == int(compact[13:]):
            yield _number(Kind.NATIONAL_ID, match)
    for match in _SNILS.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        total = sum(int(digit) * (9 - i) for i, digit in enumerate(digits[:9])) % 101
        if total % 100 == int(digits[9:]):
            yield _number(Kind.NATIONAL_ID, match)


def phones(text: str) -> Iterator[Hit]:
    """Telephone numbers: international ones, and national ones by a word or by their form."""
    codes = [match.span() for match in _CODES.finditer(text)]
    text = _without_dates(text)
    others = codes + [match.span() for match in _DATES_AND_VERSIONS.finditer(text)]
    for match in _INTERNATIONAL.finditer(text):
        number = re.sub(r"\D", "", match[0].replace("(0)", ""))
        if match[0].startswith("00"):
            number = number[2:]
        if _is_international(number) and not _within(match.span(), codes):
            yield Hit(Kind.PHONE, match.start(), match.end(), "+" + number)
    for match in _CHAT_LINK.finditer(text):
        yield Hit(Kind.PHONE, match.start(1), match.end(1), "+" + match[1])
    for cue in _CUE.finditer(text):
        number_at = _NATIONAL.match(text, cue.end())
        while number_at is not None:
            if not _within(number_at.span(), others):
                yield _number(Kind.PHONE, number_at)
            then = _NEXT.match(text, number_at.end())
            number_at = _NATIONAL.match(text, then.end()) if then else None
    for shape, script in _FORMATTED:
        if script and not re.search(f"[{script}]", text):
            continue
        for match in shape.finditer(text):
            if not _within(match.span(), others):
                yield _number(Kind.PHONE, match)
    for match in _HAN_BEFORE.finditer(text):
        if not _within(match.span(), others):
            yield _number(Kind.PHONE, match)


def _without_dates(text: str) -> str:
    """Return a text of the same length in which no date runs on from a number before it."""
    return _DATE.sub(lambda date: "\0" * len(date[0]), text)


def _number(kind: Kind, match: re.Match[str], group: str | int = 0) -> Hit:
    canonical = re.sub(r"[\W_]", "", match[group]).upper()
    return Hit(kind, match.start(group), match.end(group), canonical)


def _is_international(number: str) -> bool:
    if number.startswith("1"):
        return len(number) == 11 and number[1] not in "01"
    if number.startswith("7"):
        return len(number) == 11
    return 8 <= len(number) <= 15 and bool(country_code(number))


def country_code(number: str) -> str:
    """Return the country code with which an international number begins, "" if none."""
    return next((number[:n] for n in (1, 2, 3) if number[:n] in _COUNTRY_CODES), "")


def _within(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in spans)


def _mod_97(number: str) -> int:
    moved = number[4:] + number[:4]
    return int("".join(str(int(each, 36)) for each in moved)) % 97


def _is_card(digits: str) -> bool:
    return bool(_CARD_START.match(digits)) and len(set(digits)) > 1 and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
