"""How a report puts its content into words: sentences of ours, typed words of others, codes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from cirt.assessments.report.chapters import BY_ID, Chapter
from cirt.assessments.report.model import ReportContent
from cirt.assessments.report.model_results import FigureContent
from cirt.assessments.results import CONFIDENCE_NAMES, Confidence
from cirt.assessments.typed_text import typed
from cirt.documents.model import (
    Block,
    BulletList,
    Paragraph,
    Span,
    Spans,
    Table,
    emphasise,
    ltr,
    plain,
)
from cirt.errors import N_

Translate = Callable[[str], str]
Value = str | Span | Spans

NO_FIGURE = "–"
LANGUAGE_NAMES: Mapping[str, str] = {
    "ar": N_("Arabic"),
    "en": N_("English"),
    "es": N_("Spanish"),
    "fr": N_("French"),
    "ru": N_("Russian"),
    "zh": N_("Chinese"),
}
_BULLETS = ("- ", "* ", "• ", "– ")
_COMMA = {"ar": "، "}


class Writer:
    """One report in its language. translate: gives a message id in it, placeholders untouched."""

    def __init__(self, content: ReportContent, translate: Translate) -> None:
        self.content = content
        self.translate = translate

    def say(self, message: str, **values: Value) -> Spans:
        """A sentence of ours; the values print as they are, whatever they contain."""
        return emphasise(self.translate(message), values)

    def text(self, message: str) -> str:
        """A word of ours as plain text."""
        return self.translate(message)

    def heads(self, *messages: str) -> tuple[Spans, ...]:
        """Headers of a table; "" for an empty one."""
        return tuple(self.say(message) if message else plain("") for message in messages)

    def title(self, chapter: Chapter) -> Spans:
        """The number and the name of a chapter."""
        name = self.text(chapter.title)
        if chapter.number == "0":
            return plain(name)
        if chapter.is_annex:
            return self.say(
                N_("Annex %(letter)s: %(title)s"), letter=ltr(chapter.number), title=name
            )
        # the full stop goes with the direction of the text, the number does not
        return (ltr(chapter.number), Span(". "), Span(name))

    def list(self, parts: Iterable[Value]) -> Spans:
        """Values one after the other, with commas of the language."""
        comma = Span(_COMMA.get(self.content.frame.language, ", "))
        found: list[Span] = []
        for part in parts:
            spans = (Span(part),) if isinstance(part, str) else part
            found += [comma] if found else []
            found += [spans] if isinstance(spans, Span) else list(spans)
        return tuple(found)

    def codes(self, codes: Iterable[str]) -> Spans:
        """Codes one after the other."""
        return self.list(ltr(code) for code in codes)

    def of(self, done: object, total: object) -> Spans:
        """So many of so many."""
        return self.say(N_("%(done)s of %(total)s"), done=ltr(str(done)), total=ltr(str(total)))

    def score(self, value: str | None) -> Spans:
        """A figure on the scale of the instrument."""
        if value is None:
            return self.say(N_("no figure"))
        return self.of(value, self.content.instrument.top)

    def coverage(self, figure: FigureContent) -> Spans:
        """How many of the questions have a level."""
        return self.of(figure.answered, figure.total)

    def confidence(self, figure: FigureContent) -> str:
        """How far the figure can be relied on."""
        return self.text(CONFIDENCE_NAMES[Confidence(figure.confidence)])

    def yes_no(self, value: bool | None) -> Spans:
        """Yes, no, or not noted."""
        names = {True: N_("Yes"), False: N_("No"), None: N_("not noted")}
        return self.say(names[value])

    def table(
        self,
        caption: Spans,
        header: Sequence[Spans],
        rows: Iterable[Sequence[Spans]],
        widths: Sequence[float] = (),
        shades: Sequence[Sequence[int | None]] = (),
    ) -> Iterator[Table]:
        """A table; nothing at all where it would have no row."""
        kept = tuple(tuple(row) for row in rows)
        if kept:
            yield Table(
                caption,
                tuple(header),
                kept,
                tuple(widths),
                shades=tuple(tuple(row) for row in shades),
            )

    def written(self, chapter_id: str) -> Iterator[Block]:
        """What people wrote for a chapter; in which languages it stands where not in this one."""
        text = self.content.texts.get(chapter_id)
        if text is None:
            return
        if text.text:
            yield from typed_blocks(text.text)
        elif text.elsewhere:
            names = [self.text(LANGUAGE_NAMES[code]) for code in text.elsewhere]
            yield Paragraph(
                self.say(
                    N_("The words of this chapter were written in: %(languages)s. They are not"
                       " translated here."),
                    languages=self.list(names),
                )
            )  # fmt: skip

    def empty(self, chapter_id: str) -> Iterator[Block]:
        """The one sentence of a chapter with nothing in it."""
        if BY_ID[chapter_id].is_written:
            yield Paragraph(
                self.say(
                    N_("Nothing has been written for this chapter, and nothing on record fills it.")
                )
            )
        else:
            yield Paragraph(self.say(N_("Nothing is on record for this annex.")))


def typed_blocks(text: str) -> Iterator[Block]:
    """Return typed text as paragraphs and lists: empty lines part paragraphs, "- " begins an item.

    Nothing in it is ever read as markup.
    """
    lines: list[str] = []
    items: list[str] = []

    def flushed() -> Iterator[Block]:
        if items:
            yield BulletList(tuple((typed(item),) for item in items))
            items.clear()
        if lines:
            yield Paragraph((typed("\n".join(lines)),))
            lines.clear()

    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith(_BULLETS):
            if lines:
                yield from flushed()
            items.append(stripped[2:].strip())
        elif not stripped:
            yield from flushed()
        else:
            if items:
                yield from flushed()
            lines.append(stripped)
    yield from flushed()
