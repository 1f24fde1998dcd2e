"""The report of an assessment as a document: pure, from plain values and a translator."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from cirt.assessments.report.model import (
    DimensionContent,
    EvidenceContent,
    ProvisionContent,
    QuestionContent,
    ReportContent,
)
from cirt.assessments.report.words import REPORT_WORDS as WORDS
from cirt.assessments.results import (
    CONFIDENCE_NAMES,
    CONFIDENCE_RULE,
    MEAN_RULE,
    WORDS_RULE,
    ShownFigure,
)
from cirt.assessments.scoring import AnswerState
from cirt.assessments.typed_text import typed
from cirt.chart_geometry import Axis, Radar
from cirt.documents.model import (
    Block,
    BulletList,
    Cover,
    Detail,
    Document,
    Figure,
    Heading,
    Labels,
    Note,
    PageBreak,
    Paragraph,
    Span,
    Spans,
    Table,
    emphasise,
    ltr,
    plain,
)

Translate = Callable[[str], str]

_STATE_WORDS: Mapping[AnswerState, str] = MappingProxyType(
    {
        AnswerState.NOT_ANSWERED: WORDS["not answered"],
        AnswerState.NOT_KNOWN: WORDS["not known"],
        AnswerState.NOT_APPLICABLE: WORDS["not applicable"],
    }
)


def report_document(content: ReportContent, translate: Translate) -> Document:
    """Return the report as a document in the language of its content.

    translate: gives a message id of REPORT_WORDS in that language, placeholders untouched.
    """
    return _Writer(content, translate).document()


class _Writer:
    def __init__(self, content: ReportContent, translate: Translate) -> None:
        self.content = content
        self.translate = translate

    def say(self, word: str, **values: str | Span | Spans) -> Spans:
        """A sentence of ours; the values print as they are, whatever they contain."""
        return emphasise(self.translate(WORDS.get(word, word)), values)

    def text(self, word: str) -> str:
        """A word of ours as plain text."""
        return self.translate(WORDS.get(word, word))

    def document(self) -> Document:
        content = self.content
        return Document(
            title=f"{content.title} – {content.country}",
            language=content.language,
            direction=content.direction,
            blocks=tuple(self._blocks()),
            generated_at=content.generated_at,
            subject=self.text("subject"),
            author=content.country,
            marking=content.marking,
            labels=Labels(page=self.text("page")),
        )

    def _blocks(self) -> Iterator[Block]:
        yield self._cover()
        yield from self._summary()
        yield from self._method()
        yield from self._results()
        yield PageBreak()
        yield Heading(1, self.say("answers"))
        for dimension in self.content.dimensions:
            yield from self._dimension(dimension)
        yield from self._provisions()

    def _cover(self) -> Cover:
        content = self.content
        state = self.say("open")
        if content.is_closed and content.closed_at is not None:
            state = self.say("closed", date=ltr(_day(content.closed_at)))
        return Cover(
            title=typed(content.title).text,
            kicker=self.text("subject"),
            subtitle=content.country,
            details=(
                Detail(self.text("country code"), (ltr(content.country_code),)),
                Detail(
                    self.text("instrument"),
                    self.say(
                        "versioned",
                        title=content.instrument_title,
                        version=ltr(content.instrument_version),
                    ),
                ),
                Detail(self.text("state"), state),
                Detail(self.text("date"), (ltr(_day(content.generated_at)),)),
                Detail(self.text("marking"), (ltr(content.marking, bold=True),)),
                Detail(self.text("nature"), self.say("no audit")),
            ),
        )

    def _summary(self) -> Iterator[Block]:
        yield Heading(1, self.say("summary"))
        overall = self.content.results.overall
        if overall.value is None:
            yield Paragraph(self.say("summary without figure"))
        else:
            yield Paragraph(
                self.say(
                    "summary figure",
                    value=ltr(overall.value),
                    done=str(overall.done),
                    total=str(overall.total),
                    confidence=self.translate(CONFIDENCE_NAMES[overall.confidence]),
                )
            )
        coverage = overall.figure.coverage
        counts = (
            ("count not answered", coverage.not_answered),
            ("count not known", coverage.not_known),
            ("count not applicable", coverage.not_applicable),
        )
        lines = tuple(self.say(word, count=str(count)) for word, count in counts if count)
        if lines:
            yield Paragraph(self.say("left out"))
            yield BulletList(lines)
        yield Note(self.say(WORDS_RULE), title=self.text("how to read"))

    def _method(self) -> Iterator[Block]:
        yield Heading(1, self.say("method"))
        yield Paragraph(self.say("method text", title=self.content.instrument_title))
        yield Paragraph(self.say(MEAN_RULE))
        yield Paragraph(self.say(CONFIDENCE_RULE))
        stages = {True: "stage after", False: "stage before", None: "stage open"}
        yield Paragraph(self.say(stages[self.content.cirt_exists]))
        yield Table(
            caption=self.say("scale"),
            header=(self.say("level"), self.say("name")),
            rows=tuple(
                ((ltr(str(level)),), plain(name)) for level, name in enumerate(self.content.scale)
            ),
            widths=(1, 5),
        )

    def _results(self) -> Iterator[Block]:
        yield Heading(1, self.say("results"))
        dimensions = self.content.dimensions
        if len(dimensions) > 2:
            yield Figure(
                Radar(
                    tuple(
                        Axis(
                            each.code,
                            each.title,
                            _float(each.figure),
                            shown=each.figure.value or "–",
                        )
                        for each in dimensions
                    ),
                    value_label=self.text("figure"),
                ),
                title=self.text("radar"),
                description=self.text("radar description"),
            )
        yield Table(
            caption=self.say("results table"),
            header=tuple(map(self.say, ("code", "dimension", "figure", "answered", "confidence"))),
            rows=tuple(self._result_row(each) for each in dimensions),
            widths=(1.0, 4.2, 1.6, 1.7, 2.9),
        )

    def _result_row(self, each: DimensionContent) -> tuple[Spans, ...]:
        return (
            (ltr(each.code, code=True),),
            plain(each.title),
            self._score(each.figure),
            self.say("of", done=str(each.figure.done), total=str(each.figure.total)),
            plain(self.translate(CONFIDENCE_NAMES[each.figure.confidence])),
        )

    def _score(self, figure: ShownFigure) -> Spans:
        if figure.value is None:
            return self.say("no figure")
        return self.say("of", done=ltr(figure.value), total="4")

    def _dimension(self, dimension: DimensionContent) -> Iterator[Block]:
        yield Heading(2, (ltr(dimension.code), Span(" "), *plain(dimension.title)))
        yield Paragraph(plain(dimension.description))
        yield Paragraph(
            (
                *self.say("figure is", figure=self._score(dimension.figure)),
                Span(" "),
                *self.say(
                    "coverage",
                    done=str(dimension.figure.done),
                    total=str(dimension.figure.total),
                    confidence=self.translate(CONFIDENCE_NAMES[dimension.figure.confidence]),
                ),
            )
        )
        for question in dimension.questions:
            yield from self._question(question)

    def _question(self, question: QuestionContent) -> Iterator[Block]:
        yield Heading(3, (ltr(question.code), Span(" "), *plain(question.text)))
        if question.state is AnswerState.LEVEL:
            yield Paragraph(
                self.say(
                    "level is",
                    level=ltr(str(question.level)),
                    name=question.level_name,
                    text=question.level_text,
                )
            )
        elif question.state is AnswerState.NOT_APPLICABLE:
            yield Paragraph(self.say("not applicable because", reason=typed(question.reason)))
        else:
            yield Paragraph(self.say(_STATE_WORDS[question.state]))
        if question.comment:
            yield Paragraph((Span(self.text("comment"), bold=True),))
            for part in question.comment.split("\n\n"):
                if part.strip():
                    yield Paragraph((typed(part.strip("\n")),))
        if question.evidence:
            yield Paragraph((Span(self.text("evidence"), bold=True),))
            yield BulletList(tuple(map(self._evidence, question.evidence)))

    def _evidence(self, piece: EvidenceContent) -> Spans:
        parts: list[Span] = [*self.say(f"kind {piece.kind}"), Span(": "), typed(piece.reference)]
        if piece.file_name and piece.file_name != piece.reference:
            parts += [Span(" ("), typed(piece.file_name), Span(")")]
        if piece.seen_on:
            parts += [Span(", "), ltr(piece.seen_on)]
        if piece.marking:
            parts += [Span(", "), ltr(piece.marking)]
        return tuple(parts)

    def _provisions(self) -> Iterator[Block]:
        if not self.content.provisions:
            return
        yield PageBreak()
        yield Heading(1, self.say("provisions"))
        yield Paragraph(self.say("provisions text"))
        yield Table(
            caption=self.say("provisions"),
            header=tuple(map(self.say, ("source", "in our words", "questions", "checked"))),
            rows=tuple(self._provision_row(each) for each in self.content.provisions),
            widths=(3, 5, 2, 1.8),
        )

    def _provision_row(self, each: ProvisionContent) -> tuple[Spans, ...]:
        source = f"{each.citation}, {each.place}" if each.place else each.citation
        codes = [span for code in each.questions for span in (Span(", "), ltr(code))]
        return (
            (ltr(source),),
            plain(each.paraphrase),
            tuple(codes[1:]),
            self.say("checked yes" if each.verified else "checked no"),
        )


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _float(figure: ShownFigure) -> float | None:
    return None if figure.figure.value is None else float(figure.figure.value)
