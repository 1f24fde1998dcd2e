"""Standing approvals: a named releasing officer's word for what machines add to a circle."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.accounts.models import Administration, Place
from cirt.clock import now
from cirt.errors import N_, ForbiddenError, InvalidInputError
from cirt.incidents.circle_models import Collection
from cirt.incidents.reasons import checked_reason
from cirt.incidents.release_models import StandingApproval
from cirt.incidents.release_policy import may_enter
from cirt.stix.marking import TLP

MAX_DAYS = 366


def give_approval(
    session: Session,
    actor: Actor,
    collection: Collection,
    *,
    ceiling: TLP,
    reason: str,
    until: datetime,
) -> StandingApproval:
    """Let machines of the actor's administration add to a circle, up to a marking and a date.

    It takes the place of an earlier one. Raises InvalidInputError, naming the field.
    """
    if actor.user_id is None:
        raise ForbiddenError(N_("A person must give a standing approval."))
    if not may_enter(ceiling, collection.tlp_ceiling):
        raise InvalidInputError(
            N_("This circle accepts at most %(ceiling)s; choose that or a weaker marking."),
            field="ceiling",
            ceiling=collection.tlp_ceiling.label,
        )
    reason = checked_reason(
        reason, N_("Say why machines may add here, in at most %(most)s characters.")
    )
    if not now() < until <= now() + timedelta(days=MAX_DAYS):
        raise InvalidInputError(
            N_("Choose a time within the next %(days)s days."), field="until", days=MAX_DAYS
        )
    for earlier in _valid(session, collection.id, actor.administration_id):
        end_approval(session, actor, earlier)
    row = StandingApproval(
        collection_id=collection.id,
        administration_id=actor.administration_id,
        approver_id=actor.user_id,
        ceiling=ceiling.value,
        reason=reason,
        until=until,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "approval.give",
        row,
        collection=str(collection.id),
        ceiling=row.ceiling,
        until=until.isoformat(),
    )
    return row


def end_approval(session: Session, actor: Actor, approval: StandingApproval) -> None:
    """End a standing approval at once; ending it twice is no error."""
    if approval.ended_at is None:
        approval.ended_at = now()
        audit.record(session, actor, "approval.end", approval)


def approval_for(
    session: Session, collection_id: uuid.UUID, administration_id: uuid.UUID
) -> StandingApproval | None:
    """Return the standing approval that holds now, None if there is none."""
    return next(iter(_valid(session, collection_id, administration_id)), None)


def needs_approval(session: Session, administration_id: uuid.UUID) -> bool:
    """Return whether machines of an administration need one.

    What a remote administration sends was released at its own installation; nobody of it signs
    in here to give an approval.
    """
    query = sa.select(Administration.place).where(Administration.id == administration_id)
    return session.scalar(query) != Place.REMOTE


def approved_collections(session: Session, administration_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the collections for which an administration has a standing approval now."""
    query = sa.select(StandingApproval.collection_id).where(
        StandingApproval.administration_id == administration_id,
        StandingApproval.ended_at.is_(None),
        StandingApproval.until > now(),
    )
    return frozenset(session.scalars(query))


def _valid(
    session: Session, collection_id: uuid.UUID, administration_id: uuid.UUID
) -> Sequence[StandingApproval]:
    query = (
        sa.select(StandingApproval)
        .where(
            StandingApproval.collection_id == collection_id,
            StandingApproval.administration_id == administration_id,
            StandingApproval.ended_at.is_(None),
            StandingApproval.until > now(),
        )
        .order_by(StandingApproval.created_at.desc())
    )
    return session.scalars(query).unique().all()
