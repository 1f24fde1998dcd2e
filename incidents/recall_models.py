"""Tables of recall: what was taken back, who honoured it, what must be kept, and signing keys."""

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


class RecallKind(enum.StrEnum):
    """What a recall says."""

    NO_LONGER_VALID = "revoked"  # STIX: revoked is true
    NEVER_SENT = "withdrawn"  # should never have been sent: erased everywhere


class Recall(Base):
    """One act of taking back what one audience got, here or by its producer elsewhere.

    administration_id: whose objects these were, None for a producer that is no administration of
    this installation. incident_id: the case, None for a withdrawal that was received. objects: what
    it is about, as {"id", "modified", "sha256"}. body: the signed object as it left or came, None
    for a mere revocation; stix_id: its id.
    """

    __tablename__ = "recall"
    __table_args__ = (sa.UniqueConstraint("collection_id", "stix_id"),)

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    incident_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("incident.id"), index=True)
    collection_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("collection.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    reason: Mapped[str] = mapped_column(sa.Text)
    stix_id: Mapped[str | None] = mapped_column(sa.String(300))
    objects: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    body: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    recalled_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    recalled_at: Mapped[datetime] = mapped_column(default=now)

    collection: Mapped[Collection] = relationship(lazy="joined")
    person: Mapped[User | None] = relationship()


class RecallReceipt(Base):
    """What one partner did with a recall.

    outcome: erased, hidden, cannot; ignored for a withdrawal that was received and is not its
    producer's, with the reason. body: the signed receipt, None for a partner on this installation,
    whose copies are erased with ours.
    """

    __tablename__ = "recall_receipt"

    recall_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("recall.id", ondelete="CASCADE"), primary_key=True
    )
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), primary_key=True
    )
    outcome: Mapped[str] = mapped_column(sa.String(10))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    received_at: Mapped[datetime] = mapped_column(default=now)
    body: Mapped[bytes | None] = mapped_column(sa.LargeBinary)

    administration: Mapped[Administration] = relationship(lazy="joined")


class LegalHold(Base):
    """Why what was exchanged about an incident may not be erased yet."""

    __tablename__ = "legal_hold"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("administration.id"))
    incident_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[str] = mapped_column(sa.Text)
    held_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    held_at: Mapped[datetime] = mapped_column(default=now)
    ended_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]


class SigningKey(Base):
    """The Ed25519 key by which an administration signs recalls and receipts.

    public: 32 bytes. sealed: the private key, sealed by this installation (see `cirt.sealing`);
    None for the key of a remote administration. identity: the STIX identity that it signs for at
    another installation; None: the one that follows from the administration, as for all own keys.
    """

    __tablename__ = "signing_key"
    __table_args__ = (
        # the keys that an identity used before prove what they signed
        sa.Index(
            "ix_signing_key_identity",
            "identity",
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id", ondelete="CASCADE"), index=True
    )
    public: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    identity: Mapped[str | None] = mapped_column(sa.String(300))
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]
