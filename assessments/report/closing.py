"""Chapters on what follows: findings, recommendations, the phased plan, and the signatures."""

from collections.abc import Iterator

from cirt.assessments.instruments.model import (
    COST_NAMES,
    EFFORT_NAMES,
    PHASE_NAMES,
    Cost,
    Effort,
    Phase,
)
from cirt.assessments.report.annexes import evidence_words
from cirt.assessments.report.model_plan import ActionContent, FindingContent
from cirt.assessments.report.names import ACTION_STATES, FINDING_KINDS
from cirt.assessments.report.opening import action_words
from cirt.assessments.report.subjects import level_list
from cirt.assessments.report.writing import Writer, typed_blocks
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

SIGNATURES = N_("Signatures")


def findings(writer: Writer) -> Iterator[Block]:
    """Chapter 15: every finding with its cause, what it rests on and what answers it."""
    content = writer.content
    yield from writer.written("findings")
    for kind in ("risk", "gap", "strength"):
        found = [each for each in content.findings if each.kind == kind]
        for each in found:
            yield from _finding(writer, each)


def _finding(writer: Writer, each: FindingContent) -> Iterator[Block]:
    kind = writer.text(FINDING_KINDS[each.kind])
    yield Heading(2, (ltr(each.code), Span(f" {kind}: "), typed(each.title)))
    yield from typed_blocks(each.description)
    if each.root_cause:
        yield Paragraph((Span(writer.text(N_("Root cause")), bold=True),))
        yield from typed_blocks(each.root_cause)
    ties: list[Spans] = []
    if each.questions:
        ties.append(
            writer.say(
                N_("Questions and their levels: %(codes)s"),
                codes=level_list(writer, each.questions),
            )
        )
    if each.actions:
        ties.append(
            writer.say(N_("Answered by actions: %(codes)s"), codes=writer.codes(each.actions))
        )
    ties += [evidence_words(writer, piece) for piece in each.evidence]
    if ties:
        yield BulletList(tuple(ties))


def recommendations(writer: Writer) -> Iterator[Block]:
    """Chapter 16: the actions with priority, owner, effort and the provisions they serve."""
    content = writer.content
    yield from writer.written("recommendations")
    placed = [each for each in content.actions if each.place]
    if placed:
        yield Paragraph(
            writer.say(
                N_(
                    "The order is that of the plan: what others need comes first, then what counts"
                    " most for the profile, then what takes less effort; people may have moved"
                    " actions. The provisions are those that the question serves; a theme is one"
                    " that nobody has compared with the adopted text."
                )
            )
        )
    for each in placed:
        yield from _action(writer, each)
    dropped = [each for each in content.actions if each.state == "dropped"]
    if dropped:
        yield Heading(2, writer.say(N_("Recommendations that were dropped")))
        yield BulletList(
            tuple(
                (
                    ltr(each.code, bold=True),
                    Span(" "),
                    *action_words(writer, each),
                    Span(" "),
                    *writer.say(
                        N_("Dropped because: %(reason)s"), reason=typed(each.dropped_because)
                    ),
                )
                for each in dropped
            )
        )


def _action(writer: Writer, each: ActionContent) -> Iterator[Block]:
    code = (ltr(str(each.place), bold=True), Span(". "), ltr(each.code, bold=True), Span(" "))
    yield Paragraph((*code, *action_words(writer, each)))
    yield BulletList(tuple(_action_lines(writer, each)))


def _action_lines(writer: Writer, each: ActionContent) -> Iterator[Spans]:
    facts: list[Spans] = [
        writer.say(N_("Phase: %(phase)s"), phase=writer.text(PHASE_NAMES[Phase(each.phase)])),
        writer.say(
            N_("owner: %(owner)s"),
            owner=typed(each.owner) if each.owner else writer.say(N_("not named yet")),
        ),
    ]
    if each.target_date:
        facts.append(writer.say(N_("by %(date)s"), date=ltr(each.target_date)))
    if each.effort:
        name = writer.text(EFFORT_NAMES[Effort(each.effort)])
        facts.append(writer.say(N_("effort: %(band)s"), band=name))
    if each.cost:
        name = writer.text(COST_NAMES[Cost(each.cost)])
        facts.append(writer.say(N_("cost: %(band)s"), band=name))
    if each.state not in ("proposed", "planned"):
        facts.append(writer.say(ACTION_STATES[each.state]))
    if each.overdue:
        facts.append(writer.say(N_("overdue")))
    yield _joined(facts)
    if each.question:
        yield _serves(writer, each)
    if each.why:
        yield tuple(Span(f"{sentence} ") for sentence in each.why)
    if each.needs:
        yield writer.say(N_("Needs first: %(codes)s"), codes=writer.codes(each.needs))
    if each.indicator:
        yield writer.say(N_("Seen by: %(sign)s"), sign=typed(each.indicator))


def _serves(writer: Writer, each: ActionContent) -> Spans:
    registry = {one.id: one for one in writer.content.provisions}
    names: list[Spans] = []
    for provision_id in each.provisions:
        one = registry.get(provision_id)
        if one is None:
            continue
        if one.place:
            names.append((ltr(f"{one.citation}, {one.place}"),))
        elif one.verified:
            names.append((ltr(one.citation),))
        else:
            names.append(writer.say(N_("%(text)s (theme)"), text=ltr(one.citation)))
    named = list(dict.fromkeys(names))
    if not named:
        return writer.say(N_("Question %(code)s"), code=ltr(each.question))
    return writer.say(
        N_("Question %(code)s; serves %(provisions)s"),
        code=ltr(each.question),
        provisions=_joined(named),
    )


def _joined(parts: list[Spans]) -> Spans:
    found: list[Span] = []
    for part in parts:
        found += [Span("; ")] if found else []
        found += part
    return tuple(found)


def signatures(writer: Writer) -> Iterator[Block]:
    """The page for signatures: roles and lines, no names from accounts."""
    yield Paragraph(
        writer.say(
            N_(
                "Those who sign have read this report. Their signatures say that it describes what"
                " was shown and said in the assessment; it is no audit and no certificate."
            )
        )
    )
    blank = plain("\n\n")
    yield from writer.table(
        writer.say(SIGNATURES),
        writer.heads(N_("Role"), N_("Name and function"), N_("Place and date"), N_("Signature")),
        (
            (writer.say(role), blank, blank, blank)
            for role in (
                N_("For the country: the focal point"),
                N_("For the national CIRT, or the body that is to host it"),
                N_("Lead assessor"),
                N_("Assessor"),
                N_("Witness"),
            )
        ),
        (2.6, 2.6, 1.9, 2.2),
    )
