"""Rights over what machines sent and what waits: moderators decide, addressees open their door."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.errors import N_
from cirt.incidents.circle_models import CircleMember, Collection, MachineWriting
from cirt.incidents.exchange_rights import direct_of_others, own_direct
from cirt.incidents.store_models import Submission


def _decides(actor: Actor) -> sa.ColumnElement[bool]:
    moderates = sa.select(CircleMember.collection_id).where(
        CircleMember.collection_id == Submission.collection_id,
        CircleMember.administration_id == actor.administration_id,
        CircleMember.may_moderate.is_(True),
    )
    addressed = sa.select(Collection.id).where(
        Collection.id == Submission.collection_id, own_direct(actor)
    )
    return sa.or_(
        moderates.correlate(Submission).exists(), addressed.correlate(Submission).exists()
    )


def _takes_machines(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.and_(direct_of_others(actor), Collection.machine_writing != MachineWriting.OFF.value)


DECIDES = Fact(
    Submission, N_("What machines sent is for the moderators of the circle to decide."), _decides
)
OWN_DIRECT = Fact(
    Collection,
    N_("Each administration decides about what is addressed to it alone."),
    own_direct,
)
TAKES_MACHINES = Fact(
    Collection, N_("This administration takes nothing from machines."), _takes_machines
)

permit("submission.list", [Role.RELEASING_OFFICER])
permit("submission.decide", [Role.RELEASING_OFFICER], DECIDES)
permit("direct.machines", [Role.RELEASING_OFFICER], OWN_DIRECT)
permit("direct.approve", [Role.RELEASING_OFFICER], TAKES_MACHINES)
