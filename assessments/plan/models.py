"""Tables of the plan: what it begins with, its actions, what each needs, how far each is."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import User
from cirt.assessments.instruments.model import Cost, Effort, Phase, Rung
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.errors import N_

MAX_TEXT = 5_000
MAX_OWNER = 200
MAX_NOTE = 5_000


class ActionState(StrEnum):
    """How far an action is."""

    PROPOSED = "proposed"
    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    DROPPED = "dropped"


ACTION_STATE_NAMES: Mapping[ActionState, str] = MappingProxyType(
    {
        ActionState.PROPOSED: N_("Proposed"),
        ActionState.PLANNED: N_("Planned"),
        ActionState.RUNNING: N_("Under way"),
        ActionState.DONE: N_("Done"),
        ActionState.DROPPED: N_("Dropped"),
    }
)


class Plan(Base):
    """What the plan of an assessment begins with; absent until one is proposed or begun by hand.

    at_once: how many actions run at the same time, for proposed dates. by_hand: somebody moved an
    action, and a new proposal leaves the order alone.
    """

    __tablename__ = "plan"

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    starts_on: Mapped[date]
    at_once: Mapped[int] = mapped_column(sa.SmallInteger)
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    proposed_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime | None]

    proposer: Mapped[User | None] = relationship(lazy="joined")


_BANDS = {
    "effort": ", ".join(f"'{band.value}'" for band in Effort),
    "cost": ", ".join(f"'{band.value}'" for band in Cost),
    "phase": ", ".join(f"'{phase.value}'" for phase in Phase),
    "state": ", ".join(f"'{state.value}'" for state in ActionState),
}


class PlanAction(Base):
    """One action: a step between two levels of a question, or what somebody added.

    number: in the assessment, shown as A1, given once. position: in the plan, from 1, dropped
    ones included. question_id, from_level, to_level: what it was proposed for; to_level 0 is to
    find out where the country stands, with from_level None; an action of somebody's own has no
    levels. language: of the proposed text (BCP 47). effort, cost: bands, "" for not said.
    reason: why it was dropped. needed: whether the answers still ask for it. edited: somebody
    changed it, and a new proposal leaves it alone. revision: of its words, from 1.
    """

    __tablename__ = "plan_action"
    __table_args__ = (
        sa.UniqueConstraint("assessment_id", "number"),
        sa.UniqueConstraint("assessment_id", "question_id", "to_level"),
        sa.CheckConstraint(f"effort = '' OR effort IN ({_BANDS['effort']})", name="effort"),
        sa.CheckConstraint(f"cost = '' OR cost IN ({_BANDS['cost']})", name="cost"),
        sa.CheckConstraint(f"phase IN ({_BANDS['phase']})", name="phase"),
        sa.CheckConstraint(f"state IN ({_BANDS['state']})", name="state"),
        sa.CheckConstraint("state <> 'dropped' OR reason <> ''", name="reason"),
    )

    id: Mapped[uuid.UUID] = new_id()
    assessment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assessment.id"))
    number: Mapped[int]
    position: Mapped[int]
    question_id: Mapped[str | None] = mapped_column(sa.String(20))
    from_level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    to_level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    text: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.String(8))
    owner: Mapped[str] = mapped_column(sa.String(MAX_OWNER), default="")
    starts_on: Mapped[date | None]
    target_date: Mapped[date | None] = mapped_column(index=True)
    indicator: Mapped[str] = mapped_column(sa.Text, default="")
    effort: Mapped[str] = mapped_column(sa.String(10), default="")
    cost: Mapped[str] = mapped_column(sa.String(10), default="")
    phase: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[str] = mapped_column(sa.String(10), default=ActionState.PROPOSED)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    needed: Mapped[bool] = mapped_column(default=True)
    edited: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(default=now)

    updater: Mapped[User | None] = relationship(lazy="joined")

    @property
    def code(self) -> str:
        """Return the number as people say it."""
        return f"A{self.number}"

    @property
    def rung(self) -> Rung | None:
        """Return the step that it is; None for an action of somebody's own."""
        if self.question_id is None or self.to_level is None:
            return None
        return Rung(self.question_id, self.to_level)

    @property
    def effort_band(self) -> Effort | None:
        """Return the band of the effort; None where nobody said."""
        return Effort(self.effort) if self.effort else None

    @property
    def cost_band(self) -> Cost | None:
        """Return the band of the cost; None where nobody said."""
        return Cost(self.cost) if self.cost else None

    @property
    def open(self) -> bool:
        """Whether there is still something to do."""
        return self.needed and self.state not in (ActionState.DONE, ActionState.DROPPED)

    def overdue(self, today: date) -> bool:
        """Whether its day has passed with something still to do."""
        return self.open and self.target_date is not None and self.target_date < today


class PlanDependency(Base):
    """An action needs another one of the same assessment first."""

    __tablename__ = "plan_dependency"

    action_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("plan_action.id"), primary_key=True)
    needs_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("plan_action.id"), primary_key=True, index=True
    )


class PlanProgress(Base):
    """What somebody noted about an action: how far it is, and a word on it. Append-only."""

    __tablename__ = "plan_progress"

    action_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("plan_action.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(sa.String(10))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User | None] = relationship(lazy="joined")
