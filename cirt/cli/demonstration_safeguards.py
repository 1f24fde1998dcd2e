"""What guards the demonstration's sharing: decisions on personal data, holds, keys, peers, doors."""

import secrets

from sqlalchemy.orm import Session

from cirt import audit
from cirt.accounts.models import Administration
from cirt.cli.demonstration_people import Stage
from cirt.datafiles import DataMap
from cirt.incidents import peer_rights, protection, webhook_rights
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import MachineWriting
from cirt.incidents.direct_collections import direct_collection_of
from cirt.incidents.peers import connecting
from cirt.incidents.protection.kinds import Action
from cirt.incidents.recall import holds, keys
from cirt.incidents.webhooks import managing, sending

assert peer_rights and webhook_rights  # noqa: S101 - imported for the rights it registers
assert sending  # noqa: S101 - imported for the kind of job it registers


def protect(session: Session, stage: Stage, one: DataMap) -> None:
    """Mark words as personal data, for every audience, and decide what stands in their place."""
    protection.mark(
        session,
        stage.actors[one.text("by")],
        session.get_one(Incident, stage.incidents[one.text("incident")]),
        None,
        one.text("words"),
        Action(one.text("action")),
        replacement=one.text("replacement"),
    )


def hold(session: Session, stage: Stage, one: DataMap) -> None:
    """Put an incident on legal hold."""
    incident = session.get_one(Incident, stage.incidents[one.text("incident")])
    holds.place_hold(session, stage.actors[one.text("by")], incident, reason=one.text("reason"))


def trust(session: Session, stage: Stage, one: DataMap) -> None:
    """Enter the public key of an administration that signs in elsewhere."""
    administration = session.get_one(
        Administration, stage.administrations[one.text("administration")]
    )
    keys.trust_key(session, stage.actors[one.text("by")], administration, one.text("public"))


def connect(session: Session, stage: Stage, one: DataMap) -> None:
    """Connect a peer, switched off: the demonstration calls nobody."""
    details = connecting.Details(
        title=one.text("title"),
        url=one.text("url"),
        username=one.text("username"),
        secret=secrets.token_urlsafe(24),
        remote_administration_id=stage.administrations[one.text("speaks_for")],
        active=False,
    )
    actor = stage.actors[one.text("by")]
    connecting.make_peer(session, actor, details, stage.installation.settings)


def listen(session: Session, stage: Stage, one: DataMap) -> None:
    """Make a webhook with a message that waits, switched off: the demonstration calls nobody."""
    actor = stage.actors[one.text("by")]
    details = managing.Details(one.text("title"), one.text("url"), one.texts("kinds"))
    webhook, _secret = managing.make_webhook(session, actor, details, stage.installation.settings)
    managing.try_it(session, actor, webhook)
    managing.switch(session, actor, webhook, on=False)


def open_door(session: Session, stage: Stage, one: DataMap) -> None:
    """Let machines of others write to one's own administration."""
    actor = stage.actors[one.text("by")]
    own = direct_collection_of(session, actor.administration_id)
    own.machine_writing = MachineWriting(one.text("machine_writing")).value
    audit.record(session, actor, "direct.machines", own, machine_writing=own.machine_writing)
