"""Rights over incidents: the own national CIRT's, and for TLP:RED the named persons alone."""

import sqlalchemy as sa

from cirt.access import Actor, Fact, Role, permit
from cirt.errors import N_
from cirt.incidents.case_models import Incident, IncidentReader
from cirt.jobs import Job
from cirt.stix.marking import TLP

IMPORT_JOB = "misp.import"


def _own_or_named(actor: Actor) -> sa.ColumnElement[bool]:
    # user None would turn into IS NULL and let every machine see what nobody created
    if actor.user_id is None:
        named: sa.ColumnElement[bool] = sa.false()
    else:
        reader = sa.select(IncidentReader.user_id).where(
            IncidentReader.incident_id == Incident.id, IncidentReader.user_id == actor.user_id
        )
        named = sa.or_(Incident.created_by == actor.user_id, reader.correlate(Incident).exists())
    return sa.and_(
        Incident.administration_id == actor.administration_id,
        sa.or_(Incident.tlp != TLP.RED.value, named),
    )


def _own_import(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.user_id is None:
        return sa.false()
    return sa.and_(Job.kind == IMPORT_JOB, Job.user_id == actor.user_id)


OWN_INCIDENT = Fact(
    Incident,
    N_(
        "Incidents are for the own national CIRT; a TLP:RED one is for the person who recorded it"
        " and the persons named in it."
    ),
    _own_or_named,
)
OWN_IMPORT = Fact(Job, N_("This import was asked for by somebody else."), _own_import)

CASE_ROLES = (Role.ANALYST, Role.RELEASING_OFFICER)

permit("incident.create", [Role.ANALYST])
permit("incident.import", [Role.ANALYST], OWN_IMPORT)
permit("incident.list", CASE_ROLES)
permit("incident.read", CASE_ROLES, OWN_INCIDENT)
permit("incident.edit", [Role.ANALYST], OWN_INCIDENT)
permit("incident.export", CASE_ROLES, OWN_INCIDENT)

# the own machines: never TLP:RED, since no named person is behind them
permit("incident.list", [Role.MACHINE], scope="incidents.read")
permit("incident.read", [Role.MACHINE], OWN_INCIDENT, scope="incidents.read")
permit("incident.create", [Role.MACHINE], scope="incidents.write")
permit("incident.edit", [Role.MACHINE], OWN_INCIDENT, scope="incidents.write")

# the bands that the country's assessments may show
permit("tally.publish", [Role.RELEASING_OFFICER])
