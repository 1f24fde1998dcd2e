"""Table of the API: answers that are given again to a repeated request."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.clock import now
from cirt.db import Base


class RepeatableAnswer(Base):
    """The answer to a request with an Idempotency-Key, written in the transaction of its effect.

    digest: SHA-256 over method, address and body. headers: those that belong to the effect.
    """

    __tablename__ = "api_repeatable_answer"

    token_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    headers: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
