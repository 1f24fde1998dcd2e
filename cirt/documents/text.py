"""Text of one look, from spans to lines on the page: any mix of scripts and directions.

Directions are resolved over the whole paragraph, lines are broken in logical order, and only
then is each line put in visual order and shaped: any other order prints Arabic words in the
wrong sequence as soon as a paragraph wraps.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import quote

from cirt.chart_geometry import Direction
from cirt.documents import bidi, typefaces
from cirt.documents.model import Alignment, Span, Spans
from cirt.documents.typefaces import ARABIC, HAN, LATIN, Face, Family, Glyphs
from cirt.documents.words import FIXED_SPACES, STEERING, WORD_ENDS, cleaned, may_part

_KEPT_TOGETHER = 40  # characters of a left-to-right span that never break where they fit a line
_TINT, _LINK_COLOUR = "#EEF1F5", "#1F4E79"


@dataclass(frozen=True)
class Look:
    """How a passage looks. size, leading: in points. bold: the whole of it."""

    size: float
    leading: float
    colour: str = "#1B1F24"
    bold: bool = False
    alignment: Alignment = "start"


@dataclass
class Typesetting:
    """What all passages of one document share. missing: characters that no font has."""

    direction: Direction
    language: str
    missing: set[str] = field(default_factory=set)

    def families(self, character: str) -> tuple[Family, ...]:
        """The families to try for a character, best first."""
        if self.direction == "rtl":
            return (ARABIC, LATIN, HAN)
        if self.language.partition("-")[0] in ("zh", "ja") and character >= "\u2000":
            return (HAN, LATIN, ARABIC)
        return (LATIN, ARABIC, HAN)


@dataclass(frozen=True)
class Line:
    """A stretch of a passage's text that stands on one line, and its width in points."""

    start: int
    end: int
    width: float


@dataclass(frozen=True)
class _Run:
    """Neighbours on one line with one face, level and span."""

    start: int
    end: int
    face: Face
    level: int
    span: Span
    missing: bool


@dataclass(frozen=True)
class LinkArea:
    """Where on the page a link can be clicked: left, bottom, right, top."""

    address: str
    box: tuple[float, float, float, float]


