"""Tables of releases: what was prepared, who approved which bytes, and standing approvals."""

import enum
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import Administration, ApiToken, User
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


class ReleaseKind(enum.StrEnum):
    """What leaves."""

    INCIDENT = "incident"
    SIGHTING = "sighting"  # back to the producer of what was received
    PROPOSAL = "proposal"  # the same


class Release(Base):
    """Something for one audience: the frozen bytes and what became of them.

    incident_id: None for what goes back to a producer about something received; received_id then.
    incident_changed_at: of the content when the bytes were made. recipients: members who will
    read it, as {"id", "code", "name"}; in a confidential circle [] (see `audience`). audience:
    how many may read it, as {"band": "5-9"}, and the merged policy. bundle: the exact bytes;
    sha256 is theirs; None after they were erased. policy: the need (see `release_policy.Need`) that
    held at the approval, or at the preparation before it. batch_id: releases prepared in one act
    for several audiences. sections: what of the incident goes to this audience (see
    `release_sections`). removed: what the data-protection pass took out or changed, as
    {"kind", "place", "action", "reason", "count"}, never the value. conflicts: what stood against
    it in the partners' policy cards when it was prepared. retention_days: how long recipients may
    keep it, None if not asked; keep_until: when its bodies are erased here. object_uuid: the id
    under which this audience knows the incident. prepared_by: None if a machine prepared it, by
    prepared_token then. approval_id: the standing approval by which a machine let it out.
    """

    __tablename__ = "release"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    kind: Mapped[str] = mapped_column(
        sa.String(10), default=ReleaseKind.INCIDENT, server_default="incident"
    )
    incident_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    received_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("received_item.id"))
    incident_changed_at: Mapped[datetime]
    collection_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("collection.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(10), default=ReleaseState.PREPARED, index=True)
    title: Mapped[str] = mapped_column(sa.String(500))
    tlp: Mapped[str] = mapped_column(sa.String(16))
    policy: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.Text, default="")  # why weaker than before, why alone
    recipients: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    batch_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid(as_uuid=True), index=True)
    sections: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")
    unattributed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    object_uuid: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid(as_uuid=True), index=True)
    audience: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    removed: Mapped[list[dict[str, Any]]] = mapped_column(
        sa.JSON, default=list, server_default="[]"
    )
    conflicts: Mapped[list[dict[str, Any]]] = mapped_column(
        sa.JSON, default=list, server_default="[]"
    )
    legal_basis: Mapped[str] = mapped_column(sa.String(24), default="", server_default="")
    retention_days: Mapped[int | None]
    keep_until: Mapped[datetime | None] = mapped_column(index=True)
    bundle: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    object_count: Mapped[int]
    prepared_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    prepared_token: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("api_token.id"))
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    ended_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(sa.Text, default="")
    approval_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid(as_uuid=True))

    administration: Mapped[Administration] = relationship(lazy="joined")
    collection: Mapped[Collection] = relationship(lazy="joined")
    preparer: Mapped[User | None] = relationship(foreign_keys=[prepared_by])
    token: Mapped[ApiToken | None] = relationship(foreign_keys=[prepared_token])
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


class AudienceIncident(Base):
    """Under which id an audience knows an incident; stays inside.

    object_uuid: the incident's own id where the audience sees it as everybody does; else an id of
    this audience alone. since: when it was given out first.
    """

    __tablename__ = "audience_incident"

    incident_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True
    )
    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    object_uuid: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid(as_uuid=True), primary_key=True, index=True
    )
    since: Mapped[datetime] = mapped_column(default=now)


class ProtectionDecision(Base):
    """What happens to one piece of personal data before an audience gets it.

    collection_id: None for every audience that has no decision of its own. finding: key of the
    finding (see `protection.kinds`). action: mask, generalise, pseudonym, keep; keep has a
    reason. replacement: the words of a generalisation. literal: the words themselves, if a person
    marked them by hand, "" for what a machine found.
    """

    __tablename__ = "protection_decision"
    __table_args__ = (sa.UniqueConstraint("incident_id", "collection_id", "finding"),)

    id: Mapped[uuid.UUID] = new_id()
    incident_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="CASCADE"), index=True
    )
    collection_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE")
    )
    finding: Mapped[str] = mapped_column(sa.String(64))
    action: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    replacement: Mapped[str] = mapped_column(sa.String(200), default="")
    literal: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime] = mapped_column(default=now)
