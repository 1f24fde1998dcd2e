"""What of a text is fit to print, and where its lines may break."""

import re
import unicodedata

from cirt.documents import bidi

LONGEST_WORD = 20_000
_ELLIPSIS = "…"
_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
_LONG_WORD = re.compile(rf"([^\s{_WIDE}]{{{LONGEST_WORD}}})[^\s{_WIDE}]+")
_IS_WIDE = re.compile(f"[{_WIDE}]")
_NOT_FIRST = frozenset("，。、；：？！）》」』】〕〉”’％…—·ー々,.;:?!)]}%»")
_NOT_LAST = frozenset("（《「『【〔〈“‘([{«￥$€")
FIXED_SPACES = frozenset("\u00a0\u202f\u2007")
STEERING = frozenset("\u200b\u200c\u200d\u200e\u200f\u061c" + bidi.ISOLATE_MARKS)
WORD_ENDS = frozenset("/-_.?&=:,;@")


def cleaned(text: str) -> str:
    """Return the text without control characters and disguises.

    Tabs become spaces, line and paragraph separators line feeds, half surrogate pairs U+FFFD; of
    the invisible characters those that join letters or steer directions stay, isolates balanced.
    """
    text = bidi.without_embeddings(text.replace("\r\n", "\n").replace("\t", " "))
    kept = []
    for character in text:
        kind = unicodedata.category(character)
        if character == "\r" or kind in ("Zl", "Zp"):
            kept.append("\n")
        elif kind == "Cs":
            kept.append("\ufffd")
        elif character == "\n" or kind not in ("Cc", "Cf") or character in STEERING:
            kept.append(character)
    text = _LONG_WORD.sub(lambda word: word[1] + _ELLIPSIS, "".join(kept))
    return "\n".join(bidi.balanced(line) for line in text.split("\n"))


def may_part(before: str, after: str) -> bool:
    """Whether a line may end between two neighbours (after UAX #14, what our scripts need)."""
    if before == "\u200b":
        return True
    if before.isspace():
        return before not in FIXED_SPACES
    if before == "-":
        return after.isalpha()
    if _IS_WIDE.match(before) or _IS_WIDE.match(after):
        joined = unicodedata.category(after).startswith("M")
        return after not in _NOT_FIRST and before not in _NOT_LAST and not joined
    return False