class Passage:
    """Spans set in one look: measured, broken into lines, and drawn line by line."""

    def __init__(self, spans: Iterable[Span], typesetting: Typesetting, look: Look) -> None:
        self.look = look
        self.typesetting = typesetting
        self._spans: Spans = tuple(spans)
        parts, owners = [], []
        for number, span in enumerate(self._spans):
            text = cleaned(span.text)
            if span.ltr and text:
                inside = "".join(each for each in text if each not in bidi.ISOLATE_MARKS)
                text = bidi.LRI + inside.replace("\n", " ") + bidi.PDI
            parts.append(text)
            owners += [number] * len(text)
        self.text = "".join(parts)
        self._owners = owners
        self._levels: list[int] = []
        self._families: list[Family | None] = []
        self._advances: list[float] = []
        self._hard_lines: list[tuple[int, int]] = []
        self._measure()

    @property
    def logical_text(self) -> str:
        """The text in reading order, without the marks that only steer directions."""
        return "".join(each for each in self.text if unicodedata.category(each) != "Cf")

    @property
    def has_rtl(self) -> bool:
        """Whether any of it runs right to left."""
        return any(level % 2 for level in self._levels)

    @property
    def widest_word(self) -> float:
        """The width of the longest stretch between spaces, in points."""
        widths = (
            sum(self._advances[each] for each in word)
            for is_space, word in groupby(range(len(self.text)), lambda i: self.text[i].isspace())
            if not is_space
        )
        return max(widths, default=0.0)

    @property
    def natural_width(self) -> float:
        """The width when nothing has to wrap, in points."""
        return max((sum(self._advances[a:b]) for a, b in self._hard_lines), default=0.0)

    def _measure(self) -> None:
        start = 0
        for part in self.text.split("\n"):
            end = start + len(part)
            self._hard_lines.append((start, end))
            self._levels += bidi.embedding_levels(part, self.typesetting.direction)
            self._families += self._choose_families(part)
            if end < len(self.text):  # the line feed itself
                self._levels.append(0)
                self._families.append(None)
            start = end + 1
        self._advances = [0.0] * len(self.text)
        for start, end in self._hard_lines:
            for run in self._runs(start, end):
                glyphs = self._shaped(run)
                scale = self._size(run) / 1000
                for offset, advance in enumerate(glyphs.advances):
                    self._advances[run.start + offset] = advance * scale
                if run.missing:
                    self.typesetting.missing.update(self.text[run.start : run.end])
                self.typesetting.missing.update(glyphs.missing)

    def _choose_families(self, text: str) -> list[Family | None]:
        """The family of each character; None: no font has it, or it only steers directions."""
        chosen: list[Family | None] = []
        previous: Family | None = None
        base = ""
        for character in text:
            if character not in STEERING:
                if previous and unicodedata.category(character).startswith("M"):
                    fits = typefaces.composes(base, character, previous)
                    chosen.append(previous if fits else None)
                    continue
                if not (previous and character.isspace()):
                    order = self.typesetting.families(character)
                    previous = typefaces.family_of(character, order)
                base = character
            chosen.append(previous)
        return chosen

    def _runs(self, start: int, end: int) -> Iterator[_Run]:
        visible = (i for i in range(start, end) if self.text[i] not in bidi.ISOLATE_MARKS)
        previous = start - 2
        stretch = 0

        def key(position: int) -> tuple[Any, ...]:
            nonlocal previous, stretch
            stretch += position != previous + 1
            previous = position
            family = self._families[position]
            return stretch, family, self._levels[position], self._owners[position]

        for (_, family, level, owner), group in groupby(visible, key):
            positions = list(group)
            span = self._spans[owner]
            face = typefaces.face(family or LATIN, span.bold or self.look.bold, span.italic)
            yield _Run(positions[0], positions[-1] + 1, face, level, span, family is None)

    def _shaped(self, run: _Run) -> Glyphs:
        stand_in = typefaces.REPLACEMENT if run.missing else ""
        return run.face.typeface.shape(
            self.text, start=run.start, end=run.end, rtl=run.level % 2 == 1, stand_in=stand_in
        )

    def _size(self, run: _Run) -> float:
        return self.look.size * run.face.scale * (0.94 if run.span.code else 1.0)

    def lines(self, width: float) -> list[Line]:
        """Return the lines for a width in points; a word wider than that is broken inside."""
        may_break = self._break_opportunities()
        return [
            line
            for start, end in self._hard_lines
            for line in self._lines_of(start, end, width, may_break)
        ]

    def _lines_of(
        self, start: int, end: int, width: float, may_break: list[bool]
    ) -> Iterator[Line]:
        start = position = self._past_spaces(start, end)
        last, used = None, 0.0
        while position < end:
            if position > start and may_break[position]:
                last = position
            used += self._advances[position]
            if used > width + 0.01 and not self.text[position].isspace():
                cut = last or self._emergency_break(start, position)
                yield self._line(start, cut)
                start = position = self._past_spaces(cut, end)
                last, used = None, 0.0
                continue
            position += 1
        yield self._line(start, end)

    def _past_spaces(self, start: int, end: int) -> int:
        while start < end and self.text[start].isspace():
            start += 1
        return start

    def _line(self, start: int, end: int) -> Line:
        while end > start and (self.text[end - 1].isspace() or not self._advances[end - 1]):
            if self.text[end - 1].isspace() or self.text[end - 1] in bidi.ISOLATE_MARKS:
                end -= 1
            else:
                break
        return Line(start, end, sum(self._advances[start:end]))

    def _emergency_break(self, start: int, position: int) -> int:
        """Where to break a word that is wider than the line: after a sign in its last part, or
        where the line is full, never between a letter and its marks."""
        for cut in range(position, start + (position - start) * 2 // 3, -1):
            if self.text[cut - 1] in WORD_ENDS and cut > start:
                return cut
        cut = position
        while cut > start + 1 and unicodedata.category(self.text[cut]).startswith(("M", "Cf")):
            cut -= 1
        return max(cut, start + 1)

    def _break_opportunities(self) -> list[bool]:
        """Whether a line may begin at each character."""
        allowed = [False] * len(self.text)
        before = ""
        before_at = 0
        for position, character in enumerate(self.text):
            if character in bidi.ISOLATE_MARKS:
                # the chance after a space is taken before the mark, others after it
                allowed[position] = before.isspace() and before not in FIXED_SPACES
                continue
            if before and not character.isspace() and not self._kept_together(before_at, position):
                allowed[position] = may_part(before, character)
            before, before_at = character, position
        return allowed

    def _kept_together(self, before: int, position: int) -> bool:
        span = self._spans[self._owners[position]]
        return (
            span.ltr
            and self._owners[before] == self._owners[position]
            and len(span.text) <= _KEPT_TOGETHER
        )

    def draw_line(
        self, canvas: Any, line: Line, left: float, baseline: float, width: float
    ) -> list[LinkArea]:
        """Draw a line inside [left, left + width]; return where its links are."""
        placed = []
        x = 0.0
        for run in bidi.visual_order(list(self._runs(line.start, line.end))):
            glyphs = self._shaped(run)
            placed.append((run, glyphs, x))
            x += glyphs.width * self._size(run) / 1000
        left += self._indent(width - x)
        links = []
        # placed from left to right, but written in reading order, as programs read a file
        for run, glyphs, x in sorted(placed, key=lambda each: each[0].start):
            links += self._draw_run(canvas, run, glyphs, left + x, baseline)
        return links

    def _draw_run(
        self, canvas: Any, run: _Run, glyphs: Glyphs, x: float, baseline: float
    ) -> list[LinkArea]:
        size = self._size(run)
        advance = glyphs.width * size / 1000
        if run.span.code:
            canvas.setFillColor(_TINT)
            canvas.rect(x - 1, baseline - size * 0.28, advance + 2, size * 1.3, stroke=0, fill=1)
        colour = _LINK_COLOUR if run.span.link else self.look.colour
        _write(canvas, x, baseline, run.face, size, glyphs, colour)
        if not run.span.link:
            return []
        canvas.setStrokeColor(_LINK_COLOUR)
        canvas.setLineWidth(0.5)
        canvas.line(x, baseline - size * 0.14, x + advance, baseline - size * 0.14)
        box = (x, baseline - size * 0.3, x + advance, baseline + size)
        return [LinkArea(quote(run.span.link, safe="%/:=&?~#+!$,;'@()*[]"), box)]

    def _indent(self, room: float) -> float:
        if self.look.alignment == "centre":
            return room / 2
        at_right = (self.look.alignment == "start") == (self.typesetting.direction == "rtl")
        return room if at_right else 0.0


def _write(
    canvas: Any, x: float, baseline: float, face: Face, size: float, glyphs: Glyphs, colour: str
) -> None:
    writer = canvas.beginText(x, baseline)
    writer.setFont(face.typeface.fontName, size)
    writer.setFillColor(colour)
    if face.emboldened:
        # no bold cut of this font is shipped: an outline of the same colour thickens the strokes
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(size * 0.028)
        writer.setTextRenderMode(2)
    writer.textOut(glyphs.text)
    if face.emboldened:
        writer.setTextRenderMode(0)
    canvas.drawText(writer)
