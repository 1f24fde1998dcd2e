"""Tables of receiving: what an administration did with what reached it, and where from it reads."""

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


class ReceivedState(enum.StrEnum):
    """What an administration decided about something that it received."""

    NEW = "new"  # nothing yet, or a decision was taken back; it may have notes
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # its producer took it back


class ReceivedItem(Base):
    """A decision of one administration about one received report, incident or loose object.

    Without a row it is new: in quarantine, used for nothing. owner_id: whose object it is in the
    store. version: the version that was decided about, in the form that sorts as text; a later one
    is an update, shown beside it.
    incident_id: the own case into which it was merged, None if none.
    """

    __tablename__ = "received_item"
    __table_args__ = (
        sa.UniqueConstraint("administration_id", "collection_id", "owner_id", "stix_id"),
    )

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("administration.id"))
    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE")
    )
    owner_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True))
    stix_id: Mapped[str] = mapped_column(sa.String(300), index=True)
    version: Mapped[str] = mapped_column(sa.String(60))
    state: Mapped[str] = mapped_column(sa.String(10))
    incident_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("incident.id", ondelete="SET NULL"), index=True
    )
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime] = mapped_column(default=now)

    collection: Mapped[Collection] = relationship(lazy="joined")
    decider: Mapped[User | None] = relationship()


class ReceivedNote(Base):
    """A local note beside something received; it never leaves with it."""

    __tablename__ = "received_note"

    id: Mapped[uuid.UUID] = new_id()
    received_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("received_item.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(sa.Text)
    written_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    written_at: Mapped[datetime] = mapped_column(default=now)

    writer: Mapped[User | None] = relationship()


class Mention(Base):
    """That an object in a collection names an observable, by the key of IncidentObservable."""

    __tablename__ = "mention"
    __table_args__ = (sa.Index("ix_mention_collection_id_stix_id", "collection_id", "stix_id"),)

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    stix_id: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class MentionCursor(Base):
    """How far the mentions of a collection were read out of its feed."""

    __tablename__ = "mention_cursor"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class ItemReference(Base):
    """That the latest version of an object in a collection refers to another one there.

    stix_id: of what is referred to; it may not have arrived yet. holder_id, owner_id: the object
    that refers, and whose it is. says: "holds" (a report holds it together with others) or
    "about" (a sighting, a note or an opinion is about it).
    """

    __tablename__ = "item_reference"
    __table_args__ = (
        sa.Index("ix_item_reference_collection_id_holder_id", "collection_id", "holder_id"),
    )

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    stix_id: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    holder_id: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True))
    says: Mapped[str] = mapped_column(sa.String(5))


class LooseObject(Base):
    """An object in a collection that no report of its own producer holds: an item by itself."""

    __tablename__ = "loose_object"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    stix_id: Mapped[str] = mapped_column(sa.String(300), primary_key=True)


class Peer(Base):
    """Another installation's TAXII 2.1 collection, from which an administration takes in objects.

    collection_id: the own intake collection. remote_administration_id: whose objects these are, if
    the peer speaks for one administration. sealed: its password or token (see `cirt.sealing`).
    cursor: `next` of a crawl that was interrupted, "" if none; added_after: up to where it was
    read. public_key: by which its recalls are signed, None until told.
    vouched_by: the administrator who confirmed that it speaks for the remote administration; until
    then nothing is read. next_at: when it is read again; the job that bears this moment counts, no
    other. last_outcome: a message id, with last_params; "" after a success. tally: objects read,
    kept, known and refused in the present or last crawl. last_refused: {id, message, params} of the
    refused ones. receipts_sent: ids of the receipts that the peer took; receipts_outcome: the last
    answer to the others.
    """

    __tablename__ = "peer"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    collection_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("collection.id"))
    remote_administration_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("administration.id")
    )
    title: Mapped[str] = mapped_column(sa.String(200))
    url: Mapped[str] = mapped_column(sa.String(500))  # of the remote collection
    receipts_url: Mapped[str] = mapped_column(sa.String(500), default="")
    username: Mapped[str] = mapped_column(sa.String(200), default="")
    sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    public_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    minutes: Mapped[int] = mapped_column(default=15)
    active: Mapped[bool] = mapped_column(default=True)
    vouched_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_after: Mapped[str] = mapped_column(sa.String(60), default="")
    cursor: Mapped[str] = mapped_column(sa.Text, default="")
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    last_at: Mapped[datetime | None]
    last_outcome: Mapped[str] = mapped_column(sa.Text, default="")
    last_params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    last_refused: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    tally: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    receipts_sent: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    receipts_outcome: Mapped[str] = mapped_column(sa.Text, default="")
    receipts_params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)

    collection: Mapped[Collection] = relationship(lazy="joined")
    remote_administration: Mapped[Administration | None] = relationship(
        foreign_keys=[remote_administration_id]
    )
