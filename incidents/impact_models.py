"""Tables of what an incident did and what was done: impacts and tasks (incident extension suite)."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.clock import now
from cirt.db import Base, new_id


class IncidentImpact(Base):
    """One harm on the victim.

    category: availability, confidentiality, external, integrity, monetary, physical, traceability.
    details: the properties of that category's extension. counts: entity type -> number.
    superseded_by: a later impact of the same category.
    """

    __tablename__ = "incident_impact"

    id: Mapped[uuid.UUID] = new_id()
    incident_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="CASCADE"), index=True
    )
    category: Mapped[str] = mapped_column(sa.String(20))
    criticality: Mapped[int | None]
    description: Mapped[str] = mapped_column(sa.Text, default="")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    recoverability: Mapped[str] = mapped_column(sa.String(20), default="")
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    counts: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    superseded_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("incident_impact.id"))
    added_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime] = mapped_column(default=now)


class IncidentTask(Base):
    """One thing that defenders do, or did, about an incident.

    task_types: words of the suite's task-type vocabulary. outcome: cancelled, failed, ongoing,
    pending, successful, unknown. priority: 0 to 100, None if not set. assigned_to: a person of the
    team; it never leaves.
    """

    __tablename__ = "incident_task"

    id: Mapped[uuid.UUID] = new_id()
    incident_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(300))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    task_types: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    outcome: Mapped[str] = mapped_column(sa.String(12))
    priority: Mapped[int | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime] = mapped_column(default=now)
