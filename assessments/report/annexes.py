"""The annexes of a report: participants, agenda, answers with evidence, provisions, terms."""

from collections.abc import Iterator

from cirt.assessments.report.model import AgendaContent, ProvisionContent, TermContent
from cirt.assessments.report.model_results import (
    DimensionContent,
    EvidenceContent,
    QuestionContent,
)
from cirt.assessments.report.names import EVIDENCE_KINDS, STATED
from cirt.assessments.report.writing import Writer, typed_blocks
from cirt.assessments.scoring import AnswerState
from cirt.assessments.strength import STRENGTH_NAMES, Strength
from cirt.assessments.typed_text import typed
from cirt.documents.model import (
    Block,
    BulletList,
    Heading,
    Paragraph,
    Span,
    Spans,
    ltr,
    plain,
)
from cirt.errors import N_


def participants(writer: Writer) -> Iterator[Block]:
    """Annex A: those who take part; by name only where the report was asked for with names."""
    content = writer.content
    if not content.participants:
        return
    if content.names:
        yield Paragraph(
            writer.say(
                N_(
                    "This copy names people. It is for the audience of its marking, %(marking)s,"
                    " and for nobody else."
                ),
                marking=ltr(content.frame.marking, bold=True),
            )
        )
    else:
        yield Paragraph(
            writer.say(N_("This copy names functions and organizations, and no people."))
        )
    header = [N_("Name"), N_("Function"), N_("Organization"), N_("Group"), N_("Came")]
    widths = [2.4, 2.2, 2.4, 2.4, 1.0]
    first = 0 if content.names else 1
    yield from writer.table(
        writer.say(N_("Participants")),
        writer.heads(*header[first:]),
        (
            (
                *(((typed(each.name),),) if content.names else ()),
                (typed(each.function),) if each.function else plain("–"),
                (typed(each.organization),) if each.organization else plain("–"),
                plain(each.group),
                writer.yes_no(each.attended),
            )
            for each in content.participants
        ),
        widths[first:],
    )


def agenda(writer: Writer) -> Iterator[Block]:
    """Annex B: the agenda day by day, and the documents asked for."""
    content = writer.content
    if content.frame.workshop_on or content.frame.workshop_place:
        yield Paragraph(
            writer.say(
                N_("First day: %(day)s. Place: %(place)s."),
                day=ltr(content.frame.workshop_on or "–"),
                place=typed(content.frame.workshop_place or "–"),
            )
        )
    for day in sorted({each.day for each in content.agenda}):
        yield from writer.table(
            writer.say(N_("Day %(number)s"), number=ltr(str(day))),
            writer.heads(N_("Time"), N_("Item"), N_("Dimensions"), N_("Groups invited")),
            (_item(writer, each) for each in content.agenda if each.day == day),
            (1.9, 3.2, 1.5, 4.0),
        )
    yield from writer.table(
        writer.say(N_("Documents asked for")),
        writer.heads(N_("Document"), N_("From"), N_("Due"), N_("Received"), N_("Question")),
        (
            (
                (typed(each.title),),
                (typed(each.from_whom),) if each.from_whom else plain("–"),
                (ltr(each.due_on or "–"),),
                (ltr(each.received_on),) if each.received_on else writer.say(N_("not received")),
                (ltr(each.question or "–"),),
            )
            for each in content.documents
        ),
        (3.4, 2.3, 1.65, 1.65, 1.3),
    )


def _item(writer: Writer, each: AgendaContent) -> tuple[Spans, ...]:
    times = f"{each.starts or '…'} – {each.ends or '…'}" if each.starts or each.ends else "–"
    title: Spans = (typed(each.title),)
    if each.note:
        title = (*title, Span("\n"), typed(each.note))
    groups = writer.list(each.groups) if each.groups else writer.say(N_("everybody"))
    return ((ltr(times),), title, writer.codes(each.dimensions), groups)


def answers(writer: Writer) -> Iterator[Block]:
    """Annex C: every answer with its comment and evidence, dimension by dimension."""
    for dimension in writer.content.dimensions:
        yield from _dimension(writer, dimension)
    yield from _evidence_list(writer)


def _dimension(writer: Writer, dimension: DimensionContent) -> Iterator[Block]:
    yield Heading(2, (ltr(dimension.code), Span(" "), *plain(dimension.title)))
    yield Paragraph(plain(dimension.description))
    yield Paragraph(
        writer.say(
            N_("Figure: %(figure)s. Questions with a level: %(coverage)s. %(confidence)s."),
            figure=writer.score(dimension.figure.value),
            coverage=writer.coverage(dimension.figure),
            confidence=writer.confidence(dimension.figure),
        )
    )
    for question in dimension.questions:
        yield from _question(writer, question)


def _question(writer: Writer, question: QuestionContent) -> Iterator[Block]:
    yield Heading(3, (ltr(question.code), Span(" "), *plain(question.text)))
    yield Paragraph(_answer(writer, question))
    notes = list(_notes(writer, question))
    if notes:
        yield Paragraph(tuple(span for note in notes for span in (*note, Span(" "))))
    if question.comment:
        yield Paragraph((Span(writer.text(N_("Comment")), bold=True),))
        yield from typed_blocks(question.comment)
    if question.evidence:
        yield Paragraph((Span(writer.text(N_("Evidence")), bold=True),))
        yield BulletList(tuple(evidence_words(writer, piece) for piece in question.evidence))


