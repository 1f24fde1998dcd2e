"""The table of background work."""

import uuid
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.clock import now
from cirt.db import Base, new_id

STATES: Final = ("waiting", "running", "done", "refused", "failed", "cancelled")
ENDED: Final = ("done", "refused", "failed", "cancelled")


class Job(Base):
    """One piece of work. state: one of STATES. `key` makes it unique when given.

    refused: what a person gave could not be used, which is told to that person and is nobody
    else's matter. failed: the installation could not do it, which somebody has to look after.

    progress_of: None while nobody knows how much there is. cancel_asked_at: when somebody asked
    to end running work.
    """

    __tablename__ = "job"

    id: Mapped[uuid.UUID] = new_id()
    kind: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    administration_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    run_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime | None]
    token: Mapped[str | None] = mapped_column(sa.String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(sa.Text, default="")  # a message id for gettext
    message_params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    progress_done: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    progress_of: Mapped[int | None] = mapped_column(sa.BigInteger)
    cancel_asked_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_job_state_run_at", "state", "run_at"),
        sa.Index("ix_job_kind_created_at", "kind", "created_at"),
        sa.Index("ix_job_created_at", "created_at"),
    )
