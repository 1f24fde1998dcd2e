"""Rights over peers: the releasing officer connects, the administrator vouches for identities."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.errors import N_
from cirt.incidents.inbox_models import Peer
from cirt.incidents.rights import CASE_ROLES


def _own_peer(actor: Actor) -> sa.ColumnElement[bool]:
    return Peer.administration_id == actor.administration_id


OWN_PEER = Fact(Peer, N_("Peers are for the administration that connected them."), _own_peer)
SPEAKING_PEER = Fact(
    Peer,
    N_("Administrators see the peers that speak for an administration."),
    lambda _actor: Peer.remote_administration_id.is_not(None),
)

permit("peer.list", [Role.ADMINISTRATOR, *CASE_ROLES])
permit("peer.see", CASE_ROLES, OWN_PEER)
permit("peer.see", [Role.ADMINISTRATOR], SPEAKING_PEER)
permit("peer.read", CASE_ROLES, OWN_PEER)
# it opens a way into the administration, and its secrets go out by it
permit("peer.make", [Role.RELEASING_OFFICER])
permit("peer.change", [Role.RELEASING_OFFICER], OWN_PEER)
permit("peer.poll", CASE_ROLES, OWN_PEER)
# whose objects these are holds for the whole installation
permit("peer.vouch", [Role.ADMINISTRATOR], SPEAKING_PEER)
