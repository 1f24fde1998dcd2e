"""Pieces put on pages, and the pages drawn with their header and footer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cirt.documents import styles
from cirt.documents.covers import CoverPiece
from cirt.documents.flowables import Piece, TextPiece, Workshop
from cirt.documents.model import Document, Span, ltr, plain
from cirt.documents.text import Look, Passage

# TLP 2.0 (FIRST, 2022): colours of the labels on black, 12 points or larger, at the right
_TLP_COLOURS = {
    "TLP:RED": "#FF2B2B",
    "TLP:AMBER": "#FFC000",
    "TLP:AMBER+STRICT": "#FFC000",
    "TLP:GREEN": "#33FF00",
    "TLP:CLEAR": "#FFFFFF",
}
_MARKING_SIZE = 12.0
_HEADER_Y = styles.PAGE_HEIGHT - 50.0
_FOOTER_Y = 44.0


@dataclass(frozen=True)
class Placed:
    """A piece on a page; top: from the frame's upper edge, downwards."""

    piece: Piece
    top: float


Page = list[Placed]


class PageEnd:
    """Stands between pieces: what follows starts on a new page."""


def paginate(pieces: Sequence[Piece | PageEnd]) -> list[Page]:
    """Return the pages, at least one; nothing is lost, and pieces split as they allow."""
    pages: list[Page] = [[]]
    used, gap = 0.0, 0.0
    waiting = list(reversed(pieces))
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, PageEnd):
            if pages[-1]:
                pages.append([])
            used, gap = 0.0, 0.0
            continue
        top = used + max(gap, piece.space_before) if pages[-1] else 0.0
        room = styles.FRAME_HEIGHT - top
        if piece.height <= room + 0.01 and _company_fits(piece, waiting, room):
            pages[-1].append(Placed(piece, top))
            used, gap = top + piece.height, piece.space_after
            continue
        parts = None if piece.keeps_with_next and pages[-1] else piece.split(room)
        if parts:
            pages[-1].append(Placed(parts[0], top))
            waiting.append(parts[1])
        elif pages[-1]:
            waiting.append(piece)
        else:  # taller than a page and in one piece: it may reach below the frame
            pages[-1].append(Placed(piece, top))
        pages.append([])
        used, gap = 0.0, 0.0
    if len(pages) > 1 and not pages[-1]:
        pages.pop()
    return pages


def _company_fits(piece: Piece, waiting: Sequence[Piece | PageEnd], room: float) -> bool:
    """Whether what must not be parted from the piece begins on the same page."""
    needed, current = piece.height, piece
    for following in reversed(waiting):
        if not current.keeps_with_next or isinstance(following, PageEnd):
            break
        gap = max(current.space_after, following.space_before)
        needed += gap + (following.height if following.keeps_with_next else following.minimum)
        current = following
    return needed <= room + 0.01 or needed > styles.FRAME_HEIGHT


def draw(canvas: Any, workshop: Workshop, document: Document, pages: Sequence[Page]) -> None:
    """Draw every page with its header, footer and marking."""
    for number, page in enumerate(pages, start=1):
        for placed in page:
            if isinstance(placed.piece, TextPiece) and placed.piece.anchor:
                workshop.page_of.setdefault(placed.piece.anchor, number)
    for number, page in enumerate(pages, start=1):
        if number > 1:
            workshop.tags.begin_page()
        for placed in page:
            top = styles.PAGE_HEIGHT - styles.FRAME_TOP - placed.top
            placed.piece.draw(canvas, styles.MARGIN, top)
        is_cover = any(isinstance(placed.piece, CoverPiece) for placed in page)
        with workshop.tags.artifact(canvas):
            _draw_surroundings(canvas, workshop, document, number, len(pages), is_cover)
        canvas.showPage()


def _draw_surroundings(
    canvas: Any, workshop: Workshop, document: Document, number: int, count: int, is_cover: bool
) -> None:
    taken = 0.0
    if document.marking:
        for y in (_HEADER_Y, _FOOTER_Y):
            taken = _draw_marking(canvas, workshop, document.marking, y)
    room = styles.FRAME_WIDTH - taken - 12
    look = workshop.styles.look("small")
    page = document.labels.page.replace("%(page)s", str(number)).replace("%(pages)s", str(count))
    _draw_line(canvas, workshop.passage(plain(page), look), room, taken, _FOOTER_Y)
    if document.status:
        status = workshop.passage([Span(document.status, bold=True)], look)
        _draw_line(canvas, status, room, taken, _HEADER_Y + (7 if not is_cover else 0))
    if not is_cover:
        title = workshop.passage(plain(document.title), look)
        _draw_line(canvas, title, room, taken, _HEADER_Y - (5 if document.status else 0))
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.5)
        right = styles.MARGIN + styles.FRAME_WIDTH
        canvas.line(styles.MARGIN, _HEADER_Y - 14, right, _HEADER_Y - 14)


def _draw_line(canvas: Any, passage: Passage, room: float, taken: float, y: float) -> None:
    """Draw one line where reading begins; the marking's side (the right) stays free for it."""
    rtl = passage.typesetting.direction == "rtl"
    lines = passage.lines(room)
    left = styles.MARGIN
    if rtl and not taken:
        left += styles.FRAME_WIDTH - room
    passage.draw_line(canvas, lines[0], left, y, lines[0].width if rtl and taken else room)


def _draw_marking(canvas: Any, workshop: Workshop, marking: str, y: float) -> float:
    """Draw the marking at the right and return the width it takes."""
    colour = _TLP_COLOURS.get(marking.upper(), "#FFFFFF")
    look = Look(_MARKING_SIZE, 16, colour, bold=True)
    passage = workshop.passage([ltr(marking)], look)
    line = passage.lines(styles.FRAME_WIDTH * 0.6)[0]
    width = line.width + 14
    left = styles.MARGIN + styles.FRAME_WIDTH - width
    canvas.setFillColor("#000000")
    canvas.rect(left, y - 5.5, width, 20, stroke=0, fill=1)
    passage.draw_line(canvas, line, left + 7, y, line.width)
    return width
