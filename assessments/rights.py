"""Rights over assessments: the country's focal points, and assessors it lets in until a date.

Nobody else, ever: an administrator of the installation and an analyst of the same country see
no assessment.
"""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.assessments.models import Assessment, AssessmentGrant
from cirt.clock import now
from cirt.errors import N_


def _of_own_country(actor: Actor) -> sa.ColumnElement[bool]:
    return Assessment.administration_id == actor.administration_id


def _granted(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        AssessmentGrant.assessment_id == Assessment.id,
        AssessmentGrant.user_id == actor.user_id,
        AssessmentGrant.ended_at.is_(None),
        AssessmentGrant.until > now(),
    )


OF_OWN_COUNTRY = Fact(
    Assessment, N_("This assessment belongs to another administration."), _of_own_country
)
GRANTED = Fact(
    Assessment,
    N_("Your access to this assessment has ended; ask a focal point of the country for it."),
    _granted,
)

BOTH = (Role.FOCAL_POINT, Role.ASSESSOR)

permit("assessment.list", BOTH)
permit("assessment.create", BOTH)
for _action in (
    "assessment.read",
    "assessment.answer",
    "assessment.close",
    "assessment.export",
):
    permit(_action, [Role.FOCAL_POINT], OF_OWN_COUNTRY)
    permit(_action, [Role.ASSESSOR], GRANTED)
for _action in ("assessment.reopen", "assessment.grant"):
    permit(_action, [Role.FOCAL_POINT], OF_OWN_COUNTRY)
