"""Rights over recalls, legal holds and signing keys."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.errors import N_
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import CircleMember, Collection, CollectionKind
from cirt.incidents.recall_models import LegalHold, Recall, RecallKind
from cirt.incidents.rights import CASE_ROLES, OWN_INCIDENT


def _own_recall(actor: Actor) -> sa.ColumnElement[bool]:
    # an incident that became TLP:RED meanwhile takes its recalls along
    incident = sa.select(Incident.id).where(
        Incident.id == Recall.incident_id, OWN_INCIDENT.clause(actor)
    )
    return sa.and_(
        Recall.administration_id == actor.administration_id,
        # what a machine deleted, or withdrew by TAXII, belongs to no case
        sa.or_(Recall.incident_id.is_(None), incident.correlate(Recall).exists()),
    )


def _addressed(actor: Actor) -> sa.ColumnElement[bool]:
    reader = sa.select(CircleMember.collection_id).where(
        CircleMember.collection_id == Recall.collection_id,
        CircleMember.administration_id == actor.administration_id,
        CircleMember.may_read.is_(True),
    )
    intake = sa.select(Collection.id).where(
        Collection.id == Recall.collection_id,
        Collection.kind == CollectionKind.INTAKE.value,
        Collection.administration_id == actor.administration_id,
    )
    return sa.and_(
        Recall.kind == RecallKind.NEVER_SENT.value,
        sa.or_(
            Recall.administration_id.is_(None), Recall.administration_id != actor.administration_id
        ),
        sa.or_(reader.correlate(Recall).exists(), intake.correlate(Recall).exists()),
    )


def _own_hold(actor: Actor) -> sa.ColumnElement[bool]:
    incident = sa.select(Incident.id).where(
        Incident.id == LegalHold.incident_id, OWN_INCIDENT.clause(actor)
    )
    return sa.and_(
        LegalHold.administration_id == actor.administration_id,
        incident.correlate(LegalHold).exists(),
    )


OWN_RECALL = Fact(Recall, N_("Recalls are for the administration that made them."), _own_recall)
ADDRESSED_RECALL = Fact(
    Recall, N_("A withdrawal is for those from whom something was withdrawn."), _addressed
)
OWN_HOLD = Fact(
    LegalHold, N_("Legal holds are for the administration that placed them."), _own_hold
)

# no second person: a recall only takes away
permit("recall.start", [Role.RELEASING_OFFICER], OWN_INCIDENT)
permit("recall.list", CASE_ROLES)
permit("recall.read", CASE_ROLES, OWN_RECALL)
permit("recall.read", CASE_ROLES, ADDRESSED_RECALL)
permit("recall.list", [Role.MACHINE], scope="releases.read")
permit("recall.list", [Role.MACHINE], scope="circles.read")
permit("recall.read", [Role.MACHINE], OWN_RECALL, scope="releases.read")
permit("recall.read", [Role.MACHINE], ADDRESSED_RECALL, scope="circles.read")
permit("recall.own", CASE_ROLES, OWN_RECALL)
permit("recall.acknowledge", CASE_ROLES, ADDRESSED_RECALL)

permit("hold.list", CASE_ROLES)
permit("hold.place", [Role.RELEASING_OFFICER], OWN_INCIDENT)
permit("hold.read", CASE_ROLES, OWN_HOLD)
permit("hold.end", [Role.RELEASING_OFFICER], OWN_HOLD)

permit("key.see", [Role.RELEASING_OFFICER, Role.ADMINISTRATOR])
permit("key.rotate", [Role.RELEASING_OFFICER])
# whose keys count here is the installation's to say, for all of its administrations
permit("key.trust", [Role.ADMINISTRATOR])
