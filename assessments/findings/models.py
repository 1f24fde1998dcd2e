"""Tables of findings: what was found, and the questions, evidence and actions it is tied to."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import User
from cirt.assessments.models import MAX_TITLE
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.errors import N_

MAX_DESCRIPTION = 10_000
MAX_CAUSE = 5_000


class FindingKind(StrEnum):
    """What kind of finding it is."""

    STRENGTH = "strength"
    GAP = "gap"
    RISK = "risk"


FINDING_KIND_NAMES: Mapping[FindingKind, str] = MappingProxyType(
    {
        FindingKind.STRENGTH: N_("Strength"),
        FindingKind.GAP: N_("Gap"),
        FindingKind.RISK: N_("Risk"),
    }
)

_KINDS = ", ".join(f"'{kind.value}'" for kind in FindingKind)


class Finding(Base):
    """One finding.

    number: in the assessment, shown as F1, given once: of a removed finding the number stays,
    without its words. revision: from 1.
    """

    __tablename__ = "finding"
    __table_args__ = (
        sa.UniqueConstraint("assessment_id", "number"),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
    )

    id: Mapped[uuid.UUID] = new_id()
    assessment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assessment.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(10))
    title: Mapped[str] = mapped_column(sa.String(MAX_TITLE))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    root_cause: Mapped[str] = mapped_column(sa.Text, default="")
    revision: Mapped[int] = mapped_column(default=1)
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(default=now)
    removed_at: Mapped[datetime | None]

    updater: Mapped[User | None] = relationship(lazy="joined")

    @property
    def code(self) -> str:
        """Return the number as people say it."""
        return f"F{self.number}"


class FindingQuestion(Base):
    """A question that a finding is about."""

    __tablename__ = "finding_question"

    finding_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("finding.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(sa.String(20), primary_key=True)


class FindingEvidence(Base):
    """A piece of evidence that a finding rests on; it goes with the evidence."""

    __tablename__ = "finding_evidence"

    finding_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("finding.id"), primary_key=True)
    evidence_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("evidence.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class FindingAction(Base):
    """An action of the plan that answers a finding."""

    __tablename__ = "finding_action"

    finding_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("finding.id"), primary_key=True)
    action_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("plan_action.id"), primary_key=True, index=True
    )
