"""Charts on pages, drawn from the geometry that the web pages use, with shaped labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cirt.chart_geometry import (
    BarChart,
    BarRow,
    BarsShape,
    Outline,
    Radar,
    RadarShape,
    bars_shape,
    radar_shape,
)
from cirt.documents import styles
from cirt.documents.flowables import Piece, TextPiece, Workshop, text_piece
from cirt.documents.model import Figure, Span, ltr, plain
from cirt.documents.tagging import Element
from cirt.documents.text import Look

_RADAR_SIZE = 300.0
_KEY_GAP = 28.0
_COLUMN_GAP = 24.0
_CODE_WIDTH = 30.0
_READING_WIDTH = 62.0


@dataclass(frozen=True)
class RadarPiece:
    """The drawing of a radar, with the key to its lines under it."""

    workshop: Workshop
    radar: Radar
    shape: RadarShape
    element: Element
    space_before: float = 0.0
    space_after: float = 8.0
    keeps_with_next: bool = True
    height: float = _RADAR_SIZE + _KEY_GAP

    @property
    def minimum(self) -> float:
        """All of it."""
        return self.height

    def split(self, room: float) -> None:
        """Return None: a drawing is not split."""
        return

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw rings, axes, areas and lines, then the codes."""
        x0 = left + (styles.FRAME_WIDTH - _RADAR_SIZE) / 2
        box = (x0, top - self.height, x0 + _RADAR_SIZE, top)
        self.element.attributes = {"O": "Layout", "Placement": "Block", "BBox": box}
        with self.workshop.tags.content(canvas, self.element):
            canvas.saveState()
            canvas.setLineJoin(1)
            self._draw_lines(canvas, x0, top)
            canvas.restoreState()
            code = Look(9, 12, styles.INK, bold=True, alignment="centre")
            for spoke in self.shape.spokes:
                look = code if spoke.point else replace(code, colour=styles.QUIET)
                passage = self.workshop.passage([ltr(spoke.axis.code)], look)
                x, y = x0 + spoke.label[0], top - spoke.label[1]
                for line in passage.lines(80)[:1]:
                    passage.draw_line(canvas, line, x - 40, y - 3, 80)
            self._draw_key(canvas, left, top - _RADAR_SIZE - 14)

    def _draw_lines(self, canvas: Any, x0: float, top: float) -> None:
        shape = self.shape
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.5)
        for ring in shape.rings:
            _trace(canvas, ring, x0, top)
        for spoke in shape.spokes:
            canvas.setDash([] if spoke.point else [2, 2])
            _trace(canvas, Outline((shape.centre, spoke.end), False), x0, top)
        canvas.setDash([])
        canvas.setFillColor(styles.ACCENT, alpha=0.16)
        for area in shape.areas:
            _trace(canvas, area, x0, top, stroke=0, fill=1)
        canvas.setFillColor(styles.ACCENT, alpha=1)
        canvas.setStrokeColor(styles.TARGET)
        canvas.setLineWidth(1.3)
        canvas.setDash([5, 3])
        for line in shape.targets:
            _trace(canvas, line, x0, top)
        canvas.setDash([])
        canvas.setStrokeColor(styles.ACCENT)
        canvas.setLineWidth(1.8)
        for line in shape.values:
            _trace(canvas, line, x0, top)
        for spoke in shape.spokes:
            if spoke.point:
                canvas.circle(x0 + spoke.point[0], top - spoke.point[1], 2.6, stroke=0, fill=1)

    def _draw_key(self, canvas: Any, left: float, y: float) -> None:
        """Draw a stroke and a word for each kind of line, centred, in reading order."""
        look = self.workshop.styles.look("small")
        entries = []
        if self.radar.value_label:
            entries.append((self.radar.value_label, styles.ACCENT, list[int]()))
        if self.radar.target_label and self.shape.targets:
            entries.append((self.radar.target_label, styles.TARGET, [5, 3]))
        set_entries = [
            (self.workshop.passage(plain(label), look), colour, dash)
            for label, colour, dash in entries
        ]
        widths = [min(passage.natural_width, 180.0) + 30 for passage, _, _ in set_entries]
        x = left + (styles.FRAME_WIDTH - sum(widths) - 24 * (len(widths) - 1)) / 2
        order = list(zip(set_entries, widths, strict=True))
        for (passage, colour, dash), width in reversed(order) if self.workshop.rtl else order:
            stroke_x = x + width - 22 if self.workshop.rtl else x
            canvas.saveState()
            canvas.setStrokeColor(colour)
            canvas.setLineWidth(1.8)
            canvas.setDash(dash)
            canvas.line(stroke_x, y + 3, stroke_x + 22, y + 3)
            canvas.restoreState()
            for line in passage.lines(width - 30 + 1)[:1]:
                text_x = x if self.workshop.rtl else x + 30
                passage.draw_line(canvas, line, text_x, y, width - 30)
            x += width + 24


def _trace(
    canvas: Any, outline: Outline, x0: float, top: float, stroke: int = 1, fill: int = 0
) -> None:
    path = canvas.beginPath()
    for number, (x, y) in enumerate(outline.points):
        (path.lineTo if number else path.moveTo)(x0 + x, top - y)
    if outline.closed:
        path.close()
    canvas.drawPath(path, stroke=stroke, fill=fill)


