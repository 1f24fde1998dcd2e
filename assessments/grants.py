"""Which assessors a country has let into an assessment, and until when."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, Role
from cirt.accounts.models import User, UserRole
from cirt.assessments.lifecycle import GrantRole
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.clock import now
from cirt.errors import N_, InvalidInputError, NotFoundError

DEFAULT_DAYS = 180
MOST_DAYS = 730


def default_until() -> datetime:
    """Return the end of the last day of an access that begins today and runs the usual time."""
    return end_of(now().date() + timedelta(days=DEFAULT_DAYS))


def end_of(day: date) -> datetime:
    """Return the last second of a day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def assessor_named(session: Session, username: str) -> uuid.UUID:
    """Return the id of the assessor with this user name.

    Raises InvalidInputError alike for an unknown person and for one who is no assessor here.
    """
    found = session.scalar(
        sa.select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(
            User.username == username.strip().casefold().replace("\x00", ""),
            User.active,
            UserRole.role == Role.ASSESSOR,
        )
    )
    if found is None:
        raise InvalidInputError(
            N_("No assessor has this user name here. Ask the assessor for the exact name."),
            field="username",
        )
    return found


def give_grant(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    *,
    user_id: uuid.UUID,
    until: datetime,
    role: GrantRole = GrantRole.ASSESSOR,
) -> AssessmentGrant:
    """Let somebody into an assessment until a time; a running access gets the new end and role."""
    if not now() < until <= end_of(now().date() + timedelta(days=MOST_DAYS)):
        raise InvalidInputError(
            N_("Choose a last day from today on and within %(days)s days."),
            field="until",
            days=MOST_DAYS,
        )
    grant = next(
        (row for row in grants_of(session, assessment) if row.user_id == user_id and row.live),
        None,
    )
    if grant is None:
        grant = AssessmentGrant(
            assessment_id=assessment.id, user_id=user_id, until=until, given_by=actor.user_id
        )
        session.add(grant)
    grant.until, grant.role = until, role.value
    session.flush()
    audit.record(
        session,
        actor,
        "assessment.grant",
        grant,
        chain_id=assessment.administration_id,
        user=str(user_id),
        until=until.isoformat(),
    )
    return grant


def end_grant(
    session: Session, actor: Actor, assessment: Assessment, grant_id: uuid.UUID
) -> AssessmentGrant:
    """End an assessor's access now. Raises NotFoundError for a grant of another assessment."""
    grant = session.get(AssessmentGrant, grant_id)
    if grant is None or grant.assessment_id != assessment.id:
        raise NotFoundError
    if grant.ended_at is None:
        grant.ended_at, grant.ended_by = now(), actor.user_id
        audit.record(
            session,
            actor,
            "assessment.grant-ended",
            grant,
            chain_id=assessment.administration_id,
            user=str(grant.user_id),
        )
    return grant


def grants_of(session: Session, assessment: Assessment) -> Sequence[AssessmentGrant]:
    """Return every access ever given to this assessment, the newest first."""
    return session.scalars(
        sa.select(AssessmentGrant)
        .where(AssessmentGrant.assessment_id == assessment.id)
        .order_by(AssessmentGrant.given_at.desc())
    ).all()
