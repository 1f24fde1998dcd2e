"""Typed text of any script in a document: each piece keeps its own reading order (UAX #9)."""

import re

from cirt.documents.model import Span

# isolates (left to right, first strong, pop): a text of any script keeps its own order
_LRI, _FSI, _PDI = "\u2066", "\u2068", "\u2069"
# a number or name with signs in it, such as 2021-114 or C++: Arabic text would turn its parts round
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z+#./:_@-]*[0-9A-Za-z+#]")
_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


def _in_order(code: re.Match[str]) -> str:
    return code[0] if code[0].isalnum() else f"{_LRI}{code[0]}{_PDI}"


def typed(text: str) -> Span:
    """Return a text that somebody typed, each line in the direction of its own first letter."""
    isolated = _CODE.sub(_in_order, text.translate(_ISOLATES))
    lines = isolated.split("\n")
    return Span("\n".join(f"{_FSI}{line}{_PDI}" if line.strip() else line for line in lines))
