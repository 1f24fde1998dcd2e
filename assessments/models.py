"""Tables of the readiness half."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cirt.accounts.models import Administration, User
from cirt.assessments.lifecycle import Standing, State
from cirt.assessments.scoring import AnswerState, AnswerValue
from cirt.clock import now
from cirt.db import Base, new_id
from cirt.files import StoredFile

MAX_TITLE = 200
MAX_REASON = 2_000
MAX_COMMENT = 20_000
MAX_REFERENCE = 1_000
MAX_REMARK = 5_000
MAX_SCOPE = 5_000


class Assessment(Base):
    """One round of one country with one version of an instrument; the country owns it.

    scope: what is looked at and what is not. profile: id of the target profile, "" for none.
    previous_id: the round before, with round counting from 1. language: of the workshop (BCP 47).
    cirt_exists: whether the country has a national CIRT; None while nobody has said so, and then
    the questions of both stages are asked. workshop_on: its first day, ISO date, "" while open.
    agreed_at: since when it is locked; kept when it is closed. revision: of the words that
    describe it, from 1.
    """

    __tablename__ = "assessment"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    title: Mapped[str] = mapped_column(sa.String(MAX_TITLE))
    instrument_id: Mapped[str] = mapped_column(sa.String(100))
    instrument_version: Mapped[str] = mapped_column(sa.String(20))
    language: Mapped[str] = mapped_column(sa.String(8))
    cirt_exists: Mapped[bool | None]
    scope: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    profile: Mapped[str] = mapped_column(sa.String(100), default="", server_default="")
    previous_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("assessment.id"))
    round: Mapped[int] = mapped_column(sa.SmallInteger, default=1, server_default="1")
    workshop_on: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    workshop_place: Mapped[str] = mapped_column(sa.String(MAX_TITLE), default="", server_default="")
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[str] = mapped_column(sa.String(20), default=State.PREPARING)
    answered_at: Mapped[datetime | None]  # when an answer changed last
    agreed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    administration: Mapped[Administration] = relationship(lazy="joined", innerjoin=True)

    @property
    def standing(self) -> Standing:
        """Where the assessment stands in its life."""
        return Standing(State(self.state), self.closed_at, self.agreed_at)


class AssessmentStep(Base):
    """One change of state: who, when, why. Append-only."""

    __tablename__ = "assessment_step"

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User | None] = relationship(lazy="joined")


class AssessmentGrant(Base):
    """Somebody's part in one assessment, until a date or until somebody ends it.

    role: "lead" (lead assessor), "assessor", "contributor" or "reviewer".
    """

    __tablename__ = "assessment_grant"

    id: Mapped[uuid.UUID] = new_id()
    assessment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assessment.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(20), default="assessor", server_default="assessor")
    until: Mapped[datetime]
    given_by: Mapped[uuid.UUID | None]
    given_at: Mapped[datetime] = mapped_column(default=now)
    ended_by: Mapped[uuid.UUID | None]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    @property
    def live(self) -> bool:
        """Whether it opens the assessment now."""
        return self.ended_at is None and self.until > now()


class _Content:
    """What an answer says; the same columns in the answer and in each of its versions.

    reason: why the question does not apply; kept as typed under any state, used under that one.
    confidence: of those who answered, "low", "medium", "high", "" for not said. for_review,
    disputed: marks for the others. functions: ids of the functions offered, where the question
    lists functions. carried_from: ids of the assessments and questions that an accepted proposal
    came from, as "assessment/question" separated by spaces, "" for an answer given here.
    language: in which the question was shown (BCP 47). revision: counts from 1.
    """

    state: Mapped[str] = mapped_column(sa.String(20))
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    confidence: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    for_review: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    disputed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    functions: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")
    carried_from: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    language: Mapped[str] = mapped_column(sa.String(8))
    instrument_version: Mapped[str] = mapped_column(sa.String(20))

    @property
    def value(self) -> AnswerValue:
        """The answer as the scoring takes it."""
        state = AnswerState(self.state)
        reason = self.reason if state is AnswerState.NOT_APPLICABLE else ""
        return AnswerValue(state, self.level, reason)


_STATES = ", ".join(f"'{state.value}'" for state in AnswerState)


def _content_checks() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(f"state IN ({_STATES})", name="state"),
        sa.CheckConstraint(
            "(state = 'level' AND level IS NOT NULL AND level BETWEEN 0 AND 4)"
            " OR (state <> 'level' AND level IS NULL)",
            name="level",
        ),
        sa.CheckConstraint("state <> 'not-applicable' OR reason <> ''", name="reason"),
        sa.CheckConstraint("confidence IN ('', 'low', 'medium', 'high')", name="confidence"),
    )


class Answer(_Content, Base):
    """The newest answer to one question; absent while nobody has touched the question."""

    __tablename__ = "answer"
    __table_args__ = _content_checks()

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    question_id: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    revision: Mapped[int]
    updated_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    updated_at: Mapped[datetime]

    updater: Mapped[User | None] = relationship(lazy="joined")


class AnswerVersion(_Content, Base):
    """What an answer said at one revision. Append-only.

    restored_from: the revision whose words were taken up again, None for an ordinary save.
    """

    __tablename__ = "answer_version"
    __table_args__ = _content_checks()

    assessment_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assessment.id"), primary_key=True
    )
    question_id: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    restored_from: Mapped[int | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]

    user: Mapped[User | None] = relationship(lazy="joined")


class AnswerRemark(Base):
    """What somebody wrote to the others about one question. Append-only."""

    __tablename__ = "answer_remark"
    __table_args__ = (
        sa.Index("ix_answer_remark_assessment_id_question_id", "assessment_id", "question_id"),
    )

    id: Mapped[uuid.UUID] = new_id()
    assessment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assessment.id"))
    question_id: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.Text)
    user_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User | None] = relationship(lazy="joined")


class Evidence(Base):
    """One piece of evidence for an answer.

    kind: "file", "document" (a reference), "interview" or "observation". seen_on: when it was
    read, said or seen, ISO date, "" if not given. file_id: only with kind "file".
    """

    __tablename__ = "evidence"
    __table_args__ = (
        sa.CheckConstraint("(kind = 'file') = (file_id IS NOT NULL)", name="file"),
        sa.Index("ix_evidence_assessment_id_question_id", "assessment_id", "question_id"),
    )

    id: Mapped[uuid.UUID] = new_id()
    assessment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assessment.id"))
    question_id: Mapped[str] = mapped_column(sa.String(20))
    kind: Mapped[str] = mapped_column(sa.String(20))
    reference: Mapped[str] = mapped_column(sa.String(MAX_REFERENCE))
    seen_on: Mapped[str] = mapped_column(sa.String(10), default="")
    file_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    added_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime] = mapped_column(default=now)

    file: Mapped[StoredFile | None] = relationship(lazy="joined")
