"""What is still missing before a workshop: computed from the preparation, never stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cirt.assessments.instruments.model import Instrument
from cirt.assessments.models import Assessment
from cirt.assessments.preparation_models import AgendaItem, Participant, RequestedDocument
from cirt.errors import N_

PARTS = ("frame", "details", "participants", "documents", "agenda")


@dataclass(frozen=True)
class Check:
    """One thing to settle. part: where it is settled, one of PARTS.

    sentence: message id of how it stands, with params. ids: dimensions or stakeholder groups that
    it is about, to be named after the sentence. kind: "dimension" or "group", "" without ids.
    """

    part: str
    done: bool
    sentence: str
    params: dict[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    kind: str = ""


def checklist(
    assessment: Assessment,
    instrument: Instrument,
    *,
    participants: Sequence[Participant],
    documents: Sequence[RequestedDocument],
    agenda: Sequence[AgendaItem],
    has_profiles: bool,
    today: date,
) -> tuple[Check, ...]:
    """Return everything to settle before the workshop, settled or not.

    has_profiles: whether a target profile could be chosen at all.
    """
    found = [_stage(assessment), _scope(assessment), _meeting(assessment)]
    if has_profiles:
        found.append(_profile(assessment))
    found.append(_people(participants))
    missing = _groups_asked(assessment, instrument) - {one.group for one in participants}
    if participants:
        found.append(_groups(missing))
    found.extend(_papers(documents, today))
    found.append(_items(agenda))
    if agenda:
        found.append(_covered(assessment, instrument, agenda))
    return tuple(found)


def _stage(assessment: Assessment) -> Check:
    if assessment.cirt_exists is None:
        return Check(
            "details",
            False,
            N_(
                "Say whether the country has a national CIRT: it decides which questions are asked."
            ),
        )
    return Check("details", True, N_("It is known whether the country has a national CIRT."))


def _scope(assessment: Assessment) -> Check:
    if not assessment.scope:
        return Check("frame", False, N_("Write down what is looked at and what is not."))
    return Check("frame", True, N_("The scope is written down."))


def _meeting(assessment: Assessment) -> Check:
    if not (assessment.workshop_on and assessment.workshop_place):
        return Check("frame", False, N_("Settle the first day and the place of the workshop."))
    return Check("frame", True, N_("First day and place of the workshop are settled."))


def _profile(assessment: Assessment) -> Check:
    if not assessment.profile:
        return Check("frame", False, N_("Choose the target profile, or leave it open on purpose."))
    return Check("frame", True, N_("A target profile is chosen."))


def _people(participants: Sequence[Participant]) -> Check:
    if not participants:
        return Check("participants", False, N_("Name those who take part."))
    return Check(
        "participants",
        True,
        N_("Participants named: %(count)s."),
        {"count": len(participants)},
    )


def _groups(missing: Collection[str]) -> Check:
    if missing:
        return Check(
            "participants",
            False,
            N_("Nobody is named yet from groups who can answer questions:"),
            ids=tuple(sorted(missing)),
            kind="group",
        )
    return Check(
        "participants", True, N_("Somebody is named from every group who can answer questions.")
    )


def _papers(documents: Sequence[RequestedDocument], today: date) -> list[Check]:
    if not documents:
        return [Check("documents", False, N_("Ask for the documents to be read beforehand."))]
    waiting = [one for one in documents if not one.received_on]
    late = [one for one in waiting if one.due_on and one.due_on < today.isoformat()]
    found = [
        Check(
            "documents",
            not waiting,
            N_("Documents received: %(done)s of %(total)s."),
            {"done": len(documents) - len(waiting), "total": len(documents)},
        )
    ]
    if late:
        found.append(
            Check("documents", False, N_("Documents overdue: %(count)s."), {"count": len(late)})
        )
    return found


def _items(agenda: Sequence[AgendaItem]) -> Check:
    if not agenda:
        return Check("agenda", False, N_("Write the agenda, or start from a usual one."))
    days = len({one.day for one in agenda})
    return Check(
        "agenda",
        True,
        N_("Items on the agenda: %(count)s, on %(days)s days."),
        {"count": len(agenda), "days": days},
    )


def _covered(assessment: Assessment, instrument: Instrument, agenda: Sequence[AgendaItem]) -> Check:
    planned = {each for item in agenda for each in item.dimensions}
    asked = [
        dimension.id
        for dimension in instrument.dimensions
        if any(one.applies.asked(assessment.cirt_exists) for one in dimension.questions)
    ]
    missing = tuple(each for each in asked if each not in planned)
    if missing:
        return Check(
            "agenda",
            False,
            N_("No item of the agenda takes up these dimensions:"),
            ids=missing,
            kind="dimension",
        )
    return Check("agenda", True, N_("Every dimension has its place on the agenda."))


def _groups_asked(assessment: Assessment, instrument: Instrument) -> set[str]:
    return {
        group
        for question in instrument.questions
        if question.applies.asked(assessment.cirt_exists)
        for group in question.asked_of
    }
