"""The cover: a page of its own."""

from dataclasses import dataclass, replace
from typing import Any

from cirt.documents import styles
from cirt.documents.flowables import Piece, TextPiece, Workshop, text_piece
from cirt.documents.model import Cover, Detail, plain
from cirt.documents.styles import LookName

_TITLES_FROM = 120.0
_DETAIL_PADDING = 13.0
_LABEL_WIDTH = styles.FRAME_WIDTH * 0.32
_VALUE_WIDTH = styles.FRAME_WIDTH - _LABEL_WIDTH - 12


@dataclass(frozen=True)
class CoverPiece:
    """A whole page: texts from above, details from below, each with a rule over it."""

    workshop: Workshop
    upper: tuple[TextPiece, ...]
    details: tuple[tuple[TextPiece, TextPiece], ...]
    space_before: float = 0.0
    space_after: float = 0.0
    keeps_with_next: bool = False
    height: float = styles.FRAME_HEIGHT
    minimum: float = styles.FRAME_HEIGHT

    def split(self, room: float) -> None:
        """Return None: it is one page."""
        return

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw the accent bar, the titles and the details."""
        y = top - _TITLES_FROM
        bar = left + styles.FRAME_WIDTH - 72 if self.workshop.rtl else left
        with self.workshop.tags.artifact(canvas):
            canvas.setFillColor(styles.ACCENT)
            canvas.rect(bar, y + 26, 72, 5, stroke=0, fill=1)
        for piece in self.upper:
            piece.draw(canvas, left, y)
            y -= piece.height + piece.space_after
        heights = [
            max(label.height, value.height) + _DETAIL_PADDING for label, value in self.details
        ]
        y = min(y - 20, top - styles.FRAME_HEIGHT + sum(heights) + 10)
        for (label, value), height in zip(self.details, heights, strict=True):
            with self.workshop.tags.artifact(canvas):
                canvas.setStrokeColor(styles.RULE)
                canvas.setLineWidth(0.6)
                canvas.line(left, y, left + styles.FRAME_WIDTH, y)
            label.draw(canvas, left, y - 6)
            value.draw(canvas, left, y - 6)
            y -= height


def cover(workshop: Workshop, content: Cover) -> list[Piece]:
    """Return the cover as one piece; as ordinary text when it is too long for one page."""
    titles: list[tuple[str, LookName, str, float]] = [
        (content.kicker, "kicker", "P", 8.0),
        (content.title, "title", "H1", 14.0),
        (content.subtitle, "subtitle", "P", 0.0),
    ]
    upper = [
        text_piece(workshop, plain(text), look, workshop.tags.root, kind, space_after=after)
        for text, look, kind, after in titles
        if text
    ]
    details = [_detail(workshop, detail) for detail in content.details]
    needed = _TITLES_FROM + sum(piece.height + piece.space_after for piece in upper)
    needed += sum(max(a.height, b.height) + _DETAIL_PADDING for a, b in details) + 30
    if needed > styles.FRAME_HEIGHT:
        return [*upper, *(piece for pair in details for piece in pair)]
    return [CoverPiece(workshop, tuple(upper), tuple(details))]


def _detail(workshop: Workshop, detail: Detail) -> tuple[TextPiece, TextPiece]:
    root = workshop.tags.root
    quiet = replace(workshop.styles.look("body"), colour=styles.QUIET)
    label = text_piece(
        workshop,
        plain(detail.label),
        quiet,
        root,
        width=_LABEL_WIDTH,
        offset=styles.FRAME_WIDTH - _LABEL_WIDTH if workshop.rtl else 0.0,
    )
    value = text_piece(
        workshop,
        detail.value,
        "body",
        root,
        width=_VALUE_WIDTH,
        offset=0.0 if workshop.rtl else _LABEL_WIDTH + 12,
    )
    return label, value
