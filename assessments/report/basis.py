"""Chapters on what a report rests on: background and mandate, and how the assessment was made."""

from collections.abc import Iterator

from cirt.assessments.report.writing import Writer, typed_blocks
from cirt.assessments.results import CONFIDENCE_RULE, MEAN_RULE
from cirt.assessments.strength import STRENGTH_NAMES, STRENGTH_RULE, Strength
from cirt.assessments.verdict import VERDICT_RULE
from cirt.documents.model import Block, BulletList, Heading, Paragraph, Spans, ltr, plain
from cirt.errors import N_


def background(writer: Writer) -> Iterator[Block]:
    """Chapter 2: why, what for, what is looked at, and the resolutions behind it."""
    content = writer.content
    yield from writer.written("background")
    if content.frame.scope:
        yield Heading(2, writer.say(N_("Scope")))
        yield from typed_blocks(content.frame.scope)
    stages = {
        True: N_("The country has a national CIRT; the questions are those for that case."),
        False: N_("The country has no national CIRT yet; the questions are those for that case."),
        None: N_("The questions for countries with and without a national CIRT were asked."),
    }
    yield Paragraph(writer.say(stages[content.frame.cirt_exists]))
    rows = _resolutions(writer)
    if rows:
        yield Heading(2, writer.say(N_("Mandate")))
        yield Paragraph(
            writer.say(
                N_(
                    "The questions serve provisions of these texts. A provision that nobody has"
                    " compared with the adopted text is a theme and carries no paragraph number;"
                    " annex D lists each with its questions."
                )
            )
        )
        yield from writer.table(
            writer.say(N_("Texts that the questions serve")),
            writer.heads(N_("Text"), N_("Provisions compared"), N_("Themes not compared")),
            rows,
            (5, 2, 2),
        )


def _resolutions(writer: Writer) -> list[tuple[Spans, ...]]:
    counts: dict[str, list[int]] = {}
    for each in writer.content.provisions:
        counts.setdefault(each.resolution, [0, 0])[0 if each.verified else 1] += 1
    return [
        ((ltr(name),), (ltr(str(verified)),), (ltr(str(themes)),))
        for name, (verified, themes) in counts.items()
    ]


def method(writer: Writer) -> Iterator[Block]:
    """Chapter 3: the instrument, its scale and rules, who took part, what is not in the figures."""
    content = writer.content
    yield from writer.written("method")
    yield Paragraph(
        writer.say(
            N_(
                "The questions are those of “%(title)s”, version %(version)s: %(asked)s were asked."
                " Each has %(levels)s levels, each described by what can be shown. A level holds"
                " when everything in it and in the levels below it could be shown during the"
                " assessment."
            ),
            title=content.instrument.title,
            version=ltr(content.instrument.version),
            asked=ltr(str(content.instrument.asked)),
            levels=ltr(str(len(content.instrument.scale))),
        )
    )
    yield from writer.table(
        writer.say(N_("The levels")),
        writer.heads(N_("Level"), N_("Name")),
        (((ltr(str(level)),), plain(name)) for level, name in enumerate(content.instrument.scale)),
        (1, 5),
    )
    yield Heading(2, writer.say(N_("Rules")))
    yield BulletList(
        tuple(map(writer.say, (MEAN_RULE, CONFIDENCE_RULE, STRENGTH_RULE, VERDICT_RULE)))
    )
    if content.groups:
        yield Heading(2, writer.say(N_("Who took part")))
        yield from groups_table(writer)
    yield Heading(2, writer.say(N_("Limits")))
    yield BulletList(tuple(_limits(writer)))


def groups_table(writer: Writer) -> Iterator[Block]:
    """How many people of each stakeholder group were invited and came."""
    yield from writer.table(
        writer.say(N_("Stakeholder groups")),
        writer.heads(N_("Group"), N_("Invited"), N_("Came")),
        (
            (
                plain(each.name),
                (ltr(str(each.invited)),),
                writer.yes_no(None) if each.attended is None else (ltr(str(each.attended)),),
            )
            for each in writer.content.groups
        ),
        (5, 1.3, 1.6),
    )


def _limits(writer: Writer) -> Iterator[Spans]:
    content = writer.content
    asked = len(content.questions)
    counts = (
        (N_("Questions without an answer: %(count)s of %(total)s."), content.overall.not_answered),
        (
            N_("Questions that nobody could answer: %(count)s of %(total)s."),
            content.overall.not_known,
        ),
        (
            N_("Questions that do not apply, for a reason given: %(count)s of %(total)s."),
            content.overall.not_applicable,
        ),
        (
            N_("Answers that are disputed: %(count)s of %(total)s."),
            sum(1 for each in content.questions if each.disputed),
        ),
        (
            N_("Answers that were carried over from another assessment: %(count)s of %(total)s."),
            sum(1 for each in content.questions if each.carried),
        ),
    )
    for message, count in counts:
        yield writer.say(message, count=ltr(str(count)), total=ltr(str(asked)))
    for strength in Strength:
        count = sum(
            1
            for each in content.questions
            if each.level is not None and each.strength == strength.value
        )
        yield writer.say(
            N_("Answers with a level, %(strength)s: %(count)s."),
            strength=writer.text(STRENGTH_NAMES[strength]),
            count=ltr(str(count)),
        )
