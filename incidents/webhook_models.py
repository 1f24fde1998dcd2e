"""Tables of webhooks: addresses that are told of news, what was noticed for them, what is sent."""

import enum
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.clock import now
from cirt.db import Base, new_id


class Webhook(Base):
    """An address of an administration that is told, by signed requests, that something is new.

    kinds: of `webhooks.kinds.Kind`. sealed: its secret (see `cirt.sealing`); sealed_before: the one
    before the last change, which signs as well until before_until. next_at: when the next request
    is due; the job that bears this moment counts, no other. last_number: of its last message.
    failing_since: when the first of the failures in a row was, None after a success. off_reason: a
    message id, with off_params, if it was switched off by the product itself; "" if by a person.
    """

    __tablename__ = "webhook"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    title: Mapped[str] = mapped_column(sa.String(200))
    url: Mapped[str] = mapped_column(sa.String(500))
    kinds: Mapped[list[str]] = mapped_column(sa.JSON)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sealed_before: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    before_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    off_reason: Mapped[str] = mapped_column(sa.Text, default="")
    off_params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    last_number: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    made_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class WebhookMark(Base):
    """What a webhook was told already.

    subject_id: a collection, told up to this position of its feed; or a release, recall or
    submission, told once.
    """

    __tablename__ = "webhook_mark"

    webhook_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    subject_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid(as_uuid=True), primary_key=True)
    position: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class DeliveryState(enum.StrEnum):
    """What became of a message to a webhook."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"  # after the last attempt
    DROPPED = "dropped"  # the administration may not know of it any more


class WebhookDelivery(Base):
    """One message to one webhook, in the order of `number`.

    id: also the message's, by which a receiver knows that it came twice. subject_id: what it is
    about, None for a trial. body: the very bytes of every attempt. last_status: of the last
    answer, None if there was none; outcome: a message id, with params, "" after a success.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.UniqueConstraint("webhook_id", "number"),
        sa.Index("ix_webhook_delivery_webhook_id_state_number", "webhook_id", "state", "number"),
    )

    id: Mapped[uuid.UUID] = new_id()
    webhook_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("webhook.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(sa.String(24))
    subject_id: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid(as_uuid=True))
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(10), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(sa.Text, default="")
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
