"""Chapters on the results: figures, verdict line by line, change, SIM3, services, staff."""

from collections.abc import Iterator

from cirt.assessments.report.model_results import (
    CellContent,
    ComparedContent,
    DimensionContent,
    MovedContent,
    VerdictContent,
    VerdictLine,
)
from cirt.assessments.report.opening import OUTCOME_SENTENCES, verdict_note
from cirt.assessments.report.writing import NO_FIGURE, Writer
from cirt.assessments.results import TARGET_RULE
from cirt.assessments.rounds.comparison import SHARED_RULE
from cirt.assessments.verdict import STANDING_NAMES, Outcome, Standing
from cirt.chart_geometry import Axis, Radar
from cirt.documents.model import Block, Figure, Heading, Paragraph, Span, Spans, ltr, plain
from cirt.errors import N_

LEAST_AXES = 3  # fewer make no shape


def results(writer: Writer) -> Iterator[Block]:
    """Chapter 9: every figure with coverage and confidence, the verdict line by line, the change."""
    content = writer.content
    yield from writer.written("results")
    yield from radar_figure(writer)
    targets = any(each.target is not None for each in content.dimensions)
    header = [N_("Code"), N_("Dimension"), N_("Figure"), N_("Target"), N_("With a level"),
              N_("Confidence")]  # fmt: skip
    widths = [1.0, 3.6, 1.5, 1.2, 1.6, 2.5]
    if not targets:
        del header[3], widths[3]
    yield from writer.table(
        writer.say(N_("Figure, coverage and confidence of each dimension")),
        writer.heads(*header),
        (_dimension(writer, each, targets) for each in content.dimensions),
        widths,
    )
    yield from heat_table(writer)
    yield from _verdict(writer)
    yield from _comparison(writer)


def radar_figure(writer: Writer) -> Iterator[Block]:
    """The dimensions on a radar, against the profile; nothing for fewer than three."""
    dimensions = writer.content.dimensions
    if len(dimensions) < LEAST_AXES:
        return
    verdict = writer.content.verdict
    targets = any(each.target is not None for each in dimensions)
    yield Figure(
        Radar(
            tuple(
                Axis(
                    each.code,
                    each.title,
                    None if each.figure.value is None else float(each.figure.value),
                    None if each.target is None else float(each.target),
                    shown=each.figure.value or NO_FIGURE,
                )
                for each in dimensions
            ),
            value_label=writer.text(N_("Figure")),
            target_label=verdict.profile if verdict and targets else "",
            maximum=float(writer.content.instrument.top),
        ),
        title=writer.text(N_("Figures by dimension")),
        description=writer.text(
            N_(
                "A radar with one axis for each dimension, from 0 at the centre to the highest level;"
                " the figures stand in the table below it."
            )
        ),
    )
    if targets:
        yield Paragraph(writer.say(TARGET_RULE))


def _dimension(writer: Writer, each: DimensionContent, targets: bool) -> tuple[Spans, ...]:
    target = (plain(NO_FIGURE) if each.target is None else (ltr(each.target),),)
    return (
        (ltr(each.code, code=True),),
        plain(each.title),
        writer.score(each.figure.value),
        *(target if targets else ()),
        writer.coverage(each.figure),
        plain(writer.confidence(each.figure)),
    )


def heat_table(writer: Writer) -> Iterator[Block]:
    """Dimensions down, pillars across, with tints."""
    heat = writer.content.heat
    if heat is None:
        return
    rows: list[tuple[Spans, tuple[CellContent, ...]]] = [
        ((ltr(code, bold=True), Span(" "), Span(title)), (*cells, whole))
        for code, title, cells, whole in heat.rows
    ]
    rows.append((writer.say(N_("**All dimensions**")), (*heat.totals, heat.whole)))
    yield from writer.table(
        writer.say(N_("Figures by dimension and pillar")),
        (writer.say(N_("Dimension")), *map(plain, heat.pillars), writer.say(N_("All"))),
        ((name, *map(_cell, cells)) for name, cells in rows),
        (3.0, *(1.6 for _each in heat.pillars), 1.0),
        [(None, *(cell.shade for cell in cells)) for _name, cells in rows],
    )


def _cell(cell: CellContent) -> Spans:
    if not cell.asked:
        return plain("")
    return (ltr(cell.value or NO_FIGURE, bold=cell.value is not None),)


def _verdict(writer: Writer) -> Iterator[Block]:
    verdict = writer.content.verdict
    yield Heading(2, writer.say(N_("Verdict, minimum by minimum")))
    yield from verdict_note(writer)
    if verdict is None:
        return
    shown = [line for line in verdict.lines if line.standing in ("below", "open", "unknown")]
    shown += [line for line in verdict.lines if line.standing == "not-asked" and line.holds_open]
    if not shown:
        return
    yield from writer.table(
        writer.say(N_("Minimums that are not met or still open")),
        writer.heads(N_("Question"), N_("Level"), N_("Minimum"), N_("Standing"), N_("Why")),
        (_line(writer, verdict, line) for line in shown),
        (1.4, 1.2, 1.6, 2.2, 4.6),
    )


def _line(writer: Writer, verdict: VerdictContent, line: VerdictLine) -> tuple[Spans, ...]:
    return (
        (ltr(line.question),),
        (ltr(NO_FIGURE if line.level is None else str(line.level)),),
        (ltr("?" if line.minimum is None else str(line.minimum)),),
        writer.say(STANDING_NAMES[Standing(line.standing)]),
        plain(line.reason),
    )


def _comparison(writer: Writer) -> Iterator[Block]:
    comparison = writer.content.comparison
    if comparison is None:
        return
    yield Heading(2, writer.say(N_("Since round %(number)s"), number=ltr(str(comparison.before))))
    yield Paragraph(writer.say(SHARED_RULE))
    for name, outcome in (
        (N_("Then: "), comparison.outcome_before),
        (N_("Now: "), comparison.outcome_after),
    ):
        if outcome and writer.content.verdict:
            sentence = OUTCOME_SENTENCES[Outcome(outcome)]
            words = writer.say(sentence, profile=writer.content.verdict.profile)
            yield Paragraph((*writer.say(name), *words))
    rows = [
        (writer.say(N_("All dimensions")), comparison.overall),
        (writer.say(N_("Questions that can be compared")), comparison.shared),
    ]
    rows += [
        ((ltr(each.code, bold=True), Span(" "), Span(each.title)), each)
        for each in comparison.dimensions
    ]
    yield from writer.table(
        writer.say(N_("Figures of both rounds")),
        writer.heads(N_("Dimension"), N_("Then"), N_("Now"), N_("Change")),
        ((name, *_compared(each)) for name, each in rows),
        (5, 1.2, 1.2, 1.4),
    )
    for caption, moved in (
        (N_("Questions whose level went up"), comparison.higher),
        (N_("Questions whose level went down"), comparison.lower),
    ):
        yield from writer.table(
            writer.say(caption),
            writer.heads(N_("Question"), N_("Then"), N_("Now")),
            map(_moved, moved),
            (6, 1, 1),
        )


def _compared(each: ComparedContent) -> tuple[Spans, ...]:
    return tuple((ltr(text or NO_FIGURE),) for text in (each.before, each.after, each.change))


def _moved(each: MovedContent) -> tuple[Spans, ...]:
    return (
        (ltr(each.question, bold=True), Span(" "), Span(each.text)),
        (ltr(str(each.before)),),
        (ltr(str(each.after)),),
    )
