"""Rights over assessments: the country's focal points, and the people it lets in until a date.

Nobody else, ever: an administrator of the installation and an analyst of the same country see
no assessment.
"""

from collections.abc import Callable

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.assessments.lifecycle import GrantRole
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.clock import now
from cirt.errors import N_


def _of_own_country(actor: Actor) -> sa.ColumnElement[bool]:
    return Assessment.administration_id == actor.administration_id


def _granted_as(*roles: GrantRole) -> Callable[[Actor], sa.ColumnElement[bool]]:
    def clause(actor: Actor) -> sa.ColumnElement[bool]:
        return sa.exists().where(
            AssessmentGrant.assessment_id == Assessment.id,
            AssessmentGrant.user_id == actor.user_id,
            AssessmentGrant.role.in_([role.value for role in roles]),
            AssessmentGrant.ended_at.is_(None),
            AssessmentGrant.until > now(),
        )

    return clause


OF_OWN_COUNTRY = Fact(
    Assessment, N_("This assessment belongs to another administration."), _of_own_country
)
GRANTED = Fact(
    Assessment,
    N_("Your access to this assessment has ended; ask a focal point of the country for it."),
    _granted_as(*GrantRole),
)
LEADS = Fact(
    Assessment,
    N_("Only the lead assessor and the country's focal points do this."),
    _granted_as(GrantRole.LEAD),
)
ASSESSES = Fact(
    Assessment,
    N_("Only the assessors and the country's focal points do this."),
    _granted_as(GrantRole.LEAD, GrantRole.ASSESSOR),
)
CONTRIBUTES = Fact(
    Assessment,
    N_("You take part as a reviewer: you can read and remark, not answer."),
    _granted_as(GrantRole.CONTRIBUTOR),
)

GUESTS = (Role.ASSESSOR, Role.CONTRIBUTOR, Role.REVIEWER)

permit("assessment.list", [Role.FOCAL_POINT, *GUESTS])
permit("assessment.create", [Role.FOCAL_POINT, Role.ASSESSOR])
for _action in ("assessment.read", "assessment.remark"):
    permit(_action, [Role.FOCAL_POINT], OF_OWN_COUNTRY)
    permit(_action, GUESTS, GRANTED)
# a grant is a person's: a machine reads its own country's
permit("assessment.read", [Role.MACHINE], OF_OWN_COUNTRY, scope="assessments.read")
permit("assessment.answer", [Role.FOCAL_POINT], OF_OWN_COUNTRY)
permit("assessment.answer", [Role.ASSESSOR], ASSESSES)
permit("assessment.answer", [Role.CONTRIBUTOR], CONTRIBUTES)
for _action in (
    "assessment.prepare",  # details, participants, documents, agenda
    "assessment.export",
    "assessment.find",  # findings
    "assessment.plan",
    "assessment.progress",  # of the plan's actions
    "assessment.design",  # the design annex
    "assessment.report",  # the words of the report's chapters
):
    permit(_action, [Role.FOCAL_POINT], OF_OWN_COUNTRY)
    permit(_action, [Role.ASSESSOR], ASSESSES)
for _action in ("assessment.advance", "assessment.close"):
    permit(_action, [Role.FOCAL_POINT], OF_OWN_COUNTRY)
    permit(_action, [Role.ASSESSOR], LEADS)
for _action in ("assessment.agree", "assessment.reopen", "assessment.grant"):
    permit(_action, [Role.FOCAL_POINT], OF_OWN_COUNTRY)

permit("instrument.read", [Role.FOCAL_POINT, *GUESTS, Role.ADMINISTRATOR])
permit("provision.correct", [Role.ADMINISTRATOR])
