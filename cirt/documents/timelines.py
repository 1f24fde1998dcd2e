"""Timelines on pages: bars along time under their labels, lane by lane, over as many pages as needed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cirt.documents import styles
from cirt.documents.flowables import Piece, TextPiece, Workshop, text_piece
from cirt.documents.model import Span, ltr, plain
from cirt.documents.tagging import Element
from cirt.documents.text import Look
from cirt.timelines import (
    STRETCH_HEIGHT,
    LaneShape,
    StretchRow,
    Timeline,
    TimelineShape,
    timeline_shape,
)

_CODE_WIDTH = 34.0
_DATES_WIDTH = 132.0
_SCALE_HEIGHT = 14.0
_ROW_SPACE = 7.0


@dataclass(frozen=True)
class ScalePiece:
    """The names of the points in time over a lane."""

    workshop: Workshop
    shape: TimelineShape
    space_before: float = 0.0
    space_after: float = 2.0
    keeps_with_next: bool = True
    height: float = _SCALE_HEIGHT

    @property
    def minimum(self) -> float:
        """All of it."""
        return self.height

    def split(self, room: float) -> None:
        """Return None: one line is not split."""
        return

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw each name after its point; its bars say the dates in words, so this is decoration."""
        look = Look(8, 10, styles.QUIET)
        with self.workshop.tags.artifact(canvas):
            for tick, x in self.shape.ticks:
                passage = self.workshop.passage([ltr(tick.label)], look)
                width = passage.natural_width + 1
                at = left + x - width - 3 if self.workshop.rtl else left + x + 3
                for line in passage.lines(width)[:1]:
                    passage.draw_line(canvas, line, at, top - 9, width)


@dataclass(frozen=True)
class StretchPiece:
    """One bar under its label."""

    workshop: Workshop
    shape: TimelineShape
    row: StretchRow
    label: tuple[TextPiece, ...]
    element: Element
    space_before: float = 0.0
    space_after: float = 0.0
    keeps_with_next: bool = False

    @property
    def height(self) -> float:
        """Label, bar and the room under it, in which the lines of time go on."""
        return self._label_height + 3 + STRETCH_HEIGHT + _ROW_SPACE

    @property
    def _label_height(self) -> float:
        return max(piece.height for piece in self.label)

    @property
    def minimum(self) -> float:
        """All of it."""
        return self.height

    def split(self, room: float) -> None:
        """Return None: a bar stays with its label."""
        return

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw the lines of time beside the bar, the bar, and the label."""
        y = top - self._label_height - 3 - STRETCH_HEIGHT
        with self.workshop.tags.artifact(canvas):
            canvas.saveState()
            canvas.setLineWidth(0.5)
            canvas.setStrokeColor(styles.RULE)
            bottom, lines_top = top - self.height, top - self._label_height
            for _tick, x in self.shape.ticks:
                canvas.line(left + x, lines_top, left + x, bottom)
            if self.shape.today is not None:
                canvas.setStrokeColor(styles.TARGET)
                canvas.setDash([4, 3])
                canvas.line(left + self.shape.today, lines_top, left + self.shape.today, bottom)
            canvas.restoreState()
        for piece in self.label:
            piece.draw(canvas, left, top)
        with self.workshop.tags.content(canvas, self.element):
            canvas.saveState()
            x, width = self.row.bar
            done = self.row.stretch.progress == "done"
            late = self.row.stretch.progress == "late"
            canvas.setFillColor(styles.TINT if done else styles.ACCENT)
            canvas.setStrokeColor(styles.TARGET if late else styles.ACCENT)
            canvas.setLineWidth(1.2)
            canvas.setDash([4, 3] if late else [])
            canvas.rect(left + x, y, width, STRETCH_HEIGHT, stroke=int(done or late), fill=1)
            canvas.restoreState()


def timeline(workshop: Workshop, chart: Timeline, element: Element) -> list[Piece]:
    """Return the lanes, each with its name, the names of the points in time and its bars."""
    bars = [one for lane in chart.lanes for one in lane.stretches]
    shape = timeline_shape(
        chart,
        workshop.typesetting.direction,
        label_heights=[0.0] * len(bars),
        width=styles.FRAME_WIDTH,
    )
    pieces: list[Piece] = []
    for lane in shape.lanes:
        pieces += _lane(workshop, shape, lane, element)
    return pieces


def _lane(
    workshop: Workshop, shape: TimelineShape, lane: LaneShape, element: Element
) -> Sequence[Piece]:
    name = text_piece(
        workshop, plain(lane.lane.label), "h4", workshop.tags.root,
        space_before=8.0, space_after=0.0, keeps_with_next=True,
    )  # fmt: skip
    last = len(lane.rows) - 1
    rows = [
        StretchPiece(
            workshop, shape, row, _label(workshop, row), element,
            space_after=12.0 if number == last else 0.0,
        )
        for number, row in enumerate(lane.rows)
    ]  # fmt: skip
    return [name, ScalePiece(workshop, shape), *rows]


def _label(workshop: Workshop, row: StretchRow) -> tuple[TextPiece, ...]:
    """Code, name and dates on one line; the name may take more."""
    parent = workshop.tags.root.add("P")
    one = row.stretch
    name_width = styles.FRAME_WIDTH - _CODE_WIDTH - _DATES_WIDTH - 12
    parts: Sequence[tuple[list[Span], float, float, bool]] = (
        ([ltr(one.code, bold=True)], 0.0, _CODE_WIDTH, False),
        ([Span(f"\u2068{one.label}\u2069")], _CODE_WIDTH, name_width, False),
        ([Span(one.shown)], styles.FRAME_WIDTH - _DATES_WIDTH, _DATES_WIDTH, True),
    )
    pieces = []
    for spans, start, width, at_end in parts:
        look = replace(workshop.styles.look("cell"), alignment="end" if at_end else "start")
        offset = styles.FRAME_WIDTH - start - width if workshop.rtl else start
        pieces.append(text_piece(workshop, spans, look, parent, "Span", width=width, offset=offset))
    return tuple(pieces)
