"""Which observables a pasted text speaks of: a mail, a log, a report in any script."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cirt.errors import InvalidInputError
from cirt.stix.addresses import MAX_VALUE
from cirt.stix.defanging import OffsetMap, defang, refang, refang_with_map
from cirt.stix.domains import (
    DOCUMENTATION_DOMAINS,
    FILE_EXTENSIONS,
    FILE_LIKE_DOMAINS,
    PRODUCT_NAMES,
    SPECIAL_USE,
    TOP_LEVEL_DOMAINS,
)
from cirt.stix.observables import HASH_LENGTHS, Observable, observable

__all__ = ["MAX_TEXT", "Detection", "defang", "detect", "refang"]

MAX_TEXT: Final = 2_000_000
"""Characters that are searched; what lies behind is not."""


@dataclass(frozen=True, slots=True)
class Detection:
    """An observable found in a text.

    found: the text as written, which lies at start:end. note: why it may not be worth sharing,
    one of "", "private-address", "loopback-address", "link-local-address", "multicast-address",
    "reserved-address", "documentation-address", "documentation-domain", "private-name".
    """

    observable: Observable
    found: str
    start: int
    end: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Hit:
    type: str
    value: str
    start: int
    end: int


# Scripts written without spaces around Latin words: there a Latin word begins and ends where
# the script changes ("请访问example.com下载", and in Arabic the joined letters before a name).
_OTHER_SCRIPT = "\u0590-\u08ff\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\ufb1d-\ufeff"
_ASCII_SUFFIX = re.compile(rf".*[{_OTHER_SCRIPT}]([a-z0-9_][a-z0-9_-]*)", re.IGNORECASE)
_ASCII_PREFIX = re.compile(rf"([a-z0-9][a-z0-9-]*)[{_OTHER_SCRIPT}]", re.IGNORECASE)

# Every expression begins where its run of characters begins (a look-behind) or with a fixed
# word, and its parts are bounded or possessive: the time grows with the length of the text.
_URL = re.compile(
    r"(?<![A-Za-z0-9])(?:https?|ftp)://"
    r"[^\s<>\"'`«»“”‘’،؛。，、|\\^{}]++",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}+"
    r"@([\w-]{1,63}+(?:\.[\w-]{1,63}+)++)"
)
_CVE = re.compile(r"(?<![A-Za-z0-9])CVE[-‐‑‒–—_ ]((?:19|20)\d\d)[-‐‑‒–—_ ](\d{4,19})(?!\d)", re.I)
_REGISTRY = re.compile(
    r"(?<![A-Za-z0-9_])(?:HKEY_[A-Z_]{4,20}|HKLM|HKCU|HKCR|HKU|HKCC)"
    r"(?:\\[^\s\\\"'<>|,;]{1,255}+(?: [^\s\\\"'<>|,;]{1,255}+(?=\\))?){1,40}+",
    re.IGNORECASE,
)
_HASH = re.compile(r"(?<![A-Za-z0-9_])[0-9A-Fa-f]{32,128}+(?![A-Za-z0-9_])")
_MAC = re.compile(
    r"(?<![0-9A-Za-z:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])"
)
_IPV6 = re.compile(r"(?<![0-9A-Za-z:._])([0-9A-Fa-f:]{2,45}+[0-9.]{0,15}+)(/\d{1,3}(?!\d))?")
_IPV4 = re.compile(
    r"(?<![0-9A-Za-z_.])((?:\d{1,3}\.){3}\d{1,3})(/\d{1,2}(?!\d))?(?![0-9A-Za-z_]|\.\d)"
)
_VERSION_WORD = re.compile(
    r"(?:\bver(?:sions?|\.)?|\brelease|\bbuild|\bfirmware|\bversión|\bverión|الإصدار|إصدار|верси[яию]"
    r"|版本)[\s:=]*$",
    re.IGNORECASE,
)
_ASN = re.compile(r"(?<![A-Za-z0-9_-])ASN?[ ]?(\d{3,10})(?![A-Za-z0-9_])")
_DOTTED = re.compile(r"(?<![\w.@%+~$&-])[\w%+~$&-]{1,200}+(?:\.[\w%+~$&-]{1,100}+)++")


def detect(text: str) -> list[Detection]:
    """Return the observables of a text in the order of their first appearance, each once.

    Defanged forms are understood. What is part of a longer find (the domain of a URL) is not
    reported again. A file is reported by a name with a known extension, or by its hash.
    """
    plain, offsets = refang_with_map(text[:MAX_TEXT])
    taken = bytearray(len(plain))
    known: dict[tuple[str, str], Observable | None] = {}  # a log repeats the same few values
    found: dict[Observable, Detection] = {}
    for finder in _FINDERS:
        for hit in finder(plain, offsets):
            if any(taken[hit.start : hit.end]):
                continue
            written = (hit.type, hit.value)
            seen = written in known
            if not seen:
                known[written] = _observable(hit)
            item = known[written]
            if item is None:
                continue  # looked like one and is none
            taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            if seen:
                continue
            start, end = offsets.original(hit.start), offsets.original(hit.end - 1) + 1
            if item not in found or start < found[item].start:
                found[item] = Detection(item, text[start:end], start, end, note_of(item))
    return sorted(found.values(), key=lambda detection: detection.start)


def _observable(hit: _Hit) -> Observable | None:
    try:
        return observable(hit.type, hit.value)
    except InvalidInputError:
        return None


def _urls(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _URL.finditer(text):
        url = _without_end_of_sentence(match[0][:MAX_VALUE])
        scheme, separator, rest = url.partition("://")
        host = re.split(r"[/?#:]", rest.rpartition("@")[2] if "@" in rest else rest)[0]
        if "." in host or "[" in rest:
            value = f"{scheme.lower()}{separator}{rest}"
            yield _Hit("url", value, match.start(), match.start() + len(url))


def _without_end_of_sentence(url: str) -> str:
    """Cut punctuation behind a URL, and brackets that were opened before it."""
    unopened = {")": url.count(")") - url.count("("), "]": url.count("]") - url.count("[")}
    end = len(url)
    while end and (url[end - 1] in ".,;:!?*_~…؟" or unopened.get(url[end - 1], 0) > 0):
        if url[end - 1] in unopened:
            unopened[url[end - 1]] -= 1
        end -= 1
    return url[:end]


def _emails(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _EMAIL.finditer(text):
        start, end = match.start(1), match.end(1)
        start, end = _trimmed(text, start, end)
        if start == match.start(1) and _has_known_ending(text[start:end]):
            yield _Hit("email-addr", text[match.start() : end], match.start(), end)


def _vulnerabilities(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _CVE.finditer(text):
        yield _Hit("vulnerability", f"CVE-{match[1]}-{match[2]}", match.start(), match.end())


def _registry_keys(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _REGISTRY.finditer(text):
        key = match[0].rstrip(".:)]")
        yield _Hit("windows-registry-key", key, match.start(), match.start() + len(key))


def _hashes(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _HASH.finditer(text):
        if len(match[0]) in HASH_LENGTHS and not match[0].isdigit():
            yield _Hit("file", match[0], match.start(), match.end())


def _mac_addresses(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _MAC.finditer(text):
        yield _Hit("mac-addr", match[0], match.start(), match.end())


def _ipv6_addresses(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _IPV6.finditer(text):
        address = match[1].rstrip(".")
        if not address.endswith("::"):
            address = address.rstrip(":")
        after = text[match.start() + len(address) : match.start() + len(address) + 1]
        colons = address.count(":")
        # "a::b" is a name in many programming languages; "12:30" is a time
        wanted = colons >= 2 and (colons > 2 or any(c.isdigit() for c in address))
        if not wanted or len(address) < 3 or (after.isascii() and after.isalnum()):
            continue
        whole = address + (match[2] or "") if address == match[1] else address
        yield _Hit("ipv6-addr", whole, match.start(), match.start() + len(whole))


def _ipv4_addresses(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _IPV4.finditer(text):
        if _VERSION_WORD.search(text, max(0, match.start() - 16), match.start()):
            continue
        value = match[0]
        if match[2] and int(match[2][1:]) > 32:  # a date or a page behind the address
            value = match[1]
        yield _Hit("ipv4-addr", value, match.start(), match.start() + len(value))


def _autonomous_systems(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    for match in _ASN.finditer(text):
        if match[0] != "AS400":  # a computer
            yield _Hit("autonomous-system", match[1], match.start(), match.end())


def _names(text: str, offsets: OffsetMap) -> Iterator[_Hit]:
    """Domains and file names: words with dots, told apart by their ending."""
    for match in _DOTTED.finditer(text):
        word = match[0].rstrip("-_%+~$&")
        labels = word.split(".")
        last = labels[-1].lower()
        defanged = offsets.changed(match.start(), match.start() + len(word))
        if word.lower() in PRODUCT_NAMES:
            continue
        is_file = last in FILE_EXTENSIONS and last != "com" and not defanged
        if is_file and last in FILE_LIKE_DOMAINS:
            is_file = len(labels) == 2 or labels[-2].lower() in FILE_EXTENSIONS
        if is_file:
            if len(word) <= 255 and any(label.strip("_-") for label in labels[:-1]):
                yield _Hit("file", word, match.start(), match.start() + len(word))
            continue
        start, end = _trimmed(text, match.start(), match.start() + len(word))
        name = text[start:end]
        if not _has_known_ending(name) or (_are_initials(name) and not defanged):
            continue
        ending = name.rpartition(".")[2]
        if not defanged and name.count(".") == 1:
            # "done.In the": a full stop without a space behind it
            lower_before = name.partition(".")[0].islower()
            if ending.lower() in FILE_LIKE_DOMAINS or (lower_before and ending[0].isupper()):
                continue
        yield _Hit("domain-name", name, start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Cut a dotted word where another script is joined to its Latin first or last label."""
    last = text[start:end].rpartition(".")[2]
    if prefix := _ASCII_PREFIX.match(last):
        end -= len(last) - prefix.end(1)
    first, _, rest = text[start:end].partition(".")
    if rest.isascii() and (suffix := _ASCII_SUFFIX.fullmatch(first)):
        start += suffix.start(1)
    return start, end


