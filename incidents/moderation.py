"""What moderators decide about what machines sent: admitted to the feed, or refused.

What is refused is gone, because nobody but a moderator ever had it.
"""

import uuid
from collections.abc import Collection as Some
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, DomainError, ForbiddenError, InvalidInputError
from cirt.incidents import circles, feed, submissions
from cirt.incidents.circle_models import Collection
from cirt.incidents.object_store import Incoming, Kept
from cirt.incidents.reasons import checked_reason
from cirt.incidents.release_policy import may_enter
from cirt.incidents.store_models import ObjectVersion, Submission
from cirt.incidents.submissions import ADMITTED, REFUSED, WAITING, Name, versions_of
from cirt.stix.marking import TLP

NO_REASON: Final = N_("Say why it is refused, in at most %(most)s characters; the sender reads it.")


def admit(
    session: Session,
    actor: Actor,
    submission: Submission,
    chosen: Some[uuid.UUID],
    *,
    reason: str = "",
) -> None:
    """Give the chosen versions to the audience; the others are refused, for a reason.

    chosen: rows of object_version. What cannot enter any more, such as an id that somebody else
    brought meanwhile, is refused with its own reason.
    """
    submission = _open(session, submission)
    collection = session.get_one(Collection, submission.collection_id)
    versions = versions_of(session, submission)
    unknown = set(chosen) - {row.id for row in versions}
    if unknown or not chosen:
        raise InvalidInputError(
            N_("Choose what is to be admitted, or refuse all of it."), field="chosen"
        )
    left_out = [row for row in versions if row.id not in chosen]
    if left_out:
        reason = checked_reason(reason, NO_REASON)
    obstacle = circles.obstacle(collection, submission.administration_id)
    if obstacle is not None:
        raise ForbiddenError(obstacle)
    refused: dict[Name, str] = {_name(row): reason.strip() for row in left_out}
    admitted = [row for row in versions if row.id in chosen]
    owners = feed.owners_in(session, collection.id, [row.stix_id for row in admitted])
    entering = []
    for row in admitted:
        error = _hindrance(row, collection, owners)
        if error is None:
            entering.append(_kept(row))
        else:
            refused[_name(row)] = str(error)
            left_out.append(row)
    feed.append(session, collection.id, entering)
    _decide(session, actor, submission, ADMITTED if entering else REFUSED, reason)
    submissions.tell(session, submission, refused)
    submissions.forget(session, submission, left_out)
    audit.record(
        session,
        actor,
        "submission.admit",
        submission,
        collection=str(collection.id),
        admitted=len(entering),
        refused=len(left_out),
    )


def refuse(session: Session, actor: Actor, submission: Submission, *, reason: str) -> None:
    """Refuse all of it; its bodies are gone then, and the sender reads the reason."""
    reason = checked_reason(reason, NO_REASON)
    submission = _open(session, submission)
    versions = versions_of(session, submission)
    _decide(session, actor, submission, REFUSED, reason)
    submissions.tell(session, submission, {_name(row): reason.strip() for row in versions})
    submissions.forget(session, submission, versions)
    audit.record(
        session,
        actor,
        "submission.refuse",
        submission,
        collection=str(submission.collection_id),
        refused=len(versions),
    )


def _open(session: Session, submission: Submission) -> Submission:
    """Return the row, locked; two moderators decide one after the other."""
    query = (
        sa.select(Submission)
        .where(Submission.id == submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalars(query).one()
    if found.state != WAITING:
        raise ConflictError(N_("This was decided meanwhile; look at the list again."))
    return found


def _hindrance(
    row: ObjectVersion, collection: Collection, owners: dict[str, uuid.UUID]
) -> DomainError | None:
    """Return why a version cannot enter any more, None if it can."""
    if owners.get(row.stix_id, row.owner_id) != row.owner_id:
        return feed.OtherProducerError(row.stix_id)
    if row.erased_at is not None:
        return ForbiddenError(N_("It was taken back meanwhile."))
    if not may_enter(TLP(row.tlp), collection.tlp_ceiling):
        return ForbiddenError(
            N_("This circle accepts at most %(ceiling)s, and the object is %(marking)s."),
            ceiling=collection.tlp_ceiling.label,
            marking=TLP(row.tlp).label,
        )
    return None


def _kept(row: ObjectVersion) -> Kept:
    return Kept(
        row.id,
        Incoming(
            owner_id=row.owner_id,
            stix_id=row.stix_id,
            type=row.type,
            spec_version=row.spec_version,
            created=row.created,
            modified=row.modified,
            tlp=TLP(row.tlp),
            body=row.body or b"",
        ),
    )


def _name(row: ObjectVersion) -> Name:
    return row.stix_id, row.version


def _decide(
    session: Session, actor: Actor, submission: Submission, state: str, reason: str
) -> None:
    submission.state, submission.reason = state, reason.strip()
    submission.decided_by, submission.decided_at = actor.user_id, now()
    session.flush()
