"""What machines sent into a moderated audience and nobody decided about yet (see `moderation`).

The objects are in the store and in no feed.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ForbiddenError
from cirt.incidents.circle_models import Collection
from cirt.incidents.object_store import STANDARD_BODIES, in_parts, object_in
from cirt.incidents.store_models import FeedEntry, ObjectVersion, Submission, TaxiiStatus
from cirt.stix.taxii_filters import version_key

MAX_WAITING: Final = 100

WAITING: Final = "waiting"
ADMITTED: Final = "admitted"
REFUSED: Final = "refused"

Name = tuple[str, str]  # id and version, in the form that sorts


def name_of(stix_id: str, version: str) -> Name:
    """Return by what an object of a status is known, however its time is written."""
    return stix_id, version_key(version)


def check_room(session: Session, collection_id: uuid.UUID, administration_id: uuid.UUID) -> None:
    """Raise ForbiddenError when too much of one administration waits already."""
    query = sa.select(sa.func.count()).where(
        Submission.collection_id == collection_id,
        Submission.administration_id == administration_id,
        Submission.state == WAITING,
    )
    if (session.scalar(query) or 0) >= MAX_WAITING:
        raise ForbiddenError(
            N_(
                "%(most)s envelopes of your administration wait here for a moderator. Send further"
                " ones when they are decided."
            ),
            most=MAX_WAITING,
        )


def submit(
    session: Session,
    actor: Actor,
    collection: Collection,
    status_id: uuid.UUID,
    version_ids: Sequence[uuid.UUID],
) -> Submission:
    """Let kept versions wait for a moderator."""
    row = Submission(
        collection_id=collection.id,
        administration_id=actor.administration_id,
        status_id=status_id,
        version_ids=[str(one) for one in version_ids],
    )
    session.add(row)
    session.flush()
    return row


def waiting_statuses() -> sa.Select[Any]:
    """Return the query for the statuses of what is not decided."""
    return sa.select(Submission.status_id).where(
        Submission.state == WAITING, Submission.status_id.is_not(None)
    )


def versions_of(session: Session, submission: Submission) -> list[ObjectVersion]:
    """Return what was sent, in the order in which it came."""
    wanted = [uuid.UUID(one) for one in submission.version_ids]
    found: dict[uuid.UUID, ObjectVersion] = {}
    for part in in_parts(wanted):
        query = sa.select(ObjectVersion).where(
            ObjectVersion.owner_id.in_((submission.administration_id, STANDARD_BODIES)),
            ObjectVersion.id.in_(part),
        )
        found.update((row.id, row) for row in session.scalars(query))
    return [found[one] for one in wanted if one in found]


def objects_of(versions: Sequence[ObjectVersion]) -> list[dict[str, Any]]:
    """Return versions as objects, for the page that shows them."""
    return [object_in(row.body) for row in versions if row.body is not None]


def take_back(session: Session, collection_id: uuid.UUID, administration_id: uuid.UUID) -> None:
    """Drop what waits of an administration that may not add to the audience any more."""
    query = sa.select(Submission).where(
        Submission.collection_id == collection_id,
        Submission.administration_id == administration_id,
        Submission.state == WAITING,
    )
    sentence = N_("Your administration may not add to this collection any more.")
    for submission in session.scalars(query.with_for_update()).all():
        versions = versions_of(session, submission)
        submission.state, submission.decided_at = REFUSED, now()
        tell(session, submission, {(row.stix_id, row.version): sentence for row in versions})
        forget(session, submission, versions)


def tell(session: Session, submission: Submission, refused: Mapping[Name, str]) -> None:
    """Complete the status that the sender asks for (TAXII 2.1, section 4.3)."""
    status = session.get(TaxiiStatus, submission.status_id) if submission.status_id else None
    if status is None:
        return
    successes, failures = list(status.successes), list(status.failures)
    for one in status.pendings:
        name = name_of(one["id"], one["version"])
        if name in refused:
            failures.append({**one, "message": refused[name]})
        else:
            successes.append(one)
    status.successes, status.failures, status.pendings = successes, failures, []
    session.flush()


def forget(session: Session, submission: Submission, versions: Sequence[ObjectVersion]) -> None:
    """Delete versions that no feed holds and no other moderator has before them."""
    ids = {row.id for row in versions if row.owner_id != STANDARD_BODIES}
    for part in in_parts(sorted(ids)):
        held = sa.select(FeedEntry.object_version_id).where(FeedEntry.object_version_id.in_(part))
        ids.difference_update(session.scalars(held))
    others = sa.select(Submission.version_ids).where(
        Submission.administration_id == submission.administration_id,
        Submission.state == WAITING,
        Submission.id != submission.id,
    )
    for waiting in session.scalars(others):
        ids.difference_update(uuid.UUID(one) for one in waiting)
    for part in in_parts(sorted(ids)):
        session.execute(
            sa.delete(ObjectVersion).where(
                ObjectVersion.owner_id == submission.administration_id, ObjectVersion.id.in_(part)
            )
        )
