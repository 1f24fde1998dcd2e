"""What stands between an incident and a circle: asked before a release, and again at its approval."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor, Role
from cirt.accounts.models import User, UserRole
from cirt.errors import N_, DomainError
from cirt.incidents import audience_ids, circles
from cirt.incidents.audience_ceilings import check_ceiling
from cirt.incidents.case_models import Incident
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.circles import MIN_CONFIDENTIAL, Audience
from cirt.incidents.inbox_models import ReceivedItem, ReceivedState
from cirt.incidents.release_freeze import DAMAGED, frozen_again
from cirt.incidents.release_models import Release
from cirt.incidents.release_policy import POLICY_SENTENCES, Channel, Need, may_enter, need_of
from cirt.stix.marking import TLP

CHANGED = N_("The incident changed after this release was prepared. Prepare it again.")
OTHER_VIEW = N_(
    "What this audience would get changed after this was prepared: a decision on personal data,"
    " or how your team signs. Prepare it again."
)
OTHER_READERS = N_("The members of the circle changed after this was prepared. Prepare it again.")
OTHER_POLICIES = N_(
    "What the recipients say about their use changed after this was prepared. Prepare it again."
)
OVER_CEILING = N_("This circle accepts at most %(ceiling)s, and the incident is %(marking)s.")
TAKEN_BACK = N_("What you received was taken back by its producer meanwhile.")
NO_ONE_APPROVES = N_("Nobody in your administration may approve a release. Ask the administrator.")
IMPORTED_ALONE = N_(
    "This incident came from a file. A releasing officer who did not prepare it must approve it,"
    " and your administration has no other."
)
INTAKE = N_("Nothing is released into what your own administration took in.")
NO_CONTRIBUTOR = N_("Your administration does not contribute to this circle.")
NAMED_ANYWAY = N_(
    "Without a name is possible only where at least %(least)s administrations contribute; here"
    " recipients would know whom it comes from."
)

# what is shown beside an audience and stops nobody
SHOWN_ONLY = frozenset({"unsaid"})


_A_MACHINE = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What stands between something and an audience before it is prepared.

    obstacle: why it cannot be prepared, with its parameters; None if it can. audience: who would
    read it, as far as the producer may know.
    """

    need: Need
    audience: Audience
    obstacle: str | None = None
    params: dict[str, Any] | None = None


def outlook(
    session: Session,
    actor: Actor,
    incident: Incident,
    collection: Collection,
    *,
    unattributed: bool = False,
) -> Outlook:
    """Return whether the actor could prepare a release of it now, and what would be needed then."""
    return outlook_for(
        session,
        actor,
        incident.administration_id,
        collection,
        incident.marking,
        unattributed=unattributed,
        channel=channel_of(incident),
    )


def channel_of(incident: Incident | None) -> Channel:
    """Return how something is about to leave: what a file brought is not the team's own word."""
    is_imported = incident is not None and incident.origin_uuid is not None
    return Channel.IMPORT if is_imported else Channel.PERSON


def outlook_for(
    session: Session,
    actor: Actor,
    producer_id: uuid.UUID,
    collection: Collection,
    tlp: TLP,
    *,
    unattributed: bool = False,
    channel: Channel = Channel.PERSON,
) -> Outlook:
    """Return the same for anything of this marking."""
    others = has_second_person(session, producer_id, actor.user_id)
    need = need_of(tlp, channel, has_second_person=others)
    audience = circles.audience_of(session, collection, producer_id)
    obstacle = circles.obstacle(collection, producer_id)
    if need is Need.NEVER:
        return Outlook(need, audience, POLICY_SENTENCES[Need.NEVER])
    if collection.kind == CollectionKind.INTAKE:
        return Outlook(need, audience, INTAKE)
    if not circles.contributes(collection, producer_id):
        return Outlook(need, audience, NO_CONTRIBUTOR)
    if not may_enter(tlp, collection.tlp_ceiling):
        params = {"ceiling": collection.tlp_ceiling.label, "marking": tlp.label}
        return Outlook(need, audience, OVER_CEILING, params)
    if obstacle is not None:
        return Outlook(need, audience, obstacle)
    if unattributed and not may_be_unattributed(collection):
        return Outlook(need, audience, NAMED_ANYWAY, {"least": MIN_CONFIDENTIAL})
    if need is Need.SECOND_PERSON and not others:
        return Outlook(need, audience, IMPORTED_ALONE)
    if need is Need.DELAY and Role.RELEASING_OFFICER not in actor.roles:
        return Outlook(need, audience, NO_ONE_APPROVES)
    try:
        check_ceiling(session, producer_id, actor.roles, recipients=audience.counted, tlp=tlp)
    except DomainError as error:
        return Outlook(need, audience, error.message, error.params)
    return Outlook(need, audience)


