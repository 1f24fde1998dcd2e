"""Tables on pages: rows that split where they must, header rows that come again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from cirt.documents import styles
from cirt.documents.flowables import Piece, TextPiece, Workshop, text_piece
from cirt.documents.model import Alignment, Spans, Table
from cirt.documents.styles import LookName
from cirt.documents.tagging import Element

_PAD_X, _PAD_Y = 6.0, 4.5
_WIDEST_AUTO = 0.5  # of the frame; a column's natural width counts up to that
_TALL_ROW = styles.FRAME_HEIGHT * 0.4  # a row taller than that is split between its lines
_TALL_HEAD = styles.FRAME_HEIGHT * 0.3  # a header taller than that is not repeated


@dataclass(frozen=True)
class Row:
    """Cells side by side. repeated: a header row that comes again and is not read out again.

    boxes: left edge and width of each column; tints: the ground of each cell, "" for none.
    """

    workshop: Workshop
    cells: tuple[TextPiece, ...]
    is_header: bool
    repeated: bool = False
    boxes: tuple[tuple[float, float], ...] = ()
    tints: tuple[str, ...] = ()

    @cached_property
    def height(self) -> float:
        """The tallest cell and the padding."""
        return max(cell.height for cell in self.cells) + 2 * _PAD_Y

    def split(self, room: float) -> "tuple[Row, Row] | None":
        """Split every cell between lines at the same height."""
        fitting = [
            int((room - 2 * _PAD_Y + 0.01) / cell.passage.look.leading) for cell in self.cells
        ]
        if min(fitting) < 2 or self.height <= _TALL_ROW:
            return None
        parts = list(zip(self.cells, fitting, strict=True))
        return (
            replace(self, cells=tuple(replace(c, lines=c.lines[:n]) for c, n in parts)),
            replace(self, cells=tuple(replace(c, lines=c.lines[n:]) for c, n in parts)),
        )

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw the cells over a rule; a header has a tint."""
        tags = self.workshop.tags
        bottom = top - self.height
        with tags.artifact(canvas):
            if self.is_header:
                canvas.setFillColor(styles.TINT)
                canvas.rect(left, bottom, styles.FRAME_WIDTH, self.height, stroke=0, fill=1)
            for (x, width), tint in zip(self.boxes, self.tints, strict=False):
                if tint:
                    canvas.setFillColor(tint)
                    canvas.rect(left + x + 1, bottom + 1, width - 2, self.height - 2, 0, 1)
            canvas.setStrokeColor(styles.ACCENT if self.is_header else styles.RULE)
            canvas.setLineWidth(0.9 if self.is_header else 0.5)
            canvas.line(left, bottom, left + styles.FRAME_WIDTH, bottom)
        for cell in self.cells:
            if not cell.lines:
                continue
            if self.repeated:
                with tags.artifact(canvas):
                    cell.draw_lines(canvas, left, top - _PAD_Y)
            else:
                cell.draw(canvas, left, top - _PAD_Y)


# so many rows of a table are never parted from its header
_TOGETHER = 3


