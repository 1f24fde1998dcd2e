"""Lists of contents on pages: a line for each heading, with the number of its page."""

from dataclasses import dataclass, replace
from typing import Any

from cirt.documents import styles
from cirt.documents.flowables import Piece, TextPiece, Workshop, text_piece
from cirt.documents.model import Contents, ltr
from cirt.documents.tagging import Element

_NUMBER_WIDTH = 40.0


@dataclass(frozen=True)
class EntryPiece:
    """One line. The number is set when it is drawn, since only then is it known."""

    workshop: Workshop
    label: TextPiece
    anchor: str
    element: Element
    space_before: float = 0.0
    space_after: float = 5.0
    keeps_with_next: bool = False

    @property
    def height(self) -> float:
        """The label's height."""
        return self.label.height

    @property
    def minimum(self) -> float:
        """All of it."""
        return self.height

    def split(self, room: float) -> None:
        """Return None: a line stays whole."""
        return

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw the label, a rule under it, and the page at the line's end."""
        self.label.draw(canvas, left, top)
        with self.workshop.tags.artifact(canvas):
            canvas.setStrokeColor(styles.RULE)
            canvas.setLineWidth(0.4)
            y = top - self.height - 1.5
            canvas.line(left, y, left + styles.FRAME_WIDTH, y)
        number = self.workshop.page_of.get(self.anchor)
        if number is None:
            return
        look = replace(self.workshop.styles.look("body"), alignment="end")
        passage = self.workshop.passage([ltr(str(number))], look)
        start = 0.0 if self.workshop.rtl else styles.FRAME_WIDTH - _NUMBER_WIDTH
        baseline = top - look.leading * self.workshop.styles.ascent
        with self.workshop.tags.content(canvas, self.element):
            for line in passage.lines(_NUMBER_WIDTH)[:1]:
                passage.draw_line(canvas, line, left + start, baseline, _NUMBER_WIDTH)


def contents(workshop: Workshop, content: Contents) -> list[Piece]:
    """Return a line for each entry."""
    whole = workshop.tags.root.add("TOC")
    pieces: list[Piece] = []
    for entry in content.entries:
        item = whole.add("TOCI")
        label = text_piece(
            workshop,
            entry.spans,
            "body",
            item,
            "Reference",
            width=styles.FRAME_WIDTH - _NUMBER_WIDTH - 6,
            offset=_NUMBER_WIDTH + 6 if workshop.rtl else 0.0,
        )
        pieces.append(EntryPiece(workshop, label, entry.anchor, item.add("Lbl")))
    return pieces
