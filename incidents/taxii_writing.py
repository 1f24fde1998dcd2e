"""What a machine sends by TAXII: examined object by object, kept, and answered by a status.

Where people decide first (see `submissions`), the objects are kept and wait outside the feed.
"""

import uuid
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.db import after_commit
from cirt.errors import N_, DomainError, ForbiddenError, InvalidInputError
from cirt.incidents import circles, feed, object_store, recall, strict_door, submissions
from cirt.incidents.circle_models import Collection, MachineWriting
from cirt.incidents.object_store import Kept
from cirt.incidents.recall import Safe
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.release_policy import Channel, check_standing, may_enter
from cirt.incidents.store_models import TaxiiStatus
from cirt.incidents.strict_door import Examined, Source
from cirt.jobs import Effect, Task, handles
from cirt.operations import metrics
from cirt.stix import withdrawal
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import microseconds, write_timestamp

KEPT_DAYS: Final = 7


def receive(
    session: Session,
    actor: Actor,
    collection: Collection,
    approval: StandingApproval | None,
    body: bytes,
    *,
    safe: Safe,
) -> TaxiiStatus:
    """Keep the good objects of an envelope and return the status that names the others.

    approval: None for a remote administration, whose releases were approved at its own place; the
    collection's ceiling holds then. safe: for what withdrawals erase. Raises StrictJsonError for
    what is no JSON, NotAnEnvelopeError for what holds no objects, ForbiddenError where there is no
    audience or too much waits.
    """
    obstacle = circles.obstacle(collection, actor.administration_id)
    if obstacle is not None:
        raise ForbiddenError(obstacle)
    is_moderated = collection.machine_writing == MachineWriting.MODERATED
    if is_moderated:
        submissions.check_room(session, collection.id, actor.administration_id)

    def check_marking(marking: TLP) -> None:
        if approval is not None:
            check_standing(marking, Channel.MACHINE, ceiling=TLP(approval.ceiling))
        if not may_enter(marking, collection.tlp_ceiling):
            raise ForbiddenError(
                N_("This circle accepts at most %(ceiling)s, and the object is %(marking)s."),
                ceiling=collection.tlp_ceiling.label,
                marking=marking.label,
            )

    examined = strict_door.examine(
        strict_door.read_objects(body),
        session=session,
        owner=actor.administration_id,
        moment=now(),
        source=Source.MACHINE,
        collection=collection,
        check_marking=check_marking,
    )
    _note_receipts(session, actor, collection, examined)
    versions = strict_door.keep_accepted(session, examined, via="taxii", collection=collection)
    status = _status(actor, collection, approval, examined)
    if is_moderated:
        _wait(session, actor, collection, status, versions)
    else:
        feed.append(session, collection.id, versions)
    _honour(session, collection, examined, safe, waits=is_moderated)
    session.add(status)
    session.flush()
    _record(session, actor, approval, status)
    return status


def status_resource(status: TaxiiStatus) -> dict[str, Any]:
    """Return the status resource (TAXII 2.1, section 4.3)."""
    pendings = status.pendings or []
    return {
        "id": str(status.id),
        "status": "pending" if pendings else "complete",
        "request_timestamp": write_timestamp(microseconds(status.received_at)),
        "total_count": len(status.successes) + len(status.failures) + len(pendings),
        "success_count": len(status.successes),
        "successes": status.successes,
        "failure_count": len(status.failures),
        "failures": status.failures,
        "pending_count": len(pendings),
        "pendings": pendings,
    }


def _status(
    actor: Actor, collection: Collection, approval: StandingApproval | None, examined: Examined
) -> TaxiiStatus:
    return TaxiiStatus(
        id=uuid.uuid4(),
        administration_id=actor.administration_id,
        collection_id=collection.id,
        approval_id=approval.id if approval else None,
        received_at=now(),
        pendings=[],
        successes=[
            {"id": examined.names[place][0], "version": examined.names[place][1]}
            for place in sorted([*examined.accepted, *examined.noted])
        ],
        failures=[
            {"id": one.stix_id, "version": one.version, "message": one.sentence}
            for one in examined.refusals
        ],
    )


def _wait(
    session: Session,
    actor: Actor,
    collection: Collection,
    status: TaxiiStatus,
    versions: list[Kept],
) -> None:
    """Let the new versions wait for a moderator; what is in the feed already is no news."""
    present = feed.versions_in(session, collection.id, [version.id for version in versions])
    new = {version.id: version.item for version in versions if version.id not in present}
    if not new:
        return
    submissions.submit(session, actor, collection, status.id, list(new))
    waiting = {submissions.name_of(item.stix_id, item.version) for item in new.values()}
    accepted = status.successes
    status.pendings = [
        one for one in accepted if submissions.name_of(one["id"], one["version"]) in waiting
    ]
    status.successes = [one for one in accepted if one not in status.pendings]


def _note_receipts(
    session: Session, actor: Actor, collection: Collection, examined: Examined
) -> None:
    """Hand receipts of recalls to those who wait for them; they are no content of a feed."""
    for place, item in list(examined.accepted.items()):
        if item.type != withdrawal.RECEIPT_TYPE:
            continue
        one = object_store.object_in(item.body)
        try:
            if not recall.note_receipts(session, collection, actor.administration_id, [one]):
                raise InvalidInputError(
                    N_("This is no receipt as docs/extensions/withdrawal.md describes it.")
                )
        except DomainError as error:
            examined.refuse(place, error)
        else:
            examined.note(place)


def _honour(
    session: Session, collection: Collection, examined: Examined, safe: Safe, *, waits: bool
) -> None:
    """Honour accepted withdrawals; waits: the other objects are in no feed yet.

    Their authors' signed word holds at once, also where a moderator decides about new content.
    """
    items = [item for _place, item in sorted(examined.accepted.items())]
    taken_back = [item for item in items if item.type == withdrawal.WITHDRAWAL_TYPE]
    if taken_back:
        objects = [object_store.object_in(one.body) for one in (taken_back if waits else items)]
        recall.honour_at_commit(session, safe, collection, objects)


def _record(
    session: Session, actor: Actor, approval: StandingApproval | None, status: TaxiiStatus
) -> None:
    taken = len(status.successes) + len(status.pendings)
    after_commit(session, lambda: metrics.objects_in.inc(taken))
    audit.record(
        session,
        actor,
        "release.machine",
        status,
        collection=str(status.collection_id),
        # a remote administration released at its own installation
        approval=str(approval.id) if approval else "remote",
        approved_by=str(approval.approver_id) if approval else "remote",
        accepted=len(status.successes),
        waiting=len(status.pendings),
        refused=len(status.failures),
    )


@handles("taxii.forget", name=N_("Forgetting old status resources"), daily=True)
def _forget(_task: Task) -> Effect:
    def effect(session: Session) -> dict[str, Any]:
        old = TaxiiStatus.received_at < now() - timedelta(days=KEPT_DAYS)
        # whoever sent what still waits asks for this status until it is decided
        gone = session.execute(
            sa.delete(TaxiiStatus).where(old, TaxiiStatus.id.not_in(submissions.waiting_statuses()))
        )
        return {"forgotten": gone.rowcount}  # type: ignore[attr-defined]

    return effect
