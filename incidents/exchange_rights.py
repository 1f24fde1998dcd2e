"""Rights over circles, releases and TAXII: members see their circle, administrators its frame."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.accounts.models import Administration, AdministrationKind
from cirt.errors import N_
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import (
    CircleMember,
    Collection,
    CollectionKind,
    MachineWriting,
    Membership,
)
from cirt.incidents.release_models import Release, StandingApproval
from cirt.incidents.rights import CASE_ROLES, OWN_INCIDENT
from cirt.incidents.store_models import TaxiiStatus


def _membership(actor: Actor, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    member = sa.select(CircleMember.collection_id).where(
        CircleMember.collection_id == Collection.id,
        CircleMember.administration_id == actor.administration_id,
        *more,
    )
    return member.correlate(Collection).exists()


def _member(actor: Actor) -> sa.ColumnElement[bool]:
    return _membership(actor)


def _reader(actor: Actor) -> sa.ColumnElement[bool]:
    return _membership(actor, CircleMember.may_read.is_(True))


def _member_contributor(actor: Actor) -> sa.ColumnElement[bool]:
    return _membership(actor, CircleMember.may_contribute.is_(True))


def _contributor(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.or_(_member_contributor(actor), direct_of_others(actor))


def own_direct(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the clause for the collection of what is addressed to the actor's administration."""
    return sa.and_(
        Collection.kind == CollectionKind.DIRECT.value,
        Collection.administration_id == actor.administration_id,
    )


def direct_of_others(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the clause for collections of what the actor's may address to another one alone.

    Whoever is a Member State's may.
    """
    sender = sa.select(Administration.id).where(
        Administration.id == actor.administration_id,
        Administration.kind == AdministrationKind.MEMBER_STATE.value,
    )
    return sa.and_(
        Collection.kind == CollectionKind.DIRECT.value,
        Collection.administration_id != actor.administration_id,
        sender.exists(),
    )


def _machine_contributor(actor: Actor) -> sa.ColumnElement[bool]:
    writing = (MachineWriting.DIRECT.value, MachineWriting.MODERATED.value)
    contributes = CircleMember.may_contribute.is_(True)
    # where members do not know of each other, whoever writes must read as well: then the refusal of
    # an id that is taken says nothing that the feed does not say
    member = sa.or_(
        _membership(actor, contributes, CircleMember.may_read.is_(True)),
        sa.and_(Collection.membership == Membership.VISIBLE.value, _membership(actor, contributes)),
    )
    return sa.and_(Collection.machine_writing.in_(writing), sa.or_(member, direct_of_others(actor)))


def _machine_deleter(actor: Actor) -> sa.ColumnElement[bool]:
    both = (CircleMember.may_contribute.is_(True), CircleMember.may_read.is_(True))
    direct = Collection.machine_writing == MachineWriting.DIRECT.value
    return sa.and_(direct, _membership(actor, *both))


def _own_release(actor: Actor) -> sa.ColumnElement[bool]:
    # an incident that became TLP:RED meanwhile takes its releases along
    incident = sa.select(Incident.id).where(
        Incident.id == Release.incident_id, OWN_INCIDENT.clause(actor)
    )
    return sa.and_(
        Release.administration_id == actor.administration_id,
        # what answers a producer belongs to no case of one's own
        sa.or_(Release.incident_id.is_(None), incident.correlate(Release).exists()),
    )


def _own_approval(actor: Actor) -> sa.ColumnElement[bool]:
    return StandingApproval.administration_id == actor.administration_id


def _own_status(actor: Actor) -> sa.ColumnElement[bool]:
    return TaxiiStatus.administration_id == actor.administration_id


ANY_CIRCLE = Fact(
    Collection,
    N_("Administrators see the frame of every circle."),
    lambda _actor: Collection.kind == CollectionKind.CIRCLE.value,
)
MEMBER = Fact(Collection, N_("Circles are for their members."), _member)
READER = Fact(Collection, N_("Your administration does not read this circle."), _reader)
CONTRIBUTOR = Fact(
    Collection, N_("Your administration does not contribute to this circle."), _contributor
)
MEMBER_CONTRIBUTOR = Fact(
    Collection, N_("Your administration does not contribute to this circle."), _member_contributor
)
MACHINE_CONTRIBUTOR = Fact(
    Collection,
    N_("Machines of your administration may not add to this collection."),
    _machine_contributor,
)
MACHINE_DELETER = Fact(
    Collection,
    N_("Machines delete only where they write directly; a releasing officer can recall it."),
    _machine_deleter,
)
OWN_RELEASE = Fact(
    Release, N_("Releases are for the administration that prepared them."), _own_release
)
OWN_APPROVAL = Fact(
    StandingApproval,
    N_("Standing approvals are for the administration that gave them."),
    _own_approval,
)

OWN_STATUS = Fact(
    TaxiiStatus, N_("A status is for the administration that sent the objects."), _own_status
)

permit("circle.manage", [Role.ADMINISTRATOR], ANY_CIRCLE)
permit("circle.list", [Role.ADMINISTRATOR, *CASE_ROLES])
permit("circle.see", [Role.ADMINISTRATOR], ANY_CIRCLE)
permit("circle.see", CASE_ROLES, MEMBER)
permit("circle.read", CASE_ROLES, READER)
permit("circle.contribute", CASE_ROLES, CONTRIBUTOR)

permit("release.prepare", CASE_ROLES, OWN_INCIDENT)
permit("release.list", CASE_ROLES)
permit("release.read", CASE_ROLES, OWN_RELEASE)
permit("release.end", CASE_ROLES, OWN_RELEASE)
# that the preparer does not approve is the policy's to say, see `release_policy`
permit("release.approve", [Role.RELEASING_OFFICER], OWN_RELEASE)
# the own machines prepare; what they may approve is a standing approval's to say
permit("circle.list", [Role.MACHINE], scope="circles.read")
permit("circle.see", [Role.MACHINE], MEMBER, scope="circles.read")
permit("circle.contribute", [Role.MACHINE], CONTRIBUTOR, scope="releases.write")
permit("release.list", [Role.MACHINE], scope="releases.read")
permit("release.read", [Role.MACHINE], OWN_RELEASE, scope="releases.read")
permit("release.prepare", [Role.MACHINE], OWN_INCIDENT, scope="releases.write")
permit("release.end", [Role.MACHINE], OWN_RELEASE, scope="releases.write")
permit("release.stand", [Role.MACHINE], OWN_RELEASE, scope="releases.write")
permit("approval.give", [Role.RELEASING_OFFICER], MEMBER_CONTRIBUTOR)
permit("approval.end", [Role.RELEASING_OFFICER], OWN_APPROVAL)

permit("taxii.see", [Role.MACHINE], MEMBER, scope="taxii.read")
permit("taxii.see", [Role.MACHINE], MEMBER, scope="taxii.write")
permit("taxii.see", [Role.MACHINE], MACHINE_CONTRIBUTOR, scope="taxii.write")
permit("taxii.read", [Role.MACHINE], READER, scope="taxii.read")
permit("taxii.write", [Role.MACHINE], MACHINE_CONTRIBUTOR, scope="taxii.write")
permit("taxii.delete", [Role.MACHINE], MACHINE_DELETER, scope="taxii.write")
permit("taxii.status", [Role.MACHINE], OWN_STATUS, scope="taxii.read")
permit("taxii.status", [Role.MACHINE], OWN_STATUS, scope="taxii.write")
