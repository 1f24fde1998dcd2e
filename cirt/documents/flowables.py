"""Pieces that stand one under the other on pages: text, lists, notes.

A piece is made for the frame's width, knows its height, may be split at a height, and draws
itself downwards from a top edge. Elements of the tag tree are made with the pieces, so their order
is the document's, whatever page a piece lands on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

from cirt.documents import styles
from cirt.documents.model import Span, Spans, plain
from cirt.documents.styles import LookName, Styles
from cirt.documents.tagging import Element, TagTree
from cirt.documents.text import Line, LinkArea, Look, Passage, Typesetting

_INDENT = 20.0
_PADDING = 12.0
_TITLE_GAP = 2.0
_ORPHANS = 2  # at least so many lines of a paragraph on either side of a page's end


@dataclass(frozen=True)
class Workshop:
    """What every piece of one document is made with.

    page_of: the page of each anchor; filled once every piece has its page, before any is drawn.
    """

    typesetting: Typesetting
    styles: Styles
    tags: TagTree
    page_of: dict[str, int] = field(default_factory=dict)

    @property
    def rtl(self) -> bool:
        """Whether the document runs right to left."""
        return self.typesetting.direction == "rtl"

    def passage(self, spans: Iterable[Span], look: Look | LookName) -> Passage:
        """Return the spans as measured text."""
        wanted = self.styles.look(look) if isinstance(look, str) else look
        return Passage(spans, self.typesetting, wanted)


class Piece(Protocol):
    """One thing on a page. keeps_with_next: never the last on its page."""

    @property
    def space_before(self) -> float: ...

    @property
    def space_after(self) -> float: ...

    @property
    def keeps_with_next(self) -> bool: ...

    @property
    def height(self) -> float:
        """How much of the frame it takes, in points."""
        ...

    @property
    def minimum(self) -> float:
        """The least room in which some of it can stand."""
        ...

    def split(self, room: float) -> "tuple[Piece, Piece] | None":
        """Return what fits into the room and the rest; None when nothing sensible fits."""
        ...

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw it; top is the page's y coordinate of the upper edge."""
        ...


@dataclass(frozen=True)
class TextPiece:
    """Lines of a passage in a box of its own width. marker: a list item's, beside its first line.

    offset: from the frame's left edge. outline: the level in the reader's outline, 0 for none.
    anchor: by which a list of contents finds it, "" for none.
    """

    workshop: Workshop
    passage: Passage
    lines: Sequence[Line]
    element: Element
    offset: float
    width: float
    space_before: float = 0.0
    space_after: float = 6.0
    keeps_with_next: bool = False
    marker: "TextPiece | None" = None
    outline: int = 0
    anchor: str = ""

    @property
    def height(self) -> float:
        """The lines' height."""
        return len(self.lines) * self.passage.look.leading

    @property
    def minimum(self) -> float:
        """Two lines, or all of three."""
        count = len(self.lines)
        return (count if count <= _ORPHANS + 1 else _ORPHANS) * self.passage.look.leading

    def split(self, room: float) -> tuple[Self, Self] | None:
        """Split between lines, with at least two on either side."""
        count = int((room + 0.01) / self.passage.look.leading)
        count = min(count, len(self.lines) - _ORPHANS)
        if count < _ORPHANS:
            return None
        return (
            replace(self, lines=self.lines[:count], space_after=0.0),
            replace(
                self, lines=self.lines[count:], space_before=0.0, marker=None, outline=0, anchor=""
            ),
        )

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw marker and lines as content of their elements."""
        if self.outline:
            key = self.workshop.tags.bookmark()
            canvas.bookmarkHorizontal(key, 0, top + 12)
            canvas.addOutlineEntry(self.passage.logical_text, key, self.outline - 1)
        if self.marker:
            self.marker.draw(canvas, left, top)
        with self.workshop.tags.content(canvas, self.element):
            links = self.draw_lines(canvas, left, top)
        for link in links:
            self.workshop.tags.link(canvas, self.element, link.address, link.box)

    def draw_lines(self, canvas: Any, left: float, top: float) -> list[LinkArea]:
        """Draw the lines without marking them as anybody's content; return where links are."""
        leading = self.passage.look.leading
        baseline = top - leading * self.workshop.styles.ascent
        links: list[LinkArea] = []
        for line in self.lines:
            x = left + self.offset
            links += self.passage.draw_line(canvas, line, x, baseline, self.width)
            baseline -= leading
        return links


def text_piece(
    workshop: Workshop,
    spans: Iterable[Span],
    look: Look | LookName,
    parent: Element,
    kind: str = "P",
    *,
    width: float = styles.FRAME_WIDTH,
    offset: float = 0.0,
    **spacing: Any,
) -> TextPiece:
    """Return spans as a piece of the width, with an element of the kind below the parent."""
    passage = workshop.passage(spans, look)
    element = parent.add(kind)
    if passage.has_rtl:
        # on paper the runs stand in visual order; this is the order to read them in
        element.actual_text = passage.logical_text
    return TextPiece(workshop, passage, passage.lines(width), element, offset, width, **spacing)


