"""The executive summary of a report, and the verdict in words."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from cirt.assessments.report.choosing import CHOICE_RULE
from cirt.assessments.report.model_plan import ActionContent, FindingContent
from cirt.assessments.report.model_results import VerdictContent
from cirt.assessments.report.writing import NO_FIGURE, Writer
from cirt.assessments.typed_text import typed
from cirt.assessments.verdict import OUTCOME_NAMES, Outcome
from cirt.documents.model import (
    Block,
    BulletList,
    Heading,
    Note,
    NumberedList,
    Paragraph,
    Span,
    Spans,
    ltr,
    plain,
)
from cirt.errors import N_

OUTCOME_SENTENCES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.MET: N_("Every minimum of the profile “%(profile)s” is met."),
        Outcome.NOT_MET: N_("Not every minimum of the profile “%(profile)s” is met."),
        Outcome.OPEN: N_(
            "It cannot be said yet whether the profile “%(profile)s” is reached: answers are missing,"
            " and none is below its minimum."
        ),
        Outcome.INCOMPLETE: N_(
            "No conclusion can be drawn against the profile “%(profile)s”: some of its minimums are"
            " not known here."
        ),
    }
)


def summary(writer: Writer) -> Iterator[Block]:
    """Chapter 1: verdict, coverage and confidence together; first findings and recommendations."""
    content = writer.content
    yield from writer.written("summary")
    yield from verdict_note(writer)
    yield Paragraph(_overall(writer))
    figure = content.overall
    left_out = [
        writer.say(message, count=ltr(str(count)))
        for message, count in (
            (N_("Not answered: %(count)s"), figure.not_answered),
            (N_("Not known: %(count)s"), figure.not_known),
            (N_("Not applicable: %(count)s"), figure.not_applicable),
        )
        if count
    ]
    if left_out:
        yield Paragraph(writer.say(N_("These questions take no part in the figure:")))
        yield BulletList(tuple(left_out))
    yield from _change(writer)
    yield from _first(writer)


def verdict_note(writer: Writer) -> Iterator[Block]:
    """The verdict in a box: never without its coverage and its confidence."""
    verdict = writer.content.verdict
    title = writer.text(N_("Verdict"))
    if verdict is None:
        problem = writer.content.profile_problem
        if problem:
            yield Note(plain(problem), title=title)
        else:
            yield Note(
                writer.say(N_("No target profile was chosen, so there is no verdict.")), title=title
            )
        return
    yield Note(
        (
            Span(writer.text(OUTCOME_NAMES[Outcome(verdict.outcome)]), bold=True),
            Span(". "),
            *verdict_sentences(writer, verdict),
        ),
        title=title,
    )


def verdict_sentences(writer: Writer, verdict: VerdictContent) -> Spans:
    """What was concluded, on how many minimums, with which coverage and confidence."""
    sentence = OUTCOME_SENTENCES[Outcome(verdict.outcome)]
    open_lines = sum(1 for line in verdict.lines if line.holds_open)
    return (
        *writer.say(sentence, profile=verdict.profile),
        Span(" "),
        *writer.say(
            N_(
                "Of %(total)s minimums %(met)s are met, %(below)s are not, %(open)s are open."
                " Questions with a level: %(answered)s of %(asked)s. %(confidence)s."
            ),
            total=ltr(str(len(verdict.lines))),
            met=ltr(str(verdict.count("met"))),
            below=ltr(str(verdict.count("below"))),
            open=ltr(str(open_lines)),
            answered=ltr(str(verdict.coverage.answered)),
            asked=ltr(str(verdict.coverage.total)),
            confidence=writer.confidence(verdict.coverage),
        ),
    )


def _overall(writer: Writer) -> Spans:
    figure = writer.content.overall
    if figure.value is None:
        return writer.say(N_("No question has a level yet, so there is no figure."))
    return writer.say(
        N_(
            "The overall figure is **%(value)s of %(top)s**. It rests on %(done)s of %(total)s"
            " questions. %(confidence)s."
        ),
        value=ltr(figure.value),
        top=ltr(str(writer.content.instrument.top)),
        done=ltr(str(figure.answered)),
        total=ltr(str(figure.total)),
        confidence=writer.confidence(figure),
    )


def _change(writer: Writer) -> Iterator[Block]:
    comparison = writer.content.comparison
    if comparison is None:
        return
    yield Paragraph(
        writer.say(
            N_(
                "Since round %(before)s the level of %(higher)s questions went up and of %(lower)s"
                " down; over the questions that can be compared the figure was %(then)s and is"
                " %(now)s."
            ),
            before=ltr(str(comparison.before)),
            higher=ltr(str(comparison.counts.get("up", 0))),
            lower=ltr(str(comparison.counts.get("down", 0))),
            then=ltr(comparison.shared.before or NO_FIGURE),
            now=ltr(comparison.shared.after or NO_FIGURE),
        )
    )


def _first(writer: Writer) -> Iterator[Block]:
    content = writer.content
    findings = {each.code: each for each in content.findings}
    actions = {each.code: each for each in content.actions}
    chosen = content.summary
    parts: Sequence[tuple[str, tuple[Spans, ...]]] = (
        (
            N_("Main findings"),
            tuple(_finding(writer, findings[code]) for code in chosen.findings),
        ),
        (N_("Strengths"), tuple(_finding(writer, findings[code]) for code in chosen.strengths)),
        (
            N_("First recommendations"),
            tuple(_action(writer, actions[code]) for code in chosen.recommendations),
        ),
    )
    for name, lines in parts:
        if lines:
            yield Heading(2, writer.say(name))
            yield NumberedList(lines)
    if any(lines for _name, lines in parts):
        yield Paragraph(writer.say(CHOICE_RULE))


def _finding(writer: Writer, finding: FindingContent) -> Spans:
    return (ltr(finding.code, bold=True), Span(" "), typed(finding.title))


def _action(writer: Writer, action: ActionContent) -> Spans:
    return (ltr(action.code, bold=True), Span(" "), *action_words(writer, action))


def action_words(writer: Writer, action: ActionContent) -> Spans:
    """What an action says to do."""
    words = typed(" ".join(action.text.split()))
    if action.is_advice:
        return (words,)
    if action.to_level == 0:
        return writer.say(N_("Find out: %(question)s"), question=words)
    return writer.say(
        N_("Reach level %(level)s: %(text)s"), level=ltr(str(action.to_level)), text=words
    )
