"""Participants, agenda, documents, provisions and terms, as a report says them."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from cirt.assessments.agenda import agenda_of
from cirt.assessments.instruments import Question
from cirt.assessments.instruments.provisions import merged_provisions
from cirt.assessments.instruments.references import Provision
from cirt.assessments.models import Assessment
from cirt.assessments.preparation import participants_of
from cirt.assessments.preparation_models import Participant
from cirt.assessments.report.facts import FACTS
from cirt.assessments.report.glossary import glossary
from cirt.assessments.report.model import (
    AgendaContent,
    DocumentContent,
    FactContent,
    GroupContent,
    ParticipantContent,
    ProvisionContent,
    TallyContent,
    TermContent,
)
from cirt.assessments.report.texts import facts_of
from cirt.assessments.requested_documents import documents_of
from cirt.capabilities import capabilities
from cirt.capability_tally import current_tally
from cirt.taxonomies import stakeholder_groups


def groups_content(participants: Sequence[Participant], language: str) -> tuple[GroupContent, ...]:
    """Return the groups from which somebody was invited, with how many came."""
    found = []
    for group in dict.fromkeys(each.group for each in participants):
        rows = [each for each in participants if each.group == group]
        noted = [each for each in rows if each.attended is not None]
        came = sum(1 for each in noted if each.attended)
        found.append(GroupContent(_group(group, language), len(rows), came if noted else None))
    return tuple(found)


def participants_content(
    session: Session, assessment: Assessment, language: str, *, names: bool
) -> tuple[tuple[GroupContent, ...], tuple[ParticipantContent, ...]]:
    """Return the groups and those invited; names: whether the names of people stand in it."""
    rows = participants_of(session, assessment)
    people = tuple(
        ParticipantContent(
            name=row.name if names else "",
            function=row.function,
            organization=row.organization,
            group=_group(row.group, language),
            attended=row.attended,
        )
        for row in rows
    )
    return groups_content(rows, language), people


def _group(group: str, language: str) -> str:
    found = stakeholder_groups().get(group)
    return found.name.in_language(language).text if found else group


def agenda_content(
    session: Session, assessment: Assessment, language: str
) -> tuple[AgendaContent, ...]:
    """Return the agenda, day by day."""
    return tuple(
        AgendaContent(
            day=row.day,
            starts=row.starts,
            ends=row.ends,
            title=row.title,
            note=row.note,
            dimensions=tuple(row.dimensions),
            groups=tuple(_group(each, language) for each in row.groups),
        )
        for row in agenda_of(session, assessment)
    )


def documents_content(session: Session, assessment: Assessment) -> tuple[DocumentContent, ...]:
    """Return the documents that were asked for."""
    return tuple(
        DocumentContent(
            title=row.title,
            from_whom=row.from_whom,
            due_on=row.due_on,
            received_on=row.received_on,
            question=row.question_id,
        )
        for row in documents_of(session, assessment)
    )


def facts_content(session: Session, assessment: Assessment) -> tuple[FactContent, ...]:
    """Return the facts about the country that are known, in their order."""
    known = facts_of(session, assessment)
    return tuple(
        FactContent(
            id=fact.id,
            label=fact.label,
            form=fact.form.value,
            value=known[fact.id].value,
            year=known[fact.id].year,
            source=known[fact.id].source,
        )
        for fact in FACTS
        if fact.id in known and known[fact.id].value
    )


def tally_content(session: Session, assessment: Assessment, language: str) -> TallyContent | None:
    """Return what the country published of its incidents; None where it published nothing."""
    tally = current_tally(session, assessment.administration_id)
    if tally is None:
        return None
    return TallyContent(
        since=tally.since.isoformat(),
        until=tally.until.isoformat(),
        rows=tuple(
            (
                each.name.in_language(language).text,
                tally.failed_band(each.id).value,
                tally.held_band(each.id).value,
            )
            for each in capabilities().values()
        ),
    )


def provisions_content(
    session: Session, asked: Sequence[Question], language: str
) -> tuple[ProvisionContent, ...]:
    """Return the provisions that the questions asked serve, in the order of the registry."""
    served: dict[str, list[str]] = {}
    for question in asked:
        for provision_id in question.crosswalk.provisions:
            served.setdefault(provision_id, []).append(question.id)
    return tuple(
        ProvisionContent(
            id=provision.id,
            resolution=f"{provision.resolution} ({provision.revision})",
            citation=provision.citation,
            # a place in a text is printed only where somebody has checked it in that text
            place=_place(provision) if provision.verified else "",
            paraphrase=provision.paraphrase.in_language(language).text,
            verified=provision.verified,
            questions=tuple(served[provision.id]),
        )
        for provision in merged_provisions(session).values()
        if provision.id in served
    )


def _place(provision: Provision) -> str:
    return " ".join(part for part in (provision.clause, provision.paragraph) if part)


def terms_content(language: str) -> tuple[TermContent, ...]:
    """Return the glossary, in the order of the alphabet."""
    found = (
        TermContent(
            short=term.short,
            name=term.name.in_language(language).text,
            meaning=term.meaning.in_language(language).text if term.meaning else "",
        )
        for term in glossary()
    )
    return tuple(sorted(found, key=lambda term: (term.short or term.name).casefold()))
