"""Rights of moderators, of those who ask to join, over policy cards and audience ceilings."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.accounts.models import Administration, AdministrationKind, Place
from cirt.errors import N_
from cirt.incidents.circle_models import (
    CircleMember,
    Collection,
    CollectionKind,
    JoinRequest,
    Membership,
)
from cirt.incidents.exchange_rights import ANY_CIRCLE
from cirt.incidents.rights import CASE_ROLES


def _membership(actor: Actor, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    member = sa.select(CircleMember.collection_id).where(
        CircleMember.collection_id == Collection.id,
        CircleMember.administration_id == actor.administration_id,
        *more,
    )
    circle = Collection.kind == CollectionKind.CIRCLE.value
    return sa.and_(circle, member.correlate(Collection).exists())


def _moderator(actor: Actor) -> sa.ColumnElement[bool]:
    return _membership(actor, CircleMember.may_moderate.is_(True))


def _moderator_of_visible(actor: Actor) -> sa.ColumnElement[bool]:
    visible = Collection.membership == Membership.VISIBLE.value
    return sa.and_(visible, _moderator(actor))


def _listed_to(actor: Actor) -> sa.ColumnElement[bool]:
    sender = sa.select(Administration.id).where(
        Administration.id == actor.administration_id,
        Administration.kind == AdministrationKind.MEMBER_STATE.value,
    )
    return sa.and_(
        Collection.kind == CollectionKind.CIRCLE.value,
        Collection.listed.is_(True),
        Collection.membership == Membership.VISIBLE.value,
        sender.exists(),
        sa.not_(_membership(actor)),
    )


def _own_request(actor: Actor) -> sa.ColumnElement[bool]:
    return JoinRequest.administration_id == actor.administration_id


def _request_to_moderate(actor: Actor) -> sa.ColumnElement[bool]:
    circle = sa.select(Collection.id).where(
        Collection.id == JoinRequest.collection_id, _moderator_of_visible(actor)
    )
    return circle.correlate(JoinRequest).exists()


def _own_administration(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.and_(
        Administration.id == actor.administration_id,
        Administration.kind == AdministrationKind.MEMBER_STATE.value,
    )


def _remote_administration(_actor: Actor) -> sa.ColumnElement[bool]:
    return Administration.place == Place.REMOTE.value


def _partner(_actor: Actor) -> sa.ColumnElement[bool]:
    # each has a direct collection: whoever may release may address something to it
    return Administration.kind == AdministrationKind.MEMBER_STATE.value


CIRCLE_MEMBER = Fact(Collection, N_("Your administration is no member of it."), _membership)
MODERATOR = Fact(Collection, N_("This is for the members that moderate the circle."), _moderator)
MODERATOR_OF_VISIBLE = Fact(
    Collection,
    N_("This is for the members that moderate the circle, where members know of each other."),
    _moderator_of_visible,
)
LISTED = Fact(Collection, N_("This circle takes no requests from you."), _listed_to)
OWN_REQUEST = Fact(JoinRequest, N_("A request is for the administration that asked."), _own_request)
REQUEST_TO_MODERATE = Fact(
    JoinRequest, N_("The members that moderate the circle decide this."), _request_to_moderate
)
ANY_REQUEST = Fact(JoinRequest, N_("Administrators see every request."), lambda _actor: sa.true())
OWN_CARD = Fact(Administration, N_("Each administration writes its own card."), _own_administration)
REMOTE_CARD = Fact(
    Administration,
    N_("The administrator writes the cards of administrations that sign in elsewhere."),
    _remote_administration,
)
PARTNER = Fact(Administration, N_("Cards are those of Member States."), _partner)

permit("circle.moderate", [Role.RELEASING_OFFICER], MODERATOR)
permit("circle.members", [Role.ADMINISTRATOR], ANY_CIRCLE)
permit("circle.members", [Role.RELEASING_OFFICER], MODERATOR_OF_VISIBLE)
permit("circle.leave", [Role.RELEASING_OFFICER], CIRCLE_MEMBER)

permit("circle.others", CASE_ROLES, LISTED)
permit("join.ask", [Role.RELEASING_OFFICER], LISTED)
permit("join.read", CASE_ROLES, OWN_REQUEST)
permit("join.take-back", [Role.RELEASING_OFFICER], OWN_REQUEST)
permit("join.decide", [Role.ADMINISTRATOR], ANY_REQUEST)
permit("join.decide", [Role.RELEASING_OFFICER], REQUEST_TO_MODERATE)

permit("card.list", [Role.ADMINISTRATOR, *CASE_ROLES])
permit("card.read", [Role.ADMINISTRATOR, *CASE_ROLES], PARTNER)
permit("card.read", [Role.MACHINE], OWN_CARD, scope="circles.read")
permit("card.write", [Role.RELEASING_OFFICER], OWN_CARD)
permit("card.write", [Role.ADMINISTRATOR], REMOTE_CARD)

permit("ceiling.see", CASE_ROLES)
permit("ceiling.set", [Role.RELEASING_OFFICER])
