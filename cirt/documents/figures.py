"""Charts on pages, drawn from the geometry that the web pages use, with shaped labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cirt.chart_geometry import (
    BarChart,
    BarRow,
    BarsShape,
    Radar,
    bars_shape,
    radar_shape,
)
from cirt.documents import styles
from cirt.documents.flowables import Piece, TextPiece, Workshop, text_piece
from cirt.documents.model import Figure, Span, ltr, plain
from cirt.documents.radars import RADAR_SIZE, RadarPiece
from cirt.documents.tagging import Element
from cirt.documents.timelines import timeline
from cirt.timelines import Timeline

_COLUMN_GAP = 24.0
_CODE_WIDTH = 30.0
_READING_WIDTH = 62.0
_WHOLE_BARS = 9


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
    """Return title and chart; a radar also has a legend with every axis in full."""
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
    if isinstance(content.chart, Timeline):
        return [title, *timeline(workshop, content.chart, element)]
    return [title, *_bars(workshop, content.chart, element)]


def _radar(workshop: Workshop, radar: Radar, element: Element) -> list[Piece]:
    shape = radar_shape(radar, workshop.typesetting.direction, RADAR_SIZE)
    drawing = RadarPiece(workshop, radar, shape, element)
    return [drawing, *_legend(workshop, radar)] if radar.axes else [drawing]


def _legend(workshop: Workshop, radar: Radar) -> list[Piece]:
    """Two columns of code, name and value; the first half in the column where reading begins."""
    whole = workshop.tags.root.add("L")
    half = (len(radar.axes) + 1) // 2
    width = (styles.FRAME_WIDTH - _COLUMN_GAP) / 2
    measured = [workshop.passage([Span(axis.reading, ltr=True)], "cell") for axis in radar.axes]
    reading = min(_READING_WIDTH, max(passage.natural_width for passage in measured) + 1)
    entries: list[list[TextPiece]] = []
    for number, axis in enumerate(radar.axes):
        start = 0.0 if number < half else width + _COLUMN_GAP
        item = whole.add("LI")
        name = width - _CODE_WIDTH - reading - 8
        parts: Sequence[tuple[list[Span], str, float, float, bool]] = (
            ([ltr(axis.code, bold=True)], "Lbl", 0.0, _CODE_WIDTH, False),
            ([Span(axis.label)], "LBody", _CODE_WIDTH, name, False),
            ([Span(axis.reading, ltr=True)], "LBody", width - reading, reading, True),
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
    last = len(labels) - 1
    # a short chart stays whole; of a long one at least three bars stand under its title
    together = last if last < _WHOLE_BARS else 2
    return [
        BarPiece(
            workshop, shape, row, label, element,
            space_after=14.0 if number == last else 9.0,
            keeps_with_next=number < together,
        )
        for number, (row, label) in enumerate(zip(shape.rows, labels, strict=True))
    ]  # fmt: skip
