"""Tables of circles: a circle is one collection, its members are the audience."""

import enum
import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.stix.marking import TLP


class MachineWriting(enum.StrEnum):
    """Whether machines may add objects to a circle."""

    OFF = "off"
    DIRECT = "direct"  # under a standing approval of the contributing administration


class Collection(Base):
    """An audience and what reaches it; only its members learn that it exists.

    kind: "circle". alias: a readable name for TAXII, unique, None if there is none.
    ceiling: the strictest marking that may enter, never RED.
    """

    __tablename__ = "collection"

    id: Mapped[uuid.UUID] = new_id()
    title: Mapped[str] = mapped_column(sa.String(200))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    kind: Mapped[str] = mapped_column(sa.String(10), default="circle")
    alias: Mapped[str | None] = mapped_column(sa.String(63), unique=True)
    machine_writing: Mapped[str] = mapped_column(sa.String(10), default=MachineWriting.OFF)
    ceiling: Mapped[str] = mapped_column(sa.String(16), default=TLP.AMBER_STRICT)
    created_at: Mapped[datetime] = mapped_column(default=now)

    members: Mapped[list["CircleMember"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def tlp_ceiling(self) -> TLP:
        """Return the strictest marking that may enter."""
        return TLP(self.ceiling)

    def member(self, administration_id: uuid.UUID) -> "CircleMember | None":
        """Return the membership of an administration, None if it has none."""
        return next((m for m in self.members if m.administration_id == administration_id), None)


class CircleMember(Base):
    """One administration in one circle."""

    __tablename__ = "circle_member"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), primary_key=True, index=True
    )
    may_read: Mapped[bool] = mapped_column(default=True)
    may_contribute: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime] = mapped_column(default=now)

    administration: Mapped[Administration] = relationship(lazy="joined")
