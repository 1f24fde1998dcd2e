"""Addresses that were made harmless for reading ("hxxp", "[.]", "[at]"), and back again."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

_BEFORE = r"(?<=\w)"
_AFTER = r"(?=\w)"
# One space at most is taken on each side of a word in brackets: "user [at] example [dot] com".
_FORMS = re.compile(
    r"(?P<dot>\[\.\]|\(\.\)|\{\.\}"
    r"|[ ]?(?:\[[ ]?dot[ ]?\]|\([ ]?dot[ ]?\)|\{[ ]?dot[ ]?\})[ ]?"
    rf"|{_BEFORE}\[\.{_AFTER}|{_BEFORE}\.\]{_AFTER})"
    r"|(?P<at>\[@\]|\(@\)|\{@\}"
    r"|[ ]?(?:\[[ ]?at[ ]?\]|\([ ]?at[ ]?\)|\{[ ]?at[ ]?\})[ ]?)"
    r"|(?P<colon>\[:\])"
    r"|(?P<slashes>\[://\]|\[:\]\[//\]|:\[//\]|\[:/\]/)"
    r"|(?P<scheme>(?<![A-Za-z0-9])(?:h(?:xx|tx|xt|\*\*)ps?|fxp|meow)(?=:|\[:))",
    re.IGNORECASE,
)
_PLAIN: Final = {"dot": ".", "at": "@", "colon": ":", "slashes": "://"}
_SCHEMES: Final = {"fxp": "ftp", "meow": "http"}


def refang(text: str) -> str:
    """Return a text with the usual defanged forms turned back into addresses."""
    return refang_with_map(text)[0]


class OffsetMap:
    """Where a position of a refanged text lies in the text it was made from."""

    def __init__(self) -> None:
        self._starts = [0]
        self._shifts = [0]

    def add(self, start: int, shift: int) -> None:
        """From `start` of the refanged text on, the original lies `shift` characters further."""
        self._starts.append(start)
        self._shifts.append(shift)

    def original(self, position: int) -> int:
        """Return the position in the original text."""
        return position + self._shifts[bisect_right(self._starts, position) - 1]

    def changed(self, start: int, end: int) -> bool:
        """Whether anything between two positions was written in a defanged form."""
        return bisect_right(self._starts, start) != bisect_right(self._starts, end)


def refang_with_map(text: str) -> tuple[str, OffsetMap]:
    """Return the refanged text and the way back to the positions of the original."""
    parts: list[str] = []
    offsets = OffsetMap()
    done = length = 0
    for form in _FORMS.finditer(text):
        plain = _plain_form(form)
        parts += text[done : form.start()], plain
        length += form.start() - done + len(plain)
        done = form.end()
        offsets.add(length, done - length)
    parts.append(text[done:])
    return "".join(parts), offsets


def _plain_form(form: re.Match[str]) -> str:
    kind = str(form.lastgroup)
    if kind != "scheme":
        return _PLAIN[kind]
    word = form[0].lower()
    return _SCHEMES.get(word, "https" if word.endswith("s") else "http")


def defang(value: str) -> str:
    """Return a value that no mail client or browser turns into a link; `refang` undoes it.

    Addresses, domains, e-mail addresses and the host of URLs change; hashes and names do not.
    """
    scheme, separator, rest = value.partition("://")
    if separator:
        host, slash, path = rest.partition("/")
        harmless = _DEFANGED_SCHEMES.get(scheme.lower(), scheme)
        return f"{harmless}{separator}{_defanged_host(host)}{slash}{path}"
    return _defanged_host(value)


_DEFANGED_SCHEMES: Final[Mapping[str, str]] = {"http": "hxxp", "https": "hxxps", "ftp": "fxp"}


def _defanged_host(host: str) -> str:
    if any(c in host for c in " \\/") and not re.fullmatch(r"[0-9a-fA-F.:]+/\d+", host):
        return host  # a path, a name, a command: nothing to click on
    if host.count(":") > 1:
        return host.replace(":", "[:]", 1)
    return host.replace("@", "[@]").replace(".", "[.]")
