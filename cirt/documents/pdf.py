"""A document as PDF: tagged, with embedded fonts, the same bytes for the same document."""

import io
import threading

from reportlab.pdfgen.canvas import Canvas

from cirt.documents import pages, styles, typefaces
from cirt.documents.contents import contents
from cirt.documents.covers import cover
from cirt.documents.figures import figure
from cirt.documents.flowables import Piece, Workshop, heading, items, note, paragraph
from cirt.documents.model import (
    Block,
    BulletList,
    Contents,
    Cover,
    Document,
    Figure,
    Heading,
    Note,
    NumberedList,
    PageBreak,
    Paragraph,
    Table,
)
from cirt.documents.pages import PageEnd
from cirt.documents.production import Rendered
from cirt.documents.tables import table
from cirt.documents.tagging import TagTree, finish
from cirt.documents.text import Typesetting
from cirt.documents.typefaces import LATIN

# reportlab's fonts can serve one document at a time
_ONE_AT_A_TIME = threading.Lock()


def render_pdf(document: Document) -> bytes:
    """Return the document as PDF, made in this process."""
    return render(document).pdf


def render(document: Document) -> Rendered:
    """Return the document as PDF, made in this process, with what could not be printed."""
    with _ONE_AT_A_TIME:
        typefaces.begin_document()
        typesetting = Typesetting(document.direction, document.language)
        workshop = Workshop(
            typesetting, styles.styles(document.language, document.direction), TagTree()
        )
        buffer = io.BytesIO()
        canvas = Canvas(
            buffer,
            pagesize=(styles.PAGE_WIDTH, styles.PAGE_HEIGHT),
            pageCompression=1,
            invariant=1,
            # reportlab would otherwise begin every page with Helvetica, which is not embedded
            initialFontName=typefaces.face(LATIN, False, False).typeface.fontName,
        )
        pages.draw(canvas, workshop, document, pages.paginate(_pieces(workshop, document)))
        canvas.save()
        pdf = finish(buffer.getvalue(), workshop.tags, document)
    return Rendered(pdf, tuple(sorted(typesetting.missing)))


def _pieces(workshop: Workshop, document: Document) -> list[Piece | PageEnd]:
    pieces: list[Piece | PageEnd] = []
    depth = 0
    for block in document.blocks:
        if isinstance(block, Heading):
            # an outline may go only one level deeper at a time
            depth = min(block.level, depth + 1)
            pieces.append(heading(workshop, block.level, block.spans, depth, block.anchor))
        else:
            pieces += _pieces_of(workshop, block)
    return pieces


def _pieces_of(workshop: Workshop, block: Block) -> list[Piece | PageEnd]:
    match block:
        case Paragraph():
            return [paragraph(workshop, block.spans)]
        case BulletList():
            return [*items(workshop, block.items, None)]
        case NumberedList():
            return [*items(workshop, block.items, block.start)]
        case Table():
            return [*table(workshop, block)]
        case Figure():
            return [*figure(workshop, block)]
        case Note():
            return [note(workshop, block.title, block.spans)]
        case Cover():
            return [PageEnd(), *cover(workshop, block), PageEnd()]
        case Contents():
            return [*contents(workshop, block)]
        case PageBreak():
            return [PageEnd()]
        case Heading():
            return [heading(workshop, block.level, block.spans, block.level, block.anchor)]