def _answer(writer: Writer, question: QuestionContent) -> Spans:
    if question.level is not None:
        return writer.say(
            N_("**Level %(level)s, %(name)s:** %(text)s"),
            level=ltr(str(question.level)),
            name=question.level_name,
            text=question.level_text,
        )
    match AnswerState(question.state):
        case AnswerState.NOT_APPLICABLE:
            return writer.say(
                N_("Not applicable, because: %(reason)s"), reason=typed(question.reason)
            )
        case AnswerState.NOT_KNOWN:
            return writer.say(N_("Not known: nobody present could say."))
        case _:
            return writer.say(N_("Not answered."))


def _notes(writer: Writer, question: QuestionContent) -> Iterator[Spans]:
    """What is said beside the level, never in it."""
    if question.minimum is not None:
        yield writer.say(N_("Minimum of the profile: %(level)s."), level=ltr(str(question.minimum)))
    if question.level is not None:
        strength = writer.text(STRENGTH_NAMES[Strength(question.strength)])
        yield plain(f"{strength}.")
    if question.stated:
        yield writer.say(
            N_("Confidence of those who answered: %(confidence)s."),
            confidence=writer.text(STATED[question.stated]),
        )
    if question.disputed:
        yield writer.say(N_("**Disputed.**"))
    if question.for_review:
        yield writer.say(N_("Marked for review."))
    if question.carried:
        yield writer.say(N_("Carried over from another assessment."))
    if question.functions:
        yield writer.say(
            N_("Functions offered: %(functions)s."), functions=writer.list(question.functions)
        )


def evidence_words(writer: Writer, piece: EvidenceContent) -> Spans:
    """A piece of evidence on one line, with its marking where a file has one."""
    kind = writer.text(EVIDENCE_KINDS[piece.kind])
    parts: list[Span] = [Span(f"{kind}: "), typed(piece.reference)]
    if piece.file_name and piece.file_name != piece.reference:
        parts += [Span(" ("), typed(piece.file_name), Span(")")]
    if piece.seen_on:
        parts += [Span(" "), ltr(piece.seen_on)]
    if piece.marking:
        parts += [Span(" "), ltr(piece.marking)]
    return tuple(parts)


def _evidence_list(writer: Writer) -> Iterator[Block]:
    rows = [
        (question.code, piece)
        for question in writer.content.questions
        for piece in question.evidence
    ]
    if not rows:
        return
    yield Heading(2, writer.say(N_("All evidence")))
    yield from writer.table(
        writer.say(N_("Evidence by question")),
        writer.heads(N_("Question"), N_("Kind"), N_("What"), N_("Date"), N_("Marking")),
        (
            (
                (ltr(code),),
                writer.say(EVIDENCE_KINDS[piece.kind]),
                (typed(piece.reference),),
                (ltr(piece.seen_on or "–"),),
                (ltr(piece.marking or "–"),),
            )
            for code, piece in rows
        ),
        (1.2, 1.7, 3.6, 1.8, 2.5),
    )


def provisions(writer: Writer) -> Iterator[Block]:
    """Annex D: from provisions to questions; themes are flagged and carry no place in a text."""
    if not writer.content.provisions:
        return
    yield Paragraph(
        writer.say(
            N_(
                "The texts are given in our words. Where the last column says so, the wording has not"
                " been compared with the adopted text: read that text before relying on it. A"
                " question that serves a provision is no statement that the country fulfils it."
            )
        )
    )
    yield from writer.table(
        writer.say(N_("Provisions and the questions that serve them")),
        writer.heads(N_("Text"), N_("In our words"), N_("Questions"), N_("Compared")),
        (_provision(writer, each) for each in writer.content.provisions),
        (2.8, 3.8, 3.2, 1.9),
    )


def _provision(writer: Writer, each: ProvisionContent) -> tuple[Spans, ...]:
    source = f"{each.citation}, {each.place}" if each.place else each.citation
    return (
        (ltr(source),),
        plain(each.paraphrase),
        writer.codes(each.questions),
        writer.say(N_("Yes") if each.verified else N_("Theme, not compared")),
    )


def terms(writer: Writer) -> Iterator[Block]:
    """Annex E: what words and abbreviations mean here."""
    found = writer.content.terms
    yield from writer.table(
        writer.say(N_("Terms")),
        writer.heads(N_("Term"), N_("Meaning")),
        ((plain(each.name), plain(each.meaning)) for each in found if not each.short),
        (2.6, 6),
    )
    yield from writer.table(
        writer.say(N_("Abbreviations")),
        writer.heads(N_("Abbreviation"), N_("Meaning")),
        (_abbreviation(each) for each in found if each.short),
        (2.6, 6),
    )


def _abbreviation(each: TermContent) -> tuple[Spans, ...]:
    meaning = f"{each.name}. {each.meaning}" if each.meaning else each.name
    return ((ltr(each.short, bold=True),), plain(meaning))