def _has_known_ending(name: str) -> bool:
    ending = name.rpartition(".")[2].lower()
    return "." in name and (ending in TOP_LEVEL_DOMAINS or ending.startswith("xn--"))


def _are_initials(name: str) -> bool:
    """Whether a dotted word is more likely "U.S" or "e.g.in" than a name."""
    labels = name.split(".")
    return all(len(label) == 1 for label in labels[:-1]) and (
        len(labels) > 2 or len(labels[-1]) == 2
    )


_FINDERS: Final[tuple[Callable[[str, OffsetMap], Iterator[_Hit]], ...]] = (
    _urls,
    _emails,
    _vulnerabilities,
    _registry_keys,
    _hashes,
    _mac_addresses,
    _ipv6_addresses,
    _ipv4_addresses,
    _names,
    _autonomous_systems,
)

_DOCUMENTATION_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"),  # RFC 5737, 3849
        "3fff::/20",  # RFC 9637
    )
)


def note_of(item: Observable) -> str:
    """Return why an observable may not be worth sharing, "" if nothing speaks against it."""
    value = str(item.properties.get("value", ""))
    if item.type in ("ipv4-addr", "ipv6-addr"):
        return _address_note(value)
    if item.type in ("domain-name", "email-addr"):
        name = value.rpartition("@")[2]
        labels = name.split(".")
        if labels[-1] in ("local", "internal", "localhost"):
            return "private-name"
        if labels[-1] in SPECIAL_USE or ".".join(labels[-2:]) in DOCUMENTATION_DOMAINS:
            return "documentation-domain"
    return ""


_ORDINARY: Final = frozenset(
    f"{octet}."
    for octet in range(1, 224)
    if octet not in (10, 100, 127, 169, 172, 192, 198, 203)  # RFC 6890 and 5737 speak of parts
)


def _address_note(value: str) -> str:
    if value[: value.find(".") + 1] in _ORDINARY and "/" not in value:
        return ""
    network = ipaddress.ip_network(value)
    if any(
        network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]  # mypy cannot see that the versions are equal
        for other in _DOCUMENTATION_NETWORKS
    ):
        return "documentation-address"
    notes = (
        ("loopback-address", network.is_loopback),
        ("link-local-address", network.is_link_local),
        ("multicast-address", network.is_multicast),
        ("reserved-address", network.is_reserved or network.is_unspecified),
        ("private-address", network.is_private),
    )
    return next((note for note, applies in notes if applies), "")
