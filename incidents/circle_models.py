"""Tables of circles: a circle is one collection, its members are the audience."""

import enum
import os
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import Administration
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.stix.marking import TLP


class MachineWriting(enum.StrEnum):
    """Whether machines may add objects to a circle."""

    OFF = "off"
    MODERATED = "moderated"  # what they send waits until a moderator of the circle admits it
    DIRECT = "direct"  # under a standing approval of the contributing administration


class CollectionKind(enum.StrEnum):
    """Whose audience a collection is."""

    CIRCLE = "circle"
    DIRECT = "direct"  # what is addressed to one administration alone
    INTAKE = "intake"  # what one administration took in from a file or a peer


class Membership(enum.StrEnum):
    """Whether the members of a circle know of each other."""

    VISIBLE = "visible"
    CONFIDENTIAL = "confidential"


class Collection(Base):
    """An audience and what reaches it; only its members learn that it exists.

    kind: see CollectionKind. administration_id: whose direct or intake collection it is, None for
    a circle. alias: a readable name for TAXII, unique, None if there is none. ceiling: the
    strictest marking that may enter, never RED. membership: see Membership. listed: whether
    administrations that are no members see title and description, and may ask to join. iep: the
    policy of use that the circle asks for (see `cirt.stix.iep`), None for none. secret: key of this
    audience's pseudonyms; it never leaves.
    """

    __tablename__ = "collection"

    id: Mapped[uuid.UUID] = new_id()
    title: Mapped[str] = mapped_column(sa.String(200))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    kind: Mapped[str] = mapped_column(sa.String(10), default=CollectionKind.CIRCLE)
    administration_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    alias: Mapped[str | None] = mapped_column(sa.String(63), unique=True)
    machine_writing: Mapped[str] = mapped_column(sa.String(10), default=MachineWriting.OFF)
    ceiling: Mapped[str] = mapped_column(sa.String(16), default=TLP.AMBER_STRICT)
    membership: Mapped[str] = mapped_column(
        sa.String(12), default=Membership.VISIBLE, server_default="visible"
    )
    listed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    iep: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    secret: Mapped[bytes] = mapped_column(sa.LargeBinary(32), default=lambda: os.urandom(32))
    created_at: Mapped[datetime] = mapped_column(default=now)

    members: Mapped[list["CircleMember"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def is_confidential(self) -> bool:
        """Return whether members see the content without a view of each other."""
        return self.membership == Membership.CONFIDENTIAL

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
    may_moderate: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    since: Mapped[datetime] = mapped_column(default=now)

    administration: Mapped[Administration] = relationship(lazy="joined")


class JoinState(enum.StrEnum):
    """What became of a request to join."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TAKEN_BACK = "taken-back"


class JoinRequest(Base):
    """An administration's request to join a listed circle."""

    __tablename__ = "join_request"

    id: Mapped[uuid.UUID] = new_id()
    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), index=True
    )
    administration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("administration.id"))
    message: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[str] = mapped_column(sa.String(10), default=JoinState.ASKED)
    asked_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")

    collection: Mapped[Collection] = relationship(lazy="joined")
    administration: Mapped[Administration] = relationship(lazy="joined")


class Onward(enum.StrEnum):
    """To whom an administration passes on what it receives; from the fewest to the most."""

    NOBODY = "nobody"
    CONSTITUENTS = "constituents"
    PARTNERS = "partners"  # constituents, and other teams that it works with
    AS_MARKED = "as-marked"  # whoever the marking allows, each time


class PolicyCard(Base):
    """What an administration does with what it receives, in its own words and in figures.

    retention_days: how long it keeps what it received, None if it has not said. accepts: the
    strictest marking that it can honour. statement: free text for the other teams.
    """

    __tablename__ = "policy_card"

    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id", ondelete="CASCADE"), primary_key=True
    )
    retention_days: Mapped[int | None]
    onward: Mapped[str] = mapped_column(sa.String(16), default=Onward.AS_MARKED)
    accepts: Mapped[str] = mapped_column(sa.String(16), default=TLP.AMBER_STRICT)
    contact: Mapped[str] = mapped_column(sa.String(254), default="")
    statement: Mapped[str] = mapped_column(sa.Text, default="")
    changed_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime] = mapped_column(default=now)


class AudienceCeiling(Base):
    """How far one role of an administration may share: the most recipients, the strictest marking.

    most_recipients: None for any number.
    """

    __tablename__ = "audience_ceiling"

    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    most_recipients: Mapped[int | None]
    strictest: Mapped[str] = mapped_column(sa.String(16), default=TLP.AMBER_STRICT)
