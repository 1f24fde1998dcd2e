"""What a document says, free of how it is set: blocks of spans, in logical order.

Everything is frozen and plain, so that a document can be compared, stored as JSON
(cirt.documents.json_form) and handed to another process. Texts arrive translated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from cirt.chart_geometry import BarChart, Direction, Radar
from cirt.errors import N_, InvalidInputError
from cirt.timelines import Timeline

_LINK = re.compile(r"https?://[^\s\"<>\\^`{|}\x00-\x20]+", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_MARKERS = re.compile(r"\*\*(?P<bold>.+?)\*\*|`(?P<code>[^`]+)`", re.DOTALL)
_PLACEHOLDER = re.compile(r"%\((?P<name>\w+)\)s|%%")


@dataclass(frozen=True)
class Span:
    """A stretch of text in one look.

    ltr: a code, score, id or URL that reads left to right whatever surrounds it.
    link: an http or https address, None for none.
    """

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    ltr: bool = False
    link: str | None = None

    def __post_init__(self) -> None:
        if self.link is not None and not _LINK.fullmatch(self.link):
            raise InvalidInputError(N_("A link must be a whole http or https address."))


Spans: TypeAlias = tuple[Span, ...]


def plain(text: str) -> Spans:
    """Return the text as spans without any emphasis; markers in it print as they are."""
    return (Span(text),)


def ltr(text: str, *, bold: bool = False, code: bool = False) -> Span:
    """Return a span that always reads left to right: a code, a score, an id."""
    return Span(text, bold=bold, code=code, ltr=True)


def emphasise(template: str, values: Mapping[str, str | Span | Spans] | None = None) -> Spans:
    """Return the spans of a translated sentence with **bold** and `code` in it.

    values: what replaces %(name)s. They are never read for markers, so they may come from users.
    A placeholder without a value prints as it is; %% prints as %.
    """
    spans: list[Span] = []
    position = 0
    for match in _MARKERS.finditer(template):
        spans += _filled(template[position : match.start()], values or {}, Span(""))
        if match["bold"] is not None:
            spans += _filled(match["bold"], values or {}, Span("", bold=True))
        else:
            spans += _filled(match["code"], values or {}, Span("", code=True, ltr=True))
        position = match.end()
    spans += _filled(template[position:], values or {}, Span(""))
    return tuple(spans)


def _filled(text: str, values: Mapping[str, str | Span | Spans], look: Span) -> list[Span]:
    spans: list[Span] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        name = match["name"]
        if name is not None and name not in values:
            continue
        spans.append(_looking(Span(text[position : match.start()]), look))
        value = "%" if name is None else values[name]
        if isinstance(value, str):
            value = Span(value)
        spans += [_looking(each, look) for each in ((value,) if isinstance(value, Span) else value)]
        position = match.end()
    spans.append(_looking(Span(text[position:]), look))
    return [span for span in spans if span.text]


def _looking(span: Span, look: Span) -> Span:
    return Span(
        span.text,
        bold=span.bold or look.bold,
        italic=span.italic or look.italic,
        code=span.code or look.code,
        ltr=span.ltr or look.ltr,
        link=span.link,
    )


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 to 4. anchor: by which a list of contents finds it, "" for none."""

    level: int
    spans: Spans
    anchor: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.level <= 4:
            raise InvalidInputError(N_("A heading's level must be 1, 2, 3 or 4."))


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a line feed in it starts a new line."""

    spans: Spans


@dataclass(frozen=True)
class BulletList:
    """Items without an order."""

    items: tuple[Spans, ...]


@dataclass(frozen=True)
class NumberedList:
    """Items counted from `start`."""

    items: tuple[Spans, ...]
    start: int = 1


Alignment = Literal["start", "centre", "end"]


@dataclass(frozen=True)
class Table:
    """A table; columns in logical order (in a right-to-left document the first is on the right).

    widths: the columns' shares, in any unit; empty: by content. alignments: one a column; empty:
    all "start". Every row has as many cells as the header. shades: for each row and cell 0 to 4
    for a tint from low to high, None for none; empty: no tints at all.
    """

    caption: Spans
    header: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]
    widths: tuple[float, ...] = ()
    alignments: tuple[Alignment, ...] = ()
    shades: tuple[tuple[int | None, ...], ...] = ()

    def __post_init__(self) -> None:
        columns = len(self.header)
        if not columns or any(len(row) != columns for row in self.rows):
            raise InvalidInputError(N_("Every row of a table needs as many cells as its header."))
        if self.widths and (len(self.widths) != columns or not all(w > 0 for w in self.widths)):
            raise InvalidInputError(
                N_("A table needs a width above zero for each column, or none.")
            )
        if self.alignments and len(self.alignments) != columns:
            raise InvalidInputError(N_("A table needs one alignment for each column, or none."))
        if self.shades and [len(row) for row in self.shades] != [columns] * len(self.rows):
            raise InvalidInputError(N_("A table needs a tint for each cell, or none at all."))
        if any(tint is not None and not 0 <= tint <= 4 for row in self.shades for tint in row):
            raise InvalidInputError(N_("A tint of a table must lie between 0 and 4."))


@dataclass(frozen=True)
class Figure:
    """A chart. description: what it shows, in words, for readers who do not see it."""

    chart: Radar | BarChart | Timeline
    title: str
    description: str


@dataclass(frozen=True)
class Note:
    """A boxed paragraph. title: printed bold above it; "" for none."""

    spans: Spans
    title: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of a list of contents. anchor: of the heading that it leads to."""

    spans: Spans
    anchor: str


@dataclass(frozen=True)
class Contents:
    """A list of contents, with page numbers where there are pages."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class PageBreak:
    """What follows starts on a new page."""


@dataclass(frozen=True)
class Detail:
    """One line of the cover: what, and its value."""

    label: str
    value: Spans


@dataclass(frozen=True)
class Cover:
    """A page of its own: a small line, the title, a subtitle, and lines of details."""

    title: str
    subtitle: str = ""
    kicker: str = ""
    details: tuple[Detail, ...] = ()


Block: TypeAlias = (
    Heading
    | Paragraph
    | BulletList
    | NumberedList
    | Table
    | Figure
    | Note
    | Contents
    | PageBreak
    | Cover
)


@dataclass(frozen=True)
class Labels:
    """The few words that the setting itself needs, translated. page: has %(page)s and %(pages)s."""

    page: str = "Page %(page)s of %(pages)s"


@dataclass(frozen=True)
class Document:
    """A whole document.

    language: a BCP 47 tag. marking: such as TLP:AMBER; printed left to right at the head and foot
    of every page, "" for none. status: such as a draft; printed at the head of every page, "" for
    none. generated_at: aware; it becomes the file's date, so that the same document always gives
    the same bytes.
    """

    title: str
    language: str
    direction: Direction
    blocks: tuple[Block, ...]
    generated_at: datetime
    subject: str = ""
    author: str = ""
    marking: str = ""
    status: str = ""
    labels: Labels = field(default_factory=Labels)

    def __post_init__(self) -> None:
        if not _LANGUAGE.fullmatch(self.language):
            raise InvalidInputError(N_("A document's language must be a tag such as ar or zh."))
        if self.direction not in ("ltr", "rtl"):
            raise InvalidInputError(N_("A document's direction must be ltr or rtl."))
        if self.generated_at.tzinfo is None:
            raise InvalidInputError(N_("A document's time must name its time zone."))
        object.__setattr__(self, "generated_at", self.generated_at.astimezone(UTC))
