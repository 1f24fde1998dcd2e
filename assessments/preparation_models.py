"""Tables of the preparation of a workshop: who takes part, which documents, which agenda."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cirt.clock import now
from cirt.db import Base, new_id

MAX_NAME = 200
MAX_NOTE = 2_000
MAX_DAY = 10


class _Prepared:
    """What every row of a preparation has. revision: from 1, one more with each change."""

    id: Mapped[uuid.UUID] = new_id()
    assessment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assessment.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    added_at: Mapped[datetime] = mapped_column(default=now)


class Participant(_Prepared, Base):
    """Somebody invited to the workshop.

    function: post or task, such as head of department. group: id of a stakeholder group.
    attended: None while nobody has noted it.
    """

    __tablename__ = "assessment_participant"

    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    organization: Mapped[str] = mapped_column(sa.String(MAX_NAME), default="")
    function: Mapped[str] = mapped_column(sa.String(MAX_NAME), default="")
    group: Mapped[str] = mapped_column("group_id", sa.String(100))
    attended: Mapped[bool | None]


class RequestedDocument(_Prepared, Base):
    """A document that the assessors asked for.

    due_on, received_on: ISO dates, "" for none. question_id: the question for which it is to be
    evidence, "" for none. evidence_id: the piece of evidence noted from it; it may be gone again.
    """

    __tablename__ = "assessment_document"

    title: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    from_whom: Mapped[str] = mapped_column(sa.String(MAX_NAME), default="")
    due_on: Mapped[str] = mapped_column(sa.String(10), default="")
    received_on: Mapped[str] = mapped_column(sa.String(10), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    question_id: Mapped[str] = mapped_column(sa.String(20), default="")
    evidence_id: Mapped[uuid.UUID | None]


class AgendaItem(_Prepared, Base):
    """One item of the workshop's agenda.

    day: from 1. place: order within the day, from 0. starts, ends: "HH:MM", "" while open.
    dimensions: ids of what is answered in it. groups: ids of the stakeholder groups invited;
    empty for everybody.
    """

    __tablename__ = "assessment_agenda_item"

    day: Mapped[int] = mapped_column(sa.SmallInteger)
    place: Mapped[int] = mapped_column(sa.SmallInteger)
    starts: Mapped[str] = mapped_column(sa.String(5), default="")
    ends: Mapped[str] = mapped_column(sa.String(5), default="")
    title: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    dimensions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    groups: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
