"""What people do to findings: note, change, remove; each tied to what it rests on."""

import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.assessments.conduct import lock, record
from cirt.assessments.findings.models import (
    MAX_CAUSE,
    MAX_DESCRIPTION,
    Finding,
    FindingAction,
    FindingEvidence,
    FindingKind,
    FindingQuestion,
)
from cirt.assessments.instruments import load_instrument
from cirt.assessments.lifecycle import Act, state_after
from cirt.assessments.models import MAX_TITLE, Assessment, Evidence
from cirt.assessments.plan.models import PlanAction
from cirt.assessments.wording import written
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError, NotFoundError


@dataclass(frozen=True)
class FindingContent:
    """What a finding says, and what it is tied to by id."""

    title: str
    kind: str = FindingKind.GAP.value
    description: str = ""
    root_cause: str = ""
    questions: frozenset[str] = field(default_factory=frozenset)
    evidence: frozenset[uuid.UUID] = field(default_factory=frozenset)
    actions: frozenset[uuid.UUID] = field(default_factory=frozenset)


class FindingConflictError(ConflictError):
    """The finding was changed since the page was shown. theirs: as it is now."""

    def __init__(self, theirs: Finding) -> None:
        super().__init__(
            N_("Somebody else changed this finding meanwhile. Nothing was overwritten.")
        )
        self.theirs = theirs


def finding_of(session: Session, assessment: Assessment, finding_id: uuid.UUID) -> Finding:
    """Return a finding. Raises NotFoundError for a removed one, and one of another assessment."""
    row = session.get(Finding, finding_id)
    if row is None or row.assessment_id != assessment.id or row.removed_at is not None:
        raise NotFoundError
    return row


def add_finding(
    session: Session, actor: Actor, assessment: Assessment, content: FindingContent
) -> Finding:
    """Note a finding. Raises InvalidInputError, ForbiddenError where the state does not allow it."""
    said = _checked(content)
    lock(session, assessment)
    state_after(assessment.standing, Act.FIND)
    _check_ties(session, assessment, content)
    # of removed findings the row stays, so that their numbers never come again
    last = session.scalar(
        sa.select(sa.func.max(Finding.number)).where(Finding.assessment_id == assessment.id)
    )
    row = Finding(
        assessment_id=assessment.id,
        number=(last or 0) + 1,
        revision=1,
        updated_by=actor.user_id,
        updated_at=now(),
        **said,
    )
    session.add(row)
    session.flush()
    _tie(session, row, content)
    _record(session, actor, assessment, row, "add")
    return row


def edit_finding(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    row: Finding,
    content: FindingContent,
    *,
    revision: int,
) -> None:
    """Change a finding. Raises InvalidInputError, FindingConflictError."""
    said = _checked(content)
    _begin(session, assessment, row, revision)
    _check_ties(session, assessment, content)
    tied = _tie(session, row, content)
    if not tied and all(getattr(row, name) == value for name, value in said.items()):
        return
    for name, value in said.items():
        setattr(row, name, value)
    row.revision += 1
    row.updated_by, row.updated_at = actor.user_id, now()
    _record(session, actor, assessment, row, "edit")


def remove_finding(
    session: Session, actor: Actor, assessment: Assessment, row: Finding, *, revision: int
) -> None:
    """Remove a finding: its words and ties are gone for good, its number is not given again."""
    _begin(session, assessment, row, revision)
    _tie(session, row, FindingContent(""))
    row.title = row.description = row.root_cause = ""
    row.removed_at = now()
    row.revision += 1
    row.updated_by, row.updated_at = actor.user_id, now()
    _record(session, actor, assessment, row, "remove")


def _begin(session: Session, assessment: Assessment, row: Finding, revision: int) -> None:
    lock(session, assessment)
    state_after(assessment.standing, Act.FIND)
    session.refresh(row)
    if row.removed_at is not None:
        raise NotFoundError
    if row.revision != revision:
        raise FindingConflictError(row)


def _record(session: Session, actor: Actor, assessment: Assessment, row: Finding, act: str) -> None:
    session.flush()
    record(
        session, actor, "assessment.find", assessment, f"finding:{row.id}", act=act,
        revision=row.revision,
    )  # fmt: skip


def _checked(content: FindingContent) -> dict[str, str]:
    title = " ".join(written(content.title, most=MAX_TITLE, field="title").split())
    if not title:
        raise InvalidInputError(N_("Say in a few words what was found."), field="title")
    if content.kind not in [kind.value for kind in FindingKind]:
        raise InvalidInputError(N_("Choose what kind of finding it is."), field="kind")
    return {
        "title": title,
        "kind": content.kind,
        "description": written(content.description, most=MAX_DESCRIPTION, field="description"),
        "root_cause": written(content.root_cause, most=MAX_CAUSE, field="root_cause"),
    }


def _check_ties(session: Session, assessment: Assessment, content: FindingContent) -> None:
    """Refuse what is not of this assessment, whatever was sent."""
    instrument = load_instrument(assessment.instrument_id, assessment.instrument_version)
    for question_id in sorted(content.questions):
        if not instrument.has_question(question_id):
            raise InvalidInputError(
                N_("The instrument has no question %(id)s."), field="questions", id=question_id
            )
    for model, wanted, name in (
        (Evidence, content.evidence, "evidence"),
        (PlanAction, content.actions, "actions"),
    ):
        known = session.scalars(
            sa.select(model.id).where(model.assessment_id == assessment.id, model.id.in_(wanted))
        ).all()
        if len(known) != len(wanted):
            raise InvalidInputError(N_("Choose among those listed."), field=name)


def _tie(session: Session, row: Finding, content: FindingContent) -> bool:
    """Tie a finding to what its content names, and untie the rest; return whether that changed."""
    changed = False
    for model, column, wanted in (
        (FindingQuestion, FindingQuestion.question_id, content.questions),
        (FindingEvidence, FindingEvidence.evidence_id, content.evidence),
        (FindingAction, FindingAction.action_id, content.actions),
    ):
        ties = session.scalars(sa.select(model).where(model.finding_id == row.id)).all()
        had = {getattr(tie, column.key): tie for tie in ties}
        for key in set(had) - set(wanted):
            session.delete(had[key])
            changed = True
        for key in set(wanted) - set(had):
            session.add(model(**{"finding_id": row.id, column.key: key}))
            changed = True
    session.flush()
    return changed
