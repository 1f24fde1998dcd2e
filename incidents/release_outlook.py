"""What stands between an incident and a circle: asked before a release, and again at its approval."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, Role
from cirt.accounts.models import User, UserRole
from cirt.errors import N_
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection
from cirt.incidents.circles import readers_of
from cirt.incidents.release_models import Release, ReleaseState
from cirt.incidents.release_policy import POLICY_SENTENCES, Channel, Need, may_enter, need_of
from cirt.incidents.wire_content import content_of
from cirt.stix import wire

CHANGED = N_("The incident changed after this release was prepared. Prepare it again.")
OTHER_READERS = N_("The members of the circle changed after this was prepared. Prepare it again.")
NO_READERS = N_("Nobody else reads this circle yet, so nothing can be released to it.")
OVER_CEILING = N_("This circle accepts at most %(ceiling)s, and the incident is %(marking)s.")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What stands between an incident and a circle before anything is prepared.

    obstacle: why it cannot be prepared, with its parameters; None if it can.
    """

    need: Need
    obstacle: str | None = None
    params: dict[str, Any] | None = None


def outlook(session: Session, actor: Actor, incident: Incident, collection: Collection) -> Outlook:
    """Return whether the actor could prepare a release now, and what would be needed then."""
    tlp = incident.marking
    others = has_second_person(session, incident.administration_id, actor.user_id)
    need = need_of(tlp, Channel.PERSON, has_second_person=others)
    if need is Need.NEVER:
        return Outlook(need, POLICY_SENTENCES[Need.NEVER])
    if not may_enter(tlp, collection.tlp_ceiling):
        params = {"ceiling": collection.tlp_ceiling.label, "marking": tlp.label}
        return Outlook(need, OVER_CEILING, params)
    if not readers_of(collection, incident.administration_id):
        return Outlook(need, NO_READERS)
    if need is Need.DELAY and Role.RELEASING_OFFICER not in actor.roles:
        return Outlook(
            need,
            N_("Nobody in your administration may approve a release. Ask the administrator."),
        )
    return Outlook(need)


def staleness(
    session: Session, release: Release, incident: Incident, collection: Collection
) -> str | None:
    """Return why the frozen bytes are not what would leave today; None if they are."""
    if release.incident_changed_at != incident.content_changed_at:
        return CHANGED
    if wire.build(content_of(session, incident)).sha256 != release.sha256:
        return CHANGED
    present = recipients_of(collection, release.administration_id)
    if not present:
        return NO_READERS
    if {one["id"] for one in present} != {one["id"] for one in release.recipients}:
        return OTHER_READERS
    return None


def has_second_person(
    session: Session, administration_id: uuid.UUID, preparer_id: uuid.UUID | None
) -> bool:
    """Return whether the administration has a releasing officer other than the preparer."""
    query = (
        sa.select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(
            User.administration_id == administration_id,
            User.active,
            UserRole.role == Role.RELEASING_OFFICER.value,
            User.id != preparer_id,
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def newest_approved(session: Session, incident: Incident, collection: Collection) -> Release | None:
    """Return the release by which a circle has the incident, None if it does not."""
    query = (
        sa.select(Release)
        .where(
            Release.incident_id == incident.id,
            Release.collection_id == collection.id,
            Release.state == ReleaseState.APPROVED.value,
        )
        .order_by(Release.ended_at.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def may_be_approved_from(release: Release, delay: timedelta) -> datetime:
    """Return from when a one-person team may approve its own preparation."""
    return release.prepared_at + delay


def recipients_of(collection: Collection, producer_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return who would read it, by code, as a release keeps them."""
    return [
        {
            "id": str(member.administration_id),
            "code": member.administration.code,
            "name": member.administration.name_in("en"),
            "names": member.administration.names,
        }
        for member in readers_of(collection, producer_id)
    ]
