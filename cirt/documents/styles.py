"""The look of the documents: the page, the colours, and the sizes of text by language."""

from dataclasses import dataclass, replace
from typing import Literal

from cirt.chart_geometry import Direction
from cirt.documents.text import Look

# A4 (ISO 216) in points, and the frame that the text stands in
PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
MARGIN = 62.0
FRAME_TOP = 84.0
FRAME_BOTTOM = 82.0
FRAME_WIDTH = PAGE_WIDTH - 2 * MARGIN
FRAME_HEIGHT = PAGE_HEIGHT - FRAME_TOP - FRAME_BOTTOM

INK, QUIET, ACCENT = "#1B1F24", "#57616B", "#1F4E79"
RULE, TINT, TRACK = "#C9D1D9", "#F3F6F9", "#E4E9EE"
TARGET = "#B25E09"
# grounds of cells from low to high; the figure stands in the cell, so no colour speaks alone
SHADES = ("#FBE0DE", "#FDECCF", "#FBF7CF", "#DCEFD3", "#BFE3CC")

LookName = Literal[
    "body",
    "h1",
    "h2",
    "h3",
    "h4",
    "cell",
    "head",
    "caption",
    "small",
    "kicker",
    "title",
    "subtitle",
]
_SIZES: dict[LookName, tuple[float, str, bool]] = {
    "body": (10.5, INK, False),
    "h1": (20, ACCENT, True),
    "h2": (15, ACCENT, True),
    "h3": (12, INK, True),
    "h4": (10.5, INK, True),
    "cell": (9.5, INK, False),
    "head": (9.5, ACCENT, True),
    "caption": (10, INK, True),
    "small": (8.5, QUIET, False),
    "kicker": (11.5, QUIET, False),
    "title": (30, ACCENT, True),
    "subtitle": (15, INK, False),
}


@dataclass(frozen=True)
class Styles:
    """Looks by name. ascent: from the top of a line to its baseline, as a share of the leading."""

    looks: dict[LookName, Look]
    ascent: float

    def look(self, name: LookName) -> Look:
        """Return the look of that name."""
        return self.looks[name]


def styles(language: str, direction: Direction) -> Styles:
    """Return the looks for a language: Arabic letters and Han characters need taller lines."""
    if direction == "rtl":
        body, large, ascent = 1.90, 1.70, 0.68
    elif language.partition("-")[0] in ("zh", "ja"):
        body, large, ascent = 1.70, 1.45, 0.70
    else:
        body, large, ascent = 1.52, 1.25, 0.72
    looks = {
        name: Look(size, round(size * (large if size > 12 else body), 2), colour, bold)
        for name, (size, colour, bold) in _SIZES.items()
    }
    for name in ("cell", "head", "small"):
        look = looks[name]
        looks[name] = replace(look, leading=round(look.size * (body - 0.1), 2))
    return Styles(looks, ascent)
