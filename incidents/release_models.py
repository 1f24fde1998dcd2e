"""Tables of releases: what was prepared, who approved which bytes, and standing approvals."""

import enum
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import Administration, User
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.incidents.circle_models import Collection
from cirt.stix.marking import TLP


class ReleaseState(enum.StrEnum):
    """Where a release stands."""

    PREPARED = "prepared"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by the producer, before anything left


class Release(Base):
    """One incident for one circle: the frozen bytes and what became of them.

    incident_changed_at: of the content when the bytes were made. recipients: members who will
    read it, as {"id", "code", "name"}. bundle: the exact bytes; sha256 is theirs. policy: the
    need (see `release_policy.Need`) that held at the approval, or at the preparation before it.
    """

    __tablename__ = "release"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    incident_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    incident_changed_at: Mapped[datetime]
    collection_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("collection.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(10), default=ReleaseState.PREPARED, index=True)
    title: Mapped[str] = mapped_column(sa.String(500))
    tlp: Mapped[str] = mapped_column(sa.String(16))
    policy: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.Text, default="")  # why weaker than before, why alone
    recipients: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    bundle: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    object_count: Mapped[int]
    prepared_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("user_account.id"))
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    ended_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(sa.Text, default="")

    administration: Mapped[Administration] = relationship(lazy="joined")
    collection: Mapped[Collection] = relationship(lazy="joined")
    preparer: Mapped[User] = relationship(foreign_keys=[prepared_by])
    ender: Mapped[User | None] = relationship(foreign_keys=[ended_by])

    @property
    def label(self) -> TLP:
        """Return the marking of the bytes."""
        return TLP(self.tlp)

    @property
    def is_open(self) -> bool:
        """Return whether somebody still has to decide."""
        return self.state == ReleaseState.PREPARED


class StandingApproval(Base):
    """A releasing officer's word that machines of the administration may add to a circle.

    approver_id: the named person. ceiling: the strictest marking it covers. Valid until `until`,
    or until it was ended.
    """

    __tablename__ = "standing_approval"

    id: Mapped[uuid.UUID] = new_id()
    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), index=True
    )
    administration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("administration.id"))
    approver_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("user_account.id"))
    ceiling: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[str] = mapped_column(sa.Text)
    until: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    approver: Mapped[User] = relationship(lazy="joined")
    administration: Mapped[Administration] = relationship(lazy="joined")
