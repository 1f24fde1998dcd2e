"""Chapters about one subject each: written words, facts, and the answers that belong to them."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from cirt.assessments.report.basis import groups_table
from cirt.assessments.report.facts import Form
from cirt.assessments.report.model import FactContent
from cirt.assessments.report.model_results import QuestionContent
from cirt.assessments.report.names import BANDS
from cirt.assessments.report.writing import Writer
from cirt.assessments.scoring import AnswerState
from cirt.assessments.strength import STRENGTH_NAMES, Strength
from cirt.assessments.typed_text import typed
from cirt.documents.model import Block, Heading, Paragraph, Span, Spans, ltr, plain
from cirt.errors import N_

STATE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        AnswerState.NOT_ANSWERED.value: N_("Not answered"),
        AnswerState.NOT_KNOWN.value: N_("Not known"),
        AnswerState.NOT_APPLICABLE.value: N_("Not applicable"),
    }
)


def country(writer: Writer) -> Iterator[Block]:
    """Chapter 4: what is written about the country, and the facts, each with its source."""
    yield from writer.written("country")
    yield from writer.table(
        writer.say(N_("Facts about the country, each with its source")),
        writer.heads(N_("Fact"), N_("Value"), N_("Year"), N_("Source")),
        (_fact(writer, each) for each in writer.content.facts),
        (3.4, 2.4, 1, 3.2),
    )


def _fact(writer: Writer, fact: FactContent) -> tuple[Spans, ...]:
    year = (ltr(str(fact.year)),) if fact.year else writer.say(N_("not said"))
    return (writer.say(fact.label), _value(fact), year, (typed(fact.source),))


def _value(fact: FactContent) -> Spans:
    match Form(fact.form):
        case Form.NUMBER:
            return (ltr(grouped(fact.value)),)
        case Form.SHARE:
            return (ltr(f"{fact.value} %"),)
        case Form.TIER | Form.DOMAIN:
            return (ltr(fact.value),)
        case Form.TEXT:
            return (typed(fact.value),)


def grouped(number: str) -> str:
    """Return a number with narrow spaces between its thousands, as ISO 80000-1 has it."""
    whole, point, rest = number.partition(".")
    places = [whole[max(end - 3, 0) : end] for end in range(len(whole), 0, -3)]
    return "\u202f".join(reversed(places)) + point + rest


def threats(writer: Writer) -> Iterator[Block]:
    """Chapter 5: what is written, what the country published of its incidents, and the answers."""
    yield from writer.written("threats")
    tally = writer.content.tally
    if tally is None:
        yield Paragraph(
            writer.say(
                N_(
                    "The country has not published how many of its incidents touched which capability."
                )
            )
        )
    else:
        yield Paragraph(
            writer.say(
                N_(
                    "From %(since)s to %(until)s the country counted its incidents and published them"
                    " in bands: in how many a capability failed, and in how many it held."
                ),
                since=ltr(tally.since),
                until=ltr(tally.until),
            )
        )
        yield from writer.table(
            writer.say(N_("Incidents by capability, as the country published them")),
            writer.heads(N_("Capability"), N_("Failed"), N_("Held")),
            (
                (
                    plain(name),
                    writer.say(BANDS[failed]),
                    writer.say(BANDS[held]),
                )
                for name, failed, held in tally.rows
            ),
            (4, 2, 2),
        )
    yield from answers_table(writer, "threats")


def institutions(writer: Writer) -> Iterator[Block]:
    """Chapter 7: what is written, the groups that took part, and the answers."""
    yield from writer.written("institutions")
    yield from groups_table(writer)
    yield from answers_table(writer, "institutions")


def subject(writer: Writer, chapter_id: str) -> Iterator[Block]:
    """A chapter of written words and the answers that belong to its subject."""
    yield from writer.written(chapter_id)
    yield from answers_table(writer, chapter_id)


def answers_table(writer: Writer, chapter_id: str) -> Iterator[Block]:
    """The answers that belong to a chapter, under a heading; nothing where there are none."""
    by_code = {each.code: each for each in writer.content.questions}
    codes = writer.content.themes.get(chapter_id, ())
    questions = [by_code[code] for code in codes if code in by_code]
    if not questions:
        return
    yield Heading(2, writer.say(N_("What the answers say")))
    yield from writer.table(
        writer.say(N_("Answers on this subject; annex C has them whole")),
        writer.heads(N_("Question"), N_("Answer"), N_("Evidence")),
        (_answer(writer, each) for each in questions),
        (4.4, 4.2, 1.8),
    )


def _answer(writer: Writer, question: QuestionContent) -> tuple[Spans, ...]:
    return (
        (ltr(question.code, bold=True), Span(" "), *plain(question.text)),
        answer_words(writer, question),
        writer.say(STRENGTH_NAMES[Strength(question.strength)]),
    )


def answer_words(writer: Writer, question: QuestionContent) -> Spans:
    """The answer in a few words: its level and what that says, or why there is none."""
    if question.level is not None:
        return writer.say(
            N_("**%(level)s** %(text)s"), level=ltr(str(question.level)), text=question.level_text
        )
    return writer.say(STATE_WORDS[question.state])


def level_list(writer: Writer, codes: Sequence[str]) -> Spans:
    """Codes of questions, each with its level: D1-Q1 (3)."""
    levels = {each.code: each.level for each in writer.content.questions}
    parts: list[Spans] = []
    for code in codes:
        level = levels.get(code)
        parts.append((ltr(f"{code} ({'–' if level is None else level})"),))
    return writer.list(parts)