@dataclass(frozen=True)
class TablePiece:
    """A table's rows; split between rows, or inside a row that is very tall."""

    workshop: Workshop
    header: Row
    rows: tuple[Row, ...]
    space_before: float = 2.0
    space_after: float = 14.0
    keeps_with_next: bool = False

    @property
    def height(self) -> float:
        """Header and rows."""
        return self.header.height + sum(row.height for row in self.rows)

    @property
    def minimum(self) -> float:
        """Header and the first rows, which stay together; of a very tall row, some lines."""
        return self.header.height + sum(min(row.height, _TALL_ROW) for row in self.rows[:_TOGETHER])

    def split(self, room: float) -> tuple[Self, Self] | None:
        """Split so that the header stands over both parts."""
        used = self.header.height
        fitting: list[Row] = []
        rest = list(self.rows)
        while rest and used + rest[0].height <= room + 0.01:
            used += rest[0].height
            fitting.append(rest.pop(0))
        if rest:
            parts = rest[0].split(room - used)
            if parts:
                fitting.append(parts[0])
                rest[0] = parts[1]
        short = all(row.height < _TALL_ROW for row in self.rows[:_TOGETHER])
        more_room_elsewhere = room < styles.FRAME_HEIGHT - 1
        too_few = len(fitting) < min(_TOGETHER, len(self.rows))
        if not fitting or (short and too_few and more_room_elsewhere):
            return None
        if len(rest) == 1 and len(fitting) > _TOGETHER:
            rest.insert(0, fitting.pop())  # no row stands alone at the top of the next page
        return (
            replace(self, rows=tuple(fitting), space_after=0.0),
            replace(self, header=replace(self.header, repeated=True), rows=tuple(rest)),
        )

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw the rows one under the other."""
        with self.workshop.tags.artifact(canvas):
            canvas.setStrokeColor(styles.ACCENT)
            canvas.setLineWidth(0.9)
            canvas.line(left, top, left + styles.FRAME_WIDTH, top)
        y = top
        for row in (self.header, *self.rows):
            row.draw(canvas, left, y)
            y -= row.height


def table(workshop: Workshop, content: Table) -> list[Piece]:
    """Return the caption and the table; the first column stands where reading begins."""
    root = workshop.tags.root.add("Table")
    pieces: list[Piece] = []
    if content.caption:
        pieces.append(
            text_piece(
                workshop,
                content.caption,
                "caption",
                root,
                "Caption",
                space_before=8.0,
                space_after=5.0,
                keeps_with_next=True,
            )
        )
    widths = _column_widths(workshop, content)
    header = _row(workshop, root, content, content.header, widths, is_header=True)
    rows = [_row(workshop, root, content, row, widths, is_header=False) for row in content.rows]
    if content.shades:
        rows = [
            replace(row, tints=tuple("" if n is None else styles.SHADES[n] for n in shades))
            for row, shades in zip(rows, content.shades, strict=True)
        ]
    if header.height > _TALL_HEAD:
        pieces.append(_headless(workshop, header, rows))
    else:
        pieces.append(TablePiece(workshop, header, tuple(rows)))
    return pieces


def _headless(workshop: Workshop, header: Row, rows: Sequence[Row]) -> TablePiece:
    """A table whose header is an ordinary row on paper, under an empty line that repeats."""
    nothing = replace(header, cells=tuple(replace(cell, lines=()) for cell in header.cells))
    return TablePiece(workshop, nothing, (header, *rows))


def _row(
    workshop: Workshop,
    parent: Element,
    content: Table,
    cells: Sequence[Spans],
    widths: Sequence[float],
    *,
    is_header: bool,
) -> Row:
    element = parent.add("TR")
    look: LookName = "head" if is_header else "cell"
    alignments: Sequence[Alignment] = content.alignments or ["start"] * len(cells)
    pieces = []
    boxes = []
    reached = 0.0
    for spans, width, alignment in zip(cells, widths, alignments, strict=True):
        start = styles.FRAME_WIDTH - reached - width if workshop.rtl else reached
        piece = text_piece(
            workshop,
            spans,
            replace(workshop.styles.look(look), alignment=alignment),
            element,
            "TH" if is_header else "TD",
            width=width - 2 * _PAD_X,
            offset=start + _PAD_X,
        )
        if is_header:
            piece.element.attributes = {"O": "Table", "Scope": "Column"}
        pieces.append(piece)
        boxes.append((start, width))
        reached += width
    return Row(workshop, tuple(pieces), is_header, boxes=tuple(boxes))


def _column_widths(workshop: Workshop, content: Table) -> list[float]:
    """The given shares of the frame; else by what the columns hold, but not less than a word."""
    if content.widths:
        return [styles.FRAME_WIDTH * width / sum(content.widths) for width in content.widths]
    limit = styles.FRAME_WIDTH * _WIDEST_AUTO
    natural, least = [], []
    for column, head in enumerate(content.header):
        texts = [workshop.passage(head, "head")]
        texts += [workshop.passage(row[column], "cell") for row in content.rows[:200]]
        most = max(text.natural_width for text in texts)
        word = max(text.widest_word for text in texts)
        natural.append(min(most, limit) + 2 * _PAD_X + 1)
        least.append(min(word, limit / len(content.header)) + 2 * _PAD_X + 1)
    spare = styles.FRAME_WIDTH - sum(least)
    wish = sum(natural) - sum(least)
    if spare <= 0 or wish <= 0:
        return [styles.FRAME_WIDTH * width / sum(natural) for width in natural]
    return [low + (high - low) * spare / wish for low, high in zip(least, natural, strict=True)]
