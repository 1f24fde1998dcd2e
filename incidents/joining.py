"""Requests to join: an administration asks a listed circle, whoever moderates it decides."""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.clock import now
from cirt.errors import N_, ConflictError, ForbiddenError, InvalidInputError
from cirt.incidents import circles
from cirt.incidents.circle_models import Collection, JoinRequest, JoinState

MAX_TEXT = 2_000

NOT_OPEN = N_("Somebody decided about this request meanwhile.")


def ask(session: Session, actor: Actor, circle: Collection, message: str) -> JoinRequest:
    """Ask that the actor's administration may join a listed circle.

    Raises ConflictError when it has asked already and nobody decided yet.
    """
    if not circle.listed or circle.is_confidential or circle.member(actor.administration_id):
        raise ForbiddenError(N_("This circle takes no requests from you."))
    if len(message) > MAX_TEXT:
        raise InvalidInputError(
            N_("Shorten this to %(most)s characters."), field="message", most=MAX_TEXT
        )
    session.refresh(
        circle, with_for_update={"key_share": True}
    )  # a second request at the same time waits
    if open_request(session, circle, actor.administration_id) is not None:
        raise ConflictError(N_("Your administration has asked already; nobody decided yet."))
    request = JoinRequest(
        collection_id=circle.id,
        administration_id=actor.administration_id,
        message=message.strip(),
        state=JoinState.ASKED.value,
        asked_by=actor.user_id,
    )
    session.add(request)
    session.flush()
    audit.record(session, actor, "circle.member.ask", circle, request=str(request.id))
    return request


def take_back(session: Session, actor: Actor, request: JoinRequest) -> None:
    """Take a request back before anybody decided. Raises ConflictError when somebody did."""
    _end(session, actor, request, JoinState.TAKEN_BACK, "")


def accept(
    session: Session,
    actor: Actor,
    request: JoinRequest,
    *,
    may_read: bool,
    may_contribute: bool,
    reason: str = "",
) -> None:
    """Let the administration into the circle. Raises ConflictError when somebody decided."""
    _end(session, actor, request, JoinState.ACCEPTED, reason)
    circles.set_member(
        session,
        actor,
        request.collection,
        request.administration_id,
        may_read=may_read,
        may_contribute=may_contribute,
    )


def decline(session: Session, actor: Actor, request: JoinRequest, reason: str) -> None:
    """Decline a request with a reason that the asker reads."""
    if not reason.strip():
        raise InvalidInputError(N_("Say why, so that the others learn it."), field="reason")
    _end(session, actor, request, JoinState.DECLINED, reason)


def _end(
    session: Session, actor: Actor, request: JoinRequest, state: JoinState, reason: str
) -> None:
    if len(reason) > MAX_TEXT:
        raise InvalidInputError(
            N_("Shorten this to %(most)s characters."), field="reason", most=MAX_TEXT
        )
    session.refresh(request, with_for_update={"of": JoinRequest})
    if request.state != JoinState.ASKED:
        raise ConflictError(NOT_OPEN)
    request.state, request.reason = state.value, reason.strip()
    request.decided_by, request.decided_at = actor.user_id, now()
    session.flush()
    audit.record(
        session,
        actor,
        "circle.member.decide",
        request.collection,
        request=str(request.id),
        state=request.state,
    )


def open_request(
    session: Session, circle: Collection, administration_id: uuid.UUID
) -> JoinRequest | None:
    """Return the request of an administration that waits for a decision, None if there is none."""
    query = sa.select(JoinRequest).where(
        JoinRequest.collection_id == circle.id,
        JoinRequest.administration_id == administration_id,
        JoinRequest.state == JoinState.ASKED.value,
    )
    return session.scalars(query).unique().first()
