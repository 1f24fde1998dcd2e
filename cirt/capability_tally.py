"""What a country says about its own incidents, by capability and in bands: published or absent.

The incident half writes it and the readiness half reads it; neither sees more of the other.
"""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from cirt.accounts.models import Administration, User
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.errors import N_


class Band(StrEnum):
    """How many incidents, no closer than this."""

    NONE = "none"
    FEW = "few"  # 1 to 5
    SEVERAL = "several"  # 6 to 20
    MANY = "many"  # more than 20

    @property
    def rank(self) -> int:
        """0 for none, to 3 for many."""
        return tuple(Band).index(self)


BAND_NAMES: Mapping[Band, str] = MappingProxyType(
    {
        Band.NONE: N_("none"),
        Band.FEW: N_("1 to 5"),
        Band.SEVERAL: N_("6 to 20"),
        Band.MANY: N_("more than 20"),
    }
)


def band_of(count: int) -> Band:
    """Return the band of a number of incidents."""
    if count <= 0:
        return Band.NONE
    if count <= 5:
        return Band.FEW
    return Band.SEVERAL if count <= 20 else Band.MANY


class CapabilityTally(Base):
    """One tally as it was published; it never changes, and may be withdrawn.

    since, until: the days counted, both included. failed, held: capability -> band, of those
    that are not "none".
    """

    __tablename__ = "capability_tally"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    since: Mapped[date]
    until: Mapped[date]
    failed: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    held: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    published_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    published_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime | None]

    administration: Mapped[Administration] = relationship()
    publisher: Mapped[User | None] = relationship(foreign_keys=[published_by])

    def failed_band(self, capability: str) -> Band:
        """Return in how many incidents the capability failed."""
        return Band(self.failed.get(capability, Band.NONE))

    def held_band(self, capability: str) -> Band:
        """Return in how many incidents the capability held."""
        return Band(self.held.get(capability, Band.NONE))


def current_tally(session: Session, administration_id: uuid.UUID) -> CapabilityTally | None:
    """Return what the administration has published last; None where nothing stands published."""
    return session.scalars(
        sa.select(CapabilityTally)
        .where(
            CapabilityTally.administration_id == administration_id,
            CapabilityTally.withdrawn_at.is_(None),
        )
        .order_by(CapabilityTally.published_at.desc(), CapabilityTally.id)
        .limit(1)
    ).one_or_none()