_HEADING_SPACE = {1: (26.0, 10.0), 2: (20.0, 7.0), 3: (14.0, 4.0), 4: (10.0, 3.0)}
_HEADING_LOOKS: dict[int, LookName] = {1: "h1", 2: "h2", 3: "h3", 4: "h4"}


def heading(
    workshop: Workshop, level: int, spans: Spans, outline: int, anchor: str = ""
) -> TextPiece:
    """Return a heading; it never stands alone at the end of a page."""
    before, after = _HEADING_SPACE[level]
    return text_piece(
        workshop,
        spans,
        _HEADING_LOOKS[level],
        workshop.tags.root,
        f"H{level}",
        space_before=before,
        space_after=after,
        keeps_with_next=True,
        outline=outline,
        anchor=anchor,
    )


def paragraph(workshop: Workshop, spans: Spans) -> TextPiece:
    """Return a paragraph of body text."""
    return text_piece(workshop, spans, "body", workshop.tags.root, space_after=7.0)


def items(workshop: Workshop, entries: Sequence[Spans], start: int | None) -> list[TextPiece]:
    """Return list items, numbered from start, or with bullets when it is None.

    The markers stand on the side where reading begins.
    """
    whole = workshop.tags.root.add("L")
    pieces = []
    widest = workshop.passage(plain(f"{(start or 0) + len(entries)}."), "body").natural_width
    indent = _INDENT if start is None else max(_INDENT, widest + 8)
    text_offset = 0.0 if workshop.rtl else indent
    marker_offset = styles.FRAME_WIDTH - indent if workshop.rtl else 0.0
    for number, spans in enumerate(entries, start=start or 0):
        item = whole.add("LI")
        sign = "•" if start is None else f"{number}."
        marker = text_piece(
            workshop,
            [Span(sign, bold=start is None)],
            "body",
            item,
            "Lbl",
            width=indent,
            offset=marker_offset,
        )
        body = text_piece(
            workshop,
            spans,
            "body",
            item,
            "LBody",
            width=styles.FRAME_WIDTH - indent,
            offset=text_offset,
            space_after=4.0,
        )
        pieces.append(replace(body, marker=marker))
    if pieces:
        pieces[-1] = replace(pieces[-1], space_after=9.0)
    return pieces


@dataclass(frozen=True)
class NotePiece:
    """Text pieces in a tinted box with a bar on the side where reading begins."""

    workshop: Workshop
    inner: tuple[TextPiece, ...]
    space_before: float = 8.0
    space_after: float = 12.0
    keeps_with_next: bool = False

    @property
    def height(self) -> float:
        """The texts and the padding around them."""
        between = _TITLE_GAP * (len(self.inner) - 1)
        return sum(piece.height for piece in self.inner) + between + 2 * _PADDING

    @property
    def minimum(self) -> float:
        """Title and the first lines of the text."""
        return self.height - self.inner[-1].height + self.inner[-1].minimum

    def split(self, room: float) -> tuple[Self, Self] | None:
        """Split inside the last text; what goes before it stays with its beginning."""
        used = self.height - self.inner[-1].height
        parts = self.inner[-1].split(room - used)
        if parts is None:
            return None
        return (
            replace(self, inner=(*self.inner[:-1], parts[0])),
            replace(self, inner=(parts[1],)),
        )

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw the box, then the texts."""
        bar = left + styles.FRAME_WIDTH - 3 if self.workshop.rtl else left
        with self.workshop.tags.artifact(canvas):
            canvas.setFillColor(styles.TINT)
            canvas.rect(left, top - self.height, styles.FRAME_WIDTH, self.height, stroke=0, fill=1)
            canvas.setFillColor(styles.ACCENT)
            canvas.rect(bar, top - self.height, 3, self.height, stroke=0, fill=1)
        y = top - _PADDING
        for piece in self.inner:
            piece.draw(canvas, left, y)
            y -= piece.height + _TITLE_GAP


def note(workshop: Workshop, title: str, spans: Spans) -> NotePiece:
    """Return a boxed paragraph under its title."""
    width = styles.FRAME_WIDTH - 2 * (_PADDING + 4)
    element = workshop.tags.root.add("Note")
    said: list[tuple[Spans, LookName]] = [(plain(title), "h4")] if title else []
    texts = [
        text_piece(workshop, part, look, element, width=width, offset=_PADDING + 4)
        for part, look in [*said, (spans, "body")]
    ]
    return NotePiece(workshop, tuple(texts))
