"""What hangs on a circle or a membership elsewhere: identifiers, requests, what was on the way."""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.clock import now
from cirt.incidents import standing_approvals, submissions
from cirt.incidents.circle_models import Collection, JoinRequest, JoinState
from cirt.incidents.release_models import AudienceIncident, Release, ReleaseState
from cirt.incidents.store_models import FeedEntry, Submission


def is_used(session: Session, circle: Collection) -> bool:
    """Return whether identifiers were given out in this circle, or are about to be."""
    held = sa.select(FeedEntry.seq).where(FeedEntry.collection_id == circle.id)
    prepared = sa.select(Release.id).where(
        Release.collection_id == circle.id, Release.state == ReleaseState.PREPARED.value
    )
    sent = sa.select(Submission.id).where(
        Submission.collection_id == circle.id, Submission.state == submissions.WAITING
    )
    query = sa.select(sa.or_(held.exists(), prepared.exists(), sent.exists()))
    with session.no_autoflush:
        return bool(session.scalar(query))


def forget_ids(session: Session, circle: Collection) -> None:
    """Forget identifiers that were meant for a circle and never given out.

    Those of a visible circle would tell in a confidential one whose an incident is.
    """
    session.execute(sa.delete(AudienceIncident).where(AudienceIncident.collection_id == circle.id))


def settle_requests(
    session: Session, circle: Collection, which: sa.ColumnElement[bool], state: JoinState
) -> None:
    """Answer open requests to join that something else decided."""
    waiting = JoinRequest.state == JoinState.ASKED.value
    session.execute(
        sa.update(JoinRequest)
        .where(JoinRequest.collection_id == circle.id, waiting, which)
        .values(state=state.value, decided_at=now())
    )


def take_back(
    session: Session, actor: Actor, circle: Collection, administration_id: uuid.UUID
) -> None:
    """Take back what an administration had on the way into a circle.

    It is about to leave the circle, or may not add to it any more.
    """
    approval = standing_approvals.approval_for(session, circle.id, administration_id)
    if approval is not None:
        standing_approvals.end_approval(session, actor, approval)
    session.execute(
        sa.update(Release)
        .where(
            Release.collection_id == circle.id,
            Release.administration_id == administration_id,
            Release.state == ReleaseState.PREPARED.value,
        )
        .values(state=ReleaseState.WITHDRAWN.value, ended_at=now())
    )
    submissions.take_back(session, circle.id, administration_id)
