"""Whom a country has let into an assessment, as what, and until when."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor, Role
from cirt.accounts.models import User, UserRole
from cirt.assessments.lifecycle import GrantRole
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.clock import now
from cirt.errors import N_, InvalidInputError, NotFoundError

GRANT_ROLE_NAMES: Mapping[GrantRole, str] = MappingProxyType(
    {
        GrantRole.LEAD: N_("Lead assessor"),
        GrantRole.ASSESSOR: N_("Assessor"),
        GrantRole.CONTRIBUTOR: N_("Contributor"),
        GrantRole.REVIEWER: N_("Reviewer"),
    }
)
GRANT_ROLE_HINTS: Mapping[GrantRole, str] = MappingProxyType(
    {
        GrantRole.LEAD: N_(
            "All that an assessor does, and moves the assessment from step to step."
        ),
        GrantRole.ASSESSOR: N_("Prepares, answers, writes findings and the plan, exports."),
        GrantRole.CONTRIBUTOR: N_("Reads, answers questions, adds evidence and remarks."),
        GrantRole.REVIEWER: N_("Reads and writes remarks; answers nothing."),
    }
)

# The roles of an account of which one is needed for a part.
FITTING_ROLES: Mapping[GrantRole, tuple[Role, ...]] = MappingProxyType(
    {
        GrantRole.LEAD: (Role.ASSESSOR,),
        GrantRole.ASSESSOR: (Role.ASSESSOR,),
        GrantRole.CONTRIBUTOR: (Role.CONTRIBUTOR,),
        GrantRole.REVIEWER: (Role.REVIEWER, Role.ASSESSOR),
    }
)
_NO_ASSESSOR = N_(
    "No account with the role Assessor has this user name here. Ask the person for the exact name,"
    " or the administrator of this installation for the role."
)
NO_SUCH_PERSON: Mapping[GrantRole, str] = MappingProxyType(
    {
        GrantRole.LEAD: _NO_ASSESSOR,
        GrantRole.ASSESSOR: _NO_ASSESSOR,
        GrantRole.CONTRIBUTOR: N_(
            "No account with the role Contributor has this user name here. Ask the person for the"
            " exact name, or the administrator of this installation for the role."
        ),
        GrantRole.REVIEWER: N_(
            "No account with the role Reviewer or Assessor has this user name here. Ask the person"
            " for the exact name, or the administrator of this installation for the role."
        ),
    }
)

DEFAULT_DAYS = 180
MOST_DAYS = 730


def default_until() -> datetime:
    """Return the end of the last day of an access that begins today and runs the usual time."""
    return end_of(now().date() + timedelta(days=DEFAULT_DAYS))


def end_of(day: date) -> datetime:
    """Return the last second of a day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def grant_role(text: str | None) -> GrantRole:
    """Return the part that a form names. Raises InvalidInputError for any other word."""
    if text not in list(GrantRole):
        raise InvalidInputError(N_("Choose one of the parts listed."), field="role")
    return GrantRole(text)


def person_named(session: Session, username: str, role: GrantRole) -> uuid.UUID:
    """Return the id of the person with this user name, whose account fits this part.

    Raises InvalidInputError alike for an unknown person and for one whose account does not fit.
    """
    found = session.scalar(
        sa.select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(
            User.username == username.strip().casefold().replace("\x00", ""),
            User.active,
            UserRole.role.in_(FITTING_ROLES[role]),
        )
    )
    if found is None:
        raise InvalidInputError(NO_SUCH_PERSON[role], field="username")
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
    # given twice at once, one of two accesses would live on after the other was ended
    session.scalars(
        sa.select(Assessment.id).where(Assessment.id == assessment.id).with_for_update()
    ).one()
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
        role=role.value,
    )
    return grant


def end_grant(
    session: Session, actor: Actor, assessment: Assessment, grant_id: uuid.UUID
) -> AssessmentGrant:
    """End somebody's access now. Raises NotFoundError for a grant of another assessment."""
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
