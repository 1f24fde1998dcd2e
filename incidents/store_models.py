"""Tables of the object store: versions as exact bytes, and the feed of every collection."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.clock import now
from cirt.db import Base, new_id
from cirt.partitions import only_for


def _index(table: str, *columns: str) -> sa.Index:
    return sa.Index("_".join(("ix", table, *columns)), *columns, unique=True)


class ObjectVersion(Base):
    """One version of one object of one owner, as the exact bytes released or received.

    owner_id: the administration; the nil UUID for what standard bodies publish (TLP markings). It
    leads every key there, since PostgreSQL keeps the rows in partitions by it.
    modified, created: as written in the object, "" where it has none. version: `modified`, or what
    stands for it, in a form that sorts as text (see `object_store.version_of`). body: None after
    it was erased; the digest stays.
    """

    __tablename__ = "object_version"

    owner_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True), primary_key=True)
    id: Mapped[uuid.UUID] = new_id()
    stix_id: Mapped[str] = mapped_column(sa.String(300))
    type: Mapped[str] = mapped_column(sa.String(250))
    spec_version: Mapped[str] = mapped_column(sa.String(8), default="2.1")
    created: Mapped[str] = mapped_column(sa.String(60), default="")
    modified: Mapped[str] = mapped_column(sa.String(60), default="")
    version: Mapped[str] = mapped_column(sa.String(60))
    digest: Mapped[str] = mapped_column(sa.String(64))
    tlp: Mapped[str] = mapped_column(sa.String(16))
    body: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    received_at: Mapped[datetime] = mapped_column(default=now)
    via: Mapped[str] = mapped_column(sa.String(10))  # release | taxii
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        only_for("postgresql", sa.UniqueConstraint("owner_id", "stix_id", "version")),
        # SQLite finds the entries of a feed by it, too (see FeedEntry)
        only_for("sqlite", _index("object_version", "stix_id", "owner_id", "version")),
        {"postgresql_partition_by": "HASH (owner_id)"},
    )


class FeedCounter(Base):
    """The end of a collection's feed; locked by every writer, changed last before the commit.

    erasures: counts the bodies taken out of the feed, so that no page kept in memory outlives one.
    """

    __tablename__ = "feed_counter"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    last_added_us: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    erasures: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")


class FeedEntry(Base):
    """One position of a collection's feed.

    seq and added_us (microseconds since 1970) both strictly increase in the order of commits.
    version: as a manifest writes it; version_key: sorts as text. is_last, is_first: of all
    versions of the object in this collection, kept up to date when another is appended.
    withdrawn_at: when its producer withdrew it from this collection; it is then neither, and
    nothing gives it out.

    Names are random: an index of them changes a page for nearly every new row. On SQLite the
    store's is the only one, and `feed_clauses.named` goes through it; partitions of PostgreSQL
    make that way too long (see docs/decisions/0019).
    """

    __tablename__ = "feed_entry"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    added_us: Mapped[int] = mapped_column(sa.BigInteger)
    object_version_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True))
    owner_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True))
    stix_id: Mapped[str] = mapped_column(sa.String(300))
    type: Mapped[str] = mapped_column(sa.String(250))
    version: Mapped[str] = mapped_column(sa.String(60))
    version_key: Mapped[str] = mapped_column(sa.String(60))
    spec_version: Mapped[str] = mapped_column(sa.String(8))
    is_last: Mapped[bool]
    is_first: Mapped[bool]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["owner_id", "object_version_id"], ["object_version.owner_id", "object_version.id"]
        ),
        sa.UniqueConstraint("collection_id", "added_us"),
        only_for("postgresql", sa.UniqueConstraint("collection_id", "stix_id", "version_key")),
        only_for("postgresql", sa.Index("ix_feed_entry_object_version_id", "object_version_id")),
        only_for("sqlite", _index("feed_entry", "object_version_id", "collection_id")),
        sa.Index(
            "ix_feed_entry_latest",
            "collection_id",
            "seq",
            sqlite_where=sa.text("is_last"),
            postgresql_where=sa.text("is_last"),
        ),
        sa.Index("ix_feed_entry_type", "collection_id", "type", "seq"),
        {"postgresql_partition_by": "HASH (collection_id)"},
    )


class TaxiiStatus(Base):
    """What became of one envelope that a machine sent; kept for seven days.

    successes, failures, pendings: details as TAXII's status resource writes them. approval_id:
    None for a remote administration, which released at its own installation.
    """

    __tablename__ = "taxii_status"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("administration.id"))
    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), index=True
    )
    approval_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid(as_uuid=True))
    pendings: Mapped[list[dict[str, Any]]] = mapped_column(
        sa.JSON, default=list, server_default="[]"
    )
    received_at: Mapped[datetime] = mapped_column(default=now, index=True)
    successes: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    failures: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)


class TaxiiPoll(Base):
    """The last time a machine asked for a collection's objects, to the minute."""

    __tablename__ = "taxii_poll"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    token_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("api_token.id"), primary_key=True)
    polled_at: Mapped[datetime]
    status: Mapped[int]
    items: Mapped[int]


class Submission(Base):
    """What a machine sent into a moderated circle, until a moderator decides.

    version_ids: rows of object_version, which no feed holds yet. state: waiting, admitted, refused.
    """

    __tablename__ = "submission"

    id: Mapped[uuid.UUID] = new_id()
    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), index=True
    )
    administration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("administration.id"))
    status_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid(as_uuid=True))
    received_at: Mapped[datetime] = mapped_column(default=now)
    version_ids: Mapped[list[str]] = mapped_column(sa.JSON)
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting", index=True)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")


class Delivery(Base):
    """How far into a collection's feed an administration has been served: it may have all of that."""

    __tablename__ = "delivery"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), primary_key=True
    )
    served_to: Mapped[int] = mapped_column(sa.BigInteger)
    served_at: Mapped[datetime]


class ReportReading(Base):
    """That somebody of an administration opened a report, and when first."""

    __tablename__ = "report_reading"

    collection_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    stix_id: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), primary_key=True
    )
    read_at: Mapped[datetime] = mapped_column(default=now)