@dataclass(frozen=True)
class SideBySide:
    """Text pieces that share a top edge."""

    inner: tuple[TextPiece, ...]
    space_before: float = 0.0
    space_after: float = 3.0
    keeps_with_next: bool = False

    @property
    def height(self) -> float:
        """The tallest of them."""
        return max(piece.height for piece in self.inner)

    @property
    def minimum(self) -> float:
        """All of it, or some lines where it is very tall."""
        return min(self.height, styles.FRAME_HEIGHT * 0.4)

    def split(self, room: float) -> "tuple[SideBySide, SideBySide] | None":
        """Split between lines, only where it is very tall."""
        if self.height <= styles.FRAME_HEIGHT * 0.4:
            return None
        counts = [int((room + 0.01) / piece.passage.look.leading) for piece in self.inner]
        if min(counts) < 2:
            return None
        parts = list(zip(self.inner, counts, strict=True))
        return (
            replace(self, inner=tuple(replace(p, lines=p.lines[:n]) for p, n in parts)),
            replace(self, inner=tuple(replace(p, lines=p.lines[n:]) for p, n in parts)),
        )

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw each where it has lines."""
        for piece in self.inner:
            if piece.lines:
                piece.draw(canvas, left, top)


@dataclass(frozen=True)
class BarPiece:
    """One bar under its label."""

    workshop: Workshop
    shape: BarsShape
    row: BarRow
    label: SideBySide
    element: Element
    space_before: float = 0.0
    space_after: float = 9.0
    keeps_with_next: bool = False

    @property
    def height(self) -> float:
        """Label and bar."""
        return self.label.height + 3 + self.shape.bar_height

    @property
    def minimum(self) -> float:
        """All of it."""
        return self.height

    def split(self, room: float) -> None:
        """Return None: a bar stays with its label."""
        return

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw the label, the track and the bar."""
        self.label.draw(canvas, left, top)
        y = top - self.height
        with self.workshop.tags.content(canvas, self.element):
            for colour, (x, width) in (
                (styles.TRACK, self.row.track),
                (styles.ACCENT, self.row.filled),
            ):
                canvas.setFillColor(colour)
                canvas.rect(left + x, y, width, self.shape.bar_height - 3, stroke=0, fill=1)


def figure(workshop: Workshop, content: Figure) -> list[Piece]:
    """Return title, chart and, for a radar, the legend with every axis in full."""
    title = text_piece(
        workshop,
        plain(content.title),
        "caption",
        workshop.tags.root,
        space_before=8.0,
        space_after=6.0,
        keeps_with_next=True,
    )
    element = workshop.tags.root.add("Figure", alternative=content.description or content.title)
    if isinstance(content.chart, Radar):
        return [title, *_radar(workshop, content.chart, element)]
    return [title, *_bars(workshop, content.chart, element)]


def _radar(workshop: Workshop, radar: Radar, element: Element) -> list[Piece]:
    shape = radar_shape(radar, workshop.typesetting.direction, _RADAR_SIZE)
    drawing = RadarPiece(workshop, radar, shape, element)
    return [drawing, *_legend(workshop, radar)]


def _legend(workshop: Workshop, radar: Radar) -> list[Piece]:
    """Two columns of code, name and value; the first half in the column where reading begins."""
    whole = workshop.tags.root.add("L")
    half = (len(radar.axes) + 1) // 2
    width = (styles.FRAME_WIDTH - _COLUMN_GAP) / 2
    entries: list[list[TextPiece]] = []
    for number, axis in enumerate(radar.axes):
        start = 0.0 if number < half else width + _COLUMN_GAP
        item = whole.add("LI")
        parts: Sequence[tuple[list[Span], str, float, float, bool]] = (
            ([ltr(axis.code, bold=True)], "Lbl", 0.0, _CODE_WIDTH, False),
            (
                [Span(axis.label)],
                "LBody",
                _CODE_WIDTH,
                width - _CODE_WIDTH - _READING_WIDTH - 6,
                False,
            ),
            ([Span(axis.reading, ltr=True)], "LBody", width - _READING_WIDTH, _READING_WIDTH, True),
        )
        entries.append(
            [_legend_part(workshop, item, spans, kind, start + x, w, at_end=at_end)
             for spans, kind, x, w, at_end in parts]
        )  # fmt: skip
    rows: list[Piece] = []
    for number in range(half):
        pieces = entries[number] + (entries[number + half] if number + half < len(entries) else [])
        last = number == half - 1
        rows.append(SideBySide(tuple(pieces), space_after=14.0 if last else 3.0))
    return rows


def _legend_part(
    workshop: Workshop,
    item: Element,
    spans: Sequence[Span],
    kind: str,
    start: float,
    width: float,
    *,
    at_end: bool,
) -> TextPiece:
    look = replace(workshop.styles.look("cell"), alignment="end" if at_end else "start")
    offset = styles.FRAME_WIDTH - start - width if workshop.rtl else start
    return text_piece(workshop, spans, look, item, kind, width=width, offset=offset)


def _bars(workshop: Workshop, chart: BarChart, element: Element) -> list[Piece]:
    labels = []
    for bar in chart.bars:
        parent = workshop.tags.root.add("P")
        name = _legend_part(
            workshop, parent, plain(bar.label), "Span", 0.0,
            styles.FRAME_WIDTH - _READING_WIDTH - 12, at_end=False,
        )  # fmt: skip
        reading = _legend_part(
            workshop, parent, [Span(bar.reading, bold=True, ltr=True)], "Span",
            styles.FRAME_WIDTH - _READING_WIDTH, _READING_WIDTH, at_end=True,
        )  # fmt: skip
        labels.append(SideBySide((name, reading)))
    shape = bars_shape(
        chart,
        workshop.typesetting.direction,
        label_heights=[label.height for label in labels],
        width=styles.FRAME_WIDTH,
    )
    return [
        BarPiece(workshop, shape, row, label, element)
        for row, label in zip(shape.rows, labels, strict=True)
    ]
