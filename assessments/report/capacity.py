"""Chapters on what the country can do: SIM3 parameter by parameter, services, people."""

from collections.abc import Iterator

from cirt.assessments.design.services import LEVEL_NAMES, PERIOD_NAMES, Level, Period
from cirt.assessments.report.model_plan import StaffPeriod
from cirt.assessments.report.model_results import ParameterContent
from cirt.assessments.report.subjects import STATE_WORDS, answers_table, level_list
from cirt.assessments.report.writing import NO_FIGURE, Writer
from cirt.documents.model import Block, Heading, Note, Paragraph, Span, Spans, ltr, plain
from cirt.errors import N_


def sim3(writer: Writer) -> Iterator[Block]:
    """Chapter 10: SIM3, parameter by parameter."""
    content = writer.content
    yield from writer.written("sim3")
    if content.sim3_from:
        yield Paragraph(
            writer.say(
                N_("The levels are those of the self-assessment “%(title)s”; it is not an audit."),
                title=content.sim3_from,
            )
        )
        yield from writer.table(
            writer.say(N_("SIM3 parameters")),
            writer.heads(N_("Parameter"), N_("Level"), N_("Minimum"), N_("Questions here")),
            (_parameter(writer, each) for each in content.parameters),
            (4, 1.4, 1.3, 4),
        )
        return
    if content.frame.cirt_exists is False:
        yield Paragraph(
            writer.say(N_("There is no national CIRT yet whose maturity could be looked at."))
        )
    if any(each.questions for each in content.parameters):
        yield Paragraph(
            writer.say(
                N_(
                    "No self-assessment with SIM3 is on record. The table shows which questions of"
                    " this assessment touch the matter of each parameter, with their levels; these"
                    " are not SIM3 levels."
                )
            )
        )
        yield from writer.table(
            writer.say(N_("Questions by SIM3 parameter")),
            writer.heads(N_("Parameter"), N_("Questions and their levels")),
            (
                (_named(each), level_list(writer, each.questions))
                for each in content.parameters
                if each.questions
            ),
            (4, 6),
        )


def _named(each: ParameterContent) -> Spans:
    return (ltr(each.code, bold=True), Span(" "), ltr(each.name))


def _parameter(writer: Writer, each: ParameterContent) -> tuple[Spans, ...]:
    level = (ltr(str(each.level)),) if each.level is not None else plain(NO_FIGURE)
    if each.level is None and each.state in STATE_WORDS:
        level = writer.say(STATE_WORDS[each.state])
    return (
        _named(each),
        level,
        (ltr(NO_FIGURE if each.minimum is None else str(each.minimum)),),
        level_list(writer, each.questions),
    )


def services(writer: Writer) -> Iterator[Block]:
    """Chapter 11: the services of the framework, now and as chosen for one and three years."""
    content = writer.content
    yield from writer.written("services")
    said = [each for each in content.services if each.is_said]
    yield from writer.table(
        writer.say(N_("Services of the FIRST framework")),
        (
            writer.say(N_("Service")),
            *(writer.say(PERIOD_NAMES[period]) for period in Period),
        ),
        (
            (
                (ltr(each.code, bold=True), Span(" "), Span(each.name)),
                *(writer.say(LEVEL_NAMES[Level(word)]) for word in (each.now, each.year_1, each.year_3)),
            )
            for each in said
        ),
        (4.5, 1.7, 1.7, 1.7),
    )  # fmt: skip
    if not said:
        yield Paragraph(
            writer.say(N_("No services have been chosen in the design annex of this assessment."))
        )
    yield from answers_table(writer, "services")


def people(writer: Writer) -> Iterator[Block]:
    """Chapter 12: staff that the design reckons with, and the answers."""
    yield from writer.written("people")
    periods = writer.content.design.periods
    if periods:
        yield Heading(2, writer.say(N_("Staff that the services and hours need")))
        yield Paragraph(
            writer.say(
                N_(
                    "In full-time posts, reckoned in the design annex from assumptions that stand"
                    " there with their reasons."
                )
            )
        )
        yield from writer.table(
            writer.say(N_("Full-time posts by period")),
            writer.heads(N_("Period"), N_("Hours a week"), N_("For coverage"), N_("For work"),
                         N_("Head and support"), N_("Together"), N_("Foreseen")),
            (_staff(writer, each) for each in periods),
            (1.4, 1.6, 1.3, 1.2, 1.5, 1.3, 1.4),
        )  # fmt: skip
        for each in periods:
            for warning in each.warnings:
                name = writer.text(PERIOD_NAMES[Period(each.period)])
                yield Note(plain(warning), title=name)
    yield from answers_table(writer, "people")


def _staff(writer: Writer, each: StaffPeriod) -> tuple[Spans, ...]:
    hours: Spans = (ltr(str(each.coverage)),)
    if each.on_call:
        hours = writer.say(N_("%(hours)s, and on call"), hours=ltr(str(each.coverage)))
    return (
        writer.say(PERIOD_NAMES[Period(each.period)]),
        hours,
        *((ltr(number),) for number in (each.cover, each.work, each.lead)),
        (ltr(each.total, bold=True),),
        (ltr(each.foreseen),) if each.foreseen else writer.say(N_("not said")),
    )
