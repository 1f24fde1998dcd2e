"""What is done to the design annex: each part saved by revision, so that nobody's words are lost."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.design import services
from cirt.assessments.design.assumptions import read_staffing, read_workload
from cirt.assessments.design.budget import read_budget
from cirt.assessments.design.checklists import has_item
from cirt.assessments.design.description import MAX_FIELD, read_description
from cirt.assessments.design.models import (
    CHECK_STATES,
    MAX_NOTE,
    MAX_OWNER,
    DesignCheck,
    DesignPart,
)
from cirt.assessments.design.proposals import Proposal, with_proposals
from cirt.assessments.design.services import Period
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import Assessment
from cirt.assessments.wording import written
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError, NotFoundError

SERVICES = "services"
STAFFING = "staffing"
WORKLOAD = "workload"
BUDGET = "budget"
DESCRIPTION_LANGUAGES = ("en", "ar")


class DesignConflictError(ConflictError):
    """Somebody saved the same meanwhile. theirs: what is saved now."""

    def __init__(self, theirs: DesignPart | DesignCheck) -> None:
        super().__init__(
            N_(
                "Somebody else changed this meanwhile. Nothing was overwritten: what is saved now"
                " stands beside what you typed."
            )
        )
        self.theirs = theirs


def description_part(language: str) -> str:
    """Return the name of the part that describes the team in a language.

    Raises NotFoundError for a language in which documents are not made.
    """
    if language not in DESCRIPTION_LANGUAGES:
        raise NotFoundError
    return f"description-{language}"


def save_services(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    typed: Mapping[tuple[str, Period], str],
    *,
    revision: int,
) -> None:
    """Save the services of each period. typed: (service id, period) -> level, "" for not said.

    Raises InvalidInputError, DesignConflictError.
    """
    row = _begin(session, assessment, SERVICES)
    before = services.chosen(row.content if row else None)
    content = services.stored(services.typed_choices(typed, before))
    _save(session, actor, assessment, row, SERVICES, content, revision)


def accept_proposals(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    proposals: Collection[Proposal],
    keys: Collection[str],
    *,
    revision: int,
) -> int:
    """Take the proposals with these keys over, and return how many these were.

    proposals: as they are made now, so that nothing is taken over that is proposed no more.
    Raises InvalidInputError where none is chosen or one is proposed no more, DesignConflictError.
    """
    if not keys:
        raise InvalidInputError(N_("Choose at least one of the proposals."), field="keys")
    accepted = [one for one in proposals if one.key in keys]
    if len(accepted) != len(set(keys)):
        raise InvalidInputError(
            N_("Some of these are proposed no more. Look through the list again."), field="keys"
        )
    row = _begin(session, assessment, SERVICES)
    before = services.chosen(row.content if row else None)
    content = services.stored(with_proposals(before, accepted))
    _save(session, actor, assessment, row, SERVICES, content, revision)
    return len(accepted)


def save_staffing(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    typed: Mapping[str, str],
    *,
    revision: int,
) -> None:
    """Save the assumptions on posts and hours. Raises InvalidInputError, DesignConflictError."""
    row = _begin(session, assessment, STAFFING)
    _save(session, actor, assessment, row, STAFFING, read_staffing(typed), revision)


def save_workload(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    typed: Mapping[str, str],
    *,
    revision: int,
) -> None:
    """Save the hours that each service takes. Raises InvalidInputError, DesignConflictError."""
    row = _begin(session, assessment, WORKLOAD)
    _save(session, actor, assessment, row, WORKLOAD, read_workload(typed), revision)


def save_budget(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    typed: Mapping[str, str],
    *,
    revision: int,
) -> None:
    """Save the ranges of the budget. Raises InvalidInputError, DesignConflictError."""
    row = _begin(session, assessment, BUDGET)
    clean = {key: written(text, most=MAX_FIELD, field=key) for key, text in typed.items()}
    _save(session, actor, assessment, row, BUDGET, read_budget(clean), revision)


def save_description(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    language: str,
    typed: Mapping[str, str],
    *,
    revision: int,
) -> None:
    """Save the description of the team in a language. Raises InvalidInputError, DesignConflictError."""
    part = description_part(language)
    row = _begin(session, assessment, part)
    _save(session, actor, assessment, row, part, read_description(typed), revision)


def save_check(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    list_id: str,
    item_id: str,
    *,
    state: str,
    owner: str,
    note: str,
    revision: int,
) -> None:
    """Note how far an item of a list is and who sees to it.

    revision: 0 while nothing was noted. Raises NotFoundError for an item that no list has,
    InvalidInputError, DesignConflictError.
    """
    if not has_item(list_id, item_id):
        raise NotFoundError
    if state not in CHECK_STATES:
        raise InvalidInputError(N_("Choose how far this is."), field="state")
    said = {
        "state": state,
        "owner": " ".join(written(owner, most=MAX_OWNER, field="owner").split()),
        "note": written(note, most=MAX_NOTE, field="note"),
    }
    lock(session, assessment)
    state_after(assessment.standing, Act.DESIGN)
    row = session.get(DesignCheck, (assessment.id, list_id, item_id), populate_existing=True)
    if row is None:
        row = DesignCheck(
            assessment_id=assessment.id, list_id=list_id, item_id=item_id, revision=0, **said
        )
        session.add(row)
    elif all(getattr(row, name) == value for name, value in said.items()):
        return
    elif row.revision != revision:
        raise DesignConflictError(row)
    for name, value in said.items():
        setattr(row, name, value)
    _changed(row, actor)
    _record(session, actor, assessment, f"{list_id}/{item_id}", row.revision)


def _begin(session: Session, assessment: Assessment, part: str) -> DesignPart | None:
    lock(session, assessment)
    state_after(assessment.standing, Act.DESIGN)
    return session.get(DesignPart, (assessment.id, part), populate_existing=True)


def _save(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    row: DesignPart | None,
    part: str,
    content: dict[str, Any],
    revision: int,
) -> None:
    """Save a part; what says the same as the saved one changes nothing and conflicts with nothing."""
    if row is None:
        row = DesignPart(assessment_id=assessment.id, part=part, content=content, revision=0)
        session.add(row)
    elif row.content == content:
        return
    elif row.revision != revision:
        raise DesignConflictError(row)
    row.content = content
    _changed(row, actor)
    _record(session, actor, assessment, part, row.revision)


def _changed(row: DesignPart | DesignCheck, actor: Actor) -> None:
    row.revision += 1
    row.updated_by, row.updated_at = actor.user_id, now()


def _record(
    session: Session, actor: Actor, assessment: Assessment, part: str, revision: int
) -> None:
    session.flush()
    record(session, actor, "assessment.design", assessment, part=part, revision=revision)
