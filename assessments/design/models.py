"""Tables of the design annex: its parts, the team's description by language, its checklists."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import User
from cirt.clock import now
from cirt.db import Base

MAX_OWNER = 200
MAX_NOTE = 2_000
CHECK_STATES = ("open", "in-hand", "done")


class _Revised:
    """What two people may edit. revision: from 1, one more with each change."""

    revision: Mapped[int] = mapped_column(default=1)
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(default=now)


class DesignPart(_Revised, Base):
    """One part of an assessment's design; absent while nobody has saved it.

    part: one of annex.PARTS; "description-" with a language for the description of the team.
    content: as the pure module of that part keeps it.
    """

    __tablename__ = "design_part"

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    part: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON)

    updater: Mapped[User | None] = relationship(lazy="joined")


class DesignCheck(_Revised, Base):
    """How far one item of a preparation list is; absent while nobody has noted anything.

    list_id, item_id: as in checklists. state: "open", "in-hand" or "done".
    """

    __tablename__ = "design_check"
    __table_args__ = (
        sa.CheckConstraint(
            f"state IN ({', '.join(repr(state) for state in CHECK_STATES)})", name="state"
        ),
    )

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    list_id: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    item_id: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(10))
    owner: Mapped[str] = mapped_column(sa.String(MAX_OWNER), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")

    updater: Mapped[User | None] = relationship(lazy="joined")