def may_be_unattributed(collection: Collection) -> bool:
    """Return whether recipients could not tell whom a release without a name comes from."""
    if collection.is_confidential:
        return True
    if collection.kind != CollectionKind.CIRCLE:
        return False
    return sum(member.may_contribute for member in collection.members) >= MIN_CONFIDENTIAL


def counted_together(audiences: Sequence[Audience]) -> int:
    """Return how many recipients several audiences have for a ceiling, nobody counted twice.

    Confidential circles count with the end of their band, each for itself.
    """
    named = {member.administration_id for one in audiences for member in one.recipients or ()}
    return len(named) + sum(one.counted for one in audiences if one.recipients is None)


def staleness(
    session: Session, release: Release, incident: Incident | None, collection: Collection
) -> str | None:
    """Return why the frozen bytes are not what would leave today; None if they are.

    Of a confidential circle the answer is the same whoever joined or left it, unless nothing at
    all can be released to it any more.
    """
    if release.bundle is None:
        return DAMAGED
    found = _other_content(session, release, incident, collection)
    if found is not None:
        return found
    if not circles.contributes(collection, release.administration_id):
        return NO_CONTRIBUTOR
    obstacle = circles.obstacle(collection, release.administration_id)
    if obstacle is not None:
        return obstacle
    if collection.is_confidential:
        return None
    present = recipients_of(collection, release.administration_id)
    if {one["id"] for one in present} != {one["id"] for one in release.recipients}:
        return OTHER_READERS
    audience = circles.audience_of(session, collection, release.administration_id)
    found_now = conflicts_of(audience, release.label, release.retention_days)
    if [_said(one) for one in found_now] != [_said(one) for one in release.conflicts]:
        return OTHER_POLICIES
    return None


def _other_content(
    session: Session, release: Release, incident: Incident | None, collection: Collection
) -> str | None:
    if incident is None:
        received = session.get(ReceivedItem, release.received_id)
        gone = received is None or received.state == ReceivedState.WITHDRAWN
        return TAKEN_BACK if gone else None
    if release.incident_changed_at != incident.content_changed_at:
        return CHANGED
    try:
        again = frozen_again(session, release, incident, collection)
    except DomainError:
        return OTHER_VIEW
    return None if again.bundle.sha256 == release.sha256 else OTHER_VIEW


def conflicts_of(audience: Audience, tlp: TLP, retention_days: int | None) -> list[dict[str, Any]]:
    """Return what stands in the recipients' policies against a release, as a release keeps it.

    "code" and "names" are of the administration, "" and {} where it is a confidential circle.
    """
    return [
        {
            "code": member.administration.code if member else "",
            "names": dict(member.administration.names) if member else {},
            "kind": conflict.kind,
            "message": conflict.message,
            "params": dict(conflict.params),
        }
        for member, conflict in audience.conflicts(tlp=tlp, retention_days=retention_days)
    ]


def _said(conflict: dict[str, Any]) -> tuple[Any, ...]:
    return conflict["code"], conflict["kind"], conflict["params"]


def needs_acknowledgement(release: Release) -> bool:
    """Return whether who approves must say that they saw what the policies have against it."""
    return any(one["kind"] not in SHOWN_ONLY for one in release.conflicts)


def audience_as_kept(audience: Audience) -> dict[str, Any]:
    """Return band and policy of an audience, as a release keeps them."""
    policy = audience.policy
    return {
        "band": audience.band,
        "retention_days": policy.retention_days,
        "onward": policy.onward.value,
        "accepts": policy.accepts.value,
    }


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


def preparer_for(session: Session, release: Release, approver_id: uuid.UUID) -> uuid.UUID:
    """Return who counts as having prepared a release when somebody is about to approve it.

    What a machine prepared is nobody's own, unless who approves is the only one who may: a team of
    one waits and gives a reason, as for what it prepared itself.
    """
    if release.prepared_by is not None:
        return release.prepared_by
    others = has_second_person(session, release.administration_id, approver_id)
    return _A_MACHINE if others else approver_id


def newest_approved(session: Session, incident: Incident, collection: Collection) -> Release | None:
    """Return the release by which an audience has the incident, None if it has not, or no more."""
    found = audience_ids.given_out(session, incident, collection)
    return found[0] if found else None


def may_be_approved_from(release: Release, delay: timedelta) -> datetime:
    """Return from when a one-person team may approve its own preparation."""
    return release.prepared_at + delay


def recipients_of(collection: Collection, producer_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return who would read it, by code, as a release keeps them; [] in a confidential circle."""
    if collection.is_confidential:
        return []
    return [
        {
            "id": str(member.administration_id),
            "code": member.administration.code,
            "name": member.administration.name_in("en"),
            "names": member.administration.names,
        }
        for member in circles.readers_of(collection, producer_id)
    ]
