"""The phased plan: along time, by phase, with its bands, its budget and the risks."""

from collections.abc import Iterator

from cirt.assessments.instruments.model import PHASE_NAMES, Phase
from cirt.assessments.report.model_plan import PlanSummary
from cirt.assessments.report.opening import action_words
from cirt.assessments.report.subjects import grouped
from cirt.assessments.report.writing import NO_FIGURE, Writer
from cirt.assessments.typed_text import typed
from cirt.documents.model import (
    Block,
    BulletList,
    Figure,
    Heading,
    Paragraph,
    Span,
    Spans,
    ltr,
    plain,
)
from cirt.errors import N_


def roadmap(writer: Writer) -> Iterator[Block]:
    """Chapter 17: the plan along time, by phase, with its bands, its budget and the risks."""
    content, plan = writer.content, writer.content.plan
    yield from writer.written("roadmap")
    if plan is not None:
        yield from _phases(writer, plan)
        if plan.timeline is not None:
            yield Figure(
                plan.timeline,
                title=writer.text(N_("The plan along time")),
                description=writer.text(
                    N_("A bar for each action with its dates, grouped by phase; the dates stand"
                       " beside each bar.")
                ),
            )  # fmt: skip
        yield from _dates(writer)
    yield from _budget(writer)
    risks = [each for each in content.findings if each.kind == "risk"]
    if risks:
        yield Heading(2, writer.say(N_("Risks")))
        yield BulletList(
            tuple((ltr(each.code, bold=True), Span(" "), typed(each.title)) for each in risks)
        )


def _phases(writer: Writer, plan: PlanSummary) -> Iterator[Block]:
    count = sum(len(each.actions) for each in plan.phases)
    yield Paragraph(
        writer.say(
            N_(
                "The plan has %(count)s actions, between %(days)s person-days and %(dollars)s US"
                " dollars beyond salaries, as far as their bands are known. Without a band of effort"
                " or cost: %(unsaid)s. Open and without an owner: %(unowned)s."
            ),
            count=ltr(str(count)),
            days=money(writer, plan.days),
            dollars=money(writer, plan.dollars),
            unsaid=ltr(str(plan.unsaid)),
            unowned=ltr(str(plan.without_owner)),
        )
    )
    yield from writer.table(
        writer.say(N_("The phases of the plan")),
        writer.heads(N_("Phase"), N_("Actions"), N_("From"), N_("Until"), N_("Person-days"),
                     N_("US dollars beyond salaries")),
        (
            (
                writer.say(PHASE_NAMES[Phase(each.phase)]),
                (ltr(str(len(each.actions))),),
                (ltr(each.starts_on or "–"),),
                (ltr(each.ends_on or "–"),),
                money(writer, each.days),
                money(writer, each.dollars),
            )
            for each in plan.phases
        ),
        (1.5, 1.3, 1.55, 1.55, 1.8, 2.2),
    )  # fmt: skip


def _dates(writer: Writer) -> Iterator[Block]:
    yield from writer.table(
        writer.say(N_("Actions with their dates, owners and what they need")),
        writer.heads(N_("Code"), N_("What"), N_("Owner"), N_("From"), N_("By"), N_("Needs")),
        (
            (
                (ltr(each.code, bold=True),),
                action_words(writer, each),
                (typed(each.owner),) if each.owner else plain("–"),
                (ltr(each.starts_on or "–"),),
                (ltr(each.target_date or "–"),),
                writer.codes(each.needs) if each.needs else plain("–"),
            )
            for each in writer.content.actions
            if each.place
        ),
        (1.0, 3.7, 1.4, 1.8, 1.8, 1.3),
    )


def _budget(writer: Writer) -> Iterator[Block]:
    design = writer.content.design
    if not design.budget:
        return
    yield Heading(2, writer.say(N_("Budget bands")))
    yield Paragraph(
        writer.say(
            N_(
                "Ranges in %(currency)s, from the design annex; a dash where nothing was given, and"
                " the total leaves that out."
            ),
            currency=design.currency or writer.say(N_("a currency that was not named")),
        )
    )
    rows = [(writer.say(each.label), each.years) for each in design.budget]
    rows.append((writer.say(N_("**Together**")), design.total))
    years = len(design.total)
    yield from writer.table(
        writer.say(N_("Budget by year")),
        (
            writer.say(N_("Line")),
            *(writer.say(N_("Year %(number)s"), number=ltr(str(n + 1))) for n in range(years)),
        ),
        ((name, *(money(writer, found) for found in values)) for name, values in rows),
        (4, *(2.4 for _each in range(years))),
    )


def money(writer: Writer, found: tuple[int, int | None] | None) -> Spans:
    """A range of money; a dash where nothing was given."""
    if found is None:
        return plain(NO_FIGURE)
    low, high = found
    if high is None:
        return writer.say(N_("at least %(least)s"), least=ltr(grouped(str(low))))
    if low == high:
        return (ltr(grouped(str(low))),)
    return (ltr(f"{grouped(str(low))} – {grouped(str(high))}"),)
