"""The structure of a PDF: what is a heading, a table cell, a figure, and in which order it reads.

While pages are drawn, TagTree records which marked content belongs to which element; finish()
then writes the tree, the metadata and the output intent with pikepdf (ISO 32000-1, 14.7, 14.8).
The result is built towards PDF/UA-1 and PDF/A-2 and does not claim either: nobody certified it.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import ImageCms

from cirt.documents.model import Document


@dataclass
class Element:
    """An element of the structure, such as P or TD, in reading order.

    kids: elements, (page, mark number) of content, or LinkMark. alternative: what a figure shows.
    actual_text: the text in reading order where the content on paper has another one.
    """

    kind: str
    kids: list["Element | tuple[int, int] | LinkMark"] = field(default_factory=list)
    alternative: str = ""
    actual_text: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)

    def add(self, kind: str, **values: Any) -> "Element":
        """Append an element below this one and return it."""
        element = Element(kind, **values)
        self.kids.append(element)
        return element


@dataclass(frozen=True)
class LinkMark:
    """The place of a link's annotation: page, and number within the page."""

    page: int
    number: int


class TagTree:
    """Records elements and their content while the pages are drawn."""

    def __init__(self) -> None:
        self.root = Element("Document")
        self.page = 0
        self._marks: list[int] = [0]
        self._links: list[int] = [0]
        self._bookmarks = 0

    def begin_page(self) -> None:
        """Count the marks of the next page from zero."""
        self.page += 1
        self._marks.append(0)
        self._links.append(0)

    def bookmark(self) -> str:
        """Return a name for a place in the document that no other place has."""
        self._bookmarks += 1
        return f"part-{self._bookmarks}"

    @contextmanager
    def content(self, canvas: Any, element: Element) -> Iterator[None]:
        """Mark what is drawn inside as content of the element."""
        number = self._marks[self.page]
        self._marks[self.page] += 1
        element.kids.append((self.page, number))
        canvas._code.append(f"/{element.kind} <</MCID {number}>> BDC")
        yield
        canvas._code.append("EMC")

    @contextmanager
    def artifact(self, canvas: Any) -> Iterator[None]:
        """Mark what is drawn inside as decoration that is not read out."""
        canvas._code.append("/Artifact BMC")
        yield
        canvas._code.append("EMC")

    def link(self, canvas: Any, element: Element, address: str, box: tuple[float, ...]) -> None:
        """Make the box of the current page a link, below the element."""
        canvas.linkURL(address, box, relative=0, thickness=0)
        link = element.add("Link", alternative=address)
        link.kids.append(LinkMark(self.page, self._links[self.page]))
        self._links[self.page] += 1


def finish(pdf: bytes, tree: TagTree, document: Document) -> bytes:
    """Return the PDF with structure, language, direction, metadata and output intent.

    The same input gives the same bytes.
    """
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        _Writer(opened).write(tree)
        catalogue = opened.Root
        catalogue.MarkInfo = Dictionary(Marked=True)
        catalogue.Lang = String(document.language)
        direction = Name.R2L if document.direction == "rtl" else Name.L2R
        catalogue.ViewerPreferences = Dictionary(Direction=direction, DisplayDocTitle=True)
        _describe(opened, document)
        _add_output_intent(opened)
        result = io.BytesIO()
        opened.save(
            result,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
        )
    return result.getvalue()


class _Writer:
    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._by_mark: list[dict[int, Any]] = [{} for _ in pdf.pages]
        self._by_annotation: list[Any] = []

    def write(self, tree: TagTree) -> None:
        root = self._pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        root.K = Array([self._element(tree.root, root)])
        numbers = Array()
        for page, marks in enumerate(self._by_mark):
            self._pdf.pages[page].obj.StructParents = page
            self._pdf.pages[page].obj.Tabs = Name.S
            numbers.append(page)
            numbers.append(
                self._pdf.make_indirect(Array([marks[mark] for mark in range(len(marks))]))
            )
        for number, element in enumerate(self._by_annotation, start=len(self._by_mark)):
            numbers.append(number)
            numbers.append(element)
        root.ParentTree = self._pdf.make_indirect(Dictionary(Nums=numbers))
        root.ParentTreeNextKey = len(self._by_mark) + len(self._by_annotation)
        self._pdf.Root.StructTreeRoot = root

    def _element(self, element: Element, parent: Any) -> Any:
        made = self._pdf.make_indirect(
            Dictionary(Type=Name.StructElem, S=Name("/" + element.kind), P=parent)
        )
        if element.alternative:
            made.Alt = String(element.alternative)
        if element.actual_text:
            made.ActualText = String(element.actual_text)
        if element.attributes:
            made.A = Dictionary(
                {f"/{name}": _value(value) for name, value in element.attributes.items()}
            )
        made.K = Array([self._kid(kid, made) for kid in element.kids])
        return made

    def _kid(self, kid: Element | tuple[int, int] | LinkMark, parent: Any) -> Any:
        if isinstance(kid, Element):
            return self._element(kid, parent)
        if isinstance(kid, LinkMark):
            page = self._pdf.pages[kid.page].obj
            annotation = page.Annots[kid.number]
            annotation.StructParent = len(self._by_mark) + len(self._by_annotation)
            annotation.Contents = parent.Alt
            self._by_annotation.append(parent)
            return Dictionary(Type=Name.OBJR, Pg=page, Obj=annotation)
        page_number, mark = kid
        self._by_mark[page_number][mark] = parent
        return Dictionary(Type=Name.MCR, Pg=self._pdf.pages[page_number].obj, MCID=mark)


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return Name("/" + value)
    return Array(list(value)) if isinstance(value, tuple) else value


def _describe(pdf: pikepdf.Pdf, document: Document) -> None:
    date = document.generated_at.strftime("D:%Y%m%d%H%M%SZ")
    for key in list(pdf.docinfo.keys()):
        del pdf.docinfo[key]
    entries = {
        "/Title": document.title,
        "/Author": document.author,
        "/Subject": document.subject,
        "/Keywords": document.marking,
        "/CreationDate": date,
        "/ModDate": date,
    }
    for name, text in entries.items():
        if text:
            pdf.docinfo[name] = String(text)
    moment = document.generated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["dc:title"] = document.title
        metadata["dc:language"] = {document.language}
        if document.author:
            metadata["dc:creator"] = [document.author]
        if document.subject:
            metadata["dc:description"] = document.subject
        if document.marking:
            metadata["pdf:Keywords"] = document.marking
        metadata["xmp:CreateDate"] = moment
        metadata["xmp:ModifyDate"] = moment


def _add_output_intent(pdf: pikepdf.Pdf) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # the profile's own date (ICC.1, 7.2.8) is when it was made, that is now: a fixed day instead
    profile[24:36] = bytes.fromhex("07d0 0001 0001 0000 0000 0000")
    stream = pdf.make_stream(bytes(profile))
    stream.N = 3
    pdf.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name.GTS_PDFA1,
                OutputConditionIdentifier=String("sRGB"),
                DestOutputProfile=stream,
            )
        ]
    )
