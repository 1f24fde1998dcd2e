"""What pages and reports ask about findings. Reads only."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.accounts.models import User
from cirt.assessments.findings.models import (
    Finding,
    FindingAction,
    FindingEvidence,
    FindingKind,
    FindingQuestion,
)
from cirt.assessments.models import Assessment, Evidence
from cirt.assessments.plan.models import PlanAction


@dataclass(frozen=True)
class TiedEvidence:
    """A piece of evidence that a finding rests on. seen_on: ISO date, "" if not given."""

    id: uuid.UUID
    question_id: str
    kind: str
    reference: str
    seen_on: str
    file_name: str


@dataclass(frozen=True)
class TiedAction:
    """An action of the plan that answers a finding; its code is as the plan shows it."""

    id: uuid.UUID
    code: str
    text: str
    state: str


@dataclass(frozen=True)
class ShownFinding:
    """A finding as pages, reports and files show it. questions: ids, as the instrument has them."""

    id: uuid.UUID
    code: str
    kind: FindingKind
    title: str
    description: str
    root_cause: str
    questions: tuple[str, ...]
    evidence: tuple[TiedEvidence, ...]
    actions: tuple[TiedAction, ...]
    revision: int
    updated_at: datetime
    updater: User | None


def findings_of(session: Session, assessment: Assessment) -> tuple[ShownFinding, ...]:
    """Return the findings of an assessment by number, with all that they are tied to."""
    rows = session.scalars(
        sa.select(Finding)
        .where(Finding.assessment_id == assessment.id, Finding.removed_at.is_(None))
        .order_by(Finding.number)
    ).all()
    questions: dict[uuid.UUID, list[str]] = {}
    for tie in session.scalars(
        sa.select(FindingQuestion)
        .join(Finding, Finding.id == FindingQuestion.finding_id)
        .where(Finding.assessment_id == assessment.id)
    ):
        questions.setdefault(tie.finding_id, []).append(tie.question_id)
    evidence: dict[uuid.UUID, list[TiedEvidence]] = {}
    for finding_id, piece in session.execute(
        sa.select(FindingEvidence.finding_id, Evidence)
        .join(Evidence, Evidence.id == FindingEvidence.evidence_id)
        .where(Evidence.assessment_id == assessment.id)
        .order_by(Evidence.added_at, Evidence.id)
    ).unique():
        evidence.setdefault(finding_id, []).append(tied_evidence(piece))
    actions: dict[uuid.UUID, list[TiedAction]] = {}
    for finding_id, action in session.execute(
        sa.select(FindingAction.finding_id, PlanAction)
        .join(PlanAction, PlanAction.id == FindingAction.action_id)
        .where(PlanAction.assessment_id == assessment.id)
        .order_by(PlanAction.number)
    ).unique():
        tied = TiedAction(action.id, action.code, action.text, action.state)
        actions.setdefault(finding_id, []).append(tied)
    return tuple(
        ShownFinding(
            id=row.id,
            code=row.code,
            kind=FindingKind(row.kind),
            title=row.title,
            description=row.description,
            root_cause=row.root_cause,
            questions=tuple(sorted(questions.get(row.id, ()), key=natural)),
            evidence=tuple(evidence.get(row.id, ())),
            actions=tuple(actions.get(row.id, ())),
            revision=row.revision,
            updated_at=row.updated_at,
            updater=row.updater,
        )
        for row in rows
    )


def tied_evidence(piece: Evidence) -> TiedEvidence:
    """Return a piece of evidence as plain values."""
    return TiedEvidence(
        id=piece.id,
        question_id=piece.question_id,
        kind=piece.kind,
        reference=piece.reference,
        seen_on=piece.seen_on,
        file_name=piece.file.name if piece.file else "",
    )


def natural(code: str) -> tuple[tuple[int, str], ...]:
    """Return a key that puts D2 before D10."""
    parts: list[str] = [""]
    for character in code:
        if parts[-1] and parts[-1][-1].isdecimal() is not character.isdecimal():
            parts.append("")
        parts[-1] += character
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in parts)


def findings_by_action(session: Session, assessment: Assessment) -> dict[uuid.UUID, list[Finding]]:
    """Return which findings each action answers; actions that answer none are absent."""
    found: dict[uuid.UUID, list[Finding]] = {}
    for action_id, row in session.execute(
        sa.select(FindingAction.action_id, Finding)
        .join(Finding, Finding.id == FindingAction.finding_id)
        .where(Finding.assessment_id == assessment.id, Finding.removed_at.is_(None))
        .order_by(Finding.number)
    ).unique():
        found.setdefault(action_id, []).append(row)
    return found


def findings_of_question(
    session: Session, assessment: Assessment, question_id: str
) -> list[Finding]:
    """Return the findings that are tied to a question, by number."""
    return list(
        session.scalars(
            sa.select(Finding)
            .join(FindingQuestion, FindingQuestion.finding_id == Finding.id)
            .where(
                Finding.assessment_id == assessment.id,
                Finding.removed_at.is_(None),
                FindingQuestion.question_id == question_id,
            )
            .order_by(Finding.number)
        ).unique()
    )


def count_of(session: Session, assessment: Assessment) -> int:
    """Return how many findings there are."""
    query = sa.select(sa.func.count(Finding.id)).where(
        Finding.assessment_id == assessment.id, Finding.removed_at.is_(None)
    )
    return session.scalar(query) or 0
