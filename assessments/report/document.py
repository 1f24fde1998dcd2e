"""A report as a document: pure, from plain values and a translator.

Screen, PDF and every other form are made from this one document, so that they say the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from cirt.assessments.report import (
    annexes,
    basis,
    capacity,
    closing,
    front,
    opening,
    outcomes,
    roadmap,
    subjects,
)
from cirt.assessments.report.chapters import CHAPTERS, Chapter
from cirt.assessments.report.model import ReportContent
from cirt.assessments.report.writing import Translate, Writer
from cirt.documents.model import (
    Block,
    Contents,
    Document,
    Entry,
    Heading,
    Labels,
    PageBreak,
    Span,
    plain,
)
from cirt.errors import N_

Write = Callable[[Writer], Iterator[Block]]

_WRITERS: Mapping[str, Write] = MappingProxyType(
    {
        "about": front.about,
        "summary": opening.summary,
        "background": basis.background,
        "method": basis.method,
        "country": subjects.country,
        "threats": subjects.threats,
        "law": partial(subjects.subject, chapter_id="law"),
        "institutions": subjects.institutions,
        "capability": partial(subjects.subject, chapter_id="capability"),
        "results": outcomes.results,
        "sim3": capacity.sim3,
        "services": capacity.services,
        "people": capacity.people,
        "tools": partial(subjects.subject, chapter_id="tools"),
        "cooperation": partial(subjects.subject, chapter_id="cooperation"),
        "findings": closing.findings,
        "recommendations": closing.recommendations,
        "roadmap": roadmap.roadmap,
        "participants": annexes.participants,
        "agenda": annexes.agenda,
        "answers": annexes.answers,
        "provisions": annexes.provisions,
        "glossary": annexes.terms,
    }
)


@dataclass(frozen=True)
class WrittenChapter:
    """A chapter with its blocks. is_empty: it says in one sentence that it has nothing to say."""

    chapter: Chapter
    blocks: tuple[Block, ...]
    is_empty: bool


def written_chapters(content: ReportContent, translate: Translate) -> tuple[WrittenChapter, ...]:
    """Return every chapter and annex with what stands in it, in their order."""
    writer = Writer(content, translate)
    found = []
    for chapter in CHAPTERS:
        blocks = tuple(_WRITERS[chapter.id](writer))
        filler = () if blocks else tuple(writer.empty(chapter.id))
        found.append(WrittenChapter(chapter, blocks or filler, not blocks))
    return tuple(found)


def report_document(content: ReportContent, translate: Translate) -> Document:
    """Return the report as a document in the language of its content.

    translate: gives a message id in that language, placeholders untouched.
    """
    writer = Writer(content, translate)
    frame = content.frame
    return Document(
        title=f"{frame.title} – {frame.country}",
        language=frame.language,
        direction=frame.direction,
        blocks=tuple(_blocks(writer, written_chapters(content, translate))),
        generated_at=frame.generated_at,
        subject=writer.text(front.SUBJECT),
        author=frame.country,
        marking=frame.marking,
        status=front.status_words(writer),
        labels=Labels(page=writer.text(N_("Page %(page)s of %(pages)s"))),
    )


def _blocks(writer: Writer, chapters: tuple[WrittenChapter, ...]) -> Iterator[Block]:
    yield front.cover(writer)
    yield Heading(1, writer.say(N_("Contents")), "contents")
    yield Contents(tuple(_entries(writer, chapters)))
    signed = False
    for each in chapters:
        if each.chapter.is_annex and not signed:
            signed = True
            yield PageBreak()
            yield Heading(1, writer.say(closing.SIGNATURES), "signatures")
            yield from closing.signatures(writer)
        if _begins_a_page(each.chapter):
            yield PageBreak()
        yield Heading(1, writer.title(each.chapter), each.chapter.id)
        yield from each.blocks


def _begins_a_page(chapter: Chapter) -> bool:
    return chapter.is_annex or chapter.id in ("about", "summary", "results", "recommendations")


def _entries(writer: Writer, chapters: tuple[WrittenChapter, ...]) -> Iterator[Entry]:
    signed = False
    for each in chapters:
        if each.chapter.is_annex and not signed:
            signed = True
            yield Entry(writer.say(closing.SIGNATURES), "signatures")
        spans = writer.title(each.chapter)
        if each.is_empty:
            spans = (*spans, Span(" "), *plain(writer.text(N_("(nothing in it)"))))
        yield Entry(spans, each.chapter.id)
