"""What stands before the first chapter of a report: the cover, and what kind of document this is."""

from collections.abc import Iterator

from cirt.assessments.lifecycle import STATE_NAMES, State
from cirt.assessments.report.writing import Writer
from cirt.assessments.results import WORDS_RULE
from cirt.assessments.typed_text import typed
from cirt.documents.model import (
    Block,
    BulletList,
    Cover,
    Detail,
    Note,
    Paragraph,
    Span,
    Spans,
    ltr,
    plain,
)
from cirt.errors import N_

SUBJECT = N_("Self-assessment of national readiness for incident response")
DRAFT = N_("Draft: the country has not agreed to it")
AGREED = N_("Agreed on %(date)s")
AGREED_CLOSED = N_("Agreed on %(agreed)s, closed on %(closed)s")


def status_words(writer: Writer) -> str:
    """Return what the head of every page says: a draft, or since when it is agreed."""
    frame = writer.content.frame
    if frame.is_draft:
        return writer.text(DRAFT)
    return writer.text(AGREED).replace("%(date)s", f"\u2066{frame.agreed_on}\u2069")


def cover(writer: Writer) -> Cover:
    """Return the cover."""
    content, frame = writer.content, writer.content.frame
    if frame.is_draft:
        state = writer.say(
            N_("**Draft**: the country has not agreed to it (%(state)s)"),
            state=writer.text(STATE_NAMES[State(frame.state)]),
        )
    elif frame.closed_on:
        state = writer.say(AGREED_CLOSED, agreed=ltr(frame.agreed_on), closed=ltr(frame.closed_on))
    else:
        state = writer.say(AGREED, date=ltr(frame.agreed_on))
    details = [
        Detail(writer.text(N_("Country code")), (ltr(frame.country_code),)),
        Detail(
            writer.text(N_("Instrument")),
            writer.say(
                N_("%(title)s, version %(version)s"),
                title=content.instrument.title,
                version=ltr(content.instrument.version),
            ),
        ),
        Detail(writer.text(N_("Round")), (ltr(str(frame.round)),)),
        Detail(writer.text(N_("Profile")), _profile(writer)),
        Detail(writer.text(N_("State")), state),
        Detail(writer.text(N_("Prepared by")), writer.list(frame.prepared_by)),
        Detail(writer.text(N_("Date of this report")), (ltr(f"{frame.generated_at:%Y-%m-%d}"),)),
        Detail(writer.text(N_("Marking")), (ltr(frame.marking, bold=True),)),
        Detail(writer.text(N_("Nature")), writer.say(N_("Self-assessment; not an audit"))),
    ]
    return Cover(
        title=typed(frame.title).text,
        kicker=writer.text(SUBJECT),
        subtitle=frame.country,
        details=tuple(details),
    )


def _profile(writer: Writer) -> Spans:
    verdict = writer.content.verdict
    if verdict is None:
        return writer.say(N_("none chosen"))
    return plain(verdict.profile)


def about(writer: Writer) -> Iterator[Block]:
    """Chapter 0: what kind of document this is, who made it, whose models it refers to."""
    content, frame = writer.content, writer.content.frame
    yield from writer.written("about")
    yield Note(
        (
            *writer.say(WORDS_RULE),
            Span(" "),
            *writer.say(
                N_("Whoever receives this report follows its marking, %(marking)s, on every page."),
                marking=ltr(frame.marking, bold=True),
            ),
        ),
        title=writer.text(N_("What this report is")),
    )
    if content.instrument.notice:
        yield Note(plain(content.instrument.notice), title=content.instrument.title)
    if content.notices:
        yield Paragraph(writer.say(N_("The report refers to these texts and models of others:")))
        yield BulletList(
            tuple(
                writer.say(
                    N_("**%(name)s** (%(owner)s). %(text)s"),
                    name=each.name,
                    owner=each.owner,
                    text=each.text,
                )
                for each in content.notices
            )
        )
