"""A preparation list as a document to print: pure, from plain values and a translator."""

from datetime import datetime

from cirt.assessments.design.checklists import CHECK_NAMES, SOURCE_READ_NAMES
from cirt.assessments.design.content import Checked, Preparation
from cirt.assessments.design.description_proposals import Translate
from cirt.chart_geometry import Direction
from cirt.documents.model import (
    Document,
    Heading,
    Labels,
    Note,
    Paragraph,
    Span,
    Spans,
    Table,
    emphasise,
    ltr,
    plain,
)
from cirt.errors import N_
from cirt.localtext import Sentence
from cirt.stix.marking import TLP

PAGE = N_("Page %(page)s of %(pages)s")
COUNTS = N_("Open: %(open)s. In hand: %(hand)s. Done: %(done)s.")
HEADERS = (
    N_("What"),
    N_("State"),
    N_("Who sees to it"),
    N_("Answers and evidence"),
    N_("Note"),
)
LACKS = {
    "question": N_("no question of this assessment speaks of it"),
    "answer": N_("an answer is missing"),
    "evidence": N_("no evidence noted"),
}
SIM3_TITLE = N_("Preparing for SIM3")
EVIDENCE = N_("pieces of evidence: %(count)s")


def list_title(found: Preparation, language: str, translate: Translate) -> str:
    """Return the name of a list in a language."""
    name = found.checklist.name
    if name.english == SIM3_TITLE:
        return translate(SIM3_TITLE)
    return name.in_language(language).text


def checklist_document(
    found: Preparation,
    translate: Translate,
    *,
    country: str,
    language: str,
    direction: Direction,
    marking: TLP,
    at: datetime,
) -> Document:
    """Return the list with its states, owners, and what the answers say."""
    title = list_title(found, language, translate)
    counts = emphasise(
        translate(COUNTS),
        {
            "open": ltr(str(found.count("open"))),
            "hand": ltr(str(found.count("in-hand"))),
            "done": ltr(str(found.count("done"))),
        },
    )
    table = Table(
        caption=plain(title),
        header=tuple(plain(translate(header)) for header in HEADERS),
        rows=tuple(_row(one, language, translate) for one in found.items),
        widths=(38, 10, 14, 22, 16),
    )
    return Document(
        title=f"{title} – {country}",
        language=language,
        direction=direction,
        blocks=(
            Heading(1, plain(title)),
            Paragraph(plain(country)),
            Note(plain(translate(found.checklist.notice))),
            Paragraph(counts),
            table,
        ),
        generated_at=at,
        subject=title,
        author=country,
        marking=marking.label,
        labels=Labels(page=translate(PAGE)),
    )


def _row(one: Checked, language: str, translate: Translate) -> tuple[Spans, ...]:
    return (
        _what(one, language, translate),
        plain(translate(CHECK_NAMES[one.state])),
        plain(one.owner),
        _said(one, translate),
        plain(one.note),
    )


def _what(one: Checked, language: str, translate: Translate) -> Spans:
    text: Sentence = one.item.text
    code = (ltr(one.item.code, bold=True), Span(" ")) if one.item.code else ()
    found = (*code, *plain(text.in_language(language).text))
    if one.item.verified:
        return found
    source = translate(SOURCE_READ_NAMES[one.item.source_read])
    return (*found, Span(f"\n{source}: ", italic=True), ltr(one.item.citation))


def _said(one: Checked, translate: Translate) -> Spans:
    spans: list[Span] = []
    for each in one.said:
        if each.level is not None:
            spans += [ltr(f"{each.question.id}: {each.level}/{each.question.top}"), Span("\n")]
    if one.evidence:
        spans += [Span(translate(EVIDENCE) % {"count": one.evidence}), Span("\n")]
    for lack in one.lacks:
        spans += [Span(translate(LACKS[lack])), Span("\n")]
    return tuple(spans[:-1])
