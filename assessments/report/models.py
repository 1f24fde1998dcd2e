"""Tables of the report: the words that people write for its chapters, and facts about the country."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import User
from cirt.clock import now
from cirt.db import Base

MAX_TEXT = 40_000


class ReportText(Base):
    """The words of one chapter in one language. revision: from 1, one more with each change."""

    __tablename__ = "report_text"

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    chapter: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    revision: Mapped[int]
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(default=now)

    updater: Mapped[User | None] = relationship(lazy="joined")


class CountryFact(Base):
    """One fact about the country, as this assessment prints it; see cirt.assessments.report.facts.

    value: in the form of the fact, "" for not known. year: to which it belongs.
    """

    __tablename__ = "report_fact"

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    fact: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text, default="")
    year: Mapped[int | None] = mapped_column(sa.SmallInteger)
    source: Mapped[str] = mapped_column(sa.Text, default="")
    revision: Mapped[int]
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime] = mapped_column(default=now)

    updater: Mapped[User | None] = relationship(lazy="joined")
