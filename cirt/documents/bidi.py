"""In which direction each character of a paragraph runs, and how a line is put in visual order.

Unicode Bidirectional Algorithm (UAX #9, revision 46): python-bidi resolves weak, neutral and
implicit types. What it does not know is here: isolates (X5a to X6a, BD9), each resolved as a
paragraph of its own that counts as one neutral character outside, and paired brackets (N0).
Explicit embeddings and
overrides (LRE, RLE, LRO, RLO, PDF) are never honoured: they are a known way to disguise text.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeVar

from bidi import algorithm

Direction = Literal["ltr", "rtl"]

LRI, RLI, FSI, PDI = "\u2066", "\u2067", "\u2068", "\u2069"
ISOLATE_MARKS = LRI + RLI + FSI + PDI
DEEPEST_ISOLATE = 16  # deeper initiators are ignored, as BD9's overflow is
_DEEPEST_BRACKET = 63  # BD16
# An object replacement character is a neutral (ON), which is what an isolate is to its outside.
_STAND_IN = "\ufffc"
_BRACKETS = dict(zip("([{⟨〈《「『【〔（［｛", ")]}⟩〉》」』】〕）］｝", strict=True))
_EMBEDDINGS = re.compile("[\u202a-\u202e]")


def without_embeddings(text: str) -> str:
    """Return the text without the marks that embed or override direction."""
    return _EMBEDDINGS.sub("", text)


def balanced(text: str) -> str:
    """Return the text with every isolate closed inside it and no stray closing mark."""
    if not any(mark in text for mark in ISOLATE_MARKS):
        return text
    kept, depth = [], 0
    for character in text:
        if character == PDI:
            if not depth:
                continue
            depth -= 1
        elif character in ISOLATE_MARKS:
            depth += 1
        kept.append(character)
    return "".join(kept) + PDI * depth


def embedding_levels(text: str, direction: Direction) -> list[int]:
    """Return the level of each character: even runs left to right, odd right to left.

    text: one paragraph (no line feed), isolates balanced.
    """
    return _levels(text, direction, 0)


def _levels(text: str, direction: Direction, depth: int) -> list[int]:
    base = 1 if direction == "rtl" else 0
    outside: list[str] = []
    place: list[int] = []  # where each character of `outside` stands in the text
    inner: list[tuple[int, int]] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character not in ISOLATE_MARKS:
            outside.append(character)
            place.append(position)
        elif character != PDI and depth < DEEPEST_ISOLATE:
            end = _closing(text, position)
            inner.append((position, end))
            outside.append(_STAND_IN)
            place.append(position)
            position = end
        position += 1
    levels = [base] * len(text)
    for index, level in zip(place, _flat_levels("".join(outside), base), strict=True):
        levels[index] = level
    for start, end in inner:
        content = text[start + 1 : end]
        own = _isolate_direction(text[start], content)
        own_base = 1 if own == "rtl" else 0
        # the next level above the outer base that has the isolate's parity
        raised = base + 1 if (base + 1) % 2 == own_base else base + 2
        resolved = _levels(content, own, depth + 1)
        levels[start + 1 : end] = [level - own_base + raised for level in resolved]
        levels[end] = levels[start]
    return levels


def _closing(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        if text[position] == PDI:
            depth -= 1
            if not depth:
                return position
        elif text[position] in ISOLATE_MARKS:
            depth += 1
    return len(text) - 1


def _isolate_direction(mark: str, content: str) -> Direction:
    if mark == FSI:
        return first_strong(content)
    return "rtl" if mark == RLI else "ltr"


def first_strong(text: str) -> Direction:
    """Return the direction of the first letter outside isolates (P2, P3); "ltr" without one."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth -= 1
        elif not depth and kind in ("R", "AL"):
            return "rtl"
        elif not depth and kind == "L":
            return "ltr"
    return "ltr"


def _flat_levels(text: str, base: int) -> list[int]:
    """Levels by python-bidi, which removes some characters (X9): they take their predecessor's."""
    storage: dict[str, Any] = algorithm.get_empty_storage()
    storage["base_level"], storage["base_dir"] = base, "LR"[base]
    algorithm.get_embedding_levels(_assigned(text), storage)
    for index, entry in enumerate(storage["chars"]):
        entry["index"] = index
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    _resolve_brackets(storage["chars"], "LR"[base])
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    known = {entry["index"]: int(entry["level"]) for entry in storage["chars"]}
    levels, previous = [], base
    for index in range(len(text)):
        previous = known.get(index, previous)
        levels.append(previous)
    return levels


def _assigned(text: str) -> str:
    """The text with a letter in place of code points that Unicode has not assigned yet."""
    return "".join(each if unicodedata.bidirectional(each) else "a" for each in text)


def _resolve_brackets(characters: list[dict[str, Any]], embedding: str) -> None:
    """Give both brackets of a pair one direction (UAX #9, N0)."""
    for opening, closing in _bracket_pairs(characters):
        inside = {_strong(each["type"]) for each in characters[opening + 1 : closing]}
        if embedding in inside:
            direction = embedding
        elif inside & {"L", "R"}:
            before = (_strong(characters[k]["type"]) for k in range(opening - 1, -1, -1))
            direction = next((kind for kind in before if kind), embedding)
        else:
            continue
        characters[opening]["type"] = characters[closing]["type"] = direction


def _bracket_pairs(characters: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Positions of opening and closing brackets (BD16), in the order of the opening ones."""
    closings = set(_BRACKETS.values())
    pairs, waiting = [], list[tuple[str, int]]()
    for position, each in enumerate(characters):
        if each["type"] != "ON":
            continue
        if each["ch"] in _BRACKETS:
            if len(waiting) == _DEEPEST_BRACKET:
                break
            waiting.append((_BRACKETS[each["ch"]], position))
        elif each["ch"] in closings:
            for depth in range(len(waiting) - 1, -1, -1):
                if waiting[depth][0] == each["ch"]:
                    pairs.append((waiting[depth][1], position))
                    del waiting[depth:]
                    break
    return sorted(pairs)


def _strong(kind: str) -> str | None:
    """Numbers count as right to left here, as N0 wants."""
    return {"L": "L", "R": "R", "EN": "R", "AN": "R"}.get(kind)


class Levelled(Protocol):
    """Something with a level, such as a run of text."""

    @property
    def level(self) -> int: ...


Run = TypeVar("Run", bound=Levelled)


def visual_order(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of one line from left to right (UAX #9, L2)."""
    ordered = list(runs)
    highest = max((run.level for run in ordered), default=0)
    for level in range(highest, 0, -1):
        start = 0
        while start < len(ordered):
            if ordered[start].level < level:
                start += 1
                continue
            end = start
            while end < len(ordered) and ordered[end].level >= level:
                end += 1
            ordered[start:end] = reversed(ordered[start:end])
            start = end
    return ordered
