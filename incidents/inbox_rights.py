"""Rights over what was received: the readers of its collection see it, their case workers decide."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.errors import N_
from cirt.incidents.circle_models import CircleMember, Collection, CollectionKind
from cirt.incidents.rights import CASE_ROLES
from cirt.jobs import Job

INTAKE_JOB = "inbox.take-in"


def _reaches(actor: Actor) -> sa.ColumnElement[bool]:
    member = sa.select(CircleMember.collection_id).where(
        CircleMember.collection_id == Collection.id,
        CircleMember.administration_id == actor.administration_id,
        CircleMember.may_read.is_(True),
    )
    own_intake = sa.and_(
        Collection.kind == CollectionKind.INTAKE.value,
        Collection.administration_id == actor.administration_id,
    )
    return sa.or_(own_intake, member.correlate(Collection).exists())


def _own_intake_job(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.user_id is None:
        return sa.false()
    return sa.and_(Job.kind == INTAKE_JOB, Job.user_id == actor.user_id)


REACHES = Fact(Collection, N_("What a collection holds is for its readers."), _reaches)
OWN_INTAKE_JOB = Fact(Job, N_("This file was taken in by somebody else."), _own_intake_job)

permit("inbox.list", CASE_ROLES)
permit("inbox.read", CASE_ROLES, REACHES)
permit("inbox.list", [Role.MACHINE], scope="circles.read")
permit("inbox.read", [Role.MACHINE], REACHES, scope="circles.read")
permit("inbox.decide", CASE_ROLES, REACHES)
permit("inbox.answer", CASE_ROLES, REACHES)
# into a case, which only an analyst writes; the case is asked for by itself
permit("inbox.take-over", [Role.ANALYST])
permit("inbox.take-in", [Role.ANALYST])
permit("inbox.intake", [Role.ANALYST], OWN_INTAKE_JOB)
