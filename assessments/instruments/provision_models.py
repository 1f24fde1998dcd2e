"""The table of corrections to the provision registry."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import User
from cirt.clock import now
from cirt.db import Base

MAX_PROVISION_ID = 60


class ProvisionCorrection(Base):
    """One correction of one row of the registry. Append-only; the last of a row counts.

    n: counts from 1 for each provision. before, after: what the row said (see
    provisions.values_of). undoes: the number of the correction that it takes back, None else.
    """

    __tablename__ = "provision_correction"

    provision_id: Mapped[str] = mapped_column(sa.String(MAX_PROVISION_ID), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    after: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    reason: Mapped[str] = mapped_column(sa.Text)
    undoes: Mapped[int | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User | None] = relationship(lazy="joined")
