"""The description of the team as a document and as plain text; gaps stay visible in both."""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby

from cirt.assessments.design.description import FIELDS, SECTIONS, Field
from cirt.assessments.design.description_proposals import Translate
from cirt.chart_geometry import Direction
from cirt.documents.model import (
    Block,
    Document,
    Heading,
    Labels,
    Note,
    Paragraph,
    ltr,
    plain,
)
from cirt.errors import N_
from cirt.stix.marking import TLP

TITLE = N_("Description of the team after RFC 2350")
GAP_TITLE = N_("To be completed")
GAP_TEXT = N_("Readers look for this; nothing is written here yet.")
NONE_GIVEN = N_("None given.")
PAGE = N_("Page %(page)s of %(pages)s")
_WIDTH = 76


def description_document(
    content: Mapping[str, str],
    translate: Translate,
    *,
    language: str,
    direction: Direction,
    marking: TLP,
    at: datetime,
) -> Document:
    """Return the document. content: as read_description keeps it; at: becomes the file's date."""
    name = _name(content)
    title = translate(TITLE)
    return Document(
        title=f"{title} – {name}" if name else title,
        language=language,
        direction=direction,
        blocks=(Heading(1, plain(title)), *_blocks(content, translate)),
        generated_at=at,
        subject=title,
        author=name,
        marking=marking.label,
        labels=Labels(page=translate(PAGE)),
    )


def description_text(content: Mapping[str, str], translate: Translate, *, marking: TLP) -> str:
    """Return the plain text, lines of at most 76 characters, with the marking first and last."""
    lines = [marking.label, "", translate(TITLE), ""]
    for section, fields in _sections():
        if section != fields[0].number:
            lines += [f"{section}. {translate(SECTIONS[section])}", ""]
        for one in fields:
            point = "." if section == one.number else ""
            lines.append(f"{one.number}{point} {translate(one.title)}")
            lines += [f"   {line}".rstrip() for line in _wrapped(_said(content, one, translate))]
            lines.append("")
    return "\n".join([*lines, marking.label, ""])


def _blocks(content: Mapping[str, str], translate: Translate) -> Iterator[Block]:
    for section, fields in _sections():
        number = ltr(f"{section}.")
        yield Heading(2, (number, *plain(f" {translate(SECTIONS[section])}")))
        for one in fields:
            if one.number != section:
                yield Heading(3, (ltr(one.number), *plain(f" {translate(one.title)}")))
            text = content.get(one.key, "")
            if not text and one.needed:
                yield Note(plain(translate(GAP_TEXT)), title=translate(GAP_TITLE))
            else:
                yield Paragraph(plain(text or translate(NONE_GIVEN)))


def _sections() -> Iterator[tuple[str, list[Field]]]:
    for section, fields in groupby(FIELDS, key=lambda one: one.section):
        yield section, list(fields)


def _said(content: Mapping[str, str], one: Field, translate: Translate) -> str:
    text = content.get(one.key, "")
    if not text and one.needed:
        return f"[{translate(GAP_TITLE)}: {translate(GAP_TEXT)}]"
    return text or translate(NONE_GIVEN)


def _wrapped(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from textwrap.wrap(
            line, _WIDTH - 3, break_long_words=False, break_on_hyphens=False
        ) or [""]


def _name(content: Mapping[str, str]) -> str:
    return content.get("f2_1", "").split("\n")[0]
